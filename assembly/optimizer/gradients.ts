// What is done to gradients between the backward pass and the optimizer's rule.
import { State } from "../plan/ops";
import { blockEnd, blockStart, read, write } from "../simd/lanes";
import { isFiniteStep, moves } from "./step";

/**
 * Op: where weights move in this step, g = (sum + g) · share: the mean of the gradients kept and this one. Otherwise nothing.
 * g, sum: [size]; share: 1 / steps.
 */
export function averageGradients(block: i32, scratch: usize, g: usize, sum: usize, state: usize, size: i32, blockSize: i32, share: f32): void {
  if (load<i32>(state + State.held) != 0) return;
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    write(g + i, whole, f32x4.mul(f32x4.add(read(sum + i, whole), read(g + i, whole)), f32x4.splat(share)));
  }
}

/**
 * Op: after a step whose gradients are only kept, sum += g; after one in which weights moved, sum = 0. Nothing if the step is not finite.
 * sum, g: [size].
 */
export function keepGradients(block: i32, scratch: usize, sum: usize, g: usize, state: usize, size: i32, blockSize: i32): void {
  if (!isFiniteStep(state)) return;
  const moved = moves(state);
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    write(sum + i, whole, moved ? f32x4.splat(0) : f32x4.add(read(sum + i, whole), read(g + i, whole)));
  }
}

/**
 * Op: the gradient of one weight, scaled so that its norm is at most `maxNorm`, where weights move in this step.
 * g: [size]; partials: f64 [count], sums of its squares.
 */
export function clipByNorm(
  block: i32, scratch: usize, g: usize, partials: usize, state: usize, size: i32, blockSize: i32, count: i32, maxNorm: f32,
): void {
  if (load<i32>(state + State.held) != 0) return;
  let sum: f64 = 0;
  for (let p = 0; p < count; p++) sum += load<f64>(partials + ((<usize>p) << 3));
  const norm = Math.sqrt(sum);
  if (norm <= <f64>maxNorm) return; // a norm that is not a number goes on, and the step is refused
  const scale = f32x4.splat(<f32>(<f64>maxNorm / norm));
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    write(g + i, whole, f32x4.mul(read(g + i, whole), scale));
  }
}

/**
 * Op: the penalty l1 · Σ|w| + l2 · Σw² of one weight, and its gradient l1 · sign w + 2 · l2 · w added to g.
 * g, w: [size]; g may be address 0; partials: f64 [blocks], the penalty of each block.
 */
export function regularize(block: i32, scratch: usize, g: usize, partials: usize, w: usize, size: i32, blockSize: i32, l1: f32, l2: f32): void {
  let absolute: f64 = 0, squares: f64 = 0;
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += 4) {
    const weight = load<f32>(w + i);
    absolute += <f64>abs(weight);
    squares += <f64>weight * <f64>weight;
    if (g == 0) continue;
    const sign: f32 = weight > 0 ? l1 : weight < 0 ? -l1 : 0;
    store<f32>(g + i, load<f32>(g + i) + (sign + 2 * l2 * weight));
  }
  store<f64>(partials + ((<usize>block) << 3), <f64>l1 * absolute + <f64>l2 * squares);
}

/** Op (one block): adds penalties to the loss of the batch. partials: f64 [count]. */
export function addPenalty(block: i32, scratch: usize, state: usize, partials: usize, count: i32): void {
  let sum = load<f64>(state + State.batchLoss);
  for (let p = 0; p < count; p++) sum += load<f64>(partials + ((<usize>p) << 3));
  store<f64>(state + State.batchLoss, sum);
}
