// Layer normalization: each row by its own mean and variance. Sums are in double precision, in an order that only the row's length decides.
import { blockEnd, blockStart, highDoubles, lowDoubles, read, sumDoubles, write } from "../simd/lanes";

/** Σ x in a row of `bytes`. */
function rowSum(x: usize, bytes: usize): f64 {
  let a = f64x2.splat(0), b = a;
  for (let i: usize = 0, vectors = bytes & ~15; i < bytes; i += i < vectors ? 16 : 4) {
    const value = read(x + i, i < vectors);
    a = f64x2.add(a, lowDoubles(value));
    b = f64x2.add(b, highDoubles(value));
  }
  return sumDoubles(f64x2.add(a, b));
}

/** Σ (x - mean)² in a row of `bytes`. */
function rowSquares(x: usize, bytes: usize, mean: f64): f64 {
  const middle = f64x2.splat(mean);
  let a = f64x2.splat(0), b = a;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const value = v128.load(x + i);
    const p = f64x2.sub(lowDoubles(value), middle), q = f64x2.sub(highDoubles(value), middle);
    a = f64x2.add(a, f64x2.mul(p, p));
    b = f64x2.add(b, f64x2.mul(q, q));
  }
  let sum = sumDoubles(f64x2.add(a, b));
  for (; i < bytes; i += 4) {
    const p = <f64>load<f32>(x + i) - mean;
    sum += p * p;
  }
  return sum;
}

/**
 * Op: y = (x - mean) / √(variance + epsilon) · gamma + beta in each row, the variance biased.
 * y, x: [rows, columns]; statistics: [rows][2], mean and 1 / √(variance + epsilon); gamma, beta: [columns] or address 0.
 */
export function layerNormForward(
  block: i32, scratch: usize, y: usize, statistics: usize, x: usize, gamma: usize, beta: usize, rows: i32, columns: i32, blockRows: i32,
  epsilon: f32,
): void {
  const bytes = (<usize>columns) << 2, vectors = bytes & ~15;
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const from = x + <usize>row * bytes, to = y + <usize>row * bytes, kept = statistics + ((<usize>row) << 3);
    const mean = rowSum(from, bytes) / <f64>columns;
    const inverse = <f32>(1 / Math.sqrt(rowSquares(from, bytes, mean) / <f64>columns + <f64>epsilon));
    store<f32>(kept, <f32>mean);
    store<f32>(kept + 4, inverse);
    const middle = f32x4.splat(<f32>mean), factor = f32x4.splat(inverse);
    for (let i: usize = 0; i < bytes; i += i < vectors ? 16 : 4) {
      const whole = i < vectors;
      let value = f32x4.mul(f32x4.sub(read(from + i, whole), middle), factor);
      if (gamma != 0) value = f32x4.mul(value, read(gamma + i, whole));
      if (beta != 0) value = f32x4.add(value, read(beta + i, whole));
      write(to + i, whole, value);
    }
  }
}

/**
 * Op: with g = dy · gamma and n = (x - mean) / σ: dx = (g - mean g - n · mean(g·n)) / σ in each row.
 * dx, dy, x: [rows, columns]; statistics: [rows][2] as layerNormForward left them; gamma: [columns] or address 0.
 */
export function layerNormBackwardInput(
  block: i32, scratch: usize, dx: usize, dy: usize, x: usize, statistics: usize, gamma: usize, rows: i32, columns: i32, blockRows: i32,
): void {
  const bytes = (<usize>columns) << 2, vectors = bytes & ~15;
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const offset = <usize>row * bytes, kept = statistics + ((<usize>row) << 3);
    const middle = v128.load32_splat(kept), inverse = v128.load32_splat(kept + 4);
    let sums = f64x2.splat(0), products = sums;
    for (let i: usize = 0; i < bytes; i += i < vectors ? 16 : 4) {
      const whole = i < vectors;
      let g = read(dy + offset + i, whole);
      if (gamma != 0) g = f32x4.mul(g, read(gamma + i, whole));
      // a tail's other lanes have g = 0
      const value = whole ? v128.load(x + offset + i) : v128.load32_splat(x + offset + i);
      const gn = f32x4.mul(g, f32x4.mul(f32x4.sub(value, middle), inverse));
      sums = f64x2.add(sums, f64x2.add(lowDoubles(g), highDoubles(g)));
      products = f64x2.add(products, f64x2.add(lowDoubles(gn), highDoubles(gn)));
    }
    const meanG = f32x4.splat(<f32>(sumDoubles(sums) / <f64>columns)), meanGn = f32x4.splat(<f32>(sumDoubles(products) / <f64>columns));
    for (let i: usize = 0; i < bytes; i += i < vectors ? 16 : 4) {
      const whole = i < vectors;
      let g = read(dy + offset + i, whole);
      if (gamma != 0) g = f32x4.mul(g, read(gamma + i, whole));
      const n = f32x4.mul(f32x4.sub(read(x + offset + i, whole), middle), inverse);
      write(dx + offset + i, whole, f32x4.mul(inverse, f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(n, meanGn))));
    }
  }
}

/**
 * Op: partials [blocks][columns] = sums over `blockRows` rows of dy · (x - mean) / σ: the gradient of gamma.
 * dy, x: [rows, columns]; statistics: [rows][2] as layerNormForward left them.
 */
export function layerNormBackwardGamma(
  block: i32, scratch: usize, partials: usize, dy: usize, x: usize, statistics: usize, rows: i32, columns: i32, blockRows: i32,
): void {
  const bytes = (<usize>columns) << 2, vectors = bytes & ~15;
  const out = partials + <usize>block * bytes;
  memory.fill(out, 0, bytes);
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const offset = <usize>row * bytes, kept = statistics + ((<usize>row) << 3);
    const middle = v128.load32_splat(kept), inverse = v128.load32_splat(kept + 4);
    for (let i: usize = 0; i < bytes; i += i < vectors ? 16 : 4) {
      const whole = i < vectors;
      const n = f32x4.mul(f32x4.sub(read(x + offset + i, whole), middle), inverse);
      write(out + i, whole, f32x4.add(read(out + i, whole), f32x4.mul(read(dy + offset + i, whole), n)));
    }
  }
}
