import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';

/** The learning rate at a step, counted from 0. A function of the step alone, so that a run can go on from anywhere. */
export interface Schedule {
  (step: number): number;
  /** What tells this schedule from others, if it is one of ours. */
  readonly config?: JsonRecord;
}
/** A fixed rate, or one that changes from step to step. */
export type LearningRate = number | Schedule;

/** The rate at a step. @throws LanewiseError `invalid-argument` if the schedule gives no usable number. */
export function rateAt(learningRate: LearningRate, step: number): number {
  const rate = typeof learningRate === 'number' ? learningRate : learningRate(step);
  if (Number.isFinite(Math.fround(rate)) && rate >= 0) return rate;
  throw new LanewiseError('invalid-argument', 'the learning rate is out of range', {
    where: `step ${step}`, expected: 'a number of at least 0, finite in single precision', received: String(rate),
  });
}

/**
 * What tells a rate from others. Of a schedule that is not ours nothing is known but its rates: those of the first of the steps done, of the last
 * and of some between must be the same.
 */
export function rateConfig(learningRate: LearningRate, stepsDone: number): Json {
  if (typeof learningRate === 'number') return learningRate;
  if (learningRate.config) return learningRate.config;
  const steps = new Set<number>();
  for (let step = stepsDone - 1; step >= 0; step = Math.floor(step / 2) - 1) steps.add(step);
  if (stepsDone > 0) steps.add(0);
  return { schedule: 'custom', ...Object.fromEntries([...steps].reverse().map((step) => [`step ${step}`, rateAt(learningRate, step)])) };
}
