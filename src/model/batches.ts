import { LanewiseError } from '../errors.js';
import type { TargetSpec } from '../losses.js';
import { firstNotFinite, toTensor } from '../tensor/convert.js';
import type { TensorInput } from '../tensor/convert.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { PerOutput } from './per-output.js';

/** Checked rows of inputs and targets. */
export interface Rows {
  rows: number;
  /** One for each input of the model. */
  inputs: readonly Tensor[];
  /** One for each output. */
  targets: readonly Tensor[];
  /** For each output what each of its rows counts, [rows, steps of a sample]; undefined if all count the same. */
  weights?: readonly (Tensor | undefined)[] | undefined;
}

/** Rows for a model: a tensor, or for a model of several inputs a list of one for each. */
export type ModelInput = TensorInput | readonly TensorInput[];

/** Targets of a model: a tensor, or for a model of several outputs one for each, in a list or by its name. */
export type ModelTarget = TensorInput | PerOutput<TensorInput>;

/** What the inputs of a model are called, and the shape of a sample of each. */
export interface InputSpec {
  readonly name: string;
  readonly shape: Shape;
  /** Where its values are whole numbers from 0 on, for an embedding: how many. */
  readonly indices?: number;
}

/** What the targets of an output must be. */
export interface OutputSpec {
  readonly target: TargetSpec;
  /** Shape of a sample. */
  readonly shape: Shape;
  /** What stands behind a place in an error. */
  readonly place: string;
}

/** Checked tensors, one for each input. @throws LanewiseError `invalid-argument`, `invalid-shape`, `invalid-data` */
export function checkInputs(given: ModelInput, specs: readonly InputSpec[], where: string): readonly Tensor[] {
  if (specs.length === 1) return [checkInput(given as TensorInput, specs[0]!, where)];
  if (!Array.isArray(given) || given.length !== specs.length) {
    throw new LanewiseError('invalid-argument', 'not one tensor for each input', {
      where, expected: `a list of ${specs.length}: ${specs.map(({ name }) => name).join(', ')}`, received: Array.isArray(given) ? `a list of ${given.length}` : typeof given,
    });
  }
  const tensors = specs.map((spec, index) => checkInput((given as readonly TensorInput[])[index]!, spec, `${where} ${spec.name}`));
  const odd = tensors.findIndex(({ shape }) => shape[0] !== tensors[0]!.shape[0]);
  if (odd >= 0) {
    throw new LanewiseError('invalid-shape', 'inputs differ in number', {
      where: `${where} ${specs[odd]!.name}`, expected: `${tensors[0]!.shape[0]} rows, as ${specs[0]!.name}`, received: `${tensors[odd]!.shape[0]}`,
    });
  }
  return tensors;
}

function checkInput(input: TensorInput, { shape: sample, indices }: InputSpec, where: string): Tensor {
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
  if (indices !== undefined) requireWhole(tensor, indices, 'an index', where);
  return tensor;
}

/** Targets of an output. @throws LanewiseError `invalid-shape`, `invalid-data` */
export function checkTargets(y: TensorInput, rows: number, { target, place }: OutputSpec, where: string): Tensor {
  const whole = `${where} targets${place}`;
  const targets = toTensor(y, whole);
  const expected = [rows, ...target.shape];
  const column = target.shape.length === 0 && sameShape(targets.shape, [rows, 1]);
  if (targets.shape[0] !== rows) {
    throw new LanewiseError('invalid-shape', 'inputs and targets differ in number', {
      where: where + place, expected: `${rows} targets`, received: `${targets.shape[0] ?? 0}`,
    });
  }
  if (!sameShape(targets.shape, expected) && !column) {
    throw new LanewiseError('invalid-shape', 'targets have the wrong shape', { where: where + place, expected: formatShape(expected), received: formatShape(targets.shape) });
  }
  if (target.classes !== undefined) requireWhole({ data: targets.data, shape: [targets.data.length] }, target.classes, 'a label', whole);
  else requireFinite(targets, whole);
  if (target.range) requireRange(targets, target.range, whole);
  return targets;
}

/** Rows start … end - 1: views, not copies. */
export function rowsOf({ inputs, targets, weights }: Rows, start: number, end: number): Rows {
  const slice = ({ data, shape }: Tensor): Tensor => {
    const size = sizeOf(shape.slice(1));
    return { data: data.subarray(start * size, end * size), shape: [end - start, ...shape.slice(1)] };
  };
  return { rows: end - start, inputs: inputs.map(slice), targets: targets.map(slice), weights: weights?.map((each) => each && slice(each)) };
}

/** The last share of the rows, and those before, as Keras cuts them: before any shuffling. @throws LanewiseError `invalid-argument` */
export function splitRows(data: Rows, share: number): [training: Rows, validation: Rows] {
  const first = Math.floor(data.rows * (1 - share));
  if (share > 0 && share < 1 && first > 0 && first < data.rows) return [rowsOf(data, 0, first), rowsOf(data, first, data.rows)];
  throw new LanewiseError('invalid-argument', 'validationSplit leaves no rows on one side, or is out of range', {
    where: 'fit', expected: 'a share above 0 and below 1', received: `${share} of ${data.rows} rows`,
  });
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

function requireRange({ data, shape }: Tensor, [least, most]: readonly [number, number], where: string): void {
  const index = data.findIndex((value) => value < least || value > most);
  if (index < 0) return;
  const row = Math.floor(index / Math.max(1, sizeOf(shape.slice(1))));
  throw new LanewiseError('invalid-data', 'a target is out of range', { where: `${where}, row ${row}`, expected: `from ${least} to ${most}`, received: String(data[index]) });
}

/** Whole numbers from 0 to count - 1. */
function requireWhole({ data, shape }: Tensor, count: number, what: string, where: string): void {
  for (let at = 0; at < data.length; at++) {
    const value = data[at]!;
    if (Number.isInteger(value) && value >= 0 && value < count) continue;
    const row = Math.floor(at / sizeOf(shape.slice(1)));
    throw new LanewiseError('invalid-data', `${what} is out of range`, {
      where: `${where}, row ${row}`, expected: `a whole number from 0 to ${count - 1}`, received: String(value),
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
