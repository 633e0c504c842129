// Sums over the rows of a matrix for each column, in double precision: what batch normalisation needs forward and backward. A few columns at a time
// go through all rows of a block, so that their sums stay in registers while the block stays in the cache.
import { scaleOf, shiftOf, throughRelu } from "./batch";
import { blockEnd, blockStart, highDoubles, lowDoubles } from "../simd/lanes";

/** Op: partials f64 [blocks][2][columns] = sums over a block's rows of x and of x². x: [rows, columns]. */
export function columnMoments(block: i32, scratch: usize, partials: usize, x: usize, rows: i32, columns: i32, blockRows: i32): void {
  const bytes = (<usize>columns) << 2;
  const first = x + <usize>blockStart(block, blockRows) * bytes, end = x + <usize>blockEnd(block, blockRows, rows) * bytes;
  const sums = partials + <usize>block * (bytes << 2), squares = sums + (bytes << 1);
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) {
    let s0 = f64x2.splat(0), s1 = s0, q0 = s0, q1 = s0;
    for (let p = first + c; p < end; p += bytes) {
      const v = v128.load(p);
      const a = lowDoubles(v), b = highDoubles(v);
      s0 = f64x2.add(s0, a); s1 = f64x2.add(s1, b);
      q0 = f64x2.add(q0, f64x2.mul(a, a)); q1 = f64x2.add(q1, f64x2.mul(b, b));
    }
    v128.store(sums + (c << 1), s0); v128.store(sums + (c << 1), s1, 16);
    v128.store(squares + (c << 1), q0); v128.store(squares + (c << 1), q1, 16);
  }
  for (; c < bytes; c += 4) {
    let s: f64 = 0, q: f64 = 0;
    for (let p = first + c; p < end; p += bytes) {
      const a = <f64>load<f32>(p);
      s += a;
      q += a * a;
    }
    store<f64>(sums + (c << 1), s);
    store<f64>(squares + (c << 1), q);
  }
}

/**
 * Op: partials f64 [blocks][2][columns] = sums over a block's rows of dy and of dy · x̂, x̂ = (x - mean) / deviation.
 * dy, x: [rows, columns]; moments: [3][columns], mean, variance and 1 / deviation. With `relu` dy is the gradient behind a ReLU of gamma · x̂ + beta.
 */
export function columnGradients(
  block: i32, scratch: usize, partials: usize, dy: usize, x: usize, moments: usize, gamma: usize, beta: usize,
  rows: i32, columns: i32, blockRows: i32, relu: i32,
): void {
  const bytes = (<usize>columns) << 2;
  const start = <usize>blockStart(block, blockRows) * bytes, end = <usize>blockEnd(block, blockRows, rows) * bytes;
  const sums = partials + <usize>block * (bytes << 2), products = sums + (bytes << 1);
  const inverses = moments + (bytes << 1);
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) {
    const mean = v128.load(moments + c), inverse = v128.load(inverses + c);
    const scale = scaleOf(inverses, gamma, c, true), shift = shiftOf(beta, c, true);
    let s0 = f64x2.splat(0), s1 = s0, q0 = s0, q1 = s0;
    for (let i = start + c; i < end; i += bytes) {
      const value = v128.load(x + i), n = f32x4.mul(f32x4.sub(value, mean), inverse);
      let g = v128.load(dy + i);
      if (relu) g = throughRelu(g, value, mean, scale, shift);
      const a = lowDoubles(g), b = highDoubles(g);
      s0 = f64x2.add(s0, a); s1 = f64x2.add(s1, b);
      q0 = f64x2.add(q0, f64x2.mul(a, lowDoubles(n))); q1 = f64x2.add(q1, f64x2.mul(b, highDoubles(n)));
    }
    v128.store(sums + (c << 1), s0); v128.store(sums + (c << 1), s1, 16);
    v128.store(products + (c << 1), q0); v128.store(products + (c << 1), q1, 16);
  }
  for (; c < bytes; c += 4) {
    const mean = load<f32>(moments + c), inverse = load<f32>(inverses + c);
    const scale = gamma == 0 ? inverse : inverse * load<f32>(gamma + c), shift: f32 = beta == 0 ? 0 : load<f32>(beta + c);
    let s: f64 = 0, q: f64 = 0;
    for (let i = start + c; i < end; i += bytes) {
      const centred = load<f32>(x + i) - mean;
      const g: f64 = relu && !(centred * scale + shift > 0) ? 0 : <f64>load<f32>(dy + i);
      s += g;
      q += g * <f64>(centred * inverse);
    }
    store<f64>(sums + (c << 1), s);
    store<f64>(products + (c << 1), q);
  }
}
