import { backward } from "../activation";
import { Activation, Kernel } from "../plan/ops";
import { carryBack, fetchStep, lanesThatCount } from "./states";
import { stepProduct } from "./step-tile";

const LANES: i32 = Kernel.lanes;

/**
 * Op: back through time over what `gruForward` left: the gradients at the sums of the gates.
 *
 * d: lanes [groups][time][3·units][4], the gradient at what is added to the input projection, may be gates; dInner: the same at h[t-1] · w + bias, where
 * resetAfter, else address 0; dy: the gradient of h, h, inner: lanes [groups][time][units][4]; gates: lanes [groups][time][3·units][4]; wTransposed:
 * [3·units, units]; h0, mask, drop, kind, recurrentKind, resetAfter: as in `gruForward`; no gradient goes to h0. A block is a pair of groups.
 * scratch: [5][units][4].
 */
export function gruBackward(
  block: i32, scratch: usize, d: usize, dInner: usize, dy: usize, h: usize, gates: usize, inner: usize, wTransposed: usize, h0: usize, mask: usize,
  drop: usize, batch: i32, time: i32, units: i32, kind: i32, recurrentKind: i32, resetAfter: i32,
): void {
  const groups = batch - block * 2 * LANES > LANES ? 2 : 1;
  const row = (<usize>units) << 4, pair = <usize>time * row, first = <usize>block * 2;
  const carry = scratch, product = scratch + 2 * row, zeros = scratch + 4 * row;
  memory.fill(scratch, 0, 5 * row);
  d += first * pair * 3;
  dInner += first * pair * 3;
  dy += first * pair;
  h += first * pair;
  gates += first * pair * 3;
  inner += first * pair;
  if (drop != 0) drop += first * row;
  if (mask != 0) mask += (first * <usize>time) << 4;
  for (let t = time - 1; t >= 0; t--) {
    const step = <usize>t * row;
    const before = t > 0 ? h + step - row : h0 == 0 ? zeros : h0 + first * row;
    const beforePair = t > 0 ? pair : h0 == 0 ? 0 : row;
    for (let group: usize = 0; group < <usize>groups; group++) {
      const on = group * pair + step;
      const live = lanesThatCount(mask == 0 ? 0 : mask + ((group * <usize>time + <usize>t) << 4));
      const to = d + 3 * on, e = dy + on, z = gates + 3 * on, own = carry + group * row, earlier = before + group * beforePair;
      if (kind == Activation.tanh && recurrentKind == Activation.sigmoid) mixBackward(to, e, own, z, earlier, live, row, Activation.tanh, Activation.sigmoid);
      else mixBackward(to, e, own, z, earlier, live, row, kind, recurrentKind);
      if (resetAfter) resetAfterBackward(to, dInner + 3 * on, z + row, inner + on, row, recurrentKind);
    }
    if (t > 0) {
      fetchStep(groups, gates + 3 * (step - row), 3 * pair, 3 * row);
      fetchStep(groups, dy + step - row, pair, row);
      if (resetAfter) {
        fetchStep(groups, inner + step - row, pair, row);
        fetchStep(groups, dInner + 3 * (step - row), 3 * pair, 3 * row);
      }
    }
    if (resetAfter) {
      if (t > 0) carryBack(groups, carry, wTransposed, dInner + 3 * step, 3 * pair, units, 3 * units, drop, product, zeros);
    } else {
      const wCandidate = wTransposed + ((<usize>(2 * units * units)) << 2);
      stepProduct(groups, product, row, zeros, 0, wCandidate, d + 3 * step + 2 * row, 3 * pair, units, units);
      for (let group: usize = 0; group < <usize>groups; group++) {
        const on: usize = 3 * (group * pair + step) + row, own: usize = group * row;
        resetBeforeBackward(d + on, carry + own, product + own, gates + on, before + group * beforePair, drop == 0 ? 0 : drop + own, row, recurrentKind);
      }
      if (t > 0) carryBack(groups, carry, wTransposed, d + 3 * step, 3 * pair, units, 2 * units, drop, product, zeros);
    }
  }
}

/**
 * The gradients at the sums of z and g, the first and third of d: [3·units][4], and in carry what reaches h[t-1] past them. dy, before = h[t-1]:
 * [units][4]; carry: the gradient that reaches h[t] from the step after; z: z r g.
 */
// @ts-ignore: decorator
@inline
function mixBackward(
  d: usize, dy: usize, carry: usize, z: usize, before: usize, live: v128, row: usize, kind: i32, recurrentKind: i32,
): void {
  const one = f32x4.splat(1);
  for (let i = row; i > 0; ) {
    i -= 16; // downwards, as the steps go
    const total = f32x4.add(v128.load(dy + i), v128.load(carry + i));
    const update = v128.load(z + i), g = v128.load(z + 2 * row + i);
    const dUpdate = backward(f32x4.mul(total, f32x4.sub(v128.load(before + i), g)), update, recurrentKind);
    const dCandidate = backward(f32x4.mul(total, f32x4.sub(one, update)), g, kind);
    v128.store(d + i, v128.and(live, dUpdate));
    v128.store(d + 2 * row + i, v128.and(live, dCandidate));
    v128.store(carry + i, v128.bitselect(f32x4.mul(total, update), total, live));
  }
}

/** The gradient at the sum of r, the second of d, and all of dInner: [3·units][4]. inner = h[t-1] · w + bias of g: [units][4]. */
function resetAfterBackward(d: usize, dInner: usize, reset: usize, inner: usize, row: usize, recurrentKind: i32): void {
  for (let i = row; i > 0; ) {
    i -= 16; // downwards, as the steps go
    const r = v128.load(reset + i), dCandidate = v128.load(d + 2 * row + i);
    const dReset = backward(f32x4.mul(dCandidate, v128.load(inner + i)), r, recurrentKind);
    v128.store(d + row + i, dReset);
    v128.store(dInner + i, v128.load(d + i));
    v128.store(dInner + row + i, dReset);
    v128.store(dInner + 2 * row + i, f32x4.mul(dCandidate, r));
  }
}

/** The gradient dReset at the sum of r, from that of r · h[t-1]; what reaches h[t-1] this way is added to carry. All: [units][4]. */
function resetBeforeBackward(
  dReset: usize, carry: usize, product: usize, reset: usize, before: usize, drop: usize, row: usize, recurrentKind: i32,
): void {
  for (let i = row; i > 0; ) {
    i -= 16; // downwards, as the steps go
    const r = v128.load(reset + i), p = v128.load(product + i);
    const factor = drop == 0 ? f32x4.splat(1) : v128.load(drop + i);
    const earlier = f32x4.mul(v128.load(before + i), factor);
    v128.store(carry + i, f32x4.add(v128.load(carry + i), f32x4.mul(f32x4.mul(p, r), factor)));
    v128.store(dReset + i, backward(f32x4.mul(p, earlier), r, recurrentKind));
  }
}
