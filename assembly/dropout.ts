import { threefry4 } from "./simd/random";
import { blockEnd, blockStart } from "./simd/lanes";
import { Kernel, State } from "./plan/ops";

/** Four factors: `scale` where the top 24 bits of the word reach the threshold, else 0. */
// @ts-ignore: decorator
@inline
function factors(words: v128, threshold: v128, scale: v128): v128 {
  return v128.and(scale, i32x4.ge_s(i32x4.shr_u(words, 8), threshold));
}

/**
 * Op: y = x · mask, the mask 0 with probability rate and 1 / (1 - rate) otherwise. It depends on (key, step, element) alone, so the backward
 * pass is the same op on dy, and no mask is stored.
 *
 * y, x: [size]; threshold: rate · 2^24. blockSize must be a multiple of 8. scratch: 32 bytes.
 */
export function dropout(
  block: i32, scratch: usize, y: usize, x: usize, state: usize, size: i32, blockSize: i32, key0: i32, key1: i32, threshold: i32, scale: f32,
): void {
  const step = load<u32>(state + State.step);
  const least = i32x4.splat(threshold), factor = f32x4.splat(scale);
  const end = blockEnd(block, blockSize, size);
  for (let i = blockStart(block, blockSize); i < end; i += Kernel.randomGroup) {
    threefry4(scratch, key0, key1, <u32>i >> 1, step);
    const first = factors(v128.load(scratch), least, factor), second = factors(v128.load(scratch, 16), least, factor);
    const offset = (<usize>i) << 2;
    if (i + Kernel.randomGroup <= end) {
      v128.store(y + offset, f32x4.mul(v128.load(x + offset), first));
      v128.store(y + offset, f32x4.mul(v128.load(x + offset, 16), second), 16);
    } else {
      v128.store(scratch, first);
      v128.store(scratch, second, 16);
      for (let j = i; j < end; j++) {
        const at = (<usize>j) << 2;
        store<f32>(y + at, load<f32>(x + at) * load<f32>(scratch + ((<usize>(j - i)) << 2)));
      }
    }
  }
}

/**
 * Op: the input dropout of a recurrent layer: one mask for each sequence and feature, held for all steps (Keras's semantics).
 *
 * y, x: lanes [groups][time][features][4]; scratch: 32 bytes, then the mask [features][4]. A block is a group; a call of the generator
 * serves a pair of groups.
 */
export function dropoutSteps(
  block: i32, scratch: usize, y: usize, x: usize, state: usize, time: i32, features: i32, key0: i32, key1: i32, threshold: i32, scale: f32,
): void {
  const step = load<u32>(state + State.step);
  const least = i32x4.splat(threshold), factor = f32x4.splat(scale);
  const mask = scratch + 32;
  const bytes = (<usize>features) << 4;
  for (let f = 0; f < features; f++) {
    threefry4(scratch, key0, key1, <u32>((block >> 1) * features + f) << 2, step);
    v128.store(mask + ((<usize>f) << 4), factors(v128.load(scratch + ((<usize>(block & 1)) << 4)), least, factor));
  }
  y += <usize>block * <usize>time * bytes;
  x += <usize>block * <usize>time * bytes;
  let f: usize = 0;
  for (; f + 64 <= bytes; f += 64) maskFour(y + f, x + f, bytes, mask + f, time);
  for (; f < bytes; f += 16) {
    const m = v128.load(mask + f);
    for (let t: usize = f, end = <usize>time * bytes; t < end; t += bytes) v128.store(y + t, f32x4.mul(v128.load(x + t), m));
  }
}

/** y = x · mask of four features (a cache line) at every step: the mask stays in registers. */
function maskFour(y: usize, x: usize, bytes: usize, mask: usize, time: i32): void {
  const a = v128.load(mask), b = v128.load(mask, 16), c = v128.load(mask, 32), d = v128.load(mask, 48);
  for (; time > 0; time--) {
    v128.store(y, f32x4.mul(v128.load(x), a));
    v128.store(y, f32x4.mul(v128.load(x, 16), b), 16);
    v128.store(y, f32x4.mul(v128.load(x, 32), c), 32);
    v128.store(y, f32x4.mul(v128.load(x, 48), d), 48);
    x += bytes;
    y += bytes;
  }
}
