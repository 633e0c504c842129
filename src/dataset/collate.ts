import { LanewiseError } from '../errors.js';
import { toTensor } from '../tensor/convert.js';
import type { NestedArray, TensorInput } from '../tensor/convert.js';
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { NumericArray, Tensor } from '../tensor/tensor.js';

/** What items make when they are put in one batch: a number a row of [batch], a tensor [batch, …shape], a list or a record one of each. */
export type Batched<Item> =
  Item extends number ? Tensor<Float32Array>
  : Item extends Tensor<infer Data> ? Tensor<Data>
  : Item extends NestedArray ? Tensor<Float32Array>
  : Item extends object ? { -readonly [Key in keyof Item]: Batched<Item[Key]> }
  : never;

/** One tensor of tensors, in each place of the items. @throws LanewiseError `invalid-shape` for items that differ, `invalid-argument` */
export function collate<Item>(items: readonly Item[], where: string): Batched<Item> {
  return collateAny(items, where) as Batched<Item>; // which of them it is, only the items show
}

function collateAny(items: readonly unknown[], where: string): unknown {
  const first = items[0];
  if (typeof first === 'number') return stack(items.map((item) => ({ data: Float32Array.of(item as number), shape: [] })), where);
  if (isTensor(first) || isNested(first)) return stack(items.map((item) => toTensor(item as TensorInput, where)), where);
  if (typeof first !== 'object' || first === null) {
    throw new LanewiseError('invalid-argument', 'items cannot be put in a batch', { where, expected: 'numbers, tensors, or lists or records of them', received: typeof first });
  }
  const keys = Object.keys(first);
  for (const item of items) {
    const found = typeof item === 'object' && item !== null ? Object.keys(item) : [typeof item];
    if (found.join() !== keys.join()) {
      throw new LanewiseError('invalid-shape', 'items of a batch differ', { where, expected: keys.join(', '), received: found.join(', ') });
    }
  }
  const fields = keys.map((key) => collateAny(items.map((item) => (item as Record<string, unknown>)[key]), Array.isArray(first) ? `${where}[${key}]` : `${where}.${key}`));
  return Array.isArray(first) ? fields : Object.fromEntries(keys.map((key, index) => [key, fields[index]]));
}

const isTensor = (item: unknown): boolean => typeof item === 'object' && item !== null && 'data' in item && 'shape' in item;
/** Numbers, as deep as they may lie; a list of tensors or records is not. */
const isNested = (item: unknown): boolean => Array.isArray(item) && item.every((each) => typeof each !== 'object' || each === null || isNested(each));

function stack(tensors: readonly Tensor[], where: string): Tensor {
  const { data: { constructor }, shape } = tensors[0]!;
  const size = sizeOf(shape);
  const data = new (constructor as new (length: number) => NumericArray)(tensors.length * size);
  tensors.forEach((tensor, row) => {
    if (!sameShape(tensor.shape, shape)) {
      throw new LanewiseError('invalid-shape', 'items of a batch have different shapes', { where: `${where}, row ${row}`, expected: formatShape(shape), received: formatShape(tensor.shape) });
    }
    if (tensor.data.constructor !== constructor) {
      throw new LanewiseError('invalid-argument', 'items of a batch have different types', { where: `${where}, row ${row}`, expected: constructor.name, received: tensor.data.constructor.name });
    }
    data.set(tensor.data, row * size);
  });
  return { data, shape: [tensors.length, ...shape] };
}
