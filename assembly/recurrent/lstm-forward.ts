import { activate } from "../activation";
import { Kernel } from "../plan/ops";
import { multiplyAdd } from "../simd/lanes";
import { lanesBelow, lanesThatCount, multiplyStates } from "./states";
import { stepProduct } from "./step-tile";

const LANES: i32 = Kernel.lanes;

/**
 * Op: long short-term memory over a whole sequence (Hochreiter and Schmidhuber, 1997; with forget gates, Gers et al., 2000):
 *
 *   [i f g o] = [σ σ φ σ](gates[t] + h[t-1] · w),  c[t] = f · c[t-1] + i · g,  h[t] = o · φ(c[t])
 *
 * h, c: lanes [groups][time][units][4]; gates: lanes [groups][time][4·units][4], the input projection before and i f g o after; w: [units, 4·units];
 * h0, c0: the states before the first step, [groups][units][4], or address 0 for zeros; mask: lanes [groups][time][4], 0 in steps that only carry
 * the states over, or address 0; drop: [groups][units][4], factors of h[t-1] in the product, or address 0. kind: φ; recurrentKind: σ. h and c are
 * zero in lanes beyond the batch. A block is a pair of groups. scratch: [3][units][4].
 */
export function lstmForward(
  block: i32, scratch: usize, h: usize, c: usize, gates: usize, w: usize, h0: usize, c0: usize, mask: usize, drop: usize, batch: i32, time: i32,
  units: i32, kind: i32, recurrentKind: i32,
): void {
  const sequences = batch - block * 2 * LANES;
  const groups = sequences > LANES ? 2 : 1;
  const row = (<usize>units) << 4, pair = <usize>time * row, first = <usize>block * 2;
  const zeros = scratch + 2 * row;
  memory.fill(zeros, 0, row);
  h += first * pair;
  c += first * pair;
  gates += first * pair * 4;
  if (drop != 0) drop += first * row;
  if (mask != 0) mask += (first * <usize>time) << 4;
  for (let t: usize = 0; t < <usize>time; t++) {
    const step = t * row, z = gates + step * 4;
    // the states before: of the step before, the given ones, or zeros
    let hBefore = h + step - row, cBefore = c + step - row, beforePair = pair;
    if (t == 0) {
      hBefore = h0 == 0 ? zeros : h0 + first * row;
      cBefore = c0 == 0 ? zeros : c0 + first * row;
      beforePair = h0 == 0 ? 0 : row;
    }
    if (hBefore != zeros) {
      if (drop == 0) stepProduct(groups, z, 4 * pair, z, 4 * pair, w, hBefore, beforePair, 4 * units, units);
      else {
        multiplyStates(groups, scratch, hBefore, beforePair, drop, units);
        stepProduct(groups, z, 4 * pair, z, 4 * pair, w, scratch, row, 4 * units, units);
      }
    }
    for (let group = 0; group < groups; group++) {
      const on = <usize>group * pair, before = <usize>group * beforePair;
      const live = v128.and(lanesBelow(sequences - group * LANES), lanesThatCount(mask == 0 ? 0 : mask + ((<usize>group * <usize>time + t) << 4)));
      lstmStep(h + on + step, c + on + step, z + 4 * on, hBefore + before, cBefore + before, live, units, kind, recurrentKind);
    }
  }
}

/** One step of a group, from the sums of the gates. h, c, hBefore, cBefore: [units][4]; z: [4·units][4]; live: all ones in lanes that change. */
function lstmStep(h: usize, c: usize, z: usize, hBefore: usize, cBefore: usize, live: v128, units: i32, kind: i32, recurrentKind: i32): void {
  const row = (<usize>units) << 4;
  activate(z, z, 8 * units, recurrentKind);
  activate(z + 2 * row, z + 2 * row, 4 * units, kind);
  activate(z + 3 * row, z + 3 * row, 4 * units, recurrentKind);
  for (let i: usize = 0; i < row; i += 16) {
    const kept = f32x4.mul(v128.load(z + row + i), v128.load(cBefore + i));
    v128.store(c + i, multiplyAdd(kept, v128.load(z + i), v128.load(z + 2 * row + i)));
  }
  activate(h, c, 4 * units, kind);
  if (i32x4.all_true(live)) {
    for (let i: usize = 0; i < row; i += 16) v128.store(h + i, f32x4.mul(v128.load(h + i), v128.load(z + 3 * row + i)));
    return;
  }
  for (let i: usize = 0; i < row; i += 16) {
    v128.store(h + i, v128.bitselect(f32x4.mul(v128.load(h + i), v128.load(z + 3 * row + i)), v128.load(hBefore + i), live));
    v128.store(c + i, v128.bitselect(v128.load(c + i), v128.load(cBefore + i), live));
  }
}
