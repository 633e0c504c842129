import type { Optimizer, OptimizerOptions } from './optimizer.js';
import { requirePositive, requireRate } from '../options.js';
import { allKernels } from '../runtime/embedded.js';
import { optimizerOf, slotOf } from './optimizer.js';

export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the mean of squared gradients. Default 0.9. */
  rho?: number;
  /** From 0 (default) to below 1. */
  momentum?: number;
  /** Added to the mean square, under the root. Default 1e-7. */
  epsilon?: number;
  /** Divide by the spread of gradients around their mean instead of by their size. Default false. */
  centered?: boolean;
}

/** RMSprop (Hinton, 2012), in Keras's form. The rate is 0.001 by default. @throws LanewiseError `invalid-argument` */
export function rmsprop(
  { learningRate = 1e-3, rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false, ...options }: RmspropOptions = {},
): Optimizer {
  requireRate(rho, 'rho', 'rmsprop');
  requireRate(momentum, 'momentum', 'rmsprop');
  requirePositive(epsilon, 'epsilon', 'rmsprop');
  const slots = ['velocity', ...(centered ? ['mean'] : []), ...(momentum > 0 ? ['momentum'] : [])];
  return optimizerOf({
    name: 'rmsprop',
    slots,
    kernels: allKernels,
    emit: (plan, args, refs, blocks) => {
      const [mean, b] = [refs[slots.indexOf('mean')], refs[slots.indexOf('momentum')]];
      plan.op('rmsprop', { ...args, v: slotOf(refs, 0), mean, b, rho, momentum, epsilon }, blocks);
    },
    config: { rho, momentum, epsilon, centered },
    describe: () => `RMSprop${momentum > 0 ? `, momentum ${momentum}` : ''}${centered ? ', centered' : ''}`,
  }, learningRate, options);
}
