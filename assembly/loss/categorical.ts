import { blockEnd, blockStart } from "../simd/lanes";
import { logarithms } from "../simd/math";
import { exponentials } from "../softmax";
import { firstLargest, scaleOf, smoothed } from "./rows";

/** Keras's epsilon: probabilities are kept this far from 0 and 1 before their logarithm is taken. */
// @ts-ignore: decorator
@inline
const EPSILON: f32 = 1e-7;

// @ts-ignore: decorator
@inline
function logarithm(x: f32): f32 {
  return f32x4.extract_lane(logarithms(f32x4.splat(x)), 0);
}

/**
 * Op: cross-entropy of the softmax of logits against distributions t over classes, with label smoothing s: t' = t·(1 - s) + s / classes,
 * loss = Σ t'·(log Σ exp(x) - x).
 *
 * dLogits: [rows, classes] = (Σ t' · softmax - t') · scale, or address 0; rowLoss: [rows]; rowCorrect: [rows], 1 where the first largest logit is
 * at the first largest target; logits, targets: [rows, classes]; rowScale: [rows] or address 0 for `gradientScale`; scratch: a row, and a vector
 * more. A block is `blockRows` rows.
 */
export function categoricalCrossEntropy(
  block: i32, scratch: usize, dLogits: usize, rowLoss: usize, rowCorrect: usize, logits: usize, targets: usize, rowScale: usize,
  rows: i32, classes: i32, blockRows: i32, gradientScale: f32, labelSmoothing: f32,
): void {
  const bytes = (<usize>classes) << 2;
  const keep: f32 = 1 - labelSmoothing, even: f32 = labelSmoothing / <f32>classes;
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const x = logits + <usize>row * bytes, t = targets + <usize>row * bytes;
    const scale = scaleOf(rowScale, row, gradientScale);
    const sum = exponentials(scratch, x, classes);
    const best = firstLargest(x, classes);
    const largest = load<f32>(x + ((<usize>best) << 2));
    const logSum = logarithm(sum);
    let loss: f64 = 0, total: f64 = 0;
    for (let c: usize = 0; c < bytes; c += 4) {
      const target = smoothed(load<f32>(t + c), keep, even);
      if (target != 0) loss += <f64>target * <f64>(logSum - (load<f32>(x + c) - largest)); // the logit may be further away than a float reaches
      total += <f64>target;
    }
    store<f32>(rowLoss + ((<usize>row) << 2), <f32>loss);
    store<f32>(rowCorrect + ((<usize>row) << 2), best == firstLargest(t, classes) ? 1 : 0);
    if (dLogits == 0) continue;
    const gradient = dLogits + <usize>row * bytes;
    if (scale == 0) memory.fill(gradient, 0, bytes);
    else {
      for (let c: usize = 0; c < bytes; c += 4) {
        store<f32>(gradient + c, (<f32>total * (load<f32>(scratch + c) / sum) - smoothed(load<f32>(t + c), keep, even)) * scale);
      }
    }
  }
}

/**
 * Op: cross-entropy of probabilities, as Keras takes it: each row is divided by its sum, q = p / Σp, and kept within [1e-7, 1 - 1e-7];
 * loss = -Σ t' · log q. Outside of that range no gradient passes.
 *
 * dOutput: [rows, classes] = (g - Σ g·q) / Σp with g = -t' / q · scale, or address 0; rowLoss, rowCorrect: [rows]; p: [rows, classes];
 * targets: f32 [rows, classes], or i32 [rows] if `sparse`; rowScale: [rows] or address 0 for `gradientScale`; scratch: a row. A block is
 * `blockRows` rows.
 */
export function probabilityCrossEntropy(
  block: i32, scratch: usize, dOutput: usize, rowLoss: usize, rowCorrect: usize, p: usize, targets: usize, rowScale: usize,
  rows: i32, classes: i32, blockRows: i32, gradientScale: f32, labelSmoothing: f32, sparse: i32,
): void {
  const bytes = (<usize>classes) << 2;
  const keep: f32 = 1 - labelSmoothing, even: f32 = labelSmoothing / <f32>classes;
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const x = p + <usize>row * bytes;
    let target = scratch; // t': the smoothed distribution, [classes]
    if (sparse != 0) {
      memory.fill(scratch, 0, bytes);
      store<f32>(scratch + ((<usize>load<i32>(targets + ((<usize>row) << 2))) << 2), 1);
    } else memory.copy(scratch, targets + <usize>row * bytes, bytes);
    const right = firstLargest(target, classes);
    let sum: f64 = 0;
    for (let c: usize = 0; c < bytes; c += 4) {
      sum += <f64>load<f32>(x + c);
      store<f32>(target + c, smoothed(load<f32>(target + c), keep, even));
    }
    const scale = scaleOf(rowScale, row, gradientScale);
    let loss: f64 = 0, dot: f64 = 0;
    for (let c: usize = 0; c < bytes; c += 4) {
      const t = load<f32>(target + c);
      if (t == 0) continue;
      const q = <f32>(<f64>load<f32>(x + c) / sum);
      const kept = min(max(q, EPSILON), <f32>1 - EPSILON);
      loss -= <f64>t * <f64>logarithm(kept);
      const g: f32 = q == kept ? -t / kept : 0;
      store<f32>(target + c, g);
      dot += <f64>g * <f64>q;
    }
    store<f32>(rowLoss + ((<usize>row) << 2), <f32>loss);
    store<f32>(rowCorrect + ((<usize>row) << 2), firstLargest(x, classes) == right ? 1 : 0);
    if (dOutput == 0) continue;
    const gradient = dOutput + <usize>row * bytes;
    if (scale == 0) memory.fill(gradient, 0, bytes);
    else for (let c: usize = 0; c < bytes; c += 4) store<f32>(gradient + c, <f32>((<f64>load<f32>(target + c) - dot) / sum * <f64>scale));
  }
}
