import { integerPower } from '../numerics.js';
import type { Optimizer, OptimizerOptions, Rule } from './optimizer.js';
import { requirePositive, requireRate } from '../options.js';
import { optimizerOf, slotOf } from './optimizer.js';

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the mean of gradients. Default 0.9. */
  beta1?: number;
  /** Decay of the mean of their squares. Default 0.999. */
  beta2?: number;
  /** Added to the root of the mean square. Default 1e-7, as Keras. */
  epsilon?: number;
}

/**
 * Adam (Kingma and Ba, 2015), in Keras's form: w -= rate · √(1 - beta2ᵗ) / (1 - beta1ᵗ) · m / (√v + epsilon). The rate is 0.001 by default.
 * @throws LanewiseError `invalid-argument`
 */
export const adam = (options: AdamOptions = {}): Optimizer => adamOf('adam', 'Adam', options);

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019): `adam`, but weights decay by 0.004 by default.
 * @throws LanewiseError `invalid-argument`
 */
export const adamW = (options: AdamOptions = {}): Optimizer => adamOf('adamW', 'AdamW', { weightDecay: 0.004, ...options });

/** What a rule is that moves weights as Adam does, or some of them. Slots: m and v. */
export const adamRule = (beta1: number, beta2: number, epsilon: number) => ({
  slots: ['m', 'v'],
  correct: (rate, move) => (rate * Math.sqrt(1 - integerPower(beta2, move + 1))) / (1 - integerPower(beta1, move + 1)),
  emit: (plan, args, slots, blocks) =>
    plan.op('adam', { ...args, m: slotOf(slots, 0), v: slotOf(slots, 1), gain1: 1 - beta1, gain2: 1 - beta2, epsilon }, blocks),
}) satisfies Partial<Rule>;

function adamOf(name: string, title: string, { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, ...options }: AdamOptions): Optimizer {
  requireRate(beta1, 'beta1', name);
  requireRate(beta2, 'beta2', name);
  requirePositive(epsilon, 'epsilon', name);
  return optimizerOf({
    name,
    ...adamRule(beta1, beta2, epsilon),
    config: { beta1, beta2, epsilon },
    describe: (rate) => `${title}${typeof rate === 'number' ? `, rate ${rate}` : ', scheduled rate'}`,
  }, learningRate, options);
}
