import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import type { Optimizer } from './optimizer.js';
import { emitGradientNorm } from './optimizer.js';
import type { LearningRate } from './schedules.js';
import { rateAt, rateConfig } from './schedules.js';
import { requireClipnorm, requireRange } from './sgd.js';

export interface AdamOptions {
  /** Default 0.001. */
  learningRate?: LearningRate;
  /** Decay of the mean of gradients. Default 0.9. */
  beta1?: number;
  /** Decay of the mean of their squares. Default 0.999. */
  beta2?: number;
  /** Added to the root of the mean square. Default 1e-7, as Keras. */
  epsilon?: number;
  /** Scales all gradients so that their common norm is at most this. Default: no clipping. */
  globalClipnorm?: number;
}

/**
 * Adam (Kingma and Ba, 2015), in Keras's form: w -= rate · √(1 - beta2ᵗ) / (1 - beta1ᵗ) · m / (√v + epsilon).
 * @throws LanewiseError `invalid-argument`
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, globalClipnorm } = options;
  rateAt(learningRate, 0);
  requireRange('adam', 'beta1', beta1, beta1 >= 0 && beta1 < 1, 'from 0 to below 1');
  requireRange('adam', 'beta2', beta2, beta2 >= 0 && beta2 < 1, 'from 0 to below 1');
  requireRange('adam', 'epsilon', epsilon, epsilon > 0 && Number.isFinite(Math.fround(epsilon)), 'a positive number');
  requireClipnorm('adam', globalClipnorm);
  return {
    name: 'adam',
    slots: ['m', 'v'],
    rateAt: (step) => (rateAt(learningRate, step) * Math.sqrt(1 - power(beta2, step + 1))) / (1 - power(beta1, step + 1)),
    emit(plan, range, state) {
      emitGradientNorm(plan, range, state, globalClipnorm);
      const { w, g, slots: [m, v], size } = range;
      if (!m || !v) throw new Error('Adam needs two slots'); // a defect of ours
      plan.op(
        'adam', { w, g, m, v, state, size, blockSize: ELEMENT_BLOCK, gain1: 1 - beta1, gain2: 1 - beta2, epsilon }, blocksOf(size, ELEMENT_BLOCK),
      );
    },
    describe: () => `Adam${typeof learningRate === 'number' ? `, rate ${learningRate}` : ', scheduled rate'}`,
    config: (stepsDone) => ({
      name: 'adam', learningRate: rateConfig(learningRate, stepsDone), beta1, beta2, epsilon, globalClipnorm: globalClipnorm ?? null,
    }),
  };
}

/** base^exponent by squaring: `**` may differ between engines in the last bit. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, left = exponent; left > 0; left = Math.floor(left / 2), square *= square) if (left % 2 === 1) result *= square;
  return result;
}
