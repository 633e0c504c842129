import { read, write } from "../simd/lanes";

/**
 * Average pooling: the mean of each window. Padding does not count, nor does what a mask leaves out; the mean of nothing is 0.
 *
 * y: [batch, outH, outW, channels]; x: [batch, inH, inW, channels]; mask: [batch, inH, inW], 0 where a place does not count, or address 0.
 * A block is one image.
 */
export function averagePoolForward(
  block: i32, scratch: usize, y: usize, x: usize, mask: usize, inH: i32, inW: i32, channels: i32, outH: i32, outW: i32,
  poolH: i32, poolW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const masked = mask != 0;
  x += <usize>block * <usize>(inH * inW) * pixel;
  y += <usize>block * <usize>(outH * outW) * pixel;
  if (masked) mask += (<usize>block * <usize>(inH * inW)) << 2;
  for (let oh = 0; oh < outH; oh++) {
    const h0 = max(0, oh * strideH - padTop), h1 = min(inH, oh * strideH - padTop + poolH);
    for (let ow = 0; ow < outW; ow++) {
      const w0 = max(0, ow * strideW - padLeft), w1 = min(inW, ow * strideW - padLeft + poolW);
      const count = f32x4.splat(<f32>counted(masked, mask, inW, h0, h1, w0, w1));
      let c: usize = 0;
      for (; c + 64 <= pixel; c += 64) mean(y + c, x + c, masked, mask, inW, pixel, h0, h1, w0, w1, count, 4, true);
      for (; c + 16 <= pixel; c += 16) mean(y + c, x + c, masked, mask, inW, pixel, h0, h1, w0, w1, count, 1, true);
      for (; c < pixel; c += 4) mean(y + c, x + c, masked, mask, inW, pixel, h0, h1, w0, w1, count, 1, false);
      y += pixel;
    }
  }
}

/** Places of a window that count, at least 1, for it is divided by. */
// @ts-ignore: decorator
@inline
export function counted(masked: bool, mask: usize, inW: i32, h0: i32, h1: i32, w0: i32, w1: i32): i32 {
  if (!masked) return (h1 - h0) * (w1 - w0);
  let count = 0;
  for (let h = h0; h < h1; h++) {
    for (let w = w0; w < w1; w++) count += i32(counts(mask, h * inW + w));
  }
  return max(1, count);
}

/** Whether a place counts by the mask. */
// @ts-ignore: decorator
@inline
export function counts(mask: usize, place: i32): bool {
  return load<f32>(mask + ((<usize>place) << 2)) != 0;
}

/** The means of the channels in four vectors, in one, or of one channel. */
// @ts-ignore: decorator
@inline
function mean(
  y: usize, x: usize, masked: bool, mask: usize, inW: i32, pixel: usize, h0: i32, h1: i32, w0: i32, w1: i32, count: v128, vectors: i32, whole: bool,
): void {
  let sum0 = f32x4.splat(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  for (let h = h0; h < h1; h++) {
    for (let w = w0; w < w1; w++) {
      const place = h * inW + w;
      if (masked && !counts(mask, place)) continue;
      const source = x + <usize>place * pixel;
      sum0 = f32x4.add(sum0, read(source, whole));
      if (vectors == 4) {
        sum1 = f32x4.add(sum1, v128.load(source, 16));
        sum2 = f32x4.add(sum2, v128.load(source, 32));
        sum3 = f32x4.add(sum3, v128.load(source, 48));
      }
    }
  }
  write(y, whole, f32x4.div(sum0, count));
  if (vectors == 4) {
    v128.store(y, f32x4.div(sum1, count), 16);
    v128.store(y, f32x4.div(sum2, count), 32);
    v128.store(y, f32x4.div(sum3, count), 48);
  }
}
