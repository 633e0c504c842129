/**
 * How far a float32 sum may stray from the exact one (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd
 * edition, sections 3.1 and 3.5). With u = 2^-24 and γ_n = n·u / (1 - n·u), a sum of n products, in any order, with or
 * without fused multiply-add, obeys |error| ≤ γ_n Σ|a_i·b_i|. A sum of n terms without products is a sum of n products
 * with ones. Algorithms that add operands before they multiply (Winograd, Strassen) are outside of the bound.
 */
import assert from 'node:assert/strict';
import { map, requireShape, type Values } from './values.js';

/** The unit roundoff of float32: half the distance from 1 to the next number. */
export const UNIT_ROUNDOFF = 2 ** -24;
/** What a float32 product loses at most when it falls among the subnormals: half the smallest of them. */
const UNDERFLOW = 2 ** -150;

/** γ_n = n·u / (1 - n·u). */
export function gamma(n: number): number {
  if (!(n >= 0 && n * UNIT_ROUNDOFF < 1)) throw new RangeError(`no bound for a float32 sum of ${n} terms`);
  return (n * UNIT_ROUNDOFF) / (1 - n * UNIT_ROUNDOFF);
}

/** A bound for one float32 sum of `length` products none of which is over `maxAbsProduct`; one rounding more for storing it. */
export function sumTolerance(length: number, maxAbsProduct: number): number {
  return gamma(length + 1) * length * maxAbsProduct + length * UNDERFLOW;
}

/**
 * The bound for each element of a result, from its own absolute sum Σ|a_i·b_i|, which `absGemm`, `absConv2dForward` and
 * kin give. Much tighter than `sumTolerance`. `length`: products per element, plus one for a bias or an initial c.
 */
export function elementTolerances(absoluteSums: Values, length: number): Float64Array {
  return map(absoluteSums, (absoluteSum) => gamma(length + 1) * absoluteSum + length * UNDERFLOW);
}

/** atol + rtol·|expected| for each element. */
export function relativeTolerances(expected: Values, rtol: number, atol: number): Float64Array {
  return map(expected, (value) => atol + rtol * Math.abs(value));
}

/**
 * Fails at the first element that is further than `tolerance` (one for all, or one each) from the expected one. NaN is
 * never close to anything, NaN included; an infinity is close to itself.
 */
export function assertClose(actual: Values, expected: Values, tolerance: number | Values, message = 'values'): void {
  assert.equal(actual.length, expected.length, `${message}: ${actual.length} values, expected ${expected.length}`);
  if (typeof tolerance !== 'number') requireShape(`${message}: tolerance`, tolerance, [expected.length]);
  for (let i = 0; i < expected.length; i++) {
    const limit = typeof tolerance === 'number' ? tolerance : tolerance[i]!;
    const error = actual[i] === expected[i] ? 0 : Math.abs(actual[i]! - expected[i]!);
    if (error <= limit) continue;
    assert.fail(
      `${message}: index ${i} of ${expected.length} is ${actual[i]}, expected ${expected[i]} (error ${error}, tolerance ${limit})`,
    );
  }
}
