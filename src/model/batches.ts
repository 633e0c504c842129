import { LanewiseError } from '../errors.js';
import type { TargetSpec } from '../losses.js';
import { firstNotFinite, toTensor } from '../tensor/convert.js';
import type { TensorInput } from '../tensor/convert.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { NumericArray, Tensor } from '../tensor/tensor.js';

/** Checked rows of inputs and targets. */
export interface Dataset {
  rows: number;
  inputs: Tensor;
  targets: Tensor;
}

/** @throws LanewiseError `invalid-shape`, `invalid-data` */
export function checkInputs(input: TensorInput, sample: Shape, where: string): Tensor {
  const tensor = toTensor(input, where);
  if (!sameShape(tensor.shape.slice(1), sample)) {
    // [rows, 28, 28] serves for samples of [28, 28, 1]: the bytes are the same
    const withoutOnes = (shape: Shape): Shape => shape.filter((size) => size !== 1);
    if (tensor.shape.length === 0 || !sameShape(withoutOnes(tensor.shape.slice(1)), withoutOnes(sample))) {
      throw new LanewiseError('invalid-shape', 'samples have the wrong shape', {
        where, expected: `[rows, ${sample.join(', ')}]`, received: formatShape(tensor.shape),
      });
    }
  }
  requireRows(tensor.shape[0]!, where);
  requireFinite(tensor, where);
  return tensor;
}

/** @throws LanewiseError `invalid-shape`, `invalid-data` */
export function checkDataset(x: TensorInput, y: TensorInput, sample: Shape, target: TargetSpec, where: string): Dataset {
  const inputs = checkInputs(x, sample, `${where} inputs`);
  const targets = toTensor(y, `${where} targets`);
  const rows = inputs.shape[0]!;
  const expected = [rows, ...target.shape];
  const column = target.shape.length === 0 && sameShape(targets.shape, [rows, 1]);
  if (targets.shape[0] !== rows) {
    throw new LanewiseError('invalid-shape', 'inputs and targets differ in number', {
      where, expected: `${rows} targets`, received: `${targets.shape[0] ?? 0}`,
    });
  }
  if (!sameShape(targets.shape, expected) && !column) {
    throw new LanewiseError('invalid-shape', 'targets have the wrong shape', { where, expected: formatShape(expected), received: formatShape(targets.shape) });
  }
  if (target.classes !== undefined) requireClasses(targets.data, target.classes, `${where} targets`);
  else requireFinite(targets, `${where} targets`);
  return { rows, inputs, targets };
}

function requireRows(rows: number, where: string): void {
  if (rows > 0) return;
  throw new LanewiseError('invalid-data', 'the set is empty', { where, expected: 'at least one row', received: '0 rows' });
}

function requireFinite({ data, shape }: Tensor, where: string): void {
  const index = firstNotFinite(data);
  if (index < 0) return;
  const row = Math.floor(index / Math.max(1, sizeOf(shape.slice(1))));
  throw new LanewiseError('invalid-data', 'a value is not finite', { where: `${where}, row ${row}`, received: String(data[index]) });
}

function requireClasses(labels: NumericArray, classes: number, where: string): void {
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    throw new LanewiseError('invalid-data', 'a label is out of range', {
      where: `${where}, row ${row}`, expected: `a whole number from 0 to ${classes - 1}`, received: String(label),
    });
  }
}

/** Copies rows order[start] … order[start + count - 1] of a tensor into a plan's input. */
export function gatherRows(
  into: Float32Array | Int32Array, { data, shape }: Tensor, order: Uint32Array | undefined, start: number, count: number,
): void {
  const size = sizeOf(shape.slice(1));
  if (!order) {
    into.set(data.subarray(start * size, (start + count) * size));
    return;
  }
  for (let i = 0; i < count; i++) {
    const row = order[start + i]!;
    into.set(data.subarray(row * size, (row + 1) * size), i * size);
  }
}
