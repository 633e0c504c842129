// What the passes of a depthwise convolution share: an image in scratch, padded, in which every channel stands as often as it has filters.
import { padImage, unpadImage } from "../conv2d/patch";

/**
 * spread: [rows, columns, channels · multiplier] = x [inH, inW, channels] moved by (padTop, padLeft), zeros around it, what is not read cut off,
 * each channel `multiplier` times side by side.
 */
export function spreadImage(
  spread: usize, x: usize, inH: i32, inW: i32, channels: i32, multiplier: i32, rows: i32, columns: i32, padTop: i32, padLeft: i32,
): void {
  if (multiplier == 1) return padImage(spread, x, inH, inW, channels, rows, columns, padTop, padLeft);
  const pixel = (<usize>(channels * multiplier)) << 2;
  const width = min(inW, columns - padLeft);
  memory.fill(spread, 0, <usize>(rows * columns) * pixel);
  for (let h = 0; h < inH && h + padTop < rows; h++) {
    let to = spread + <usize>((h + padTop) * columns + padLeft) * pixel, from = x + ((<usize>(h * inW * channels)) << 2);
    for (let i = width * channels; i > 0; i--, from += 4) {
      const value = load<f32>(from);
      for (let m = 0; m < multiplier; m++, to += 4) store<f32>(to, value);
    }
  }
}

/** The reverse: x = the part of `spread` that lies over it, summed over the filters of each channel; what no output read is zero. */
export function gatherImage(
  x: usize, spread: usize, inH: i32, inW: i32, channels: i32, multiplier: i32, rows: i32, columns: i32, padTop: i32, padLeft: i32,
): void {
  if (multiplier == 1) return unpadImage(x, spread, inH, inW, channels, rows, columns, padTop, padLeft);
  const pixel = (<usize>(channels * multiplier)) << 2;
  const width = min(inW, columns - padLeft);
  memory.fill(x, 0, (<usize>(inH * inW * channels)) << 2);
  for (let h = 0; h < inH && h + padTop < rows; h++) {
    let from = spread + <usize>((h + padTop) * columns + padLeft) * pixel, to = x + ((<usize>(h * inW * channels)) << 2);
    for (let i = width * channels; i > 0; i--, to += 4) {
      let sum: f32 = 0;
      for (let m = 0; m < multiplier; m++, from += 4) sum += load<f32>(from);
      store<f32>(to, sum);
    }
  }
}
