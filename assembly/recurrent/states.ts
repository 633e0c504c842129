// What recurrent kernels share: the step before, which lanes count, and the gradient that a step hands to the one before it.
//
// A state is [units][4], one for each group of sequences. Those of a pair of groups lie `pair` bytes apart.
import { Kernel } from "../plan/ops";
import { fetch } from "../simd/prefetch";
import { stepProduct } from "./step-tile";

const LANES: i32 = Kernel.lanes;

/** All ones in the first `count` lanes: those with a sequence. */
// @ts-ignore: decorator
@inline
export function lanesBelow(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(min(count, LANES)));
}

/** All ones in the lanes whose step counts. mask: a vector of zeros and ones, or address 0 where all count. */
// @ts-ignore: decorator
@inline
export function lanesThatCount(mask: usize): v128 {
  return mask == 0 ? i32x4.splat(-1) : f32x4.ne(v128.load(mask), f32x4.splat(0));
}

/** Fetches a step of each of `groups` groups. Back through time prefetchers miss where a step begins, so it is fetched before the product of the step after it. */
export function fetchStep(groups: i32, step: usize, pair: usize, bytes: usize): void {
  for (; groups > 0; groups--) {
    fetch(step, bytes);
    step += pair;
  }
}

/** y = x · factors for a state of each of `groups` groups. y, factors: [groups][units][4], side by side. */
export function multiplyStates(groups: i32, y: usize, x: usize, xPair: usize, factors: usize, units: i32): void {
  const row = (<usize>units) << 4;
  for (let group = 0; group < groups; group++) {
    for (let i: usize = 0; i < row; i += 16) v128.store(y + i, f32x4.mul(v128.load(x + i), v128.load(factors + i)));
    y += row;
    factors += row;
    x += xPair;
  }
}

/**
 * carry += (d · wᵀ) · drop: from the gradient d of a step's product to that of the state before it.
 *
 * carry: [groups][units][4], side by side; wTransposed: [terms, units]; d: [terms][4], `dPair` bytes apart; drop: [groups][units][4] or address 0;
 * product: room for [groups][units][4], and zeros: [units][4], where there is a drop.
 */
export function carryBack(
  groups: i32, carry: usize, wTransposed: usize, d: usize, dPair: usize, units: i32, terms: i32, drop: usize, product: usize, zeros: usize,
): void {
  const row = (<usize>units) << 4;
  if (drop == 0) {
    stepProduct(groups, carry, row, carry, row, wTransposed, d, dPair, units, terms);
    return;
  }
  stepProduct(groups, product, row, zeros, 0, wTransposed, d, dPair, units, terms);
  for (let i: usize = 0; i < <usize>groups * row; i += 16) {
    v128.store(carry + i, f32x4.add(v128.load(carry + i), f32x4.mul(v128.load(product + i), v128.load(drop + i))));
  }
}
