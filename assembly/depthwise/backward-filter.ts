import { extent, needsPadding } from "../conv2d/patch";
import { multiplyAdd, read, write } from "../simd/lanes";
import { spreadImage } from "./image";

/** Taps that are summed at a time: enough chains of additions to hide what each of them waits. */
const TAPS: i32 = 4;

/**
 * Gradient of a depthwise convolution with respect to its filter, one partial sum a block, to be joined by `reducePartials` in block order.
 *
 * partials: [blocks][kernelH, kernelW, inC, multiplier]; x: [batch, inH, inW, inC]; dy: [batch, outH, outW, inC · multiplier].
 * A block is `blockImages` images. scratch: as for depthwiseForward.
 */
export function depthwiseBackwardFilter(
  block: i32, scratch: usize, partials: usize, x: usize, dy: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, multiplier: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32, dilationH: i32, dilationW: i32,
): void {
  const rows = extent(outH, strideH, kernelH, dilationH);
  const columns = extent(outW, strideW, kernelW, dilationW);
  const spread = multiplier > 1 || needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const pixel = (<usize>(inC * multiplier)) << 2, vectors = pixel & ~15;
  const width = spread ? columns : inW;
  const step = <usize>strideW * pixel;
  const taps = kernelH * kernelW;
  const partial = partials + <usize>(block * taps) * pixel;
  memory.fill(partial, 0, <usize>taps * pixel);
  const last = min((block + 1) * blockImages, batch);
  for (let n = block * blockImages; n < last; n++) {
    let source = x + ((<usize>n * <usize>(inH * inW * inC)) << 2);
    if (spread) {
      spreadImage(scratch, source, inH, inW, inC, multiplier, rows, columns, padTop, padLeft);
      source = scratch;
    }
    for (let oh = 0; oh < outH; oh++) {
      const gradient = dy + <usize>((n * outH + oh) * outW) * pixel;
      const from = source + <usize>(oh * strideH * width) * pixel;
      for (let first = 0; first < taps; first += TAPS) {
        // missing taps repeat the last one; their sums are not kept
        const count = min(TAPS, taps - first);
        const p0 = place(first, 0, count, kernelW, dilationH * width, dilationW, pixel), p1 = place(first, 1, count, kernelW, dilationH * width, dilationW, pixel);
        const p2 = place(first, 2, count, kernelW, dilationH * width, dilationW, pixel), p3 = place(first, 3, count, kernelW, dilationH * width, dilationW, pixel);
        const to = partial + <usize>first * pixel;
        let c: usize = 0;
        for (; c < vectors; c += 16) line(to + c, from + c, gradient + c, p0, p1, p2, p3, count, outW, step, pixel, true);
        for (; c < pixel; c += 4) line(to + c, from + c, gradient + c, p0, p1, p2, p3, count, outW, step, pixel, false);
      }
    }
  }
}

/** Bytes from a window's corner to tap `index` of a tile. */
// @ts-ignore: decorator
@inline
function place(first: i32, index: i32, count: i32, kernelW: i32, rowStep: i32, tapStep: i32, pixel: usize): usize {
  const tap = first + min(index, count - 1);
  return <usize>(tap / kernelW * rowStep + tap % kernelW * tapStep) * pixel;
}

/** Adds a line of pixels to the sums of up to four taps, of four channels or one. */
// @ts-ignore: decorator
@inline
function line(
  sums: usize, x: usize, dy: usize, p0: usize, p1: usize, p2: usize, p3: usize, count: i32, outW: i32, step: usize, pixel: usize, whole: bool,
): void {
  let a0 = read(sums, whole);
  let a1 = count > 1 ? read(sums + pixel, whole) : a0, a2 = count > 2 ? read(sums + 2 * pixel, whole) : a0, a3 = count > 3 ? read(sums + 3 * pixel, whole) : a0;
  for (let ow = 0; ow < outW; ow++) {
    const g = read(dy, whole);
    a0 = multiplyAdd(a0, read(x + p0, whole), g);
    a1 = multiplyAdd(a1, read(x + p1, whole), g);
    a2 = multiplyAdd(a2, read(x + p2, whole), g);
    a3 = multiplyAdd(a3, read(x + p3, whole), g);
    x += step;
    dy += pixel;
  }
  write(sums, whole, a0);
  if (count > 1) write(sums + pixel, whole, a1);
  if (count > 2) write(sums + 2 * pixel, whole, a2);
  if (count > 3) write(sums + 3 * pixel, whole, a3);
}
