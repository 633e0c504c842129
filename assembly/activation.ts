import { sigmoid4, tanh4 } from "./simd/math";
import { blockEnd, blockStart, loadOne, storeOne } from "./simd/lanes";
import { Activation } from "./plan/ops";

/** f(x) of an activation. */
// @ts-ignore: decorator
@inline
export function forward(x: v128, kind: i32): v128 {
  if (kind == Activation.relu) return f32x4.pmax(x, f32x4.splat(0)); // x < 0 ? 0 : x, so NaN stays NaN
  if (kind == Activation.tanh) return tanh4(x);
  if (kind == Activation.sigmoid) return sigmoid4(x);
  return x;
}

/** f'(x) · dy, from y = f(x). */
// @ts-ignore: decorator
@inline
export function backward(dy: v128, y: v128, kind: i32): v128 {
  const one = f32x4.splat(1);
  if (kind == Activation.relu) return v128.and(dy, f32x4.gt(y, f32x4.splat(0)));
  if (kind == Activation.tanh) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(y, y)));
  if (kind == Activation.sigmoid) return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(one, y)));
  return dy;
}

// @ts-ignore: decorator
@inline
function mapForward(y: usize, x: usize, count: i32, kind: i32): void {
  let i: usize = 0;
  const vectors = (<usize>(count & ~3)) << 2, end = (<usize>count) << 2;
  for (; i + 64 <= vectors; i += 64) { // V8 builds the constants of an activation anew every turn: four vectors share them
    const p = x + i, q = y + i;
    const a = v128.load(p), b = v128.load(p, 16), c = v128.load(p, 32), d = v128.load(p, 48);
    v128.store(q, forward(a, kind));
    v128.store(q, forward(b, kind), 16);
    v128.store(q, forward(c, kind), 32);
    v128.store(q, forward(d, kind), 48);
  }
  for (; i < vectors; i += 16) v128.store(y + i, forward(v128.load(x + i), kind));
  for (; i < end; i += 4) storeOne(y + i, forward(loadOne(x + i), kind));
}

// @ts-ignore: decorator
@inline
function mapBackward(dx: usize, dy: usize, y: usize, count: i32, kind: i32): void {
  let i: usize = 0;
  const vectors = (<usize>(count & ~3)) << 2, end = (<usize>count) << 2;
  for (; i < vectors; i += 16) v128.store(dx + i, backward(v128.load(dy + i), v128.load(y + i), kind));
  for (; i < end; i += 4) storeOne(dx + i, backward(loadOne(dy + i), loadOne(y + i), kind));
}

/** y[i] = f(x[i]) for `count` floats; y may be x. */
export function activate(y: usize, x: usize, count: i32, kind: i32): void {
  if (kind == Activation.relu) mapForward(y, x, count, Activation.relu);
  else if (kind == Activation.tanh) mapForward(y, x, count, Activation.tanh);
  else if (kind == Activation.sigmoid) mapForward(y, x, count, Activation.sigmoid);
  else if (y != x) memory.copy(y, x, (<usize>count) << 2);
}

/** dx[i] = f'(x[i]) · dy[i], from y = f(x); dx may be dy. */
export function activateBackward(dx: usize, dy: usize, y: usize, count: i32, kind: i32): void {
  if (kind == Activation.relu) mapBackward(dx, dy, y, count, Activation.relu);
  else if (kind == Activation.tanh) mapBackward(dx, dy, y, count, Activation.tanh);
  else if (kind == Activation.sigmoid) mapBackward(dx, dy, y, count, Activation.sigmoid);
  else if (dx != dy) memory.copy(dx, dy, (<usize>count) << 2);
}

/** Op: y = f(x). y, x: [size]. */
export function activationForward(block: i32, scratch: usize, y: usize, x: usize, size: i32, blockSize: i32, kind: i32): void {
  const start = blockStart(block, blockSize);
  const offset = (<usize>start) << 2;
  activate(y + offset, x + offset, blockEnd(block, blockSize, size) - start, kind);
}

/** Op: dx = f'(x) · dy. dx, dy, y: [size]. */
export function activationBackward(
  block: i32, scratch: usize, dx: usize, dy: usize, y: usize, size: i32, blockSize: i32, kind: i32,
): void {
  const start = blockStart(block, blockSize);
  const offset = (<usize>start) << 2;
  activateBackward(dx + offset, dy + offset, y + offset, blockEnd(block, blockSize, size) - start, kind);
}

/** Op: y = scale · x + offset. y, x: [size]. */
export function affine(block: i32, scratch: usize, y: usize, x: usize, size: i32, blockSize: i32, scale: f32, offset: f32): void {
  const s = f32x4.splat(scale), o = f32x4.splat(offset);
  let i = (<usize>blockStart(block, blockSize)) << 2;
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  for (; i + 16 <= end; i += 16) v128.store(y + i, f32x4.add(f32x4.mul(v128.load(x + i), s), o));
  for (; i < end; i += 4) storeOne(y + i, f32x4.add(f32x4.mul(loadOne(x + i), s), o));
}
