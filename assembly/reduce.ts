import { blockEnd, blockStart, highDoubles, loadOne, lowDoubles, storeOne, sumDoubles } from "./simd/lanes";
import { State } from "./plan/ops";

/**
 * Op: joins partial sums in block order, so the result does not depend on which thread made which.
 *
 * out: [size]; partials: [count][stride], of which the first `size` are read.
 */
export function reducePartials(
  block: i32, scratch: usize, out: usize, partials: usize, size: i32, count: i32, stride: i32, blockSize: i32,
): void {
  let i = (<usize>blockStart(block, blockSize)) << 2;
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  const step = (<usize>stride) << 2;
  for (; i + 16 <= end; i += 16) {
    let sum = v128.load(partials + i);
    let next = partials + i;
    for (let p = 1; p < count; p++) sum = f32x4.add(sum, v128.load((next += step)));
    v128.store(out + i, sum);
  }
  for (; i < end; i += 4) {
    let sum = loadOne(partials + i);
    let next = partials + i;
    for (let p = 1; p < count; p++) sum = f32x4.add(sum, loadOne((next += step)));
    storeOne(out + i, sum);
  }
}

/** Op: partials [blocks][columns] = sums over `blockRows` rows of x [rows, columns]. The gradient of a bias. */
export function columnSums(block: i32, scratch: usize, partials: usize, x: usize, rows: i32, columns: i32, blockRows: i32): void {
  const bytes = (<usize>columns) << 2;
  const out = partials + <usize>block * bytes;
  memory.fill(out, 0, bytes);
  let row = blockStart(block, blockRows);
  const last = blockEnd(block, blockRows, rows);
  // four rows at a time, one after the other: a sum is read and written once for all of them
  for (; row + 4 <= last; row += 4) {
    const x0 = x + <usize>row * bytes, x1 = x0 + bytes, x2 = x1 + bytes, x3 = x2 + bytes;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      let sum = f32x4.add(v128.load(out + i), v128.load(x0 + i));
      sum = f32x4.add(sum, v128.load(x1 + i));
      sum = f32x4.add(sum, v128.load(x2 + i));
      v128.store(out + i, f32x4.add(sum, v128.load(x3 + i)));
    }
    for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(out + i) + load<f32>(x0 + i) + load<f32>(x1 + i) + load<f32>(x2 + i) + load<f32>(x3 + i));
  }
  for (; row < last; row++) {
    const source = x + <usize>row * bytes;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.add(v128.load(out + i), v128.load(source + i)));
    for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(out + i) + load<f32>(source + i));
  }
}

/** Op: partials f64 [blocks] = sums of squares of x [size]. */
export function sumOfSquares(block: i32, scratch: usize, partials: usize, x: usize, size: i32, blockSize: i32): void {
  let i = (<usize>blockStart(block, blockSize)) << 2;
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  let low = f64x2.splat(0), high = f64x2.splat(0);
  for (; i + 16 <= end; i += 16) {
    const value = v128.load(x + i);
    const first = lowDoubles(value), second = highDoubles(value);
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
  }
  const sums = f64x2.add(low, high);
  let sum = sumDoubles(sums);
  for (; i < end; i += 4) {
    const value = <f64>load<f32>(x + i);
    sum += value * value;
  }
  store<f64>(partials + ((<usize>block) << 3), sum);
}

/** Gradients of a larger norm have squares that are not finite in single precision: Adam would keep an infinity for ever. */
const LARGEST_NORM: f64 = 9223372036854775808.0;

/**
 * Op (one block): the global norm of all gradients, the scale that brings it to at most `maxNorm`, and whether the update overflows, into the
 * state. partials: f64 [count].
 */
export function clipByGlobalNorm(block: i32, scratch: usize, state: usize, partials: usize, count: i32, maxNorm: f32): void {
  let sum: f64 = 0;
  for (let p = 0; p < count; p++) sum += load<f64>(partials + ((<usize>p) << 3));
  const norm = Math.sqrt(sum);
  const clipped = norm > <f64>maxNorm;
  const length = clipped ? <f64>maxNorm : norm;
  store<f64>(state + State.gradientNorm, norm);
  store<f32>(state + State.gradientScale, clipped ? <f32>(<f64>maxNorm / norm) : 1);
  const fits = isFinite(norm) && length <= LARGEST_NORM && isFinite(<f32>(<f64>load<f32>(state + State.learningRate) * length));
  store<i32>(state + State.overflow, i32(!fits));
}
