import { LanewiseError } from '../errors.js';

/** What goes into a model and comes out of it: numbers in row-major order and their shape. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array;

export interface Tensor<Data extends NumericArray = NumericArray> {
  readonly data: Data;
  readonly shape: readonly number[];
}

/** Zeros. @throws LanewiseError `out-of-memory`, naming the bytes asked for */
export function newFloats(length: number, where: string): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(length);
  } catch (cause) {
    throw new LanewiseError('out-of-memory', 'memory could not be had', { where, received: `${4 * length} bytes`, cause });
  }
}
