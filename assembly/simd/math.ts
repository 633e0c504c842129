/**
 * Elementary functions on four float32 lanes. Only + - * / and integer operations of fixed meaning are used, no relaxed
 * SIMD, so every engine gives the same bits; a lane's result depends on that lane alone. Subnormal numbers are taken
 * and given as they are (gradual underflow, nothing is flushed to zero). NaN gives NaN, of unspecified payload.
 *
 * Errors are in units in the last place (ULP) of the exact result, the greatest over all 2^32 arguments
 * (tests/simd-math). The coefficients are minimax fits made for this file (Remez, Lawson) and rounded to float32.
 *
 * All constants are splat literals: no data segment, and each function can be inlined into a kernel's loop. V8 builds
 * the constants anew in every turn of a loop; in Node 20 a loop body with four independent vectors shares them and takes
 * half the time per vector (tanh4: 2.6 ns against 5.1 on a 3.7 GHz x86-64).
 *
 * Two idioms recur:
 * - `f32x4.pmin(x, c)` is c < x ? c : x, so that a NaN in x stays; on x86 it is one instruction where `min` is several.
 * - For |v| < 2^22, v + ROUND is v rounded to the nearest integer n, with n in its low bits. With float32's exponent
 *   bias added as well, shifting those bits to the exponent's place makes 2^n.
 */

const ROUND: f32 = 12582912; // 1.5·2^23
const EXPONENT_BIAS: f32 = 127;
const MANTISSA_BITS: i32 = 23;

const LOG2_E: f32 = 1.44269504;
// ln 2 in two parts. The first has 15 significant bits, so that its product with an integer up to 2^9 is exact.
const LN2_HIGH: f32 = 0.693145752;
const LN2_LOW: f32 = 1.42860677e-6;

/**
 * e^x. Error at most 1.00 ULP (measured 0.992). Overflows to infinity, underflows gradually through
 * the subnormals to 0; exp4(0) is 1. 27 instructions.
 *
 * Method: x = n·ln 2 + r with |r| ≤ ½ ln 2 (Cody and Waite's two-part subtraction), e^r = 1 + r + r²·p(r) with p of
 * degree 4, times 2^n. The scale is applied as 2^⌊n/2⌋·2^⌈n/2⌉: each half is a normal number for every n, and only the
 * second product rounds.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-104)); // ∞ and 0 from here on
  const rounder = f32x4.splat(ROUND + 2 * EXPONENT_BIAS);
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(LOG2_E)), rounder);
  const n = f32x4.sub(shifted, rounder);
  const p = f32x4.add(expm1Reduced(clamped, n), f32x4.splat(1));

  const half = i32x4.shr_u(shifted, 1); // ⌊n/2⌋ + bias in the low bits
  const scaleFloor = i32x4.shl(half, MANTISSA_BITS);
  const scaleCeil = i32x4.shl(i32x4.sub(shifted, half), MANTISSA_BITS);
  return f32x4.mul(f32x4.mul(p, scaleFloor), scaleCeil);
}

/**
 * Natural logarithm. Error at most 0.96 ULP (measured 0.954), also for subnormal x. log4(±0) is -∞,
 * log4(x < 0) is NaN, log4(1) is +0. 33 instructions.
 *
 * Method: x = m·2^k with m in [√½, √2); f = m - 1 and s = f / (2 + f), for which log m = 2 artanh s
 * = f - s·(f - s²·p(s²)), p of degree 2. The correction to f is small, hence few rounding errors.
 */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const one = f32x4.splat(1);

  // Subnormals have no exponent to read: multiply them by 2^24, and take the 24 off again in the exponent's field.
  const isSmall = f32x4.lt(x, f32x4.splat(1.17549435e-38)); // below 2^-126
  const lift = v128.and(isSmall, i32x4.splat(24 << MANTISSA_BITS));
  const word = i32x4.sub(f32x4.mul(x, i32x4.add(one, lift)), lift);

  const k = i32x4.shr_s(i32x4.sub(word, i32x4.splat(0x3f3504f3)), MANTISSA_BITS); // counted from √½
  const m = i32x4.sub(word, i32x4.shl(k, MANTISSA_BITS));
  const exponent = f32x4.convert_i32x4_s(k);

  const f = f32x4.sub(m, one);
  const s = f32x4.div(f, f32x4.add(m, one));
  const z = f32x4.mul(s, s);
  let p = f32x4.add(f32x4.mul(z, f32x4.splat(0.299257327)), f32x4.splat(0.39976073));
  p = f32x4.add(f32x4.mul(z, p), f32x4.splat(0.666667783));
  const correction = f32x4.mul(s, f32x4.sub(f, f32x4.mul(z, p)));

  let y = f32x4.sub(f32x4.mul(exponent, f32x4.splat(LN2_LOW)), correction);
  y = f32x4.add(f32x4.add(y, f), f32x4.mul(exponent, f32x4.splat(LN2_HIGH)));

  // x - MAX exceeds every logarithm only for x = ∞; NaN, the first operand of pmax, stays.
  y = f32x4.pmax(f32x4.sub(x, f32x4.splat(f32.MAX_VALUE)), y);
  const zero = f32x4.splat(0);
  y = v128.or(y, f32x4.lt(x, zero)); // all bits set is a NaN
  return f32x4.add(y, v128.and(f32x4.eq(x, zero), f32x4.splat(-Infinity)));
}

/** log4 in one place, for what is no inner loop. */
export function logarithms(x: v128): v128 {
  return log4(x);
}

/**
 * Hyperbolic tangent. Error at most 2.6 ULP (measured 2.569). Odd to the last bit (tanh4(-0) is -0), never beyond
 * ±1, and exactly ±1 for |x| ≥ 8.5. 21 instructions.
 *
 * Method: x = n·½ ln 2 + r with |r| ≤ ¼ ln 2, and the addition theorem of tanh. As tanh(n·½ ln 2) = (2^n - 1)/(2^n + 1),
 *   tanh x = (u·t - v) / (u - v·t),   u = 1 + 2^n,  v = 1 - 2^n,  t = tanh r = r·(1 + r²·p(r²)), p of degree 1.
 * One division, no cancellation for small x (n = 0 gives t itself), and errors in t fade as 2^n grows. One-part
 * reduction suffices: float32's ln 2 is off by only 2^-29 and ends in three zero bits, so n·½ ln 2 is exact up to n = 8.
 * The two coefficients of p were then tuned for the least measured error.
 */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(9)), f32x4.splat(-9));
  const rounder = f32x4.splat(ROUND + EXPONENT_BIAS);
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(2 * LOG2_E)), rounder);
  const n = f32x4.sub(shifted, rounder);
  const r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.346573591))); // ½ ln 2

  const z = f32x4.mul(r, r);
  const p = f32x4.add(f32x4.mul(z, f32x4.splat(0.131019995)), f32x4.splat(-0.333310783));
  const t = f32x4.mul(r, f32x4.add(f32x4.mul(z, p), f32x4.splat(1))); // a product, which keeps the sign of -0

  const scale = i32x4.shl(shifted, MANTISSA_BITS); // 2^n
  const u = f32x4.add(f32x4.splat(1), scale);
  const v = f32x4.sub(f32x4.splat(1), scale);
  return f32x4.div(f32x4.sub(f32x4.mul(u, t), v), f32x4.sub(u, f32x4.mul(v, t)));
}

/**
 * Logistic sigmoid 1 / (1 + e^-x). Error at most 2.6 ULP (measured 2.579), also for very negative x, whose results go
 * down through the subnormals to 0 (below -104). Exactly 1 from x = 17.4 on. 22 instructions.
 *
 * Method: -x = n·ln 2 - r with |r| ≤ ½ ln 2, and e^-r = (1 - t)/(1 + t) with t = tanh(r/2) = r·p(r²), p of degree 2:
 *   sigmoid x = c·(1 + t) / (c·(1 + t) + 2^n·c·(1 - t)).
 * One division and no cancellation on either side. The factor c = 2^-32 keeps 2^n·c and the denominator within range for
 * every n from -87 to 151, without which results under 2^-127 would be lost.
 */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(60)), f32x4.splat(-104.5));
  const rounder = f32x4.splat(ROUND + (EXPONENT_BIAS - 32));
  const shifted = f32x4.sub(rounder, f32x4.mul(clamped, f32x4.splat(LOG2_E)));
  const n = f32x4.sub(shifted, rounder);
  const r = f32x4.add(
    f32x4.add(clamped, f32x4.mul(n, f32x4.splat(LN2_HIGH))),
    f32x4.mul(n, f32x4.splat(LN2_LOW)),
  );

  const z = f32x4.mul(r, r);
  let p = f32x4.add(f32x4.mul(z, f32x4.splat(0.00409710866)), f32x4.splat(-0.0416640942));
  p = f32x4.add(f32x4.mul(z, p), f32x4.splat(0.5));
  const t = f32x4.mul(r, p);

  const c = f32x4.splat(2.3283064365386963e-10); // 2^-32
  const numerator = f32x4.add(c, f32x4.mul(c, t));
  const scale = i32x4.shl(shifted, MANTISSA_BITS); // 2^n·c
  const rest = f32x4.mul(scale, f32x4.sub(f32x4.splat(1), t));
  return f32x4.div(numerator, f32x4.add(numerator, rest));
}

/** e^r - 1 for r = x - n·ln 2, |r| ≤ ½ ln 2. */
// @ts-ignore: decorator
@inline
function expm1Reduced(x: v128, n: v128): v128 {
  const r = f32x4.sub(
    f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN2_HIGH))),
    f32x4.mul(n, f32x4.splat(LN2_LOW)),
  );
  let p = f32x4.add(f32x4.mul(r, f32x4.splat(0.00138145986)), f32x4.splat(0.00836871688));
  p = f32x4.add(f32x4.mul(r, p), f32x4.splat(0.041668388));
  p = f32x4.add(f32x4.mul(r, p), f32x4.splat(0.166665206));
  p = f32x4.add(f32x4.mul(r, p), f32x4.splat(0.499999934));
  return f32x4.add(f32x4.mul(r, f32x4.mul(r, p)), r);
}

/**
 * e^min(x, 0) - 1, without cancellation near 0. Error at most 0.93 ULP (measured 0.926); exactly -1 for x ≤ -18; +0 for x ≥ 0 and for -0. 25 instructions.
 *
 * Method: as exp4, e^r - 1 = r + r²·p(r); then 2^n·(e^r - 1) + (2^n - 1), in which the second term is exact and never nearly the negative of the
 * first.
 */
// @ts-ignore: decorator
@inline
export function expm1Below4(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(0)), f32x4.splat(-18));
  const rounder = f32x4.splat(ROUND + EXPONENT_BIAS);
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(LOG2_E)), rounder);
  const n = f32x4.sub(shifted, rounder);
  const p = expm1Reduced(clamped, n);

  const scale = i32x4.shl(shifted, MANTISSA_BITS); // 2^n
  return f32x4.add(f32x4.mul(scale, p), f32x4.sub(scale, f32x4.splat(1)));
}

/**
 * Error function 2/√π ∫ e^-t² dt from 0 to x. Error at most 2.1 ULP (measured 2.023). Odd to the last bit, never beyond ±1, and exactly ±1 for
 * |x| ≥ 4. 49 instructions.
 *
 * Method: erf t = 1 - e^-g(t) with g(t) = -log(1 - erf t) = t + t·q(t), q of degree 8 on [0, 4]: one polynomial for the whole range, and
 * expm1Below4 keeps the relative error small near 0.
 */
// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(i32.MIN_VALUE));
  const t = f32x4.pmin(f32x4.abs(x), f32x4.splat(4));
  let q = f32x4.add(f32x4.mul(t, f32x4.splat(-9.38804078e-6)), f32x4.splat(0.000118861724));
  q = f32x4.add(f32x4.mul(t, q), f32x4.splat(-0.000637364283));
  q = f32x4.add(f32x4.mul(t, q), f32x4.splat(0.00167567725));
  q = f32x4.add(f32x4.mul(t, q), f32x4.splat(-0.000169504565));
  q = f32x4.add(f32x4.mul(t, q), f32x4.splat(-0.0191478226));
  q = f32x4.add(f32x4.mul(t, q), f32x4.splat(0.102776304));
  q = f32x4.add(f32x4.mul(t, q), f32x4.splat(0.636619568));
  q = f32x4.add(f32x4.mul(t, q), f32x4.splat(0.128379166));
  const g = f32x4.add(f32x4.mul(t, q), t);
  return v128.xor(f32x4.abs(expm1Below4(f32x4.neg(g))), sign);
}

/**
 * log(1 + e^x). Error at most 2.1 ULP (measured 2.044), also for very negative x, whose results go down through the subnormals to 0 (below -104).
 * 44 instructions.
 *
 * Method: max(x, 0) + log(1 + t) with t = e^-|x| in (0, 1]. As in log4, with s = t / (2 + t): log(1 + t) = t - s·(t - s²·p(s²)), p of degree 3.
 */
// @ts-ignore: decorator
@inline
export function softplus4(x: v128): v128 {
  const t = exp4(f32x4.neg(f32x4.abs(x)));
  const s = f32x4.div(t, f32x4.add(t, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  let p = f32x4.add(f32x4.mul(z, f32x4.splat(0.28006783)), f32x4.splat(0.28003025));
  p = f32x4.add(f32x4.mul(z, p), f32x4.splat(0.40021437));
  p = f32x4.add(f32x4.mul(z, p), f32x4.splat(0.6666642));
  const logarithm = f32x4.sub(t, f32x4.mul(s, f32x4.sub(t, f32x4.mul(z, p))));
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), logarithm);
}
