import { softmaxForward } from './activation.js';
import { sum } from './reduce.js';
import { requireShape, type Values } from './values.js';

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
