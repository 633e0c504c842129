import { State } from "../plan/ops";
import { blockEnd, blockStart, read, write } from "../simd/lanes";
import { decayed, gradientAt, moves, settle } from "./step";

/**
 * Op: RMSprop, as Keras: v = rho · v + (1 - rho) · g²; move = rate · g / √(v + epsilon); centered: mean = rho · mean + (1 - rho) · g, and v - mean²
 * (at least 0, which rounding may leave) in place of v; with momentum b = momentum · b + move is the move.
 * w, g, v, mean, b, average: [size]; mean, b and average may be address 0.
 */
export function rmsprop(
  block: i32, scratch: usize, w: usize, g: usize, v: usize, mean: usize, b: usize, average: usize, state: usize, size: i32, blockSize: i32,
  clipvalue: f32, rho: f32, momentum: f32, epsilon: f32,
): void {
  if (!moves(state)) return;
  const rate = f32x4.splat(load<f32>(state + State.learningRate));
  const scale = f32x4.splat(load<f32>(state + State.gradientScale)), limit = f32x4.splat(clipvalue);
  const decay = load<f32>(state + State.weightDecay), gain = load<f32>(state + State.averageGain);
  const keep = f32x4.splat(rho), take = f32x4.splat(1 - rho), e = f32x4.splat(epsilon);
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    const gradient = gradientAt(g + i, whole, scale, limit);
    const square = f32x4.add(f32x4.mul(keep, read(v + i, whole)), f32x4.mul(take, f32x4.mul(gradient, gradient)));
    write(v + i, whole, square);
    let spread = square;
    if (mean != 0) {
      const middle = f32x4.add(f32x4.mul(keep, read(mean + i, whole)), f32x4.mul(take, gradient));
      write(mean + i, whole, middle);
      spread = f32x4.max(f32x4.sub(square, f32x4.mul(middle, middle)), f32x4.splat(0));
    }
    let move = f32x4.div(f32x4.mul(rate, gradient), f32x4.sqrt(f32x4.add(spread, e)));
    if (b != 0) {
      move = f32x4.add(f32x4.mul(f32x4.splat(momentum), read(b + i, whole)), move);
      write(b + i, whole, move);
    }
    settle(w, average, i, whole, f32x4.sub(decayed(w + i, whole, decay), move), gain);
  }
}
