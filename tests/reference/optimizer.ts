import { gemm } from './gemm.js';
import { sumOfSquares } from './reduce.js';
import { map, requireShape, type Values } from './values.js';

export interface SgdOptions {
  weights: Values;
  gradients: Values;
  learningRate: number;
  momentum?: number; // default 0
  nesterov?: boolean; // default false
  velocity?: Values; // default zeros
}

/**
 * Keras's SGD: velocity = momentum·velocity - learningRate·gradient; weights += velocity, or with Nesterov's momentum
 * weights += momentum·velocity - learningRate·gradient.
 */
export function sgdStep(options: SgdOptions): { weights: Float64Array; velocity: Float64Array } {
  const { weights, gradients, learningRate, momentum = 0, nesterov = false } = options;
  const old = options.velocity ?? new Float64Array(weights.length);
  requireShape('gradients', gradients, [weights.length]);
  requireShape('velocity', old, [weights.length]);
  const velocity = map(old, (value, i) => momentum * value - learningRate * gradients[i]!);
  const step = nesterov ? map(velocity, (value, i) => momentum * value - learningRate * gradients[i]!) : velocity;
  return { weights: map(weights, (value, i) => value + step[i]!), velocity };
}

export interface AdamOptions {
  weights: Values;
  gradients: Values;
  m?: Values; // first moment, default zeros
  v?: Values; // second moment, default zeros
  step: number; // 1 for the first
  learningRate?: number; // default 1e-3
  beta1?: number; // default 0.9
  beta2?: number; // default 0.999
  epsilon?: number; // default 1e-7
}

/**
 * Keras 3's Adam: m += (g - m)(1 - β1); v += (g² - v)(1 - β2);
 * weights -= learningRate·√(1 - β2^step)/(1 - β1^step) · m/(√v + ε).
 * ε stands beside the uncorrected √v ("epsilon hat" in Kingma and Ba, 2015, section 2); an ε of PyTorch is ε·√(1 - β2^step) here.
 */
export function adamStep(options: AdamOptions): { weights: Float64Array; m: Float64Array; v: Float64Array } {
  const { weights, gradients, step, learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
  const oldM = options.m ?? new Float64Array(weights.length);
  const oldV = options.v ?? new Float64Array(weights.length);
  requireShape('gradients', gradients, [weights.length]);
  requireShape('m', oldM, [weights.length]);
  requireShape('v', oldV, [weights.length]);
  const m = map(oldM, (value, i) => value + (gradients[i]! - value) * (1 - beta1));
  const v = map(oldV, (value, i) => value + (gradients[i]! ** 2 - value) * (1 - beta2));
  const rate = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
  return { weights: map(weights, (value, i) => value - (rate * m[i]!) / (Math.sqrt(v[i]!) + epsilon)), m, v };
}

/** The Euclidean norm of all gradients together. */
export function globalNorm(gradients: readonly Values[]): number {
  let squares = 0;
  for (const values of gradients) squares += sumOfSquares(values);
  return Math.sqrt(squares);
}

/** Scales all gradients by clipNorm / globalNorm when the norm is over clipNorm; else gives copies. */
export function clipByGlobalNorm(gradients: readonly Values[], clipNorm: number): Float64Array[] {
  const norm = globalNorm(gradients);
  const scale = norm > clipNorm ? clipNorm / norm : 1;
  return gradients.map((values) => map(values, (value) => value * scale));
}

export interface RmspropOptions {
  weights: Values;
  gradients: Values;
  learningRate: number;
  rho: number;
  epsilon: number;
  v?: Values; // mean of squares, default zeros
  centered?: boolean;
  mean?: Values; // default zeros
  momentum?: number;
  b?: Values; // the momentum's memory, default zeros
}

/** Keras's RMSprop: v = ρv + (1 - ρ)g²; move = rate·g / √(v [- mean²] + ε); b = momentum·b + move; weights -= b, or move without momentum. */
export function rmspropStep(options: RmspropOptions): { weights: Float64Array; v: Float64Array; mean: Float64Array; b: Float64Array } {
  const { weights, gradients: g, learningRate, rho, epsilon, centered = false, momentum = 0 } = options;
  const zeros = new Float64Array(weights.length);
  const v = map(options.v ?? zeros, (value, i) => rho * value + (1 - rho) * g[i]! ** 2);
  const mean = map(options.mean ?? zeros, (value, i) => rho * value + (1 - rho) * g[i]!);
  const b = map(options.b ?? zeros, (value, i) => {
    const spread = centered ? Math.max(v[i]! - mean[i]! ** 2, 0) : v[i]!;
    return momentum * value + (learningRate * g[i]!) / Math.sqrt(spread + epsilon);
  });
  return { weights: map(weights, (value, i) => value - b[i]!), v, mean, b };
}

export interface AdagradOptions {
  weights: Values;
  gradients: Values;
  a: Values; // sums of squares
  learningRate: number;
  epsilon: number;
}

/** Keras's Adagrad: a += g²; weights -= rate·g / √(a + ε). */
export function adagradStep({ weights, gradients: g, a: old, learningRate, epsilon }: AdagradOptions): { weights: Float64Array; a: Float64Array } {
  const a = map(old, (value, i) => value + g[i]! ** 2);
  return { weights: map(weights, (value, i) => value - (learningRate * g[i]!) / Math.sqrt(a[i]! + epsilon)), a };
}

export interface LionOptions {
  weights: Values;
  gradients: Values;
  m: Values;
  learningRate: number;
  beta1: number;
  beta2: number;
}

/** Keras's Lion: weights -= rate·sign(β₁m + (1 - β₁)g); m = β₂m + (1 - β₂)g. */
export function lionStep({ weights, gradients: g, m: old, learningRate, beta1, beta2 }: LionOptions): { weights: Float64Array; m: Float64Array } {
  return {
    weights: map(weights, (value, i) => value - learningRate * Math.sign(beta1 * old[i]! + (1 - beta1) * g[i]!)),
    m: map(old, (value, i) => beta2 * value + (1 - beta2) * g[i]!),
  };
}

export interface MuonOptions {
  weights: Values; // [rows, columns]
  gradients: Values;
  m: Values;
  rows: number;
  columns: number;
  learningRate: number;
  momentum: number;
  nesterov: boolean;
  steps: number;
  rmsRate: number;
}

/** Keras's Muon for a matrix: m = momentum·m + g; weights -= rate·rmsRate·√max(rows, columns)·orthogonal(g + momentum·m, or m). */
export function muonStep(options: MuonOptions): { weights: Float64Array; m: Float64Array } {
  const { weights, gradients: g, rows, columns, learningRate, momentum, nesterov, steps, rmsRate } = options;
  const m = map(options.m, (value, i) => momentum * value + g[i]!);
  const direction = newtonSchulz(nesterov ? map(g, (value, i) => value + momentum * m[i]!) : m, rows, columns, steps);
  const rate = learningRate * rmsRate * Math.sqrt(Math.max(rows, columns));
  return { weights: map(weights, (value, i) => value - rate * direction[i]!), m };
}

/** The iteration as it is written down (Jordan et al., 2024): x = u / ‖u‖, then x = a·x + (b·A + c·A²)·x with A = x·xᵀ. u: [rows, columns]. */
function newtonSchulz(u: Values, rows: number, columns: number, steps: number): Float64Array {
  const [a, b, c] = [3.4445, -4.775, 2.0315];
  const norm = Math.sqrt(map(u, (value) => value * value).reduce((sum, value) => sum + value, 1e-14));
  let x = map(u, (value) => value / norm);
  for (let step = 0; step < steps; step++) {
    const square = gemm({ m: rows, n: rows, k: columns, a: x, b: x, transposeB: true });
    const fourth = gemm({ m: rows, n: rows, k: rows, a: square, b: square });
    const moved = gemm({ m: rows, n: columns, k: rows, a: map(square, (value, i) => b * value + c * fourth[i]!), b: x });
    x = map(x, (value, i) => a * value + moved[i]!);
  }
  return x;
}
