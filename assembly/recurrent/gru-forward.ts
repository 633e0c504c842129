import { activate } from "../activation";
import { Kernel } from "../plan/ops";
import { multiplyAdd } from "../simd/lanes";
import { lanesBelow, lanesThatCount, multiplyStates } from "./states";
import { stepProduct, stridedStepProduct } from "./step-tile";

const LANES: i32 = Kernel.lanes;

/**
 * Op: gated recurrent units over a whole sequence (Cho et al., 2014), h[t] = z · h[t-1] + (1 - z) · g with
 *
 *   [z r] = σ(gates[t] + h[t-1] · w + bias)
 *   g = φ(gates[t] + r · (h[t-1] · w + bias))  where resetAfter, else  φ(gates[t] + (r · h[t-1]) · w)
 *
 * h: lanes [groups][time][units][4]; gates: lanes [groups][time][3·units][4], the input projection before and z r g after; inner: lanes
 * [groups][time][units][4], h[t-1] · w + bias of g where resetAfter, else r · h[t-1]; w: [units, 3·units]; bias: [3·units], where resetAfter, or address 0;
 * h0, mask, drop, kind, recurrentKind: as in `lstmForward`. h is zero in lanes beyond the batch. A block is a pair of groups. scratch: [12][units][4].
 */
export function gruForward(
  block: i32, scratch: usize, h: usize, gates: usize, inner: usize, w: usize, bias: usize, h0: usize, mask: usize, drop: usize, batch: i32, time: i32,
  units: i32, kind: i32, recurrentKind: i32, resetAfter: i32,
): void {
  const sequences = batch - block * 2 * LANES;
  const groups = sequences > LANES ? 2 : 1;
  const row = (<usize>units) << 4, pair = <usize>time * row, first = <usize>block * 2;
  const biases = scratch, sums = scratch + 3 * row, dropped = scratch + 9 * row, zeros = scratch + 11 * row;
  memory.fill(scratch, 0, 12 * row);
  if (bias != 0) for (let i: usize = 0; i < <usize>(3 * units); i++) v128.store(biases + (i << 4), v128.load32_splat(bias + (i << 2)));
  h += first * pair;
  gates += first * pair * 3;
  inner += first * pair;
  if (drop != 0) drop += first * row;
  if (mask != 0) mask += (first * <usize>time) << 4;
  for (let t: usize = 0; t < <usize>time; t++) {
    const step = t * row, z = gates + step * 3, own = inner + step;
    let before = h + step - row, beforePair = pair;
    if (t == 0) {
      before = h0 == 0 ? zeros : h0 + first * row;
      beforePair = h0 == 0 ? 0 : row;
    }
    let source = before, sourcePair = beforePair;
    if (drop != 0 && before != zeros) {
      multiplyStates(groups, dropped, before, beforePair, drop, units);
      source = dropped;
      sourcePair = row;
    }
    const terms = before == zeros ? 0 : units;
    if (resetAfter) {
      stepProduct(groups, sums, 3 * row, biases, 0, w, source, sourcePair, 3 * units, terms);
      for (let group: usize = 0; group < <usize>groups; group++) {
        candidateAfter(z + group * 3 * pair, own + group * pair, sums + group * 3 * row, units, recurrentKind);
      }
    } else {
      const wStep = (<usize>(3 * units)) << 2;
      stridedStepProduct(groups, z, 3 * pair, z, 3 * pair, w, wStep, source, sourcePair, 2 * units, terms);
      for (let group: usize = 0; group < <usize>groups; group++) {
        const gate = z + group * 3 * pair;
        activate(gate, gate, 8 * units, recurrentKind);
        multiplyStates(1, own + group * pair, gate + row, 0, source + group * sourcePair, units);
      }
      stridedStepProduct(groups, z + 2 * row, 3 * pair, z + 2 * row, 3 * pair, w + ((<usize>units) << 3), wStep, own, pair, units, terms);
    }
    for (let group = 0; group < groups; group++) {
      const on = <usize>group * pair, gate = z + 3 * on + 2 * row;
      activate(gate, gate, 4 * units, kind);
      const live = v128.and(lanesBelow(sequences - group * LANES), lanesThatCount(mask == 0 ? 0 : mask + ((<usize>group * <usize>time + t) << 4)));
      mix(h + step + on, z + 3 * on, before + <usize>group * beforePair, live, row);
    }
  }
}

/** Gates z and r of a step, and the sum of its g. z: [3·units][4]; inner: [units][4]; sums = h[t-1] · w + bias: [3·units][4]. */
function candidateAfter(z: usize, inner: usize, sums: usize, units: i32, recurrentKind: i32): void {
  const row = (<usize>units) << 4;
  for (let i: usize = 0; i < 2 * row; i += 16) v128.store(z + i, f32x4.add(v128.load(z + i), v128.load(sums + i)));
  activate(z, z, 8 * units, recurrentKind);
  for (let i: usize = 0; i < row; i += 16) {
    const sum = v128.load(sums + 2 * row + i);
    v128.store(inner + i, sum);
    v128.store(z + 2 * row + i, multiplyAdd(v128.load(z + 2 * row + i), v128.load(z + row + i), sum));
  }
}

/** h[t] = g + z · (h[t-1] - g); h[t-1] in lanes that are not live. */
function mix(h: usize, z: usize, before: usize, live: v128, row: usize): void {
  for (let i: usize = 0; i < row; i += 16) {
    const g = v128.load(z + 2 * row + i), earlier = v128.load(before + i);
    v128.store(h + i, v128.bitselect(multiplyAdd(g, v128.load(z + i), f32x4.sub(earlier, g)), earlier, live));
  }
}
