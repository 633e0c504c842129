import { blockEnd, blockStart, loadOne, storeOne, sumLanes } from "../simd/lanes";
import { logarithms, sigmoid4, softplus4 } from "../simd/math";
import { scaleOf } from "./rows";

// @ts-ignore: decorator
@inline
const EPSILON: f32 = 1e-7;

/** Loss of four logits x: max(x, 0) - x·t + log(1 + exp(-|x|)). */
// @ts-ignore: decorator
@inline
function lossOfLogits(x: v128, t: v128): v128 {
  const linear = f32x4.sub(f32x4.max(x, f32x4.splat(0)), f32x4.mul(x, t));
  return f32x4.add(linear, softplus4(f32x4.neg(f32x4.abs(x))));
}

// @ts-ignore: decorator
@inline
function within(p: v128): v128 {
  return f32x4.min(f32x4.max(p, f32x4.splat(EPSILON)), f32x4.splat(<f32>1 - EPSILON));
}

/** Loss of four probabilities that are within [1e-7, 1 - 1e-7]: -t·log p - (1 - t)·log(1 - p). */
// @ts-ignore: decorator
@inline
function lossOfProbabilities(p: v128, t: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.neg(f32x4.add(f32x4.mul(t, logarithms(p)), f32x4.mul(f32x4.sub(one, t), logarithms(f32x4.sub(one, p)))));
}

/** Their gradient (p - t) / (p·(1 - p)); 0 where p had to be moved to be within. */
// @ts-ignore: decorator
@inline
function gradientOfProbabilities(p: v128, t: v128): v128 {
  const kept = within(p);
  const gradient = f32x4.div(f32x4.sub(kept, t), f32x4.mul(kept, f32x4.sub(f32x4.splat(1), kept)));
  return v128.and(gradient, f32x4.eq(p, kept));
}

/** Columns of a row in which prediction and target are on the same side: the prediction of `middle`, the target of 1/2. */
function rightColumns(x: usize, t: usize, bytes: usize, middle: f32): f32 {
  let right = 0;
  for (let c: usize = 0; c < bytes; c += 4) right += i32((load<f32>(x + c) > middle) == (load<f32>(t + c) > 0.5));
  return <f32>right;
}

/**
 * Op: binary cross-entropy of each row against targets t from 0 to 1, with label smoothing s: t' = t·(1 - s) + s / 2; of logits, or, with
 * `probabilities`, of values that are kept within [1e-7, 1 - 1e-7] first.
 *
 * dOutput: [rows, columns], the gradient of the row's loss · scale, or address 0; rowLoss: [rows], the mean over the row's columns;
 * rowCorrect: [rows], how many of its columns are right, the border being probability 1/2; output, targets: [rows, columns];
 * rowScale: [rows] or address 0 for `gradientScale`. A block is `blockRows` rows.
 */
export function binaryCrossEntropy(
  block: i32, scratch: usize, dOutput: usize, rowLoss: usize, rowCorrect: usize, output: usize, targets: usize, rowScale: usize,
  rows: i32, columns: i32, blockRows: i32, gradientScale: f32, labelSmoothing: f32, probabilities: i32,
): void {
  const bytes = (<usize>columns) << 2, vectors = bytes & ~15;
  const keep = f32x4.splat(1 - labelSmoothing), even = f32x4.splat(labelSmoothing * 0.5);
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const x = output + <usize>row * bytes, target = targets + <usize>row * bytes;
    const scale = scaleOf(rowScale, row, gradientScale) / <f32>columns;
    let sum = f32x4.splat(0), rest: f32 = 0;
    for (let c: usize = 0; c < bytes; c += c < vectors ? 16 : 4) {
      const whole = c < vectors;
      const value = whole ? v128.load(x + c) : loadOne(x + c);
      const t = f32x4.add(f32x4.mul(whole ? v128.load(target + c) : loadOne(target + c), keep), even);
      const loss = probabilities != 0 ? lossOfProbabilities(within(value), t) : lossOfLogits(value, t);
      if (whole) sum = f32x4.add(sum, loss);
      else rest += f32x4.extract_lane(loss, 0);
      if (dOutput == 0) continue;
      const gradient = probabilities != 0 ? gradientOfProbabilities(value, t) : f32x4.sub(sigmoid4(value), t);
      const scaled = scale == 0 ? f32x4.splat(0) : f32x4.mul(gradient, f32x4.splat(scale));
      const to = dOutput + <usize>row * bytes + c;
      if (whole) v128.store(to, scaled);
      else storeOne(to, scaled);
    }
    store<f32>(rowLoss + ((<usize>row) << 2), (sumLanes(sum) + rest) / <f32>columns);
    store<f32>(rowCorrect + ((<usize>row) << 2), rightColumns(x, target, bytes, probabilities != 0 ? 0.5 : 0));
  }
}
