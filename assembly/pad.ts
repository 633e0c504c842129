import { moveImage } from "./conv2d/patch";

/**
 * Op: images moved by `top` rows and `left` columns into frames of another size: see moveImage. With -top and -left, the sizes exchanged, its own gradient.
 *
 * y: [batch, outH, outW, channels]; x: [batch, inH, inW, channels]. A block is one image.
 */
export function padImage(
  block: i32, scratch: usize, y: usize, x: usize, inH: i32, inW: i32, outH: i32, outW: i32, channels: i32, top: i32, left: i32,
): void {
  const pixel = (<usize>channels) << 2;
  moveImage(y + <usize>block * <usize>(outH * outW) * pixel, x + <usize>block * <usize>(inH * inW) * pixel, inH, inW, outH, outW, channels, top, left);
}
