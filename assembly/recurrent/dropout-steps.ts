import { threefry8 } from "../simd/random";
import { Kernel, State } from "../plan/ops";

/** Four factors: `scale` where the top 24 bits of the word reach the threshold, else 0. */
// @ts-ignore: decorator
@inline
function factors(words: v128, threshold: v128, scale: v128): v128 {
  return v128.and(scale, i32x4.ge_s(i32x4.shr_u(words, 8), threshold));
}

/**
 * Op: the input dropout of a recurrent layer: one mask for each sequence and feature, held for all steps (Keras's semantics).
 *
 * y, x: lanes [groups][time][features][4]; scratch: of the generator, then the mask [features][4]. A block is a group; a call of the generator
 * serves a pair of groups.
 */
export function dropoutSteps(
  block: i32, scratch: usize, y: usize, x: usize, state: usize, time: i32, features: i32, key0: i32, key1: i32, threshold: i32, scale: f32,
): void {
  const mask = scratch + Kernel.randomBytes;
  const bytes = (<usize>features) << 4;
  drawMask(mask, scratch, block, load<u32>(state + State.step), features, key0, key1, threshold, scale);
  y += <usize>block * <usize>time * bytes;
  x += <usize>block * <usize>time * bytes;
  let f: usize = 0;
  for (; f + 64 <= bytes; f += 64) maskFour(y + f, x + f, bytes, mask + f, time);
  for (; f < bytes; f += 16) {
    const m = v128.load(mask + f);
    for (let t: usize = f, end = <usize>time * bytes; t < end; t += bytes) v128.store(y + t, f32x4.mul(v128.load(x + t), m));
  }
}

/** The mask of a group, [features][4]. words: scratch of the generator. */
function drawMask(mask: usize, words: usize, group: i32, step: u32, features: i32, key0: i32, key1: i32, threshold: i32, scale: f32): void {
  const least = i32x4.splat(threshold), factor = f32x4.splat(scale);
  for (let f = 0; f < features; ) {
    threefry8(words, key0, key1, <u32>((group >> 1) * features + f) << 2, step);
    for (let own = words + ((<usize>(group & 1)) << 4); own < words + Kernel.randomBytes && f < features; own += 32) {
      v128.store(mask + ((<usize>f) << 4), factors(v128.load(own), least, factor));
      f++;
    }
  }
}

/** Op: the mask of `dropoutSteps` by itself, [groups][features][4]: for the dropout of a recurrent layer's states. scratch: of the generator. */
export function dropoutStepsMask(
  block: i32, scratch: usize, mask: usize, state: usize, features: i32, key0: i32, key1: i32, threshold: i32, scale: f32,
): void {
  drawMask(mask + ((<usize>(block * features)) << 4), scratch, block, load<u32>(state + State.step), features, key0, key1, threshold, scale);
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
