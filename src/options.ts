/** Looks at the numbers users give. Each check gives the number back, or throws LanewiseError `invalid-argument`. */
import { LanewiseError } from './errors.js';

export function requireOption(value: number, option: string, where: string, fits: boolean, expected: string): number {
  if (fits) return value;
  throw new LanewiseError('invalid-argument', `${option} is out of range`, { where, expected, received: String(value) });
}

export const requirePositiveInteger = (value: number, option: string, where: string): number =>
  requireOption(value, option, where, Number.isInteger(value) && value >= 1 && value < 2 ** 31, 'a whole number of at least 1');

export const requireCount = (value: number, option: string, where: string): number =>
  requireOption(value, option, where, Number.isInteger(value) && value >= 0, 'a whole number of at least 0');

/** Of random numbers. */
export const requireSeed = (value: number, where: string): number =>
  requireOption(value, 'seed', where, Number.isSafeInteger(value) && value >= 0, 'a whole number from 0 to 2^53 - 1');

/** A share, such as a rate of dropout or a decay. */
export const requireRate = (value: number, option: string, where: string): number =>
  requireOption(value, option, where, value >= 0 && value < 1, 'a number from 0 to below 1');

/** Finite in single precision, in which kernels compute. */
export const requireFinite = (value: number, option: string, where: string): number =>
  requireOption(value, option, where, Number.isFinite(Math.fround(value)), 'a number, finite in single precision');

export const requirePositive = (value: number, option: string, where: string): number =>
  requireOption(value, option, where, value > 0 && Number.isFinite(Math.fround(value)), 'a positive number');

export const requireNotNegative = (value: number, option: string, where: string): number =>
  requireOption(value, option, where, value >= 0 && Number.isFinite(Math.fround(value)), 'a number of at least 0');
