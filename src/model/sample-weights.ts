import { LanewiseError } from '../errors.js';
import type { TargetSpec } from '../losses.js';
import { stepsOf } from '../losses.js';
import { toTensor } from '../tensor/convert.js';
import type { TensorInput } from '../tensor/convert.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { newFloats } from '../tensor/tensor.js';
import type { OutputSpec } from './batches.js';
import type { PerOutput } from './per-output.js';

/** What rows count, one number each: [rows], or for each step of a sequence [rows, time]. */
export type SampleWeight = TensorInput | Float32Array;

/** That of all outputs of a model, or of each. */
export type SampleWeights = SampleWeight | PerOutput<SampleWeight | undefined>;

/** What rows count in the loss; at most one of the two. */
export interface WeightOptions {
  /**
   * What each row counts: [rows], or for each step of a sequence [rows, time]. As in Keras the loss of a batch is Σ weight · loss / rows: the weights
   * are not in the divisor. Metrics do not look at weights. Of a model of several outputs for all of them, or for each, in a list or by its name; those
   * that have none, `undefined` in a list, count the same.
   */
  sampleWeight?: SampleWeights;
  /**
   * What rows (or steps) of a class count, by its number; classes that are not named count 1. For targets that are classes, as numbers or one-hot, of a
   * model of one output.
   */
  classWeight?: Readonly<Record<number, number>>;
}

/** Those of one output. */
export interface RowWeights extends Omit<WeightOptions, 'sampleWeight'> {
  sampleWeight?: SampleWeight | undefined;
}

/**
 * A weight for each row of an output, [rows, steps of a sample]; undefined if all count the same.
 * @throws LanewiseError `invalid-argument`, `invalid-shape`, `invalid-data`
 */
export function resolveWeights({ sampleWeight, classWeight }: RowWeights, targets: Tensor, { target, shape, place: output }: OutputSpec, where: string): Tensor<Float32Array> | undefined {
  if (sampleWeight !== undefined && classWeight !== undefined) {
    throw new LanewiseError('invalid-argument', 'sampleWeight and classWeight at once', { where, remedy: 'Multiply the class weights into sampleWeight' });
  }
  const rows = targets.shape[0]!;
  if (sampleWeight !== undefined) {
    const place = `${where} sampleWeight${output}`;
    const given = sampleWeight instanceof Float32Array ? { data: sampleWeight, shape: [sampleWeight.length] } : toTensor(sampleWeight, place);
    return weightsOfRows(given, rows, shape, place);
  }
  return classWeight && weightsOfClasses(classWeight, targets, target, shape, `${where} classWeight`);
}

function weightsOfRows({ data, shape }: Tensor, rows: number, outputShape: Shape, where: string): Tensor<Float32Array> {
  const perStep = [rows, ...outputShape.slice(0, -1)];
  const steps = stepsOf(outputShape);
  if (!sameShape(shape, perStep) && !sameShape(shape, [rows])) {
    throw new LanewiseError('invalid-shape', 'weights have the wrong shape', {
      where, expected: perStep.length === 1 ? `[${rows}]` : `[${rows}] or ${formatShape(perStep)}`, received: formatShape(shape),
    });
  }
  const index = data.findIndex((value) => !(value >= 0 && Number.isFinite(Math.fround(value))));
  if (index >= 0) throw new LanewiseError('invalid-data', 'a weight is out of range', { where: `${where}, ${index}`, expected: 'at least 0', received: String(data[index]) });
  const weights = newFloats(rows * steps, where);
  const repeats = (rows * steps) / data.length;
  for (let i = 0; i < weights.length; i++) weights[i] = data[Math.floor(i / repeats)]!;
  return { data: weights, shape: [rows, steps] };
}

function weightsOfClasses(
  classWeight: Readonly<Record<number, number>>, { data, shape }: Tensor, target: TargetSpec, outputShape: Shape, where: string,
): Tensor<Float32Array> {
  const outputs = outputShape.at(-1) ?? 1;
  const classes = target.classes ?? Math.max(2, outputs); // one output tells two classes apart
  if (target.classes === undefined && !target.range) throw new LanewiseError('invalid-argument', 'the targets are not classes', { where, remedy: 'Use sampleWeight' });
  for (const [key, weight] of Object.entries(classWeight)) {
    if (!(Number(key) in Array.from({ length: classes }))) {
      throw new LanewiseError('invalid-argument', 'no such class', { where, expected: `0 to ${classes - 1}`, received: key });
    }
    if (!(weight >= 0 && Number.isFinite(Math.fround(weight)))) {
      throw new LanewiseError('invalid-argument', 'a class weight is out of range', { where, expected: 'at least 0', received: String(weight) });
    }
  }
  const rows = shape[0]!;
  const steps = stepsOf(outputShape);
  const classOf = (row: number): number => {
    if (target.classes !== undefined) return data[row]!;
    if (outputs === 1) return data[row]! > 0.5 ? 1 : 0;
    let best = 0;
    for (let c = 1; c < outputs; c++) if (data[row * outputs + c]! > data[row * outputs + best]!) best = c;
    return best;
  };
  return { data: newFloats(rows * steps, where).map((_, row) => classWeight[classOf(row)] ?? 1), shape: [rows, steps] };
}
