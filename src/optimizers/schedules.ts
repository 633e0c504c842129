import { LanewiseError } from '../errors.js';
import { requireOption } from '../options.js';
import { cosineOfTurns } from '../numerics.js';
import type { Schedule } from './learning-rate.js';

export interface OneCycleOptions {
  /** The highest rate, reached after the warm-up. */
  maxLearningRate: number;
  /** Steps in the whole run: epochs × batches. */
  totalSteps: number;
  /** Share of the steps spent rising. Default 0.3. */
  warmup?: number;
  /** The first rate is the highest over this. Default 25. */
  startFactor?: number;
  /** The last rate is the first over this. Default 10 000. */
  endFactor?: number;
}

/** Half a cosine up, half a cosine down (Smith and Topin: "Super-convergence", 2018). @throws LanewiseError `invalid-argument` */
export function oneCycle({ maxLearningRate, totalSteps, warmup = 0.3, startFactor = 25, endFactor = 1e4 }: OneCycleOptions): Schedule {
  for (const [name, value] of Object.entries({ maxLearningRate, totalSteps, startFactor, endFactor })) {
    requireOption(value, name, 'oneCycle', value > 0 && Number.isFinite(value), 'a positive number');
  }
  const first = maxLearningRate / startFactor;
  const last = first / endFactor;
  const peak = warmup * totalSteps;
  const glide = (from: number, to: number, share: number): number => to + ((from - to) * (1 + cosineOfTurns(share / 2))) / 2;
  const rate = (step: number): number =>
    step < peak ? glide(first, maxLearningRate, step / peak) : glide(maxLearningRate, last, Math.min(1, (step - peak) / Math.max(1, totalSteps - 1 - peak)));
  return Object.assign(rate, { config: { schedule: 'oneCycle', maxLearningRate, totalSteps, warmup, startFactor, endFactor } });
}

export type { LearningRate, Schedule } from './learning-rate.js';
export { cosineDecayRestarts, exponentialDecay, piecewiseConstantDecay, polynomialDecay } from './decays.js';
export type { CosineRestartsOptions, ExponentialDecayOptions, PiecewiseConstantOptions, PolynomialDecayOptions } from './decays.js';

export interface DecayOptions {
  learningRate: number;
  /** Steps until the rate reaches its end. */
  totalSteps: number;
  /** Steps of linear rise before. Default 0. */
  warmupSteps?: number;
}

/** Linear warm-up, then half a cosine down to zero (Loshchilov and Hutter: "SGDR", 2017). @throws LanewiseError `invalid-argument` */
export function cosineDecay(options: DecayOptions): Schedule {
  return decay('cosineDecay', options, (share) => (1 + cosineOfTurns(share / 2)) / 2);
}

/** Linear warm-up, then a straight line down to zero. @throws LanewiseError `invalid-argument` */
export function linearDecay(options: DecayOptions): Schedule {
  return decay('linearDecay', options, (share) => 1 - share);
}

/** `left`: what is left of the rate after a share of the steps that follow the warm-up. */
function decay(schedule: string, { learningRate, totalSteps, warmupSteps = 0 }: DecayOptions, left: (share: number) => number): Schedule {
  if (!(learningRate > 0 && totalSteps > warmupSteps && warmupSteps >= 0)) {
    throw new LanewiseError('invalid-argument', 'steps or rate out of range', {
      where: schedule, expected: 'learningRate > 0 and totalSteps > warmupSteps', received: `${learningRate}, ${totalSteps}, ${warmupSteps}`,
    });
  }
  const rate = (step: number): number =>
    step < warmupSteps
      ? (learningRate * (step + 1)) / warmupSteps
      : learningRate * left(Math.min(1, (step - warmupSteps) / (totalSteps - warmupSteps)));
  return Object.assign(rate, { config: { schedule, learningRate, totalSteps, warmupSteps } });
}
