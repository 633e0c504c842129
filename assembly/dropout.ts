import { threefry8 } from "./simd/random";
import { blockEnd, blockStart } from "./simd/lanes";
import { Kernel, State } from "./plan/ops";

/** Four lanes of all ones where the bit of a lane is set: bits 0 to 3, or 4 to 7 with `shift` 4. */
// @ts-ignore: decorator
@inline
function lanesOf(bits: v128, shift: i32): v128 {
  const each = i32x4(1 << shift, 2 << shift, 4 << shift, 8 << shift);
  return i32x4.eq(v128.and(bits, each), each);
}

/**
 * Op: y = x · mask, the mask 0 with probability rate and 1 / (1 - rate) otherwise; it depends on (key, step, element) alone.
 *
 * y, x: [size]; kept: a bit an element, set where it is kept, or address 0; threshold: rate · 2^16. An element takes 16 bits
 * of the generator, sixteen of them eight words; blockSize must be a multiple of 16. scratch: of the generator.
 */
export function dropout(
  block: i32, scratch: usize, y: usize, kept: usize, x: usize, state: usize, size: i32, blockSize: i32, key0: i32, key1: i32, threshold: i32,
  scale: f32,
): void {
  const step = load<u32>(state + State.step);
  const least = i16x8.splat(<i16>threshold), factor = f32x4.splat(scale);
  const end = blockEnd(block, blockSize, size);
  for (let i = blockStart(block, blockSize); i < end; ) {
    threefry8(scratch, key0, key1, <u32>i >> 2, step);
    for (let words = scratch; words < scratch + Kernel.randomBytes && i < end; words += 32) {
      const first = i16x8.ge_u(v128.load(words), least), second = i16x8.ge_u(v128.load(words, 16), least);
      if (kept != 0) store<u16>(kept + <usize>(i >> 3), <u16>(i16x8.bitmask(first) | (i16x8.bitmask(second) << 8)));
      const mask0 = v128.and(factor, i32x4.extend_low_i16x8_s(first)), mask1 = v128.and(factor, i32x4.extend_high_i16x8_s(first));
      const mask2 = v128.and(factor, i32x4.extend_low_i16x8_s(second)), mask3 = v128.and(factor, i32x4.extend_high_i16x8_s(second));
      const offset = (<usize>i) << 2;
      if (i + Kernel.randomGroup <= end) {
        v128.store(y + offset, f32x4.mul(v128.load(x + offset), mask0));
        v128.store(y + offset, f32x4.mul(v128.load(x + offset, 16), mask1), 16);
        v128.store(y + offset, f32x4.mul(v128.load(x + offset, 32), mask2), 32);
        v128.store(y + offset, f32x4.mul(v128.load(x + offset, 48), mask3), 48);
      } else {
        v128.store(words, first);
        v128.store(words, second, 16);
        for (let j = i; j < end; j++) {
          const at = (<usize>j) << 2;
          const keep = load<i16>(words + ((<usize>(j - i)) << 1)) != 0;
          store<f32>(y + at, load<f32>(x + at) * (keep ? scale : <f32>0));
        }
      }
      i += Kernel.randomGroup;
    }
  }
}

/** Op: dx = dy · mask, by the bits that `dropout` left. dx, dy: [size]; dx may be dy; blockSize must be a multiple of 8. */
export function dropoutBackward(block: i32, scratch: usize, dx: usize, dy: usize, kept: usize, size: i32, blockSize: i32, scale: f32): void {
  const factor = f32x4.splat(scale);
  const end = blockEnd(block, blockSize, size);
  let i = blockStart(block, blockSize);
  for (; i + 8 <= end; i += 8) {
    const bits = i32x4.splat(load<u8>(kept + <usize>(i >> 3)));
    const offset = (<usize>i) << 2;
    v128.store(dx + offset, f32x4.mul(v128.load(dy + offset), v128.and(factor, lanesOf(bits, 0))));
    v128.store(dx + offset, f32x4.mul(v128.load(dy + offset, 16), v128.and(factor, lanesOf(bits, 4))), 16);
  }
  for (; i < end; i++) {
    const at = (<usize>i) << 2;
    const keep = (<i32>load<u8>(kept + <usize>(i >> 3)) >> (i & 7)) & 1;
    store<f32>(dx + at, load<f32>(dy + at) * (keep ? scale : <f32>0));
  }
}
