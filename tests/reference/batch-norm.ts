import { requireShape, type Values } from './values.js';

/** Mean and variance (divided by rows) of each column of x [rows, columns]. */
export function columnMoments({ x, rows, columns }: { x: Values; rows: number; columns: number }): { mean: Float64Array; variance: Float64Array } {
  requireShape('x', x, [rows, columns]);
  const mean = new Float64Array(columns);
  const variance = new Float64Array(columns);
  for (let row = 0; row < rows; row++) for (let c = 0; c < columns; c++) mean[c]! += x[row * columns + c]! / rows;
  for (let row = 0; row < rows; row++) for (let c = 0; c < columns; c++) variance[c]! += (x[row * columns + c]! - mean[c]!) ** 2 / rows;
  return { mean, variance };
}

export interface BatchNormOptions {
  x: Values; // [rows, columns]
  rows: number;
  columns: number;
  mean: Values; // [columns]
  variance: Values; // [columns]
  epsilon: number;
  gamma?: Values; // [columns], default ones
  beta?: Values; // [columns], default zeros
}

/** y = gamma · (x - mean) / √(variance + epsilon) + beta. */
export function batchNormForward({ x, columns, mean, variance, epsilon, gamma, beta }: BatchNormOptions): Float64Array {
  return Float64Array.from(x, (value, i) => {
    const c = i % columns;
    return ((value - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * (gamma?.[c] ?? 1) + (beta?.[c] ?? 0);
  });
}

/** Gradients where mean and variance are those of x (`ofBatch`), or given. */
export function batchNormBackward(
  { x, rows, columns, mean, variance, epsilon, gamma }: BatchNormOptions, dy: Values, ofBatch: boolean,
): { dx: Float64Array; dGamma: Float64Array; dBeta: Float64Array } {
  requireShape('dy', dy, [rows, columns]);
  const normalized = batchNormForward({ x, rows, columns, mean, variance, epsilon });
  const dGamma = new Float64Array(columns);
  const dBeta = new Float64Array(columns);
  for (let i = 0; i < dy.length; i++) {
    dGamma[i % columns]! += dy[i]! * normalized[i]!;
    dBeta[i % columns]! += dy[i]!;
  }
  const dx = Float64Array.from(dy, (value, i) => {
    const c = i % columns;
    const inner = ofBatch ? value - dBeta[c]! / rows - (normalized[i]! * dGamma[c]!) / rows : value;
    return ((gamma?.[c] ?? 1) / Math.sqrt(variance[c]! + epsilon)) * inner;
  });
  return { dx, dGamma, dBeta };
}
