/** Data that are read and made on the way to the model, in the manner of tf.data. */
import { LanewiseError } from '../errors.js';
import { toTensor } from '../tensor/convert.js';
import type { TensorInput } from '../tensor/convert.js';
import { sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { Dataset } from './dataset.js';
import type { Source } from './stream.js';
import { open } from './stream.js';

export { mixup } from './mixup.js';
export type { MixableBatch, Mixed, Mixup, MixupOptions } from './mixup.js';
export type { BatchOptions, Dataset, Position, ShuffleOptions } from './dataset.js';
export type { Batched } from './collate.js';
export type { Source } from './stream.js';

/** A sample, and what the model should make of it. */
export interface Sample {
  xs: Tensor;
  ys: Tensor;
}

/**
 * The items of an iterable, sync or async, that the function gives for each pass: `fromIterable(async function* () { … })`. It is closed, by `return`,
 * when a pass ends early.
 * @throws LanewiseError `invalid-argument`
 */
export function fromIterable<Item>(source: Source<Item>): Dataset<Item> {
  if (typeof source !== 'function') {
    throw new LanewiseError('invalid-argument', 'the source is not a function', {
      where: 'dataset.fromIterable', expected: 'a function that gives an iterable or an async iterable for each pass', received: typeof source,
    });
  }
  return new Dataset({ open: (pass) => open(source, pass), size: undefined, config: [{ op: 'fromIterable' }] });
}

/**
 * The rows of inputs, and of targets if they are given, one at a time: `{ xs }` or `{ xs, ys }`. The arrays are copied.
 * @throws LanewiseError `invalid-argument`, `invalid-shape`
 */
export function fromArrays(x: TensorInput): Dataset<Pick<Sample, 'xs'>>;
export function fromArrays(x: TensorInput, y: TensorInput): Dataset<Sample>;
export function fromArrays(x: TensorInput, y?: TensorInput): Dataset<Pick<Sample, 'xs'>> {
  const [xs, ys] = [rows(x, 'dataset.fromArrays inputs'), y && rows(y, 'dataset.fromArrays targets')];
  if (ys && ys.length !== xs.length) {
    throw new LanewiseError('invalid-shape', 'inputs and targets differ in number', { where: 'dataset.fromArrays', expected: `${xs.length} targets`, received: `${ys.length}` });
  }
  const items = function* (): Generator<Pick<Sample, 'xs'>> {
    for (let row = 0; row < xs.length; row++) yield { xs: xs.row(row), ...(ys && { ys: ys.row(row) }) };
  };
  return new Dataset({ open: (pass) => open(items, pass), size: xs.length, config: [{ op: 'fromArrays', rows: xs.length }] });
}

/** Each row of a tensor as a tensor, a view. */
function rows(given: TensorInput, where: string): { length: number; row: (index: number) => Tensor } {
  const { data, shape: [length, ...shape] } = toTensor(given, where);
  if (length === undefined) throw new LanewiseError('invalid-shape', 'a scalar has no rows', { where, expected: '[rows, …]', received: '[]' });
  const size = sizeOf(shape);
  return { length, row: (index) => ({ data: data.subarray(index * size, (index + 1) * size), shape }) };
}
