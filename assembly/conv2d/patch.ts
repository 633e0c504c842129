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

/** padded: [rows, columns, channels] = x [inH, inW, channels] moved by (padTop, padLeft), zeros around it, what is not read cut off. */
export function padImage(
  padded: usize, x: usize, inH: i32, inW: i32, channels: i32, rows: i32, columns: i32, padTop: i32, padLeft: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const width = min(inW, columns - padLeft);
  memory.fill(padded, 0, <usize>(rows * columns) * pixel);
  for (let h = 0; h < inH && h + padTop < rows; h++) {
    memory.copy(padded + <usize>((h + padTop) * columns + padLeft) * pixel, x + <usize>(h * inW) * pixel, <usize>width * pixel);
  }
}

/** The reverse: x [inH, inW, channels] = the part of `padded` that lies over it; what no output read is zero. */
export function unpadImage(
  x: usize, padded: usize, inH: i32, inW: i32, channels: i32, rows: i32, columns: i32, padTop: i32, padLeft: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const width = min(inW, columns - padLeft);
  memory.fill(x, 0, <usize>(inH * inW) * pixel);
  for (let h = 0; h < inH && h + padTop < rows; h++) {
    memory.copy(x + <usize>(h * inW) * pixel, padded + <usize>((h + padTop) * columns + padLeft) * pixel, <usize>width * pixel);
  }
}
