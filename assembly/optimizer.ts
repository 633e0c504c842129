import { blockEnd, blockStart, loadOne, storeOne } from "./simd/lanes";
import { State } from "./plan/ops";

/** A loss or gradient that is not finite must not reach the weights: the step is skipped, and the caller told by the state. */
// @ts-ignore: decorator
@inline
function isFiniteStep(state: usize): bool {
  return isFinite(load<f64>(state + State.batchLoss)) && load<i32>(state + State.overflow) == 0;
}

/**
 * Op: stochastic gradient descent with momentum, as Keras: v = momentum · v - rate · g; w += v (nesterov: w += momentum · v - rate · g).
 * w, g, velocity: [size]; velocity may be address 0 without momentum.
 */
export function sgd(
  block: i32, scratch: usize, w: usize, g: usize, velocity: usize, state: usize, size: i32, blockSize: i32, momentum: f32, nesterov: i32,
): void {
  if (!isFiniteStep(state)) return;
  const rate = f32x4.splat(load<f32>(state + State.learningRate));
  const scale = f32x4.splat(load<f32>(state + State.gradientScale));
  const keep = f32x4.splat(momentum);
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    let move = f32x4.mul(rate, f32x4.mul(whole ? v128.load(g + i) : loadOne(g + i), scale));
    if (velocity != 0) {
      const v = f32x4.sub(f32x4.mul(keep, whole ? v128.load(velocity + i) : loadOne(velocity + i)), move);
      if (whole) v128.store(velocity + i, v);
      else storeOne(velocity + i, v);
      move = nesterov ? f32x4.sub(move, f32x4.mul(keep, v)) : f32x4.neg(v);
    }
    const next = f32x4.sub(whole ? v128.load(w + i) : loadOne(w + i), move);
    if (whole) v128.store(w + i, next);
    else storeOne(w + i, next);
  }
}

/**
 * Op: Adam (Kingma and Ba 2015, in Keras's form): m += (g - m)(1 - beta1); v += (g² - v)(1 - beta2); w -= rate · m / (√v + epsilon), the state's
 * learning rate already holding the bias corrections.
 * w, g, m, v: [size].
 */
export function adam(
  block: i32, scratch: usize, w: usize, g: usize, m: usize, v: usize, state: usize, size: i32, blockSize: i32,
  gain1: f32, gain2: f32, epsilon: f32,
): void {
  if (!isFiniteStep(state)) return;
  const rate = f32x4.splat(load<f32>(state + State.learningRate));
  const scale = f32x4.splat(load<f32>(state + State.gradientScale));
  const a = f32x4.splat(gain1), b = f32x4.splat(gain2), e = f32x4.splat(epsilon);
  let i = (<usize>blockStart(block, blockSize)) << 2;
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  for (; i + 16 <= end; i += 16) {
    const gradient = f32x4.mul(v128.load(g + i), scale);
    const mean = f32x4.add(v128.load(m + i), f32x4.mul(f32x4.sub(gradient, v128.load(m + i)), a));
    const square = f32x4.add(v128.load(v + i), f32x4.mul(f32x4.sub(f32x4.mul(gradient, gradient), v128.load(v + i)), b));
    v128.store(m + i, mean);
    v128.store(v + i, square);
    v128.store(w + i, f32x4.sub(v128.load(w + i), f32x4.div(f32x4.mul(rate, mean), f32x4.add(f32x4.sqrt(square), e))));
  }
  for (; i < end; i += 4) {
    const gradient = f32x4.mul(loadOne(g + i), scale);
    const mean = f32x4.add(loadOne(m + i), f32x4.mul(f32x4.sub(gradient, loadOne(m + i)), a));
    const square = f32x4.add(loadOne(v + i), f32x4.mul(f32x4.sub(f32x4.mul(gradient, gradient), loadOne(v + i)), b));
    storeOne(m + i, mean);
    storeOne(v + i, square);
    storeOne(w + i, f32x4.sub(loadOne(w + i), f32x4.div(f32x4.mul(rate, mean), f32x4.add(f32x4.sqrt(square), e))));
  }
}
