import { columnSums } from './reduce.js';
import { map, requireShape, type Values } from './values.js';

export type Activation = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'hardSigmoid' | 'hardSigmoidTfjs';

/** slope · x + ½ between 0 and 1. */
const hardSigmoid = (slope: number): { forward: (x: number) => number; derivative: (y: number) => number } =>
  ({ forward: (x) => Math.min(Math.max(slope * x + 0.5, 0), 1), derivative: (y) => (y > 0 && y < 1 ? slope : 0) });

/** The function and its derivative, written as a function of the output y. ReLU's derivative at 0 is 0. */
export const activations: Record<Activation, { forward: (x: number) => number; derivative: (y: number) => number }> = {
  linear: { forward: (x) => x, derivative: () => 1 },
  relu: { forward: (x) => Math.max(x, 0), derivative: (y) => (y > 0 ? 1 : 0) },
  tanh: { forward: Math.tanh, derivative: (y) => 1 - y * y },
  sigmoid: { forward: (x) => 1 / (1 + Math.exp(-x)), derivative: (y) => y * (1 - y) },
  hardSigmoid: hardSigmoid(1 / 6),
  hardSigmoidTfjs: hardSigmoid(0.2),
};

interface BackwardOptions {
  dy: Values;
  y: Values; // the forward output, the same shape
}

function backward(activation: Activation, { dy, y }: BackwardOptions): Float64Array {
  requireShape('dy', dy, [y.length]);
  return map(y, (value, i) => dy[i]! * activations[activation].derivative(value));
}

export const reluForward = (x: Values): Float64Array => map(x, activations.relu.forward);
export const reluBackward = (options: BackwardOptions): Float64Array => backward('relu', options);

export const tanhForward = (x: Values): Float64Array => map(x, activations.tanh.forward);
export const tanhBackward = (options: BackwardOptions): Float64Array => backward('tanh', options);

export const sigmoidForward = (x: Values): Float64Array => map(x, activations.sigmoid.forward);
export const sigmoidBackward = (options: BackwardOptions): Float64Array => backward('sigmoid', options);

/** x [rows, channels] + bias [channels]; for images rows = N·H·W. */
export function biasAddForward({ x, bias }: { x: Values; bias: Values }): Float64Array {
  const channels = bias.length;
  requireShape('x', x, [Math.floor(x.length / channels), channels]);
  return map(x, (value, i) => value + bias[i % channels]!);
}

/** The gradient with respect to the bias: [channels]. With respect to x it is dy itself. */
export function biasAddBackward({ dy, rows, channels }: { dy: Values; rows: number; channels: number }): Float64Array {
  return columnSums({ x: dy, rows, columns: channels });
}

interface RowSizes {
  rows: number;
  columns: number;
}

/** exp(x) / Σ exp(x) along each row of x [rows, columns]; the row's maximum is taken away first, against overflow. */
export function softmaxForward({ x, rows, columns }: { x: Values } & RowSizes): Float64Array {
  requireShape('x', x, [rows, columns]);
  const y = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let maximum = -Infinity;
    for (let j = 0; j < columns; j++) maximum = Math.max(maximum, x[row * columns + j]!);
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += Math.exp(x[row * columns + j]! - maximum);
    for (let j = 0; j < columns; j++) y[row * columns + j] = Math.exp(x[row * columns + j]! - maximum) / sum;
  }
  return y;
}

/** dx = y·(dy - Σ dy·y) along each row: [rows, columns]. */
export function softmaxBackward({ dy, y, rows, columns }: BackwardOptions & RowSizes): Float64Array {
  requireShape('y', y, [rows, columns]);
  requireShape('dy', dy, [rows, columns]);
  const dx = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let projection = 0;
    for (let j = 0; j < columns; j++) projection += dy[row * columns + j]! * y[row * columns + j]!;
    for (let j = 0; j < columns; j++) {
      const i = row * columns + j;
      dx[i] = y[i]! * (dy[i]! - projection);
    }
  }
  return dx;
}

interface DropoutOptions {
  mask: Values; // 0 drops, 1 keeps; the shape of x
  rate: number; // the fraction dropped, [0, 1)
}

/** Inverted dropout: what is kept grows by 1 / (1 - rate), so that the mean stays. */
export function dropoutForward({ x, mask, rate }: { x: Values } & DropoutOptions): Float64Array {
  requireShape('mask', mask, [x.length]);
  return map(x, (value, i) => (mask[i] === 0 ? 0 : value / (1 - rate)));
}

export function dropoutBackward({ dy, mask, rate }: { dy: Values } & DropoutOptions): Float64Array {
  return dropoutForward({ x: dy, mask, rate });
}
