import { State } from "../plan/ops";
import { blockEnd, blockStart, read, write } from "../simd/lanes";
import { decayed, gradientAt, moves, settle } from "./step";

/**
 * Op: Adagrad (Duchi, Hazan and Singer 2011), as Keras: a += g²; w -= rate · g / √(a + epsilon).
 * w, g, a, average: [size]; average may be address 0.
 */
export function adagrad(
  block: i32, scratch: usize, w: usize, g: usize, a: usize, average: usize, state: usize, size: i32, blockSize: i32, clipvalue: f32, epsilon: f32,
): void {
  if (!moves(state)) return;
  const rate = f32x4.splat(load<f32>(state + State.learningRate));
  const scale = f32x4.splat(load<f32>(state + State.gradientScale)), limit = f32x4.splat(clipvalue);
  const decay = load<f32>(state + State.weightDecay), gain = load<f32>(state + State.averageGain);
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    const gradient = gradientAt(g + i, whole, scale, limit);
    const sum = f32x4.add(read(a + i, whole), f32x4.mul(gradient, gradient));
    write(a + i, whole, sum);
    const move = f32x4.div(f32x4.mul(rate, gradient), f32x4.sqrt(f32x4.add(sum, f32x4.splat(epsilon))));
    settle(w, average, i, whole, f32x4.sub(decayed(w + i, whole, decay), move), gain);
  }
}
