/**
 * What a trained predictor of signals must beat. All losses are mean squared errors in the data's own units squared,
 * over every position that a network is judged at: t = 0 … length - horizon - 1 of every row, the first ones included,
 * where the past before the signal's start counts as zero (a recurrent network starts from a zero state likewise).
 */
import { LanewiseError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { requireSignals } from './signals.js';

/** Added to the diagonal, relative to its mean: smooth signals make the normal equations all but singular. */
const RIDGE = 1e-12;

/**
 * Predicts that nothing changes: x[t + horizon] = x[t].
 * @param test [n, length]
 */
export function persistenceBaseline(test: Tensor, horizon: number): { testLoss: number } {
  return { testLoss: meanSquaredError(test, Float64Array.of(1), horizon) };
}

/**
 * Autoregression of order p by least squares: x[t + horizon] = Σ w[k]·x[t - k], k = 0 … p-1, without a bias, fitted on
 * the training rows and judged on the test rows.
 * @param train [m, length]
 * @param test [n, length]
 */
export function arBaseline(train: Tensor, test: Tensor, order: number, horizon: number): { order: number; testLoss: number } {
  return { order, testLoss: meanSquaredError(test, fitAutoregression(train, order, horizon), horizon) };
}

/**
 * The weights of an autoregression, from the normal equations.
 * @returns w: [order]; w[0] belongs to the newest sample
 */
export function fitAutoregression(train: Tensor, order: number, horizon: number): Float64Array {
  const [rows, length] = requireSignals(train, horizon);
  if (!Number.isInteger(order) || order < 1 || order >= length) {
    const details = { where: 'order', expected: `1 … ${length - 1}`, received: `${order}` };
    throw new LanewiseError('invalid-argument', 'not an order of autoregression', details);
  }
  const gram = new Float64Array(order * order);
  const right = new Float64Array(order);
  for (let row = 0; row < rows; row++) {
    const signal = train.data.subarray(row * length, (row + 1) * length);
    accumulate(gram, right, signal, horizon);
  }
  let trace = 0;
  for (let k = 0; k < order; k++) trace += gram[k * order + k]!;
  for (let k = 0; k < order; k++) gram[k * order + k]! += (RIDGE * trace) / order;
  return solvePositiveDefinite(gram, right);
}

/** gram[j][k] += Σ x[t - j]·x[t - k] for k ≤ j, right[k] += Σ x[t - k]·x[t + horizon], over t = 0 … length - horizon - 1. */
function accumulate(gram: Float64Array, right: Float64Array, x: Tensor['data'], horizon: number): void {
  const order = right.length;
  const steps = x.length - horizon;
  for (let j = 0; j < order; j++) {
    for (let t = j; t < steps; t++) right[j]! += x[t - j]! * x[t + horizon]!;
    for (let k = 0; k <= j; k++) {
      let sum = 0;
      for (let t = j; t < steps; t++) sum += x[t - j]! * x[t - k]!;
      gram[j * order + k]! += sum;
    }
  }
}

/** Solves A·w = b by Cholesky's A = L·Lᵀ, in place; only the lower triangle of A is read. */
function solvePositiveDefinite(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      if (i === j && !(sum > 0)) throw new LanewiseError('invalid-data', 'the signals do not determine an autoregression');
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i]! -= a[i * n + k]! * b[k]!;
    b[i]! /= a[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i]! -= a[k * n + i]! * b[k]!;
    b[i]! /= a[i * n + i]!;
  }
  return b;
}

function meanSquaredError(signals: Tensor, weights: Float64Array, horizon: number): number {
  const [rows, length] = requireSignals(signals, horizon);
  const steps = length - horizon;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const x = signals.data.subarray(row * length, (row + 1) * length);
    for (let t = 0; t < steps; t++) {
      let prediction = 0;
      for (let k = 0; k < weights.length && k <= t; k++) prediction += weights[k]! * x[t - k]!;
      const error = x[t + horizon]! - prediction;
      sum += error * error;
    }
  }
  return sum / (rows * steps);
}
