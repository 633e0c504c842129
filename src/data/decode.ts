/** What the readers of binary files share. */
import type { NumericArray } from '../tensor/tensor.js';

/** Fills an array, element by element. */
export function fill<T extends NumericArray>(array: T, valueAt: (index: number) => number): T {
  for (let i = 0; i < array.length; i++) array[i] = valueAt(i);
  return array;
}

/**
 * The bytes that a file's shape claims. Exact up to 2^53 (no 32-bit wrap); Infinity above, which no file can hold.
 */
export function claimedBytes(shape: readonly number[], elementBytes: number): number {
  if (shape.includes(0)) return 0;
  const bytes = shape.reduce((product, size) => product * size, elementBytes);
  return bytes <= Number.MAX_SAFE_INTEGER ? bytes : Infinity;
}

/** What an error says, whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
