import { activate, backward } from "../activation";
import { Activation, Kernel } from "../plan/ops";
import { carryBack, fetchStep, lanesThatCount } from "./states";

const LANES: i32 = Kernel.lanes;

/**
 * Op: back through time over what `lstmForward` left: the gradient at the sums of the gates.
 *
 * dz: lanes [groups][time][4·units][4], may be gates; dy: the gradient of h, and c: lanes [groups][time][units][4]; gates: lanes
 * [groups][time][4·units][4]; wTransposed: [4·units, units]; c0, mask, drop, kind, recurrentKind: as in `lstmForward`; no gradient goes to the states
 * before the first step. A block is a pair of groups. scratch: [8][units][4].
 */
export function lstmBackward(
  block: i32, scratch: usize, dz: usize, dy: usize, gates: usize, c: usize, wTransposed: usize, c0: usize, mask: usize, drop: usize, batch: i32,
  time: i32, units: i32, kind: i32, recurrentKind: i32,
): void {
  const groups = batch - block * 2 * LANES > LANES ? 2 : 1;
  const row = (<usize>units) << 4, pair = <usize>time * row, first = <usize>block * 2;
  // gradients that reach the states from the step after: of h and of c; a product; φ(c); zeros
  const carry = scratch, dc = scratch + 2 * row, product = scratch + 4 * row, activated = scratch + 6 * row, zeros = scratch + 7 * row;
  memory.fill(scratch, 0, 8 * row);
  dz += first * pair * 4;
  dy += first * pair;
  gates += first * pair * 4;
  c += first * pair;
  if (drop != 0) drop += first * row;
  if (mask != 0) mask += (first * <usize>time) << 4;
  for (let t = time - 1; t >= 0; t--) {
    const step = <usize>t * row;
    for (let group: usize = 0; group < <usize>groups; group++) {
      const on = group * pair + step;
      const before = t > 0 ? c + on - row : c0 == 0 ? zeros : c0 + (first + group) * row;
      const live = lanesThatCount(mask == 0 ? 0 : mask + ((group * <usize>time + <usize>t) << 4));
      activate(activated, c + on, 4 * units, kind);
      const d = dz + 4 * on, e = dy + on, z = gates + 4 * on, h = carry + group * row, k = dc + group * row;
      if (kind == Activation.tanh && recurrentKind == Activation.sigmoid) {
        lstmStepBackward(d, e, h, k, z, activated, before, live, row, Activation.tanh, Activation.sigmoid);
      } else lstmStepBackward(d, e, h, k, z, activated, before, live, row, kind, recurrentKind);
    }
    if (t > 0) {
      fetchStep(groups, gates + 4 * (step - row), 4 * pair, 4 * row);
      fetchStep(groups, dy + step - row, pair, row);
      carryBack(groups, carry, wTransposed, dz + 4 * step, 4 * pair, units, 4 * units, drop, product, zeros);
    }
  }
}

/**
 * One step of a group. d: [4·units][4], the gradient at the sums of the gates z; dy, activated = φ(c), before = c[t-1]: [units][4]; carry, dc: the
 * gradients that reach h[t] and c[t] from the step after; afterwards dc that of c[t-1], and carry what passes a step that does not count.
 */
// @ts-ignore: decorator
@inline
function lstmStepBackward(
  d: usize, dy: usize, carry: usize, dc: usize, z: usize, activated: usize, before: usize, live: v128, row: usize, kind: i32, recurrentKind: i32,
): void {
  for (let at = row; at > 0; ) {
    at -= 16; // downwards, as the steps go
    const gate = z + at;
    const i = v128.load(gate), f = v128.load(gate + row), g = v128.load(gate + 2 * row), o = v128.load(gate + 3 * row);
    const y = v128.load(activated + at), later = v128.load(dc + at);
    const total = f32x4.add(v128.load(dy + at), v128.load(carry + at));
    const own = f32x4.add(later, backward(f32x4.mul(total, o), y, kind));
    const to = d + at;
    v128.store(to, v128.and(live, backward(f32x4.mul(own, g), i, recurrentKind)));
    v128.store(to + row, v128.and(live, backward(f32x4.mul(own, v128.load(before + at)), f, recurrentKind)));
    v128.store(to + 2 * row, v128.and(live, backward(f32x4.mul(own, i), g, kind)));
    v128.store(to + 3 * row, v128.and(live, backward(f32x4.mul(total, y), o, recurrentKind)));
    v128.store(dc + at, v128.bitselect(f32x4.mul(own, f), later, live));
    v128.store(carry + at, v128.andnot(total, live));
  }
}
