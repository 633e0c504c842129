// Sums over the rows of a matrix for each column, in double precision: what batch normalisation needs forward and backward. Rows are taken as they lie;
// the sums stay in the nearest cache.
import { prepareColumns, throughRelu } from "./batch";
import { blockEnd, blockStart, highDoubles, loadOne, lowDoubles, read } from "../simd/lanes";

/** Op: partials f64 [blocks][2][columns] = sums over a block's rows of x and of x². x: [rows, columns]. */
export function columnMoments(block: i32, scratch: usize, partials: usize, x: usize, rows: i32, columns: i32, blockRows: i32): void {
  const bytes = (<usize>columns) << 2, vectors = bytes & ~15;
  const sums = partials + <usize>block * (bytes << 2), squares = sums + (bytes << 1);
  memory.fill(sums, 0, bytes << 2);
  for (let i = x + <usize>blockStart(block, blockRows) * bytes, end = x + <usize>blockEnd(block, blockRows, rows) * bytes; i < end; i += bytes) {
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      const value = v128.load(i + c);
      addUp(sums, squares, c, true, value, value);
    }
    for (; c < bytes; c += 4) {
      const value = loadOne(i + c);
      addUp(sums, squares, c, false, value, value);
    }
  }
}

/**
 * Op: partials f64 [blocks][2][columns] = sums over a block's rows of dy and of dy · x̂, x̂ = (x - mean) / deviation.
 * dy, x: [rows, columns]; moments: [3][columns], mean, variance and 1 / deviation. With `relu` dy is the gradient behind a ReLU of gamma · x̂ + beta.
 * scratch: [2][columns].
 */
export function columnGradients(
  block: i32, scratch: usize, partials: usize, dy: usize, x: usize, moments: usize, gamma: usize, beta: usize,
  rows: i32, columns: i32, blockRows: i32, relu: i32,
): void {
  const bytes = (<usize>columns) << 2, vectors = bytes & ~15;
  const sums = partials + <usize>block * (bytes << 2);
  memory.fill(sums, 0, bytes << 2);
  prepareColumns(scratch, moments + (bytes << 1), gamma, beta, bytes);
  for (let i = <usize>blockStart(block, blockRows) * bytes, end = <usize>blockEnd(block, blockRows, rows) * bytes; i < end; i += bytes) {
    let c: usize = 0;
    for (; c < vectors; c += 16) addGradient(sums, dy + i, x + i, moments, scratch, bytes, c, true, relu);
    for (; c < bytes; c += 4) addGradient(sums, dy + i, x + i, moments, scratch, bytes, c, false, relu);
  }
}

// @ts-ignore: decorator
@inline
function addGradient(sums: usize, dy: usize, x: usize, moments: usize, prepared: usize, bytes: usize, c: usize, whole: bool, relu: i32): void {
  const value = read(x + c, whole), mean = read(moments + c, whole);
  let gradient = read(dy + c, whole);
  if (relu) gradient = throughRelu(gradient, value, mean, read(prepared + c, whole), read(prepared + bytes + c, whole));
  addUp(sums, sums + (bytes << 1), c, whole, gradient, f32x4.mul(f32x4.sub(value, mean), read(moments + (bytes << 1) + c, whole)));
}

/** sums += value and products += value · factor for the columns at byte `c`, in doubles. */
// @ts-ignore: decorator
@inline
function addUp(sums: usize, products: usize, c: usize, whole: bool, value: v128, factor: v128): void {
  sums += c << 1;
  products += c << 1;
  const low = lowDoubles(value), lowProduct = f64x2.mul(low, lowDoubles(factor));
  if (whole) {
    const high = highDoubles(value);
    v128.store(sums, f64x2.add(v128.load(sums), low));
    v128.store(sums, f64x2.add(v128.load(sums, 16), high), 16);
    v128.store(products, f64x2.add(v128.load(products), lowProduct));
    v128.store(products, f64x2.add(v128.load(products, 16), f64x2.mul(high, highDoubles(factor))), 16);
  } else {
    store<f64>(sums, load<f64>(sums) + f64x2.extract_lane(low, 0));
    store<f64>(products, load<f64>(products) + f64x2.extract_lane(lowProduct, 0));
  }
}
