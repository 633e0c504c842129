import { State } from "../plan/ops";
import { blockEnd, blockStart, read, write } from "../simd/lanes";
import { decayed, gradientAt, moves, settle } from "./step";

/**
 * Op: Adam (Kingma and Ba 2015, in Keras's form): m += (g - m)(1 - beta1); v += (g² - v)(1 - beta2); w -= rate · m / (√v + epsilon), the state's
 * learning rate already holding the bias corrections. AdamW where the state's decay is not 0.
 * w, g, m, v, average: [size]; average may be address 0.
 */
export function adam(
  block: i32, scratch: usize, w: usize, g: usize, m: usize, v: usize, average: usize, state: usize, size: i32, blockSize: i32, clipvalue: f32,
  gain1: f32, gain2: f32, epsilon: f32,
): void {
  if (!moves(state)) return;
  const rate = f32x4.splat(load<f32>(state + State.learningRate));
  const scale = f32x4.splat(load<f32>(state + State.gradientScale)), limit = f32x4.splat(clipvalue);
  const decay = load<f32>(state + State.weightDecay), gain = load<f32>(state + State.averageGain);
  const a = f32x4.splat(gain1), b = f32x4.splat(gain2), e = f32x4.splat(epsilon);
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  let i = (<usize>blockStart(block, blockSize)) << 2;
  for (; i + 16 <= end; i += 16) adamAt(i, true, w, g, m, v, average, rate, scale, limit, decay, gain, a, b, e);
  for (; i < end; i += 4) adamAt(i, false, w, g, m, v, average, rate, scale, limit, decay, gain, a, b, e);
}

/** The rule at one place. Two loops of it are a quarter faster than one that asks for the tail each time. */
// @ts-ignore: decorator
@inline
function adamAt(
  i: usize, whole: bool, w: usize, g: usize, m: usize, v: usize, average: usize, rate: v128, scale: v128, limit: v128, decay: f32, gain: f32,
  a: v128, b: v128, e: v128,
): void {
  const gradient = gradientAt(g + i, whole, scale, limit);
  const oldMean = read(m + i, whole), oldSquare = read(v + i, whole);
  const mean = f32x4.add(oldMean, f32x4.mul(f32x4.sub(gradient, oldMean), a));
  const square = f32x4.add(oldSquare, f32x4.mul(f32x4.sub(f32x4.mul(gradient, gradient), oldSquare), b));
  write(m + i, whole, mean);
  write(v + i, whole, square);
  const move = f32x4.div(f32x4.mul(rate, mean), f32x4.add(f32x4.sqrt(square), e));
  settle(w, average, i, whole, f32x4.sub(decayed(w + i, whole, decay), move), gain);
}
