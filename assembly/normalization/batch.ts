// Batch normalisation (Ioffe and Szegedy, 2015): y = gamma · x̂ + beta, x̂ = (x - mean) / √(variance + epsilon), for each column of x [rows, columns].
//
//   moments  [3][columns]: mean, variance (that of the rows, not an estimate for all), 1 / √(variance + epsilon)
import { isFiniteStep } from "../optimizer/step";
import { blockEnd, blockStart, read, write } from "../simd/lanes";

/** Σ of `count` partial sums, `step` bytes apart, in block order. */
function joined(partials: usize, step: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let p = 0; p < count; p++) sum += load<f64>(partials + <usize>p * step);
  return sum;
}

/** Op (one block): the moments of a batch from partial sums f64 [count][2][columns], in block order. */
export function batchMoments(block: i32, scratch: usize, moments: usize, partials: usize, rows: i32, columns: i32, count: i32, epsilon: f32): void {
  const bytes = (<usize>columns) << 2;
  for (let c: usize = 0; c < bytes; c += 4) {
    const mean = joined(partials + (c << 1), bytes << 2, count) / <f64>rows;
    const variance = max<f64>(joined(partials + ((bytes + c) << 1), bytes << 2, count) / <f64>rows - mean * mean, 0);
    store<f32>(moments + c, <f32>mean);
    store<f32>(moments + bytes + c, <f32>variance);
    store<f32>(moments + (bytes << 1) + c, <f32>(1 / Math.sqrt(variance + <f64>epsilon)));
  }
}

/** Op (one block): moments from those that were kept in training. mean, variance: [columns]. */
export function keptMoments(block: i32, scratch: usize, moments: usize, mean: usize, variance: usize, columns: i32, epsilon: f32): void {
  const bytes = (<usize>columns) << 2;
  memory.copy(moments, mean, bytes);
  memory.copy(moments + bytes, variance, bytes);
  for (let c: usize = 0; c < bytes; c += 4) {
    store<f32>(moments + (bytes << 1) + c, <f32>(1 / Math.sqrt(<f64>load<f32>(variance + c) + <f64>epsilon)));
  }
}

/** Op (one block): w = momentum · w + (1 - momentum) · value, unless the step is not finite. w, value: [size]. */
export function movingAverage(block: i32, scratch: usize, w: usize, value: usize, state: usize, size: i32, momentum: f32): void {
  if (!isFiniteStep(state)) return;
  for (let i: usize = 0, end = (<usize>size) << 2; i < end; i += 4) {
    store<f32>(w + i, load<f32>(w + i) * momentum + load<f32>(value + i) * (1 - momentum));
  }
}

/** What a row is scaled and shifted by, prepared [2][columns]: gamma / deviation and beta. inverses: [columns], 1 / deviation. */
export function prepareColumns(prepared: usize, inverses: usize, gamma: usize, beta: usize, bytes: usize): void {
  for (let c: usize = 0; c < bytes; c += 4) {
    store<f32>(prepared + c, gamma == 0 ? load<f32>(inverses + c) : load<f32>(inverses + c) * load<f32>(gamma + c));
    store<f32>(prepared + bytes + c, beta == 0 ? 0 : load<f32>(beta + c));
  }
}

// @ts-ignore: decorator
@inline
function normalized(x: v128, mean: v128, scale: v128, shift: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.sub(x, mean), scale), shift);
}

/** dy where the ReLU behind y = gamma · x̂ + beta let it through: y comes to the bits it had forward. */
// @ts-ignore: decorator
@inline
export function throughRelu(dy: v128, x: v128, mean: v128, scale: v128, shift: v128): v128 {
  return v128.and(dy, f32x4.gt(normalized(x, mean, scale, shift), f32x4.splat(0)));
}

/**
 * Op: y = gamma · x̂ + beta, with ReLU if asked for. y, x: [rows, columns]; gamma, beta: [columns] or address 0 for ones and zeros. scratch: [2][columns].
 * Rows are taken as they lie, here and in the other ops: column by column memory would have to be waited for (measured: two to three times as long).
 */
export function batchNormForward(
  block: i32, scratch: usize, y: usize, x: usize, moments: usize, gamma: usize, beta: usize, rows: i32, columns: i32, blockRows: i32, relu: i32,
): void {
  const least = f32x4.splat(relu ? 0 : -Infinity);
  const bytes = (<usize>columns) << 2, vectors = bytes & ~15;
  prepareColumns(scratch, moments + (bytes << 1), gamma, beta, bytes);
  for (let i = <usize>blockStart(block, blockRows) * bytes, end = <usize>blockEnd(block, blockRows, rows) * bytes; i < end; i += bytes) {
    let c: usize = 0;
    for (; c < vectors; c += 16) forwardAt(y + i + c, x + i + c, moments + c, scratch + c, bytes, true, least);
    for (; c < bytes; c += 4) forwardAt(y + i + c, x + i + c, moments + c, scratch + c, bytes, false, least);
  }
}

// @ts-ignore: decorator
@inline
function forwardAt(y: usize, x: usize, mean: usize, prepared: usize, bytes: usize, whole: bool, least: v128): void {
  const value = normalized(read(x, whole), read(mean, whole), read(prepared, whole), read(prepared + bytes, whole));
  write(y, whole, f32x4.pmax(value, least));
}

/** Op (one block): gradients of gamma and beta, and the means of dy · x̂ and of dy, from partial sums f64 [count][2][columns]. means: [2][columns]. */
export function batchNormSums(
  block: i32, scratch: usize, dGamma: usize, dBeta: usize, means: usize, partials: usize, rows: i32, columns: i32, count: i32,
): void {
  const bytes = (<usize>columns) << 2;
  for (let c: usize = 0; c < bytes; c += 4) {
    const sum = joined(partials + (c << 1), bytes << 2, count), products = joined(partials + ((bytes + c) << 1), bytes << 2, count);
    if (dGamma != 0) store<f32>(dGamma + c, <f32>products);
    if (dBeta != 0) store<f32>(dBeta + c, <f32>sum);
    store<f32>(means + c, <f32>(sum / <f64>rows));
    store<f32>(means + bytes + c, <f32>(products / <f64>rows));
  }
}

/**
 * Op: dx = gamma / deviation · (dy - mean of dy - x̂ · mean of dy · x̂); the means [2][columns] are left out (address 0) where the moments were given,
 * not taken from x. With `relu` dy is the gradient behind a ReLU. dx may be dy. scratch: [3][columns].
 */
export function batchNormBackward(
  block: i32, scratch: usize, dx: usize, dy: usize, x: usize, moments: usize, gamma: usize, beta: usize, means: usize,
  rows: i32, columns: i32, blockRows: i32, relu: i32,
): void {
  const bytes = (<usize>columns) << 2, vectors = bytes & ~15, slopes = scratch + (bytes << 1);
  prepareColumns(scratch, moments + (bytes << 1), gamma, beta, bytes);
  for (let c: usize = 0; means != 0 && c < bytes; c += 4) store<f32>(slopes + c, load<f32>(moments + (bytes << 1) + c) * load<f32>(means + bytes + c));
  for (let i = <usize>blockStart(block, blockRows) * bytes, end = <usize>blockEnd(block, blockRows, rows) * bytes; i < end; i += bytes) {
    let c: usize = 0;
    for (; c < vectors; c += 16) backwardAt(dx + i, dy + i, x + i, moments, scratch, means, bytes, c, true, relu);
    for (; c < bytes; c += 4) backwardAt(dx + i, dy + i, x + i, moments, scratch, means, bytes, c, false, relu);
  }
}

// @ts-ignore: decorator
@inline
function backwardAt(
  dx: usize, dy: usize, x: usize, moments: usize, prepared: usize, means: usize, bytes: usize, c: usize, whole: bool, relu: i32,
): void {
  const mean = read(moments + c, whole), scale = read(prepared + c, whole);
  const value = relu != 0 || means != 0 ? read(x + c, whole) : mean;
  let gradient = read(dy + c, whole);
  if (relu) gradient = throughRelu(gradient, value, mean, scale, read(prepared + bytes + c, whole));
  if (means != 0) {
    const slope = read(prepared + (bytes << 1) + c, whole);
    gradient = f32x4.sub(f32x4.sub(gradient, read(means + c, whole)), f32x4.mul(f32x4.sub(value, mean), slope));
  }
  write(dx + c, whole, f32x4.mul(scale, gradient));
}
