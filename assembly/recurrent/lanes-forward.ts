import { multiplyAdd } from "../simd/lanes";
import { stepProduct } from "./step-tile";

/**
 * Op: y = x · w + bias at every step: the input projection of a recurrent layer, and a dense layer over a sequence.
 *
 * y: lanes [groups][time][units][4]; x: lanes [groups][time][features][4]; w: [features, units]; bias: [units] or address 0.
 * A block is `blockSteps` steps of a pair of groups. scratch: [units][4], the bias in every lane.
 */
export function lanesForward(
  block: i32, scratch: usize, y: usize, x: usize, w: usize, bias: usize, groups: i32, time: i32, features: i32, units: i32, blockSteps: i32,
): void {
  const perPair = (time + blockSteps - 1) / blockSteps;
  const group = block / perPair * 2, start = (block % perPair) * blockSteps;
  const count = min(2, groups - group);
  const yStep = (<usize>units) << 4, xStep = (<usize>features) << 4;
  const yPair = <usize>time * yStep, xPair = <usize>time * xStep;
  for (let u: usize = 0; u < <usize>units; u++) {
    v128.store(scratch + (u << 4), bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias + (u << 2)));
  }
  y += <usize>group * yPair + <usize>start * yStep;
  x += <usize>group * xPair + <usize>start * xStep;
  for (let t = min(blockSteps, time - start); t > 0; t--) {
    if (features == 1) outerProduct(y, count == 2 ? yPair : 0, scratch, w, x, count == 2 ? xPair : 0, units);
    else stepProduct(count, y, yPair, scratch, 0, w, x, xPair, units, features);
    y += yStep;
    x += xStep;
  }
}

/** One step of a pair of groups (or of one, the pair lying 0 bytes on) with one feature, for which a tile is too much ado. */
function outerProduct(y: usize, yPair: usize, bias: usize, w: usize, x: usize, xPair: usize, units: i32): void {
  const p = v128.load(x), q = v128.load(x + xPair);
  for (const end = y + ((<usize>units) << 4); y < end; y += 16) {
    const e = v128.load32_splat(w), b = v128.load(bias);
    v128.store(y, multiplyAdd(b, e, p));
    v128.store(y + yPair, multiplyAdd(b, e, q));
    w += 4;
    bias += 16;
  }
}
