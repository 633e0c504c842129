import { State } from "../plan/ops";
import { blockEnd, blockStart, read, write } from "../simd/lanes";
import { decayed, gradientAt, moves, settle } from "./step";

/**
 * Op: stochastic gradient descent with momentum, as Keras: v = momentum · v - rate · g; w += v (nesterov: w += momentum · v - rate · g).
 * w, g, velocity, average: [size]; velocity may be address 0 without momentum, average where none is kept.
 */
export function sgd(
  block: i32, scratch: usize, w: usize, g: usize, velocity: usize, average: usize, state: usize, size: i32, blockSize: i32, clipvalue: f32,
  momentum: f32, nesterov: i32,
): void {
  if (!moves(state)) return;
  const rate = f32x4.splat(load<f32>(state + State.learningRate));
  const scale = f32x4.splat(load<f32>(state + State.gradientScale)), limit = f32x4.splat(clipvalue);
  const decay = load<f32>(state + State.weightDecay), gain = load<f32>(state + State.averageGain);
  const keep = f32x4.splat(momentum);
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    let move = f32x4.mul(rate, gradientAt(g + i, whole, scale, limit));
    if (velocity != 0) {
      const v = f32x4.sub(f32x4.mul(keep, read(velocity + i, whole)), move);
      write(velocity + i, whole, v);
      move = nesterov ? f32x4.sub(move, f32x4.mul(keep, v)) : f32x4.neg(v);
    }
    settle(w, average, i, whole, f32x4.sub(decayed(w + i, whole, decay), move), gain);
  }
}
