import { activateBackward } from "../activation";
import { Kernel } from "../plan/ops";
import { carryBack, lanesThatCount, multiplyStates } from "./states";
import { activateStep, activateStepBackward } from "./step-activation";
import { stepProduct } from "./step-tile";

const LANES: i32 = Kernel.lanes;

/**
 * Op: the recurrence over a whole sequence, in place: h[t] = f(h[t] + h[t-1] · w), h holding the input projection before.
 *
 * h: lanes [groups][time][units][4], zero in the lanes beyond the batch: without an input they might grow without bound, and infinity times
 * a gradient of zero is no zero. w: [units, units]; h0: the state before the first step, [groups][units][4], or address 0 for zeros; mask: lanes
 * [groups][time][4], 0 in steps that only carry the state over, or address 0; drop: [groups][units][4], factors of h[t-1] in the product, or address 0.
 * A block is a pair of groups. scratch: with drop [2][units][4].
 */
export function simpleRnnForward(
  block: i32, scratch: usize, h: usize, w: usize, h0: usize, mask: usize, drop: usize, batch: i32, time: i32, units: i32, kind: i32,
): void {
  const sequences = batch - block * 2 * LANES;
  const groups = sequences > LANES ? 2 : 1;
  const bytes = (<usize>units) << 4, pair = <usize>time * bytes, first = <usize>block * 2;
  h += first * pair;
  if (h0 != 0) h0 += first * bytes;
  if (drop != 0) drop += first * bytes;
  if (mask != 0) mask += (first * <usize>time) << 4;
  for (let t = 0, step = h; t < time; t++) {
    const before = t > 0 ? step - bytes : h0, beforePair = t > 0 ? pair : bytes;
    if (before != 0) {
      if (drop == 0) stepProduct(groups, step, pair, step, pair, w, before, beforePair, units, units);
      else {
        multiplyStates(groups, scratch, before, beforePair, drop, units);
        stepProduct(groups, step, pair, step, pair, w, scratch, bytes, units, units);
      }
    }
    activateStep(groups, step, pair, units, kind);
    for (let group: usize = 0; mask != 0 && group < <usize>groups; group++) {
      const live = lanesThatCount(mask + ((group * <usize>time + t) << 4));
      carryOver(step + group * pair, before == 0 ? 0 : before + group * beforePair, live, bytes);
    }
    step += bytes;
  }
  const last = h + <usize>(groups - 1) * pair;
  for (let lane = sequences - (groups - 1) * LANES; lane < LANES; lane++) {
    for (let i: usize = 0; i < pair; i += 16) store<f32>(last + i + ((<usize>lane) << 2), 0);
  }
}

/** h = the state before, or zero at address 0, in lanes that are not live. */
function carryOver(h: usize, before: usize, live: v128, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(h + i, v128.bitselect(v128.load(h + i), before == 0 ? f32x4.splat(0) : v128.load(before + i), live));
  }
}

/**
 * Op: back through time: d[t] = f'(h[t]) · (dy[t] + d[t+1] · wᵀ), the gradient at the input of the activation.
 *
 * d, dy, h: lanes [groups][time][units][4]; d may be dy; wTransposed: [units, units]; mask, drop: as in `simpleRnnForward`. A block is a pair of
 * groups. scratch: with mask or drop [5][units][4].
 */
export function simpleRnnBackward(
  block: i32, scratch: usize, d: usize, dy: usize, h: usize, wTransposed: usize, mask: usize, drop: usize, groups: i32, time: i32, units: i32, kind: i32,
): void {
  const count = min(2, groups - block * 2);
  const bytes = (<usize>units) << 4, pair = <usize>time * bytes, first = <usize>block * 2;
  d += first * pair;
  dy += first * pair;
  h += first * pair;
  if (mask != 0 || drop != 0) {
    if (mask != 0) mask += (first * <usize>time) << 4;
    if (drop != 0) drop += first * bytes;
    maskedBackward(count, scratch, d, dy, h, wTransposed, mask, drop, time, units, kind);
    return;
  }
  for (let t = time - 1; t >= 0; t--) {
    const offset = <usize>t * bytes, step = d + offset;
    const terms = t == time - 1 ? 0 : units; // nothing comes back from after the last step
    stepProduct(count, step, pair, dy + offset, pair, wTransposed, step + bytes, pair, units, terms);
    activateStepBackward(count, step, h + offset, pair, units, kind);
  }
}

/** The same for one pair of groups, with steps that do not count or states that are dropped. */
function maskedBackward(
  groups: i32, scratch: usize, d: usize, dy: usize, h: usize, wTransposed: usize, mask: usize, drop: usize, time: i32, units: i32, kind: i32,
): void {
  const bytes = (<usize>units) << 4, pair = <usize>time * bytes;
  memory.fill(scratch, 0, 5 * bytes);
  for (let t = time - 1; t >= 0; t--) {
    for (let group: usize = 0; group < <usize>groups; group++) {
      const live = lanesThatCount(mask == 0 ? 0 : mask + ((group * <usize>time + <usize>t) << 4));
      const offset = group * pair + <usize>t * bytes, carry = scratch + group * bytes, step = d + offset;
      for (let i: usize = 0; i < bytes; i += 16) {
        const total = f32x4.add(v128.load(dy + offset + i), v128.load(carry + i));
        v128.store(step + i, v128.and(total, live));
        v128.store(carry + i, v128.andnot(total, live));
      }
      activateBackward(step, step, h + offset, 4 * units, kind);
    }
    const row = d + <usize>t * bytes;
    if (t > 0) carryBack(groups, scratch, wTransposed, row, pair, units, units, drop, scratch + 2 * bytes, scratch + 4 * bytes);
  }
}
