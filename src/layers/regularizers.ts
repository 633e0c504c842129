import { LanewiseError } from '../errors.js';

/** A penalty on the size of a weight, added to the loss: l1 · Σ|w| + l2 · Σw². */
export interface Regularizer {
  readonly l1: number;
  readonly l2: number;
}

/** Options of layers with weights. A weight of a layer that is not trained has no penalty, as in Keras. */
export interface RegularizerOptions {
  /** Penalty on the kernel, such as `regularizers.l2(1e-4)`. Default none. */
  kernelRegularizer?: Regularizer;
  /** Penalty on the bias. Default none. */
  biasRegularizer?: Regularizer;
}

/** l1 · Σ|w|, by default of 0.01. @throws LanewiseError `invalid-argument` */
export const l1 = (factor = 0.01): Regularizer => l1l2({ l1: factor });

/** l2 · Σw², by default of 0.01. @throws LanewiseError `invalid-argument` */
export const l2 = (factor = 0.01): Regularizer => l1l2({ l2: factor });

/** Both, each by default 0. @throws LanewiseError `invalid-argument` */
export function l1l2(factors: Partial<Regularizer> = {}): Regularizer {
  return requireRegularizer({ l1: factors.l1 ?? 0, l2: factors.l2 ?? 0 }, 'regularizer', 'l1l2');
}

/** A copy of what was given. @throws LanewiseError `invalid-argument` */
export function requireRegularizer(value: Regularizer, option: string, where: string): Regularizer {
  const fits = (factor: unknown): boolean => typeof factor === 'number' && factor >= 0 && Number.isFinite(Math.fround(factor));
  if (typeof value === 'object' && value !== null && fits(value.l1) && fits(value.l2)) return { l1: value.l1, l2: value.l2 };
  throw new LanewiseError('invalid-argument', `${option} is no regularizer`, {
    where, expected: 'factors l1 and l2 of at least 0', received: JSON.stringify(value), remedy: 'Use regularizers.l1, l2 or l1l2',
  });
}
