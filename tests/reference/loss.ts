import { softmaxForward } from './activation.js';
import { sum } from './reduce.js';
import { map, requireShape, type Values } from './values.js';

export interface SoftmaxCrossEntropyOptions {
  logits: Values; // [rows, classes]
  labels: Values; // [rows], integers 0 … classes - 1
  rows: number;
  classes: number;
}

export interface SoftmaxCrossEntropyResult {
  loss: number; // the mean of rowLosses
  rowLosses: Float64Array; // [rows]
  dLogits: Float64Array; // [rows, classes], the gradient of the mean
  correct: number; // rows whose largest logit (the first, in a tie) is the label's
}

/** -log softmax(logits)[label] = log Σ exp(logit - max) - (logit[label] - max). */
export function softmaxCrossEntropy({ logits, labels, rows, classes }: SoftmaxCrossEntropyOptions): SoftmaxCrossEntropyResult {
  requireShape('logits', logits, [rows, classes]);
  requireShape('labels', labels, [rows]);
  const rowLosses = new Float64Array(rows);
  const dLogits = softmaxForward({ x: logits, rows, columns: classes });
  let correct = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) throw new RangeError(`row ${row}: label ${label}`);
    const start = row * classes;
    let best = 0;
    for (let j = 1; j < classes; j++) if (logits[start + j]! > logits[start + best]!) best = j;
    const maximum = logits[start + best]!;
    let exponentials = 0;
    for (let j = 0; j < classes; j++) exponentials += Math.exp(logits[start + j]! - maximum);
    rowLosses[row] = Math.log(exponentials) - (logits[start + label]! - maximum);
    if (best === label) correct++;

    dLogits[start + label]! -= 1;
    for (let j = 0; j < classes; j++) dLogits[start + j]! /= rows;
  }
  return { loss: sum(rowLosses) / rows, rowLosses, dLogits, correct };
}

export interface MeanSquaredErrorOptions {
  predictions: Values; // [rows, columns]
  targets: Values; // [rows, columns]
  rows: number;
  columns: number;
}

export interface MeanSquaredErrorResult {
  loss: number; // the mean over all elements
  rowLosses: Float64Array; // [rows], the mean over each row
  dPredictions: Float64Array; // [rows, columns], the gradient of `loss`
}

export function meanSquaredError({ predictions, targets, rows, columns }: MeanSquaredErrorOptions): MeanSquaredErrorResult {
  requireShape('predictions', predictions, [rows, columns]);
  requireShape('targets', targets, [rows, columns]);
  const rowLosses = new Float64Array(rows);
  const dPredictions = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let j = 0; j < columns; j++) {
      const i = row * columns + j;
      const difference = predictions[i]! - targets[i]!;
      squares += difference * difference;
      dPredictions[i] = (2 * difference) / (rows * columns);
    }
    rowLosses[row] = squares / columns;
  }
  return { loss: sum(rowLosses) / rows, rowLosses, dPredictions };
}

/** A loss of rows: of each its own value and the gradient of that value, unweighted. */
export interface RowLosses {
  rowLosses: Float64Array; // [rows]
  gradient: Float64Array; // [rows, columns]
}

/** Keras's epsilon for probabilities, and 1 less it, as floats. */
const [LEAST, MOST] = [Math.fround(1e-7), 1 - Math.fround(2 ** -23)] as const;
export const withinProbabilities = (p: number): number => Math.min(Math.max(p, LEAST), MOST);

/** t·(1 - s) + s / parts. */
export const smoothTargets = (targets: Values, smoothing: number, parts: number): Float64Array =>
  map(targets, (target) => target * (1 - smoothing) + smoothing / parts);

export interface DistributionOptions {
  values: Values; // logits or probabilities, [rows, classes]
  targets: Values; // [rows, classes]
  rows: number;
  classes: number;
  labelSmoothing?: number; // default 0
}

/** -Σ t'·log softmax(x), with the smoothed targets t'. */
export function categoricalCrossEntropy({ values: x, targets, rows, classes, labelSmoothing = 0 }: DistributionOptions): RowLosses {
  requireShape('logits', x, [rows, classes]);
  const t = smoothTargets(targets, labelSmoothing, classes);
  const p = softmaxForward({ x, rows, columns: classes });
  const rowLosses = new Float64Array(rows);
  const gradient = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    const logits = Float64Array.from({ length: classes }, (_, c) => x[at + c]!);
    const largest = Math.max(...logits);
    const logSum = Math.log(logits.reduce((total, value) => total + Math.exp(value - largest), 0));
    const total = sum(t.subarray(at, at + classes));
    for (let c = 0; c < classes; c++) {
      if (t[at + c] !== 0) rowLosses[row]! += t[at + c]! * (logSum - (x[at + c]! - largest));
      gradient[at + c] = total * p[at + c]! - t[at + c]!;
    }
  }
  return { rowLosses, gradient };
}

/** -Σ t'·log q, with q = p / Σp kept within [1e-7, 1 - 1e-7]; where it had to be moved, nothing depends on it. */
export function probabilityCrossEntropy({ values: p, targets, rows, classes, labelSmoothing = 0 }: DistributionOptions): RowLosses {
  requireShape('probabilities', p, [rows, classes]);
  const t = smoothTargets(targets, labelSmoothing, classes);
  const rowLosses = new Float64Array(rows);
  const gradient = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    const own = Float64Array.from({ length: classes }, (_, c) => p[at + c]!);
    const total = sum(own);
    const q = own.map((value) => value / total);
    const g = q.map((value, c) => (value === withinProbabilities(value) ? -t[at + c]! / value : 0));
    const dot = g.reduce((all, value, c) => all + value * q[c]!, 0);
    for (let c = 0; c < classes; c++) {
      rowLosses[row]! -= t[at + c]! * Math.log(withinProbabilities(q[c]!));
      gradient[at + c] = (g[c]! - dot) / total;
    }
  }
  return { rowLosses, gradient };
}

export interface ElementOptions {
  values: Values; // [rows, columns]
  targets: Values; // [rows, columns]
  rows: number;
  columns: number;
}

/** The mean over each row of a loss of single values: `of` gives it and its derivative. */
function meanOfRow({ values, targets, rows, columns }: ElementOptions, of: (value: number, target: number) => readonly [number, number]): RowLosses {
  requireShape('values', values, [rows, columns]);
  requireShape('targets', targets, [rows, columns]);
  const rowLosses = new Float64Array(rows);
  const gradient = map(values, (value, i) => {
    const [loss, derivative] = of(value, targets[i]!);
    rowLosses[Math.floor(i / columns)]! += loss / columns;
    return derivative / columns;
  });
  return { rowLosses, gradient };
}

/** Of logits: max(x, 0) - x·t + log(1 + e^-|x|). Of probabilities: -t·log p - (1 - t)·log(1 - p), p kept within [1e-7, 1 - 1e-7]. */
export function binaryCrossEntropy(options: ElementOptions & { labelSmoothing?: number; probabilities: boolean }): RowLosses {
  const { labelSmoothing = 0, probabilities } = options;
  return meanOfRow({ ...options, targets: smoothTargets(options.targets, labelSmoothing, 2) }, (x, t) => {
    if (!probabilities) return [Math.max(x, 0) - x * t + Math.log1p(Math.exp(-Math.abs(x))), 1 / (1 + Math.exp(-x)) - t];
    const p = withinProbabilities(x);
    return [-t * Math.log(p) - (1 - t) * Math.log(1 - p), p === x ? (p - t) / (p * (1 - p)) : 0];
  });
}

/** d² / 2 up to delta, then delta·(|d| - delta / 2). */
export const huberLoss = (options: ElementOptions & { delta: number }): RowLosses =>
  meanOfRow(options, (value, target) => {
    const d = value - target;
    return Math.abs(d) <= options.delta ? [(d * d) / 2, d] : [options.delta * (Math.abs(d) - options.delta / 2), options.delta * Math.sign(d)];
  });

export const absoluteError = (options: ElementOptions): RowLosses =>
  meanOfRow(options, (value, target) => [Math.abs(value - target), Math.sign(value - target)]);
