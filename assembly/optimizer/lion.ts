import { State } from "../plan/ops";
import { blockEnd, blockStart, read, write } from "../simd/lanes";
import { decayed, gradientAt, moves, settle } from "./step";

/**
 * Op: Lion (Chen et al. 2023), as Keras: w -= rate · sign(beta1 · m + (1 - beta1) · g); m = beta2 · m + (1 - beta2) · g. The sign of 0 is 0.
 * w, g, m, average: [size]; average may be address 0.
 */
export function lion(
  block: i32, scratch: usize, w: usize, g: usize, m: usize, average: usize, state: usize, size: i32, blockSize: i32, clipvalue: f32,
  beta1: f32, beta2: f32,
): void {
  if (!moves(state)) return;
  const rate = f32x4.splat(load<f32>(state + State.learningRate));
  const scale = f32x4.splat(load<f32>(state + State.gradientScale)), limit = f32x4.splat(clipvalue);
  const decay = load<f32>(state + State.weightDecay), gain = load<f32>(state + State.averageGain);
  const zero = f32x4.splat(0), signs = i32x4.splat(0x80000000);
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    const gradient = gradientAt(g + i, whole, scale, limit), mean = read(m + i, whole);
    const blend = f32x4.add(f32x4.mul(mean, f32x4.splat(beta1)), f32x4.mul(gradient, f32x4.splat(1 - beta1)));
    // the rate with the sign of the blend; 0 where that is 0
    const move = v128.and(v128.or(rate, v128.and(blend, signs)), f32x4.ne(blend, zero));
    write(m + i, whole, f32x4.add(f32x4.mul(mean, f32x4.splat(beta2)), f32x4.mul(gradient, f32x4.splat(1 - beta2))));
    settle(w, average, i, whole, f32x4.sub(decayed(w + i, whole, decay), move), gain);
  }
}
