/** Activations that are not recurrent layers' own, and the error function. */

/** The number that some take: the slope below zero of leakyRelu, the alpha of elu. */
interface Pointwise {
  forward: (x: number, alpha: number) => number;
  /** f'(x). */
  derivative: (x: number, alpha: number) => number;
}

/**
 * erf x = 2/√π · e^-x² · Σ 2ⁿ x^(2n+1) / (1 · 3 · … · (2n + 1)) (Abramowitz and Stegun, 7.1.6): no term is negative, so nothing cancels.
 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x); // to the last bit of a double
  if (Math.abs(x) < 1e-150) return x * (2 / Math.sqrt(Math.PI)); // whose square is zero
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
/** Distribution and density of the normal numbers. */
export const normalDistribution = (x: number): number => 0.5 * (1 + erf(x * Math.SQRT1_2));
export const normalDensity = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
const ROOT = Math.sqrt(2 / Math.PI);
/** What gelu's approximation takes the hyperbolic tangent of, and its derivative. */
export const geluArgument = (x: number): number => ROOT * (x + 0.044715 * x ** 3);
export const geluInner = (x: number): number => ROOT * (1 + 3 * 0.044715 * x ** 2);

/** Hendrycks and Gimpel: "Gaussian error linear units", 2016; Clevert, Unterthiner and Hochreiter: ELU, 2016; Maas et al.: leaky ReLU, 2013. */
export const pointwise = {
  leakyRelu: { forward: (x, slope) => (x > 0 ? x : slope * x), derivative: (x, slope) => (x > 0 ? 1 : slope) },
  elu: { forward: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)), derivative: (x, alpha) => (x > 0 ? 1 : alpha * Math.exp(x)) },
  gelu: { forward: (x) => x * normalDistribution(x), derivative: (x) => normalDistribution(x) + x * normalDensity(x) },
  geluTanh: {
    forward: (x) => 0.5 * x * (1 + Math.tanh(geluArgument(x))),
    derivative: (x) => {
      const t = Math.tanh(geluArgument(x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * geluInner(x);
    },
  },
  silu: { forward: (x) => x * logistic(x), derivative: (x) => logistic(x) * (1 + x * (1 - logistic(x))) },
  softplus: { forward: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), derivative: logistic },
} as const satisfies Record<string, Pointwise>;
export type PointwiseName = keyof typeof pointwise;
