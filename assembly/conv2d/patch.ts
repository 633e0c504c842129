// What the three passes of a convolution share: padded images in scratch.

/** Rows (or columns) of the input that the output reads, padding included. */
// @ts-ignore: decorator
@inline
export function extent(out: i32, stride: i32, kernel: i32, dilation: i32 = 1): i32 {
  return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

/** True if the output reads outside the image, so that a padded copy is needed. */
// @ts-ignore: decorator
@inline
export function needsPadding(inH: i32, inW: i32, rows: i32, columns: i32, padTop: i32, padLeft: i32): bool {
  return padTop != 0 || padLeft != 0 || rows > inH || columns > inW;
}

/** True if a row of the kernel reads `kernelW · inC` floats that lie one behind the other, `pixel` being the floats of a pixel of all groups. */
// @ts-ignore: decorator
@inline
export function isContiguous(kernelW: i32, dilationW: i32, inC: i32, pixel: i32): bool {
  return kernelW == 1 || dilationW * pixel == inC;
}

/**
 * y [outH, outW, channels] = x [inH, inW, channels] moved by `top` rows and `left` columns, which may be negative: zeros where nothing comes to lie,
 * and what lies outside is cut off. The same with -top and -left, the sizes exchanged, is its adjoint.
 */
export function moveImage(y: usize, x: usize, inH: i32, inW: i32, outH: i32, outW: i32, channels: i32, top: i32, left: i32): void {
  const pixel = (<usize>channels) << 2;
  const first = max(0, left), width = min(outW, inW + left) - first; // columns of y that x covers
  memory.fill(y, 0, <usize>(outH * outW) * pixel);
  if (width <= 0) return;
  for (let h = max(0, -top); h < inH && h + top < outH; h++) {
    memory.copy(y + <usize>((h + top) * outW + first) * pixel, x + <usize>(h * inW + first - left) * pixel, <usize>width * pixel);
  }
}

/** padded: [rows, columns, channels] = x [inH, inW, channels] moved by (padTop, padLeft), zeros around it, what is not read cut off. */
// @ts-ignore: decorator
@inline
export function padImage(
  padded: usize, x: usize, inH: i32, inW: i32, channels: i32, rows: i32, columns: i32, padTop: i32, padLeft: i32,
): void {
  moveImage(padded, x, inH, inW, rows, columns, channels, padTop, padLeft);
}

/** The reverse: x [inH, inW, channels] = the part of `padded` that lies over it; what no output read is zero. */
// @ts-ignore: decorator
@inline
export function unpadImage(
  x: usize, padded: usize, inH: i32, inW: i32, channels: i32, rows: i32, columns: i32, padTop: i32, padLeft: i32,
): void {
  moveImage(x, padded, rows, columns, inH, inW, channels, -padTop, -padLeft);
}
