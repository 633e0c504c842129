// Convolution, valid padding, a line of output pixels at a time: where one row of the kernel lies over a line of the image, kernelW · inC floats are
// contiguous, so each line is a matrix product without a copy.
import { product } from "./product";

/** y [batch, outH, outW, outC] = x ⋆ kernel; x: [batch, inH, inW, inC]; kernel: [kernelH, kernelW, inC, outC]. */
export function conv2dForward(
  y: usize, x: usize, kernel: usize, batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32,
): void {
  const taps = kernelW * inC;
  memory.fill(y, 0, (<usize>(batch * outH * outW * outC)) << 2);
  for (let line = 0; line < batch * outH; line++) {
    const out = y + ((<usize>(line * outW * outC)) << 2);
    for (let h = 0; h < kernelH; h++) {
      const source = x + ((<usize>(lineAbove(line, outH, inH, strideH, h) * inW * inC)) << 2);
      product(out, outC, source, strideW * inC, 1, kernel + ((<usize>(h * taps * outC)) << 2), outC, 1, outW, outC, taps);
    }
  }
}

/** dx [batch, inH, inW, inC] from dy [batch, outH, outW, outC]. */
export function conv2dBackwardInput(
  dx: usize, dy: usize, kernel: usize, batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32,
): void {
  memory.fill(dx, 0, (<usize>(batch * inH * inW * inC)) << 2);
  for (let line = 0; line < batch * outH; line++) {
    const gradient = dy + ((<usize>(line * outW * outC)) << 2);
    for (let h = 0; h < kernelH; h++) {
      const target = dx + ((<usize>(lineAbove(line, outH, inH, strideH, h) * inW * inC)) << 2);
      for (let w = 0; w < kernelW; w++) {
        const tap = kernel + ((<usize>((h * kernelW + w) * inC * outC)) << 2);
        product(target + ((<usize>(w * inC)) << 2), strideW * inC, gradient, outC, 1, tap, 1, outC, outW, inC, outC);
      }
    }
  }
}

/** dKernel [kernelH, kernelW, inC, outC] from x and dy. */
export function conv2dBackwardFilter(
  dKernel: usize, x: usize, dy: usize, batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32,
): void {
  const taps = kernelW * inC;
  memory.fill(dKernel, 0, (<usize>(kernelH * taps * outC)) << 2);
  for (let line = 0; line < batch * outH; line++) {
    const gradient = dy + ((<usize>(line * outW * outC)) << 2);
    for (let h = 0; h < kernelH; h++) {
      const source = x + ((<usize>(lineAbove(line, outH, inH, strideH, h) * inW * inC)) << 2);
      product(dKernel + ((<usize>(h * taps * outC)) << 2), outC, source, 1, strideW * inC, gradient, outC, 1, taps, outC, outW);
    }
  }
}

/** The line of the input, counted over the batch, under row `h` of the kernel for a line of the output. */
// @ts-ignore: decorator
@inline
function lineAbove(line: i32, outH: i32, inH: i32, strideH: i32, h: i32): i32 {
  return (line / outH) * inH + (line % outH) * strideH + h;
}
