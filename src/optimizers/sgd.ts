import type { Optimizer, OptimizerOptions } from './optimizer.js';
import { requireRate } from '../options.js';
import { optimizerOf } from './optimizer.js';

export interface SgdOptions extends OptimizerOptions {
  /** From 0 (default) to below 1. */
  momentum?: number;
  /** Look ahead along the momentum. Default false. */
  nesterov?: boolean;
}

/** Stochastic gradient descent, with momentum as in Keras. The rate is 0.01 by default. @throws LanewiseError `invalid-argument` */
export function sgd({ learningRate = 0.01, momentum = 0, nesterov = false, ...options }: SgdOptions = {}): Optimizer {
  requireRate(momentum, 'momentum', 'sgd');
  return optimizerOf({
    name: 'sgd',
    slots: momentum > 0 ? ['velocity'] : [],
    emit: (plan, args, [velocity], blocks) => plan.op('sgd', { ...args, velocity, momentum, nesterov: Number(nesterov) }, blocks),
    config: { momentum, nesterov },
    describe: () => `SGD${momentum > 0 ? `, momentum ${momentum}` : ''}`,
  }, learningRate, options);
}
