import { loadOne, storeOne } from "../simd/lanes";

/**
 * Max pooling. Padding never wins; of equal values the first wins; NaN wins over all.
 *
 * y: [batch, outH, outW, channels]; argmax: same shape, i32, the winner's place in its window (row · poolW + column), or address 0;
 * x: [batch, inH, inW, channels]. A block is one image.
 */
export function maxPoolForward(
  block: i32, scratch: usize, y: usize, argmax: usize, x: usize, inH: i32, inW: i32, channels: i32, outH: i32, outW: i32,
  poolH: i32, poolW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32,
): void {
  const pixel = (<usize>channels) << 2;
  x += <usize>block * <usize>(inH * inW) * pixel;
  y += <usize>block * <usize>(outH * outW) * pixel;
  if (argmax != 0) argmax += <usize>block * <usize>(outH * outW) * pixel;
  for (let oh = 0; oh < outH; oh++) {
    const top = oh * strideH - padTop;
    const h0 = max(0, -top), h1 = min(poolH, inH - top);
    for (let ow = 0; ow < outW; ow++) {
      const left = ow * strideW - padLeft;
      const w0 = max(0, -left), w1 = min(poolW, inW - left);
      const corner = x + <usize>(top * inW + left) * pixel; // may lie before x: only its sums with taps are read
      for (let h = h0; h < h1; h++) {
        for (let w = w0; w < w1; w++) {
          const source = corner + <usize>(h * inW + w) * pixel;
          const place = h * poolW + w;
          if (h == h0 && w == w0) first(y, argmax, source, pixel, place);
          else if (argmax != 0) better(y, argmax, source, pixel, place, true);
          else better(y, argmax, source, pixel, place, false);
        }
      }
      y += pixel;
      if (argmax != 0) argmax += pixel;
    }
  }
}

/** Takes the first pixel of a window as the best so far. */
// @ts-ignore: decorator
@inline
function first(y: usize, argmax: usize, x: usize, pixel: usize, place: i32): void {
  let c: usize = 0;
  for (; c + 16 <= pixel; c += 16) {
    v128.store(y + c, v128.load(x + c));
    if (argmax != 0) v128.store(argmax + c, i32x4.splat(place));
  }
  for (; c < pixel; c += 4) {
    store<f32>(y + c, load<f32>(x + c));
    if (argmax != 0) store<i32>(argmax + c, place);
  }
}

/** Takes those channels of a further pixel of a window that are better. */
// @ts-ignore: decorator
@inline
function better(y: usize, argmax: usize, x: usize, pixel: usize, place: i32, placed: bool): void {
  let c: usize = 0;
  for (; c + 16 <= pixel; c += 16) {
    const value = v128.load(x + c), best = v128.load(y + c);
    const wins = v128.or(f32x4.gt(value, best), f32x4.ne(value, value));
    v128.store(y + c, v128.bitselect(value, best, wins));
    if (placed) v128.store(argmax + c, v128.bitselect(i32x4.splat(place), v128.load(argmax + c), wins));
  }
  for (; c < pixel; c += 4) {
    const value = loadOne(x + c), best = loadOne(y + c);
    const wins = v128.or(f32x4.gt(value, best), f32x4.ne(value, value));
    storeOne(y + c, v128.bitselect(value, best, wins));
    if (placed) storeOne(argmax + c, v128.bitselect(i32x4.splat(place), loadOne(argmax + c), wins));
  }
}
