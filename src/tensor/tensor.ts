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
export const newFloats = (length: number, where: string): Float32Array<ArrayBuffer> => inMemory(() => new Float32Array(length), 4 * length, where);

/** Another of the same kind with the same numbers. @throws LanewiseError `out-of-memory`, naming the bytes asked for */
export const copyOf = <Data extends NumericArray>(data: Data, where: string): Data => inMemory(() => data.slice() as Data, data.byteLength, where);

function inMemory<Data>(make: () => Data, bytes: number, where: string): Data {
  try {
    return make();
  } catch (cause) {
    throw new LanewiseError('out-of-memory', 'memory could not be had', { where, received: `${bytes} bytes`, cause });
  }
}
