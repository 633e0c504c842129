import { erf4, exp4, expm1Below4, sigmoid4, softplus4, tanh4 } from "./simd/math";
import { blockEnd, blockStart, loadOne, read, storeOne, write } from "./simd/lanes";
import { Activation } from "./plan/ops";

// √½, 1/√(2π), and the two factors of the approximation of gelu: √(2/π) and 0.044715 of it
const SQRT_HALF: f32 = 0.707106769;
const NORMAL_DENSITY: f32 = 0.398942292;
const GELU_LINEAR: f32 = 0.797884583;
const GELU_CUBIC: f32 = 0.0356774069;
/** Slopes of the two hard sigmoids: that of Keras 3, and that of TensorFlow.js and of Keras before. */
const HARD_SLOPE: f32 = 0.16666667;
const HARD_SLOPE_TFJS: f32 = 0.2;
/** From here on the derivatives of both forms of gelu are 0 and 1 to the last bit. */
const GELU_FLAT: f32 = 16;

/** f(x) of an activation. alpha: the slope below 0 of leakyRelu, the depth of elu; others do not look at it. */
// @ts-ignore: decorator
@inline
export function forward(x: v128, kind: i32, alpha: f32 = 0): v128 {
  const zero = f32x4.splat(0), one = f32x4.splat(1), half = f32x4.splat(0.5);
  if (kind == Activation.relu) return f32x4.pmax(x, zero); // x < 0 ? 0 : x, so NaN stays NaN
  if (kind == Activation.tanh) return tanh4(x);
  if (kind == Activation.sigmoid) return sigmoid4(x);
  if (kind == Activation.leakyRelu) return v128.bitselect(x, f32x4.mul(x, f32x4.splat(alpha)), f32x4.gt(x, zero));
  if (kind == Activation.elu) return v128.bitselect(x, f32x4.mul(expm1Below4(x), f32x4.splat(alpha)), f32x4.gt(x, zero));
  if (kind == Activation.gelu) return f32x4.mul(f32x4.mul(half, x), f32x4.add(one, erf4(f32x4.mul(x, f32x4.splat(SQRT_HALF)))));
  if (kind == Activation.geluTanh) return f32x4.mul(f32x4.mul(half, x), f32x4.add(one, tanh4(geluArgument(x))));
  if (kind == Activation.silu) return f32x4.mul(x, sigmoid4(x));
  if (kind == Activation.softplus) return softplus4(x);
  if (kind == Activation.hardSigmoid) return hardSigmoid(x, HARD_SLOPE);
  if (kind == Activation.hardSigmoidTfjs) return hardSigmoid(x, HARD_SLOPE_TFJS);
  return x;
}

/** slope · x + ½ between 0 and 1; NaN stays NaN. */
// @ts-ignore: decorator
@inline
function hardSigmoid(x: v128, slope: f32): v128 {
  const line = f32x4.add(f32x4.mul(x, f32x4.splat(slope)), f32x4.splat(0.5));
  return f32x4.pmin(f32x4.pmax(line, f32x4.splat(0)), f32x4.splat(1));
}

/** slope · dy where y is neither 0 nor 1. */
// @ts-ignore: decorator
@inline
function hardSigmoidBackward(dy: v128, y: v128, slope: f32): v128 {
  const open = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, f32x4.splat(1)));
  return v128.and(f32x4.mul(dy, f32x4.splat(slope)), open);
}

/** √(2/π)·(x + 0.044715·x³) */
// @ts-ignore: decorator
@inline
function geluArgument(x: v128): v128 {
  return f32x4.mul(x, f32x4.add(f32x4.mul(f32x4.mul(x, x), f32x4.splat(GELU_CUBIC)), f32x4.splat(GELU_LINEAR)));
}

/** f'(x) · dy, from z = f(x); or from z = x where f is gelu, geluTanh or silu, whose slope y does not tell. */
// @ts-ignore: decorator
@inline
export function backward(dy: v128, z: v128, kind: i32, alpha: f32 = 0): v128 {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  if (kind == Activation.relu) return v128.and(dy, f32x4.gt(z, zero));
  if (kind == Activation.tanh) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(z, z)));
  if (kind == Activation.sigmoid) return f32x4.mul(dy, f32x4.mul(z, f32x4.sub(one, z)));
  if (kind == Activation.leakyRelu) return f32x4.mul(dy, v128.bitselect(one, f32x4.splat(alpha), f32x4.gt(z, zero)));
  if (kind == Activation.elu) return f32x4.mul(dy, v128.bitselect(one, f32x4.add(z, f32x4.splat(alpha)), f32x4.gt(z, zero)));
  if (kind == Activation.gelu) return f32x4.mul(dy, geluSlope(z));
  if (kind == Activation.geluTanh) return f32x4.mul(dy, geluTanhSlope(z));
  if (kind == Activation.silu) {
    const s = sigmoid4(z);
    return f32x4.mul(dy, f32x4.mul(s, f32x4.add(one, f32x4.mul(z, f32x4.sub(one, s)))));
  }
  if (kind == Activation.softplus) return f32x4.mul(dy, f32x4.neg(expm1Below4(f32x4.neg(z)))); // sigmoid x = 1 - e^-y
  if (kind == Activation.hardSigmoid) return hardSigmoidBackward(dy, z, HARD_SLOPE);
  if (kind == Activation.hardSigmoidTfjs) return hardSigmoidBackward(dy, z, HARD_SLOPE_TFJS);
  return dy;
}

/** Φ(x) + x·φ(x), the normal distribution and its density. */
// @ts-ignore: decorator
@inline
function geluSlope(z: v128): v128 {
  const half = f32x4.splat(0.5);
  const x = f32x4.pmax(f32x4.pmin(z, f32x4.splat(GELU_FLAT)), f32x4.splat(-GELU_FLAT));
  const distribution = f32x4.mul(half, f32x4.add(f32x4.splat(1), erf4(f32x4.mul(x, f32x4.splat(SQRT_HALF)))));
  const density = f32x4.mul(exp4(f32x4.neg(f32x4.mul(half, f32x4.mul(x, x)))), f32x4.splat(NORMAL_DENSITY));
  return f32x4.add(distribution, f32x4.mul(x, density));
}

/** ½(1 + t) + ½x·(1 - t²)·√(2/π)·(1 + 3·0.044715·x²), t the hyperbolic tangent of `geluArgument`. */
// @ts-ignore: decorator
@inline
function geluTanhSlope(z: v128): v128 {
  const half = f32x4.splat(0.5), one = f32x4.splat(1);
  const x = f32x4.pmax(f32x4.pmin(z, f32x4.splat(GELU_FLAT)), f32x4.splat(-GELU_FLAT));
  const t = tanh4(geluArgument(x));
  const inner = f32x4.add(f32x4.mul(f32x4.mul(x, x), f32x4.splat(3 * GELU_CUBIC)), f32x4.splat(GELU_LINEAR));
  const slope = f32x4.mul(f32x4.mul(f32x4.mul(half, x), f32x4.sub(one, f32x4.mul(t, t))), inner);
  return f32x4.add(f32x4.mul(half, f32x4.add(one, t)), slope);
}

// @ts-ignore: decorator
@inline
function mapForward(y: usize, x: usize, count: i32, kind: i32, alpha: f32): void {
  let i: usize = 0;
  const end = (<usize>count) << 2;
  for (; i + 64 <= end; i += 64) { // V8 builds the constants of an activation anew every turn: four vectors share them
    const p = x + i, q = y + i;
    const a = v128.load(p), b = v128.load(p, 16), c = v128.load(p, 32), d = v128.load(p, 48);
    v128.store(q, forward(a, kind, alpha));
    v128.store(q, forward(b, kind, alpha), 16);
    v128.store(q, forward(c, kind, alpha), 32);
    v128.store(q, forward(d, kind, alpha), 48);
  }
  while (i < end) {
    const whole = i + 16 <= end;
    write(y + i, whole, forward(read(x + i, whole), kind, alpha));
    i += whole ? 16 : 4;
  }
}

// @ts-ignore: decorator
@inline
function mapBackward(dx: usize, dy: usize, z: usize, count: i32, kind: i32, alpha: f32): void {
  let i: usize = 0;
  const vectors = (<usize>(count & ~3)) << 2, end = (<usize>count) << 2;
  for (; i < vectors; i += 16) v128.store(dx + i, backward(v128.load(dy + i), v128.load(z + i), kind, alpha));
  for (; i < end; i += 4) storeOne(dx + i, backward(loadOne(dy + i), loadOne(z + i), kind, alpha));
}

/** y[i] = f(x[i]) for `count` floats; y may be x. */
export function activate(y: usize, x: usize, count: i32, kind: i32, alpha: f32 = 0): void {
  if (kind == Activation.relu) mapForward(y, x, count, Activation.relu, alpha);
  else if (kind == Activation.tanh) mapForward(y, x, count, Activation.tanh, alpha);
  else if (kind == Activation.sigmoid) mapForward(y, x, count, Activation.sigmoid, alpha);
  else if (kind == Activation.leakyRelu) mapForward(y, x, count, Activation.leakyRelu, alpha);
  else if (kind == Activation.elu) mapForward(y, x, count, Activation.elu, alpha);
  else if (kind == Activation.gelu) mapForward(y, x, count, Activation.gelu, alpha);
  else if (kind == Activation.geluTanh) mapForward(y, x, count, Activation.geluTanh, alpha);
  else if (kind == Activation.silu) mapForward(y, x, count, Activation.silu, alpha);
  else if (kind == Activation.softplus) mapForward(y, x, count, Activation.softplus, alpha);
  else if (kind == Activation.hardSigmoid) mapForward(y, x, count, Activation.hardSigmoid, alpha);
  else if (kind == Activation.hardSigmoidTfjs) mapForward(y, x, count, Activation.hardSigmoidTfjs, alpha);
  else if (y != x) memory.copy(y, x, (<usize>count) << 2);
}

/** dx[i] = f'(x[i]) · dy[i], from z as `backward` takes it; dx may be dy. */
export function activateBackward(dx: usize, dy: usize, z: usize, count: i32, kind: i32, alpha: f32 = 0): void {
  if (kind == Activation.relu) mapBackward(dx, dy, z, count, Activation.relu, alpha);
  else if (kind == Activation.tanh) mapBackward(dx, dy, z, count, Activation.tanh, alpha);
  else if (kind == Activation.sigmoid) mapBackward(dx, dy, z, count, Activation.sigmoid, alpha);
  else if (kind == Activation.leakyRelu) mapBackward(dx, dy, z, count, Activation.leakyRelu, alpha);
  else if (kind == Activation.elu) mapBackward(dx, dy, z, count, Activation.elu, alpha);
  else if (kind == Activation.gelu) mapBackward(dx, dy, z, count, Activation.gelu, alpha);
  else if (kind == Activation.geluTanh) mapBackward(dx, dy, z, count, Activation.geluTanh, alpha);
  else if (kind == Activation.silu) mapBackward(dx, dy, z, count, Activation.silu, alpha);
  else if (kind == Activation.softplus) mapBackward(dx, dy, z, count, Activation.softplus, alpha);
  else if (kind == Activation.hardSigmoid) mapBackward(dx, dy, z, count, Activation.hardSigmoid, alpha);
  else if (kind == Activation.hardSigmoidTfjs) mapBackward(dx, dy, z, count, Activation.hardSigmoidTfjs, alpha);
  else if (dx != dy) memory.copy(dx, dy, (<usize>count) << 2);
}

/** Op: y = f(x). y, x: [size]. */
export function activationForward(
  block: i32, scratch: usize, y: usize, x: usize, size: i32, blockSize: i32, kind: i32, alpha: f32 = 0,
): void {
  const start = blockStart(block, blockSize);
  const offset = (<usize>start) << 2;
  activate(y + offset, x + offset, blockEnd(block, blockSize, size) - start, kind, alpha);
}

/** Op: dx = f'(x) · dy. dx, dy: [size]; z: [size], f(x), or x where f is gelu, geluTanh or silu. */
export function activationBackward(
  block: i32, scratch: usize, dx: usize, dy: usize, z: usize, size: i32, blockSize: i32, kind: i32, alpha: f32 = 0,
): void {
  const start = blockStart(block, blockSize);
  const offset = (<usize>start) << 2;
  activateBackward(dx + offset, dy + offset, z + offset, blockEnd(block, blockSize, size) - start, kind, alpha);
}

/** Op: y = scale · x + offset. y, x: [size]. */
export function affine(block: i32, scratch: usize, y: usize, x: usize, size: i32, blockSize: i32, scale: f32, offset: f32): void {
  const s = f32x4.splat(scale), o = f32x4.splat(offset);
  let i = (<usize>blockStart(block, blockSize)) << 2;
  const end = (<usize>blockEnd(block, blockSize, size)) << 2;
  for (; i + 16 <= end; i += 16) v128.store(y + i, f32x4.add(f32x4.mul(v128.load(x + i), s), o));
  for (; i < end; i += 4) storeOne(y + i, f32x4.add(f32x4.mul(loadOne(x + i), s), o));
}
