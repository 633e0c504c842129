// What Muon (Jordan et al. 2024) does between its matrix products; src/optimizers/muon.ts lays out the whole.
import { State } from "../plan/ops";
import { blockEnd, blockStart, read, write } from "../simd/lanes";
import { decayed, gradientAt, moves, settle } from "./step";

/** Added to the square of a gradient's norm, so that a gradient of zeros moves nothing. */
const TINY: f64 = 1e-14;

/**
 * Op: m += (g - m)(1 - momentum), and g becomes what is to be orthogonalised: m, or `momentum` of the way from g to m (nesterov). Means,
 * where Keras has sums of the same direction: their squares are finite as those of gradients are. g, m: [size].
 */
export function muonMomentum(
  block: i32, scratch: usize, g: usize, m: usize, state: usize, size: i32, blockSize: i32, clipvalue: f32, momentum: f32, nesterov: i32,
): void {
  if (!moves(state)) return;
  const scale = f32x4.splat(load<f32>(state + State.gradientScale)), limit = f32x4.splat(clipvalue), gain = f32x4.splat(1 - momentum);
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    const gradient = gradientAt(g + i, whole, scale, limit);
    const oldMean = read(m + i, whole);
    const mean = f32x4.add(oldMean, f32x4.mul(f32x4.sub(gradient, oldMean), gain));
    write(m + i, whole, mean);
    write(g + i, whole, nesterov ? f32x4.add(mean, f32x4.mul(f32x4.sub(gradient, mean), gain)) : mean);
  }
}

/**
 * Op: where the iteration starts, for u of norm √trace(gram): a = gram / trace, and q, by which u is to be multiplied, = I / √trace.
 * a, q, gram: [n, n], gram = uᵀ · u. A block is a row.
 */
export function newtonSchulzStart(block: i32, scratch: usize, a: usize, q: usize, gram: usize, n: i32): void {
  let trace: f64 = TINY;
  for (let i = 0; i < n; i++) trace += <f64>load<f32>(gram + ((<usize>(i * n + i)) << 2));
  const scale = f32x4.splat(<f32>(1 / trace));
  const row = (<usize>(block * n)) << 2, end = row + ((<usize>n) << 2), vectors = row + ((<usize>(n & ~3)) << 2);
  for (let i = row; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    write(a + i, whole, f32x4.mul(read(gram + i, whole), scale));
    write(q + i, whole, f32x4.splat(0));
  }
  store<f32>(q + row + ((<usize>block) << 2), <f32>(1 / Math.sqrt(trace)));
}

/** Op: the polynomial p = c0 · I + c1 · a + c2 · p, where p came as a · a. p, a: [n, n]. A block is a row. */
export function newtonSchulzPolynomial(block: i32, scratch: usize, p: usize, a: usize, n: i32, c0: f32, c1: f32, c2: f32): void {
  const row = (<usize>(block * n)) << 2, end = row + ((<usize>n) << 2), vectors = row + ((<usize>(n & ~3)) << 2);
  for (let i = row; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    write(p + i, whole, f32x4.add(f32x4.mul(f32x4.splat(c1), read(a + i, whole)), f32x4.mul(f32x4.splat(c2), read(p + i, whole))));
  }
  const diagonal = p + row + ((<usize>block) << 2);
  store<f32>(diagonal, load<f32>(diagonal) + c0);
}

/** Op: w -= rate · scale · o, the rate as it is without corrections. w, o, average: [size]; average may be address 0. */
export function muonUpdate(
  block: i32, scratch: usize, w: usize, o: usize, average: usize, state: usize, size: i32, blockSize: i32, scale: f32,
): void {
  if (!moves(state)) return;
  const rate = f32x4.splat(load<f32>(state + State.plainRate) * scale);
  const decay = load<f32>(state + State.weightDecay), gain = load<f32>(state + State.averageGain);
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const vectors = end & ~15;
  for (let i = (<usize>blockStart(block, blockSize)) << 2; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    settle(w, average, i, whole, f32x4.sub(decayed(w + i, whole, decay), f32x4.mul(rate, read(o + i, whole))), gain);
  }
}
