/**
 * Numbers with a bound of how far a float32 kernel may stray from them: the naive formula, written once, gives both. To first order; a hundredth
 * more than pays for the rest.
 */
import { activations, gamma, UNIT_ROUNDOFF, type Activation } from '../reference/index.js';
import { activationTolerance } from './sweeps/element-wise.js';

export interface Bounded {
  readonly value: number;
  readonly error: number;
}

const SLACK = 1.01;
/** What may be lost among the subnormals. */
const TINY = 2 ** -148;
/** |f'| nowhere exceeds this. */
const STEEPEST: Readonly<Partial<Record<Activation, number>>> = { sigmoid: 0.25, hardSigmoid: 1 / 6, hardSigmoidTfjs: 0.2 };

export const exact = (value: number): Bounded => ({ value, error: 0 });

/** Start plus products, in any order, fused or not. */
export function dot(start: Bounded, pairs: Iterable<readonly [Bounded, number]>): Bounded {
  let value = start.value;
  let error = start.error;
  let absolute = Math.abs(start.value) + start.error;
  let terms = 1;
  for (const [a, b] of pairs) {
    value += a.value * b;
    error += a.error * Math.abs(b);
    absolute += (Math.abs(a.value) + a.error) * Math.abs(b);
    terms++;
  }
  return { value, error: error + gamma(terms) * absolute + TINY };
}

export function times(a: Bounded, b: Bounded): Bounded {
  const value = a.value * b.value;
  const error = Math.abs(a.value) * b.error + Math.abs(b.value) * a.error + a.error * b.error;
  return { value, error: SLACK * (error + UNIT_ROUNDOFF * Math.abs(value)) + TINY };
}

export function plus(a: Bounded, b: Bounded): Bounded {
  const value = a.value + b.value;
  return { value, error: SLACK * (a.error + b.error + UNIT_ROUNDOFF * Math.abs(value)) };
}

export const minus = (a: Bounded, b: Bounded): Bounded => plus(a, { value: -b.value, error: b.error });

export function activate(x: Bounded, kind: Activation): Bounded {
  const value = activations[kind].forward(x.value);
  return { value, error: SLACK * ((STEEPEST[kind] ?? 1) * x.error + activationTolerance(kind, value)) + TINY };
}

/** f'(x) · dy, from y = f(x). */
export function activateBackward(dy: Bounded, y: Bounded, kind: Activation): Bounded {
  if (kind === 'tanh') return times(dy, minus(exact(1), times(y, y)));
  if (kind === 'sigmoid') return times(dy, times(y, minus(exact(1), y)));
  const slope = activations[kind].derivative(y.value);
  if (slope !== 0 && slope !== 1) return times(dy, { value: slope, error: UNIT_ROUNDOFF * slope }); // of a hard sigmoid, whose slope is rounded
  return { value: slope * dy.value, error: Math.abs(slope) * dy.error };
}
