// exp, tanh and sigmoid by the methods and coefficients of ../simd/math.ts, which explains them, one number at a time.

const ROUND: f32 = 12582912;
const EXPONENT_BIAS: f32 = 127;
const MANTISSA_BITS: i32 = 23;
const LOG2_E: f32 = 1.44269504;
const LN2_HIGH: f32 = 0.693145752;
const LN2_LOW: f32 = 1.42860677e-6;

/** x between low and high; NaN stays. As choices, which are cheaper than f32.min and f32.max. */
// @ts-ignore: decorator
@inline
function clamp(x: f32, low: f32, high: f32): f32 {
  const y = high < x ? high : x;
  return y < low ? low : y;
}

// @ts-ignore: decorator
@inline
function bits(x: f32): i32 {
  return reinterpret<i32>(x);
}

// @ts-ignore: decorator
@inline
export function exp(x: f32): f32 {
  const clamped = clamp(x, -104, 89);
  const rounder = ROUND + 2 * EXPONENT_BIAS;
  const shifted: f32 = clamped * LOG2_E + rounder;
  const n: f32 = shifted - rounder;
  const r: f32 = clamped - n * LN2_HIGH - n * LN2_LOW;
  let p: f32 = r * 0.00138145986 + 0.00836871688;
  p = r * p + 0.041668388;
  p = r * p + 0.166665206;
  p = r * p + 0.499999934;
  p = r * (r * p) + r;
  p = p + 1;
  const half = <i32>(<u32>bits(shifted) >> 1);
  const floor = reinterpret<f32>(half << MANTISSA_BITS);
  const ceil = reinterpret<f32>((bits(shifted) - half) << MANTISSA_BITS);
  return p * floor * ceil;
}

// @ts-ignore: decorator
@inline
export function tanh(x: f32): f32 {
  const clamped = clamp(x, -9, 9);
  const rounder = ROUND + EXPONENT_BIAS;
  const shifted: f32 = clamped * (2 * LOG2_E) + rounder;
  const n: f32 = shifted - rounder;
  const r: f32 = clamped - n * 0.346573591;
  const z: f32 = r * r;
  const p: f32 = z * 0.131019995 - 0.333310783;
  const t: f32 = r * (z * p + 1);
  const scale = reinterpret<f32>(bits(shifted) << MANTISSA_BITS);
  const u: f32 = 1 + scale;
  const v: f32 = 1 - scale;
  return (u * t - v) / (u - v * t);
}

// @ts-ignore: decorator
@inline
export function sigmoid(x: f32): f32 {
  const clamped = clamp(x, -104.5, 60);
  const rounder = ROUND + (EXPONENT_BIAS - 32);
  const shifted: f32 = rounder - clamped * LOG2_E;
  const n: f32 = shifted - rounder;
  const r: f32 = clamped + n * LN2_HIGH + n * LN2_LOW;
  const z: f32 = r * r;
  let p: f32 = z * 0.00409710866 - 0.0416640942;
  p = z * p + 0.5;
  const t: f32 = r * p;
  const c: f32 = 2.3283064365386963e-10;
  const numerator: f32 = c + c * t;
  const scale = reinterpret<f32>(bits(shifted) << MANTISSA_BITS);
  return numerator / (numerator + scale * (1 - t));
}
