import type { Json } from '../json.js';
import { cosineOfTurns, power } from '../numerics.js';
import { requireOption } from '../options.js';
import type { Schedule } from './learning-rate.js';

const scheduleOf = (config: Readonly<Record<string, Json>>, rate: (step: number) => number): Schedule => Object.assign(rate, { config });

function requireAllPositive(schedule: string, values: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(values)) requireOption(value, option, schedule, value > 0 && Number.isFinite(value), 'a positive number');
}

export interface PiecewiseConstantOptions {
  /** The last step of each value but the last one, rising. */
  boundaries: readonly number[];
  /** One more than boundaries. */
  values: readonly number[];
}

/** A rate that changes in steps: the first value up to and with the first boundary, as in Keras. @throws LanewiseError `invalid-argument` */
export function piecewiseConstantDecay({ boundaries, values }: PiecewiseConstantOptions): Schedule {
  const [schedule, bounds, rates] = ['piecewiseConstantDecay', [...boundaries], [...values]];
  requireOption(rates.length, 'number of values', schedule, rates.length === bounds.length + 1, `${bounds.length + 1}, one more than boundaries`);
  bounds.forEach((bound, i) => requireOption(bound, 'boundaries', schedule, Number.isFinite(bound) && (i === 0 || bound > bounds[i - 1]!), 'rising numbers'));
  rates.forEach((rate) => requireOption(rate, 'values', schedule, rate >= 0 && Number.isFinite(rate), 'at least 0'));
  return scheduleOf({ schedule, boundaries: bounds, values: rates }, (step) => {
    const index = bounds.findIndex((bound) => step <= bound);
    return rates[index < 0 ? bounds.length : index]!;
  });
}

export interface ExponentialDecayOptions {
  learningRate: number;
  decaySteps: number;
  /** What is left of the rate after so many steps. */
  decayRate: number;
  /** Whether the rate changes only every `decaySteps` steps. Default false. */
  staircase?: boolean;
}

/** learningRate · decayRate^(step / decaySteps). @throws LanewiseError `invalid-argument` */
export function exponentialDecay({ learningRate, decaySteps, decayRate, staircase = false }: ExponentialDecayOptions): Schedule {
  const schedule = 'exponentialDecay';
  requireAllPositive(schedule, { learningRate, decaySteps, decayRate });
  return scheduleOf({ schedule, learningRate, decaySteps, decayRate, staircase }, (step) => {
    const share = step / decaySteps;
    return learningRate * power(decayRate, staircase ? Math.floor(share) : share);
  });
}

export interface PolynomialDecayOptions {
  learningRate: number;
  decaySteps: number;
  /** The last rate. Default 0.0001. */
  endLearningRate?: number;
  /** Default 1: a straight line. */
  power?: number;
}

/** (learningRate - end) · (1 - step / decaySteps)^power + end, and `end` from then on. @throws LanewiseError `invalid-argument` */
export function polynomialDecay({ learningRate, decaySteps, endLearningRate = 1e-4, power: exponent = 1 }: PolynomialDecayOptions): Schedule {
  const schedule = 'polynomialDecay';
  requireAllPositive(schedule, { learningRate, decaySteps, power: exponent });
  requireOption(endLearningRate, 'endLearningRate', schedule, endLearningRate >= 0 && Number.isFinite(endLearningRate), 'at least 0');
  return scheduleOf({ schedule, learningRate, decaySteps, endLearningRate, power: exponent }, (step) => {
    const left = 1 - Math.min(step, decaySteps) / decaySteps;
    return (learningRate - endLearningRate) * (left === 0 ? 0 : power(left, exponent)) + endLearningRate;
  });
}

export interface CosineRestartsOptions {
  learningRate: number;
  /** Steps of the first fall. */
  firstDecaySteps: number;
  /** How much longer each fall is than the one before; at least 1. Default 2. */
  tMul?: number;
  /** What each start is of the one before. Default 1. */
  mMul?: number;
  /** The share of the rate that is left at the bottom. Default 0. */
  alpha?: number;
}

/** Half a cosine down, again and again (Loshchilov and Hutter: "SGDR", 2017). @throws LanewiseError `invalid-argument` */
export function cosineDecayRestarts({ learningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0 }: CosineRestartsOptions): Schedule {
  const schedule = 'cosineDecayRestarts';
  requireAllPositive(schedule, { learningRate, firstDecaySteps, mMul });
  requireOption(tMul, 'tMul', schedule, tMul >= 1 && Number.isFinite(tMul), 'at least 1');
  requireOption(alpha, 'alpha', schedule, alpha >= 0 && alpha <= 1, 'from 0 to 1');
  return scheduleOf({ schedule, learningRate, firstDecaySteps, tMul, mMul, alpha }, (step) => {
    let [left, length, scale] = [step, firstDecaySteps, 1];
    if (tMul === 1) {
      scale = power(mMul, Math.floor(step / length));
      left = step % length;
    } else {
      for (; left >= length; length *= tMul, scale *= mMul) left -= length;
    }
    return learningRate * (((1 - alpha) * scale * (1 + cosineOfTurns(left / length / 2))) / 2 + alpha);
  });
}
