/**
 * Elementary functions in double precision from + - * / alone. `Math.log` and `Math.cos` may differ in the last bits
 * between engines; whatever reaches a weight must not.
 */

const LN2 = 0.6931471805599453;
/** Its first 32 bits, whose multiples are exact, and the rest. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** Natural logarithm of a positive finite number: m·2^e with m in [√½, √2), log m = 2·artanh((m-1)/(m+1)). */
export function logarithm(x: number): number {
  let mantissa = x;
  let exponent = 0;
  for (; mantissa >= Math.SQRT2; exponent++) mantissa /= 2;
  for (; mantissa < Math.SQRT1_2; exponent--) mantissa *= 2;
  const t = (mantissa - 1) / (mantissa + 1);
  const square = t * t; // at most 0.0295: 12 terms reach below 2^-53
  let sum = 0;
  for (let n = 23; n >= 1; n -= 2) sum = sum * square + 1 / n;
  return exponent * LN2 + 2 * t * sum;
}

/** e^x: x = n·ln 2 + r with |r| ≤ ½ ln 2, e^r by its Taylor series, times 2^n. */
export function exponential(x: number): number {
  if (x > 710) return Infinity;
  if (x < -746) return 0;
  const n = Math.round(x / LN2);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  let sum = 1;
  for (let k = 18; k >= 1; k--) sum = 1 + (r * sum) / k;
  for (let left = n; left > 0; left--) sum *= 2;
  for (let left = n; left < 0; left++) sum /= 2;
  return sum;
}

/** base^exponent for a positive base. */
export function power(base: number, exponent: number): number {
  return Number.isInteger(exponent) && exponent >= 0 ? integerPower(base, exponent) : exponential(exponent * logarithm(base));
}

/** base^exponent for a whole exponent of at least 0, by squaring: `**` may differ between engines in the last bit. */
export function integerPower(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, left = exponent; left > 0; left = Math.floor(left / 2), square *= square) if (left % 2 === 1) result *= square;
  return result;
}

/** Cosine of `turns` full turns (1 = 2π), by the Taylor series on an eighth of a turn. */
export function cosineOfTurns(turns: number): number {
  let t = turns - Math.floor(turns); // [0, 1)
  if (t > 0.5) t = 1 - t; // cos(-x) = cos x
  if (t > 0.25) return -cosineOfTurns(0.5 - t);
  return t > 0.125 ? taylor((0.25 - t) * 2 * Math.PI, 1) : taylor(t * 2 * Math.PI, 0);
}

/** Sine of `turns` full turns. */
export function sineOfTurns(turns: number): number {
  return cosineOfTurns(turns - 0.25);
}

/** Taylor series of cosine (first = 0) or sine (first = 1) for |x| ≤ π/4. */
function taylor(x: number, first: 0 | 1): number {
  const square = x * x;
  let sum = 0;
  for (let n = 18 + first; n >= first + 2; n -= 2) sum = (-square * (1 + sum)) / (n * (n - 1));
  return (first === 1 ? x : 1) * (1 + sum);
}
