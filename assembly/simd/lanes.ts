// Lane helpers shared by the kernels.

/** acc + a·b: fused where the build allows it. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(acc: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, acc) : f32x4.add(acc, f32x4.mul(a, b));
}

/** Byte i of the result is byte at[i] of x. at[i] is below 16, or over 127, which gives 0: in this range both builds give the same. */
// @ts-ignore: decorator
@inline
export function selectBytes(x: v128, at: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(x, at) : i8x16.swizzle(x, at);
}

/** Sum of the four lanes, always in the order (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2) + (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3));
}

/** One float in lane 0, zeros in the others: lets a tail run through the code of the vectors. */
// @ts-ignore: decorator
@inline
export function loadOne(address: usize): v128 {
  return v128.load32_zero(address);
}

// @ts-ignore: decorator
@inline
export function storeOne(address: usize, x: v128): void {
  v128.store_lane<f32>(address, x, 0);
}

/** Four floats `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function loadStrided(address: usize, step: usize): v128 {
  let x = v128.load32_zero(address);
  x = v128.load32_lane(address + step, x, 1);
  x = v128.load32_lane(address + 2 * step, x, 2);
  return v128.load32_lane(address + 3 * step, x, 3);
}

/** Four floats, or in a tail one. */
// @ts-ignore: decorator
@inline
export function read(address: usize, whole: bool): v128 {
  return whole ? v128.load(address) : loadOne(address);
}

// @ts-ignore: decorator
@inline
export function write(address: usize, whole: bool, x: v128): void {
  if (whole) v128.store(address, x);
  else storeOne(address, x);
}

/** The first two floats as doubles. */
// @ts-ignore: decorator
@inline
export function lowDoubles(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

/** The last two floats as doubles. */
// @ts-ignore: decorator
@inline
export function highDoubles(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1));
}

// @ts-ignore: decorator
@inline
export function sumDoubles(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** First element of a block of an element-wise kernel. */
// @ts-ignore: decorator
@inline
export function blockStart(block: i32, blockSize: i32): i32 {
  return block * blockSize;
}

/** End (exclusive) of a block of an element-wise kernel. */
// @ts-ignore: decorator
@inline
export function blockEnd(block: i32, blockSize: i32, size: i32): i32 {
  return min((block + 1) * blockSize, size);
}
