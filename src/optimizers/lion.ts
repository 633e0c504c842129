import type { Optimizer, OptimizerOptions } from './optimizer.js';
import { requireRate } from '../options.js';
import { allKernels } from '../runtime/embedded.js';
import { optimizerOf, slotOf } from './optimizer.js';

export interface LionOptions extends OptimizerOptions {
  /** Share of the momentum in the direction of a step. Default 0.9. */
  beta1?: number;
  /** Decay of the momentum. Default 0.99. */
  beta2?: number;
}

/** Lion (Chen et al., 2023): every weight moves by the rate, in the direction of its momentum. The rate is 0.001 by default. @throws LanewiseError `invalid-argument` */
export function lion({ learningRate = 1e-3, beta1 = 0.9, beta2 = 0.99, ...options }: LionOptions = {}): Optimizer {
  requireRate(beta1, 'beta1', 'lion');
  requireRate(beta2, 'beta2', 'lion');
  return optimizerOf({
    name: 'lion',
    slots: ['momentum'],
    kernels: allKernels,
    emit: (plan, args, slots, blocks) => plan.op('lion', { ...args, m: slotOf(slots, 0), beta1, beta2 }, blocks),
    config: { beta1, beta2 },
    describe: () => 'Lion',
  }, learningRate, options);
}
