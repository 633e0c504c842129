/** Arrays on their way to a worker: taken out of what they belong to, sent in pieces, and put back there. */
import type { NumericArray } from '../tensor/tensor.js';
import type { ArrayRef, Piece } from './protocol.js';

/** Bytes that are copied at a time: a millisecond or so. */
const PIECE_BYTES = 4 << 20;

const TYPES = { Float32Array, Float64Array, Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array } as const;

/** The same value with a number in the place of each typed array, which is added to the list. */
export function takeOut(value: unknown, arrays: NumericArray[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isNumericArray(value)) return { array: arrays.push(value) - 1 } satisfies ArrayRef;
  if (Array.isArray(value)) return typeof value[0] === 'number' ? (value as unknown) : value.map((item) => takeOut(item, arrays));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, takeOut(item, arrays)]));
}

/** The value with its arrays. */
export function putBack(value: unknown, arrays: readonly NumericArray[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return typeof value[0] === 'number' ? (value as unknown) : value.map((item) => putBack(item, arrays));
  if ('array' in value && typeof value.array === 'number') return arrays[value.array];
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, putBack(item, arrays)]));
}

function isNumericArray(value: object): value is NumericArray {
  return ArrayBuffer.isView(value) && Object.hasOwn(TYPES, (value as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag]);
}

/** Copies of the pieces of an array, each in a buffer of its own. */
export function* piecesOf(given: NumericArray, array: number): Generator<Piece> {
  const Type = TYPES[given[Symbol.toStringTag]];
  // a view of the plain type: `slice` of a subclass, such as Node's Buffer, may not copy
  const all = given.length === 0 ? new Type(0) : new Type(given.buffer as ArrayBuffer, given.byteOffset, given.length);
  const step = PIECE_BYTES / Type.BYTES_PER_ELEMENT;
  for (let at = 0; at === 0 || at < all.length; at += step) {
    yield { kind: 'piece', array, length: all.length, at, data: all.slice(at, at + step) };
  }
}

/** Joins what `piecesOf` cut. */
export function addPiece(arrays: NumericArray[], { array, length, at, data }: Piece): void {
  if (data.length === length) arrays[array] = data;
  else (arrays[array] ??= new TYPES[data[Symbol.toStringTag]](length)).set(data, at);
}
