import { exp4, logarithms } from "./simd/math";
import { blockEnd, blockStart, sumLanes } from "./simd/lanes";
import { firstLargest, scaleOf } from "./loss/rows";

/**
 * scratch[0 … columns-1] = exp(x - max x), padded with zeros to whole vectors; returns the sum. Subtracting the maximum keeps any finite
 * logits finite.
 */
export function exponentials(scratch: usize, x: usize, columns: i32): f32 {
  const padded = (columns + 3) & ~3;
  let largest: f32 = -Infinity;
  for (let c = 0; c < columns; c++) {
    const value = load<f32>(x + ((<usize>c) << 2));
    if (value > largest) largest = value;
    store<f32>(scratch + ((<usize>c) << 2), value);
  }
  for (let c = columns; c < padded; c++) store<f32>(scratch + ((<usize>c) << 2), -Infinity);
  const top = f32x4.splat(largest);
  let sum = f32x4.splat(0);
  for (let i: usize = 0, end = (<usize>padded) << 2; i < end; i += 16) {
    const e = exp4(f32x4.sub(v128.load(scratch + i), top));
    v128.store(scratch + i, e);
    sum = f32x4.add(sum, e);
  }
  return sumLanes(sum);
}

/** Op: softmax of each row. y, x: [rows, columns]; scratch: a row. A block is `blockRows` rows. */
export function softmaxForward(block: i32, scratch: usize, y: usize, x: usize, rows: i32, columns: i32, blockRows: i32): void {
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const offset = (<usize>row * <usize>columns) << 2;
    const sum = exponentials(scratch, x + offset, columns);
    for (let c: usize = 0; c < (<usize>columns) << 2; c += 4) store<f32>(y + offset + c, load<f32>(scratch + c) / sum);
  }
}

/** Op: dx = y · (dy - Σ dy·y) in each row. dx, dy, y: [rows, columns]. */
export function softmaxBackward(
  block: i32, scratch: usize, dx: usize, dy: usize, y: usize, rows: i32, columns: i32, blockRows: i32,
): void {
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const offset = (<usize>row * <usize>columns) << 2;
    let dot: f32 = 0;
    for (let c: usize = 0; c < (<usize>columns) << 2; c += 4) dot += load<f32>(dy + offset + c) * load<f32>(y + offset + c);
    for (let c: usize = 0; c < (<usize>columns) << 2; c += 4) {
      store<f32>(dx + offset + c, load<f32>(y + offset + c) * (load<f32>(dy + offset + c) - dot));
    }
  }
}

/**
 * Op: softmax cross-entropy of logits against class numbers, with its gradient. With label smoothing s: t' = one-hot · (1 - s) + s / classes.
 *
 * dLogits: [rows, classes] = (softmax - t') · scale, or address 0; rowLoss: [rows]; rowCorrect: [rows], 1 where the first largest logit is the
 * label's; logits: [rows, classes]; labels: i32 [rows]; rowScale: [rows] or address 0 for `gradientScale`; scratch: a row. A block is `blockRows` rows.
 */
export function softmaxCrossEntropy(
  block: i32, scratch: usize, dLogits: usize, rowLoss: usize, rowCorrect: usize, logits: usize, labels: usize, rowScale: usize,
  rows: i32, classes: i32, blockRows: i32, gradientScale: f32, labelSmoothing: f32,
): void {
  const keep: f32 = 1 - labelSmoothing, even: f32 = labelSmoothing / <f32>classes;
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const x = logits + ((<usize>row * <usize>classes) << 2);
    const label = load<i32>(labels + ((<usize>row) << 2));
    const sum = exponentials(scratch, x, classes);
    const best = firstLargest(x, classes);
    const largest = load<f32>(x + ((<usize>best) << 2));
    const logSum = f32x4.extract_lane(logarithms(f32x4.splat(sum)), 0);
    let loss = <f64>keep * <f64>(logSum - (load<f32>(x + ((<usize>label) << 2)) - largest));
    if (even != 0) for (let c = 0; c < classes; c++) loss += <f64>even * <f64>(logSum - (load<f32>(x + ((<usize>c) << 2)) - largest));
    store<f32>(rowLoss + ((<usize>row) << 2), <f32>loss);
    store<f32>(rowCorrect + ((<usize>row) << 2), best == label ? 1 : 0);
    if (dLogits == 0) continue;
    const gradient = dLogits + ((<usize>row * <usize>classes) << 2);
    const scale = scaleOf(rowScale, row, gradientScale);
    if (scale == 0) memory.fill(gradient, 0, (<usize>classes) << 2);
    else for (let c = 0; c < classes; c++) {
      const probability = load<f32>(scratch + ((<usize>c) << 2)) / sum;
      store<f32>(gradient + ((<usize>c) << 2), (probability - (c == label ? keep + even : even)) * scale);
    }
  }
}
