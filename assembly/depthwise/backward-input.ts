import { extent, needsPadding } from "../conv2d/patch";
import { multiplyAdd, read, write } from "../simd/lanes";
import { gatherImage } from "./image";

/**
 * Gradient of a depthwise convolution with respect to its input: for every tap, a line of dy times the tap's filters is added where the tap lies.
 *
 * dx: [batch, inH, inW, inC]; dy: [batch, outH, outW, inC · multiplier]; filter: [kernelH, kernelW, inC, multiplier].
 * A block is `blockImages` images. scratch: as for depthwiseForward.
 */
export function depthwiseBackwardInput(
  block: i32, scratch: usize, dx: usize, dy: usize, filter: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, multiplier: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32, dilationH: i32, dilationW: i32,
): void {
  const rows = extent(outH, strideH, kernelH, dilationH);
  const columns = extent(outW, strideW, kernelW, dilationW);
  const spread = multiplier > 1 || needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const pixel = (<usize>(inC * multiplier)) << 2, vectors = pixel & ~15;
  const width = <usize>(spread ? columns : inW) * pixel; // bytes of a row
  const step = <usize>strideW * pixel;
  const last = min((block + 1) * blockImages, batch);
  for (let n = block * blockImages; n < last; n++) {
    const image = dx + ((<usize>n * <usize>(inH * inW * inC)) << 2);
    const target = spread ? scratch : image;
    memory.fill(target, 0, <usize>(spread ? rows : inH) * width);
    for (let oh = 0; oh < outH; oh++) {
      const from = dy + <usize>((n * outH + oh) * outW) * pixel;
      let f = filter;
      for (let i = 0; i < kernelH; i++) {
        const row = target + <usize>(oh * strideH + i * dilationH) * width;
        for (let j = 0; j < kernelW; j++, f += pixel) {
          const to = row + <usize>(j * dilationW) * pixel;
          let c: usize = 0;
          for (; c < vectors; c += 16) line(to + c, from + c, v128.load(f + c), outW, step, pixel, true);
          for (; c < pixel; c += 4) line(to + c, from + c, read(f + c, false), outW, step, pixel, false);
        }
      }
    }
    if (spread) gatherImage(image, scratch, inH, inW, inC, multiplier, rows, columns, padTop, padLeft);
  }
}

/** dx += dy · w along a line, four channels or one. */
// @ts-ignore: decorator
@inline
function line(dx: usize, dy: usize, w: v128, outW: i32, step: usize, pixel: usize, whole: bool): void {
  for (let ow = 0; ow < outW; ow++) {
    write(dx, whole, multiplyAdd(read(dx, whole), read(dy, whole), w));
    dx += step;
    dy += pixel;
  }
}
