import { assertClose, relativeTolerances } from './tolerance.js';
import { map, type Values } from './values.js';

type ScalarFunction = (x: Float64Array) => number;

/** The gradient of a scalar function by central differences, (f(x + ε) - f(x - ε)) / 2ε in each coordinate. */
export function finiteDifference(f: ScalarFunction, x: Values, epsilon = 1e-6): Float64Array {
  return map(x, (value, i) => {
    const above = Float64Array.from(x);
    const below = Float64Array.from(x);
    above[i] = value + epsilon;
    below[i] = value - epsilon;
    return (f(above) - f(below)) / (above[i] - below[i]);
  });
}

export interface GradientCheckOptions {
  f: ScalarFunction;
  x: Values;
  gradient: Values; // the analytic one, to be judged
  epsilon?: number; // default 1e-6
  rtol?: number; // default 1e-3
  atol?: number; // default 1e-5
  message?: string;
}

/** Fails unless the analytic gradient agrees with central differences. The defaults are those of PyTorch's gradcheck. */
export function gradientCheck(options: GradientCheckOptions): void {
  const { f, x, gradient, epsilon = 1e-6, rtol = 1e-3, atol = 1e-5, message = 'gradient' } = options;
  const numerical = finiteDifference(f, x, epsilon);
  assertClose(gradient, numerical, relativeTolerances(numerical, rtol, atol), message);
}
