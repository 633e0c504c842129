import { extent, needsPadding } from "../conv2d/patch";
import { multiplyAdd, read, write } from "../simd/lanes";
import { spreadImage } from "./image";

/**
 * Depthwise convolution: each channel has `multiplier` filters of its own. Channels lie in the lanes.
 *
 * y: [batch, outH, outW, inC · multiplier]; x: [batch, inH, inW, inC]; filter: [kernelH, kernelW, inC, multiplier];
 * bias: [inC · multiplier] or address 0. A block is `blockImages` images.
 * scratch: an image [rows, columns, inC · multiplier] if it is padded or the multiplier over 1.
 */
export function depthwiseForward(
  block: i32, scratch: usize, y: usize, x: usize, filter: usize, bias: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, multiplier: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32, dilationH: i32, dilationW: i32,
): void {
  const rows = extent(outH, strideH, kernelH, dilationH);
  const columns = extent(outW, strideW, kernelW, dilationW);
  const spread = multiplier > 1 || needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const pixel = (<usize>(inC * multiplier)) << 2, vectors = pixel & ~15;
  const width = <usize>(spread ? columns : inW) * pixel; // bytes of a row
  const last = min((block + 1) * blockImages, batch);
  for (let n = block * blockImages; n < last; n++) {
    let source = x + ((<usize>n * <usize>(inH * inW * inC)) << 2);
    if (spread) {
      spreadImage(scratch, source, inH, inW, inC, multiplier, rows, columns, padTop, padLeft);
      source = scratch;
    }
    for (let oh = 0; oh < outH; oh++) {
      const to = y + <usize>((n * outH + oh) * outW) * pixel;
      const from = source + <usize>(oh * strideH) * width;
      let c: usize = 0;
      for (; c < vectors; c += 16) {
        line(to + c, from + c, filter + c, bias == 0 ? 0 : bias + c, outW, pixel, kernelH, kernelW, <usize>dilationH * width, <usize>strideW * pixel, <usize>dilationW * pixel, true);
      }
      for (; c < pixel; c += 4) {
        line(to + c, from + c, filter + c, bias == 0 ? 0 : bias + c, outW, pixel, kernelH, kernelW, <usize>dilationH * width, <usize>strideW * pixel, <usize>dilationW * pixel, false);
      }
    }
  }
}

/** Four channels (or one) of a line of outputs, four pixels at a time. Steps in bytes: of x from row to row and tap to tap, `step` from output to output. */
// @ts-ignore: decorator
@inline
function line(
  y: usize, x: usize, filter: usize, bias: usize, outW: i32, pixel: usize,
  kernelH: i32, kernelW: i32, rowStep: usize, step: usize, tapStep: usize, whole: bool,
): void {
  const start = bias == 0 ? f32x4.splat(0) : read(bias, whole);
  let ow = 0;
  for (; ow + 4 <= outW; ow += 4) {
    let a0 = start, a1 = start, a2 = start, a3 = start;
    let f = filter;
    for (let i = 0, row = x; i < kernelH; i++, row += rowStep) {
      for (let j = 0, tap = row; j < kernelW; j++, tap += tapStep) {
        const w = read(f, whole);
        a0 = multiplyAdd(a0, read(tap, whole), w);
        a1 = multiplyAdd(a1, read(tap + step, whole), w);
        a2 = multiplyAdd(a2, read(tap + 2 * step, whole), w);
        a3 = multiplyAdd(a3, read(tap + 3 * step, whole), w);
        f += pixel;
      }
    }
    write(y, whole, a0);
    write(y + pixel, whole, a1);
    write(y + 2 * pixel, whole, a2);
    write(y + 3 * pixel, whole, a3);
    y += 4 * pixel;
    x += 4 * step;
  }
  for (; ow < outW; ow++) {
    let a = start;
    let f = filter;
    for (let i = 0, row = x; i < kernelH; i++, row += rowStep) {
      for (let j = 0, tap = row; j < kernelW; j++, tap += tapStep) {
        a = multiplyAdd(a, read(tap, whole), read(f, whole));
        f += pixel;
      }
    }
    write(y, whole, a);
    y += pixel;
    x += step;
  }
}
