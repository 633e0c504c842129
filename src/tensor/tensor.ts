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
