import { LanewiseError } from '../errors.js';
import type { Shape } from './shape.js';
import { formatShape, sizeOf } from './shape.js';
import type { NumericArray, Tensor } from './tensor.js';

/** Nested arrays of numbers, as deep as the tensor has axes. */
export type NestedArray = readonly number[] | readonly NestedArray[];

/** What the model accepts as data: a tensor, or nested arrays. */
export type TensorInput = Tensor | NestedArray;

const ARRAYS: ReadonlyMap<unknown, new (data: ArrayLike<number>) => NumericArray> = new Map(
  [Float32Array, Float64Array, Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array].map((Type) => [Type.name, Type]),
);

const isTensor = (input: TensorInput): input is Tensor => !Array.isArray(input) && 'data' in input && 'shape' in input;

/**
 * A checked copy of what the user gave: whoever changes the original later, or shares its memory with another thread, changes nothing here.
 * @throws LanewiseError `invalid-shape` for ragged arrays, or a shape that does not fit the data.
 */
export function toTensor(input: TensorInput, where: string): Tensor {
  if (typeof input !== 'object' || input === null) {
    throw new LanewiseError('invalid-argument', 'not a tensor', {
      where, expected: '{ data, shape } or nested arrays of numbers', received: String(input),
    });
  }
  if (!isTensor(input)) return fromNested(input, where);
  const given: unknown = input.shape;
  if (!Array.isArray(given)) throw new LanewiseError('invalid-argument', 'shape is not a list of sizes', { where, received: typeof given });
  const shape: Shape = [...input.shape];
  const data = copyOf(input.data, where);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || sizeOf(shape) !== data.length) {
    throw new LanewiseError('invalid-shape', 'shape and data do not fit', {
      where, expected: `${sizeOf(shape)} values for shape ${formatShape(shape)}`, received: `${data.length} values`,
      ...(isEmptied(input.data) && { remedy: 'The buffer was transferred or shrunk: keep a copy' }),
    });
  }
  return { data, shape };
}

function copyOf(data: NumericArray, where: string): NumericArray {
  // the tag is right for subclasses such as Buffer, and for arrays of another realm
  const tag = ArrayBuffer.isView(data) && !(data instanceof DataView) ? data[Symbol.toStringTag] : typeof data;
  const Type = ARRAYS.get(tag);
  if (!Type) throw new LanewiseError('invalid-argument', 'data is not a typed array of numbers', { where, expected: [...ARRAYS.keys()].join(', '), received: tag });
  return data.length === 0 ? new Type([]) : new Type(data); // one that lost its buffer has length 0, but cannot be read at all
}

/** Whether an array has lost its buffer, or the part of it where it lay. */
const isEmptied = ({ length, byteOffset }: NumericArray): boolean => length === 0 && byteOffset === 0;

function fromNested(input: NestedArray, where: string): Tensor<Float32Array> {
  const shape: number[] = [];
  for (let level: NestedArray | number | undefined = input; Array.isArray(level); level = level[0] as NestedArray | number | undefined) {
    shape.push(level.length);
  }
  const data = new Float32Array(sizeOf(shape));
  let next = 0;
  const fill = (level: NestedArray | number, axis: number): void => {
    if (typeof level === 'number') {
      if (axis !== shape.length) throw ragged(where, shape);
      data[next++] = level;
      return;
    }
    if (!Array.isArray(level) || level.length !== shape[axis]) throw ragged(where, shape);
    for (const item of level as readonly (NestedArray | number)[]) fill(item, axis + 1);
  };
  fill(input, 0);
  return { data, shape };
}

const ragged = (where: string, shape: Shape): LanewiseError =>
  new LanewiseError('invalid-shape', 'nested arrays are ragged or hold something else than numbers', {
    where, expected: `arrays of shape ${formatShape(shape)}`,
  });

/** The index of the first value that is not finite in single precision, in which kernels compute, or -1. Integers always are. */
export function firstNotFinite(data: NumericArray): number {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return -1;
  if (data instanceof Float32Array && areFinite(data)) return -1;
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(Math.fround(data[i]!))) return i;
  return -1;
}

/** In half the time of a look at each: zero times a value is zero if it is finite. */
function areFinite(data: Float32Array): boolean {
  let [even, odd] = [0, 0];
  for (let i = data.length - 1; i > 0; i -= 2) {
    even += 0 * data[i]!;
    odd += 0 * data[i - 1]!;
  }
  return even + odd === 0 && Number.isFinite(data[0] ?? 0);
}
