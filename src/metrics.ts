/**
 * How good predictions are, over whole sets: functions of targets and of what `predict` gives. Sums are taken in double precision over all rows at
 * once, so the size of batches is not in the result.
 */
import { LanewiseError } from './errors.js';
import { requirePositiveInteger } from './options.js';
import type { TensorInput } from './tensor/convert.js';
import { toTensor } from './tensor/convert.js';
import { formatShape, sameShape } from './tensor/shape.js';
import type { Tensor } from './tensor/tensor.js';

/** How the figures of classes become one: their mean (`macro`), their mean by the rows of each class (`weighted`), or that of all rows (`micro`). */
export type Average = 'macro' | 'weighted' | 'micro';

export interface ClassMetricOptions {
  /** Default `macro`. Not for single probabilities, where the figure is that of the class 1. */
  average?: Average;
  /** From what on a single probability stands for class 1. Default: above 0.5. */
  threshold?: number;
}

interface Classes {
  actual: Uint32Array;
  predicted: Uint32Array;
  count: number;
  /** Whether each prediction was one probability. */
  binary: boolean;
}

const refusal = (where: string, summary: string, expected: string, received: string): LanewiseError =>
  new LanewiseError('invalid-shape', summary, { where, expected, received });

/** The first largest of each row of the last axis. */
function largest({ data, shape }: Tensor): Uint32Array {
  const columns = shape.at(-1)!;
  return Uint32Array.from({ length: data.length / columns }, (_, row) => {
    let best = 0;
    for (let c = 1; c < columns; c++) if (data[row * columns + c]! > data[row * columns + best]!) best = c;
    return best;
  });
}

/** Classes of targets, numbers or one-hot, and of predictions, […, classes] or […, 1]. */
function classesOf(targets: TensorInput, predictions: TensorInput, where: string, threshold = 0.5): Classes {
  const [t, p] = [toTensor(targets, `${where} targets`), toTensor(predictions, `${where} predictions`)];
  const columns = p.shape.at(-1);
  const rows = p.shape.slice(0, -1);
  if (columns === undefined || columns < 1 || p.shape.length < 2) throw refusal(where, 'predictions have the wrong shape', '[rows, …, classes]', formatShape(p.shape));
  const numbers = sameShape(t.shape, rows) || sameShape(t.shape, [...rows, 1]);
  if (!numbers && !sameShape(t.shape, p.shape)) throw refusal(where, 'targets do not suit the predictions', `${formatShape(rows)} or ${formatShape(p.shape)}`, formatShape(t.shape));
  const binary = columns === 1;
  const count = binary ? 2 : columns;
  const actual = numbers ? Uint32Array.from(t.data) : largest(t);
  const bad = numbers ? t.data.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < count)) : -1;
  if (bad >= 0) {
    throw new LanewiseError('invalid-data', 'a label is out of range', { where: `${where}, row ${bad}`, expected: `a whole number from 0 to ${count - 1}`, received: String(t.data[bad]) });
  }
  return { actual, predicted: binary ? Uint32Array.from(p.data, (value) => Number(value > threshold)) : largest(p), count, binary };
}

const matrixOf = ({ actual, predicted, count }: Classes): number[][] => {
  const matrix = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  actual.forEach((label, row) => matrix[label]![predicted[row]!]!++);
  return matrix;
};

/**
 * How often rows of each class (first index) were taken for each class (second index).
 * @param targets class numbers, or one-hot
 * @param predictions what `predict` gives: […, classes], or […, 1] of probabilities
 * @throws LanewiseError `invalid-shape`, `invalid-data`
 */
export function confusionMatrix(targets: TensorInput, predictions: TensorInput, { threshold }: Pick<ClassMetricOptions, 'threshold'> = {}): number[][] {
  return matrixOf(classesOf(targets, predictions, 'confusionMatrix', threshold));
}

/** The share of rows whose class is right. @throws LanewiseError as `confusionMatrix` */
export function accuracy(targets: TensorInput, predictions: TensorInput, { threshold }: Pick<ClassMetricOptions, 'threshold'> = {}): number {
  const { actual, predicted } = classesOf(targets, predictions, 'accuracy', threshold);
  return actual.filter((label, row) => label === predicted[row]).length / actual.length;
}

/** The share of rows whose class is among the `k` (default 5) of the largest values, the first ones in a tie. @throws LanewiseError as `confusionMatrix`, `invalid-argument` */
export function topKAccuracy(targets: TensorInput, predictions: TensorInput, { k = 5 }: { k?: number } = {}): number {
  requirePositiveInteger(k, 'k', 'topKAccuracy');
  const { actual, binary } = classesOf(targets, predictions, 'topKAccuracy');
  const { data, shape } = toTensor(predictions, 'topKAccuracy predictions');
  if (binary) throw refusal('topKAccuracy', 'predictions have the wrong shape', '[rows, …, classes], at least 2', formatShape(shape));
  const columns = shape.at(-1)!;
  const right = actual.filter((label, row) => {
    const own = data.subarray(row * columns, (row + 1) * columns);
    let before = 0;
    own.forEach((value, c) => (before += Number(value > own[label]! || (value === own[label]! && c < label))));
    return before < k;
  });
  return right.length / actual.length;
}

interface Counts {
  /** Rows of the class that were found. */
  right: number;
  /** Rows that were taken for it. */
  predicted: number;
  /** Rows of it. */
  actual: number;
}

/** 0 where there is nothing to divide by, as Keras. */
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function averaged(where: string, targets: TensorInput, predictions: TensorInput, { average = 'macro', threshold }: ClassMetricOptions, of: (counts: Counts) => number): number {
  if (!['macro', 'weighted', 'micro'].includes(average)) {
    throw new LanewiseError('invalid-argument', 'unknown average', { where, expected: 'macro, weighted, micro', received: String(average) });
  }
  const classes = classesOf(targets, predictions, where, threshold);
  const matrix = matrixOf(classes);
  const counts = matrix.map((row, label): Counts => ({
    right: row[label]!, actual: row.reduce((sum, value) => sum + value, 0), predicted: matrix.reduce((sum, other) => sum + other[label]!, 0),
  }));
  if (classes.binary) return of(counts[1]!);
  const rows = classes.actual.length;
  if (average === 'micro') return of({ right: counts.reduce((sum, { right }) => sum + right, 0), predicted: rows, actual: rows });
  return counts.reduce((sum, each) => sum + of(each) * (average === 'macro' ? 1 / counts.length : each.actual / rows), 0);
}

/** Of the rows that were taken for a class the share that are of it. @throws LanewiseError as `confusionMatrix`, `invalid-argument` */
export const precision = (targets: TensorInput, predictions: TensorInput, options: ClassMetricOptions = {}): number =>
  averaged('precision', targets, predictions, options, ({ right, predicted }) => share(right, predicted));

/** Of the rows of a class the share that were found. @throws LanewiseError as `precision` */
export const recall = (targets: TensorInput, predictions: TensorInput, options: ClassMetricOptions = {}): number =>
  averaged('recall', targets, predictions, options, ({ right, actual }) => share(right, actual));

/** The harmonic mean of precision and recall, of each class. @throws LanewiseError as `precision` */
export const f1 = (targets: TensorInput, predictions: TensorInput, options: ClassMetricOptions = {}): number =>
  averaged('f1', targets, predictions, options, ({ right, predicted, actual }) => share(2 * right, predicted + actual));

function pairs(targets: TensorInput, predictions: TensorInput, where: string): { t: Tensor; p: Tensor } {
  const [t, p] = [toTensor(targets, `${where} targets`), toTensor(predictions, `${where} predictions`)];
  if (!sameShape(t.shape, p.shape) || t.data.length === 0) throw refusal(where, 'targets do not suit the predictions', formatShape(p.shape), formatShape(t.shape));
  return { t, p };
}

function meanOf(targets: TensorInput, predictions: TensorInput, where: string, of: (difference: number) => number): number {
  const { t, p } = pairs(targets, predictions, where);
  let sum = 0;
  for (let i = 0; i < p.data.length; i++) sum += of(p.data[i]! - t.data[i]!);
  return sum / p.data.length;
}

/** The mean of squared differences. @throws LanewiseError `invalid-shape` */
export const meanSquaredError = (targets: TensorInput, predictions: TensorInput): number => meanOf(targets, predictions, 'meanSquaredError', (d) => d * d);

/** The mean of absolute differences. @throws LanewiseError `invalid-shape` */
export const meanAbsoluteError = (targets: TensorInput, predictions: TensorInput): number => meanOf(targets, predictions, 'meanAbsoluteError', Math.abs);

/**
 * The coefficient of determination, 1 - Σ(t - p)² / Σ(t - mean t)², of each output (the last axis), averaged. Of an output whose targets are all the
 * same it is 1 if they are met, else 0. @throws LanewiseError `invalid-shape`
 */
export function r2(targets: TensorInput, predictions: TensorInput): number {
  const { t, p } = pairs(targets, predictions, 'r2');
  const columns = t.shape.length > 1 ? t.shape.at(-1)! : 1;
  const rows = t.data.length / columns;
  let total = 0;
  for (let c = 0; c < columns; c++) {
    let [mean, residual, spread] = [0, 0, 0];
    for (let row = 0; row < rows; row++) mean += t.data[row * columns + c]! / rows;
    for (let i = c; i < t.data.length; i += columns) {
      residual += (t.data[i]! - p.data[i]!) ** 2;
      spread += (t.data[i]! - mean) ** 2;
    }
    total += spread > 0 ? 1 - residual / spread : Number(residual === 0);
  }
  return total / columns;
}
