import { Kernel } from "../plan/ops";
import { activateStep, activateStepBackward } from "./step-activation";
import { stepProduct } from "./step-tile";

const LANES: i32 = Kernel.lanes;

/**
 * Op: the recurrence over a whole sequence, in place: h[t] = f(h[t] + h[t-1] · w), h holding the input projection before.
 *
 * h: lanes [groups][time][units][4], zero in the lanes beyond the batch: without an input they might grow without bound, and infinity times
 * a gradient of zero is no zero. w: [units, units]. A block is a pair of groups.
 */
export function simpleRnnForward(block: i32, scratch: usize, h: usize, w: usize, batch: i32, time: i32, units: i32, kind: i32): void {
  const sequences = batch - block * 2 * LANES;
  const groups = sequences > LANES ? 2 : 1;
  const bytes = (<usize>units) << 4, pair = <usize>time * bytes;
  h += <usize>block * 2 * pair;
  for (let t = 0, step = h; t < time; t++) {
    if (t > 0) stepProduct(groups, step, pair, step, pair, w, step - bytes, pair, units, units);
    activateStep(groups, step, pair, units, kind);
    step += bytes;
  }
  const last = h + <usize>(groups - 1) * pair;
  for (let lane = sequences - (groups - 1) * LANES; lane < LANES; lane++) {
    for (let i: usize = 0; i < pair; i += 16) store<f32>(last + i + ((<usize>lane) << 2), 0);
  }
}

/**
 * Op: back through time: d[t] = f'(h[t]) · (dy[t] + d[t+1] · wᵀ), the gradient at the input of the activation.
 *
 * d, dy, h: lanes [groups][time][units][4]; d may be dy; wTransposed: [units, units]. A block is a pair of groups.
 */
export function simpleRnnBackward(
  block: i32, scratch: usize, d: usize, dy: usize, h: usize, wTransposed: usize, groups: i32, time: i32, units: i32, kind: i32,
): void {
  const count = min(2, groups - block * 2);
  const bytes = (<usize>units) << 4, pair = <usize>time * bytes;
  for (let t = time - 1; t >= 0; t--) {
    const offset = <usize>block * 2 * pair + <usize>t * bytes, step = d + offset;
    const terms = t == time - 1 ? 0 : units; // nothing comes back from after the last step
    stepProduct(count, step, pair, dy + offset, pair, wTransposed, step + bytes, pair, units, terms);
    activateStepBackward(count, step, h + offset, pair, units, kind);
  }
}
