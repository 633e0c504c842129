import type { Optimizer, OptimizerOptions } from './optimizer.js';
import { requireNotNegative, requirePositive } from '../options.js';
import { allKernels } from '../runtime/embedded.js';
import { optimizerOf, slotOf } from './optimizer.js';

export interface AdagradOptions extends OptimizerOptions {
  /** What the sums of squared gradients start from. Default 0.1. */
  initialAccumulatorValue?: number;
  /** Added to the sum, under the root. Default 1e-7. */
  epsilon?: number;
}

/** Adagrad (Duchi, Hazan and Singer, 2011), in Keras's form. The rate is 0.001 by default. @throws LanewiseError `invalid-argument` */
export function adagrad({ learningRate = 1e-3, initialAccumulatorValue: start = 0.1, epsilon = 1e-7, ...options }: AdagradOptions = {}): Optimizer {
  requirePositive(epsilon, 'epsilon', 'adagrad');
  requireNotNegative(start, 'initialAccumulatorValue', 'adagrad');
  return optimizerOf({
    name: 'adagrad',
    slots: ['accumulator'],
    kernels: allKernels,
    slotStart: { accumulator: start },
    emit: (plan, args, slots, blocks) => plan.op('adagrad', { ...args, a: slotOf(slots, 0), epsilon }, blocks),
    config: { initialAccumulatorValue: start, epsilon },
    describe: () => 'Adagrad',
  }, learningRate, options);
}
