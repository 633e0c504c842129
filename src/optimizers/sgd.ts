import { LanewiseError } from '../errors.js';
import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import type { Optimizer } from './optimizer.js';
import { emitGradientNorm } from './optimizer.js';
import type { LearningRate } from './schedules.js';
import { rateAt, rateConfig } from './schedules.js';

export interface SgdOptions {
  /** Default 0.01. */
  learningRate?: LearningRate;
  /** From 0 (default) to below 1. */
  momentum?: number;
  /** Look ahead along the momentum. Default false. */
  nesterov?: boolean;
  /** Scales all gradients so that their common norm is at most this. Default: no clipping. */
  globalClipnorm?: number;
}

/** Stochastic gradient descent, with momentum as in Keras. @throws LanewiseError `invalid-argument` */
export function sgd({ learningRate = 0.01, momentum = 0, nesterov = false, globalClipnorm }: SgdOptions = {}): Optimizer {
  rateAt(learningRate, 0);
  requireRange('sgd', 'momentum', momentum, momentum >= 0 && momentum < 1, 'from 0 to below 1');
  requireClipnorm('sgd', globalClipnorm);
  return {
    name: 'sgd',
    slots: momentum > 0 ? ['velocity'] : [],
    rateAt: (step) => rateAt(learningRate, step),
    emit(plan, range, state) {
      emitGradientNorm(plan, range, state, globalClipnorm);
      const { w, g, slots: [velocity], size } = range;
      plan.op(
        'sgd', { w, g, velocity, state, size, blockSize: ELEMENT_BLOCK, momentum, nesterov: Number(nesterov) }, blocksOf(size, ELEMENT_BLOCK),
      );
    },
    describe: () => `SGD${momentum > 0 ? `, momentum ${momentum}` : ''}`,
    config: (stepsDone) => ({ name: 'sgd', learningRate: rateConfig(learningRate, stepsDone), momentum, nesterov, globalClipnorm: globalClipnorm ?? null }),
  };
}

export function requireRange(where: string, option: string, value: number, fits: boolean, expected: string): void {
  if (!fits) throw new LanewiseError('invalid-argument', `${option} is out of range`, { where, expected, received: String(value) });
}

export function requireClipnorm(where: string, value: number | undefined): void {
  if (value !== undefined) requireRange(where, 'globalClipnorm', value, value > 0 && Number.isFinite(Math.fround(value)), 'a positive number');
}
