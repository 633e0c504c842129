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
  const vectors = (<usize>(channels & ~3)) << 2;
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
      for (let c: usize = 0; c < pixel; c += c < vectors ? 16 : 4) {
        let best = f32x4.splat(-Infinity);
        let place = i32x4.splat(h0 * poolW + w0);
        for (let h = h0; h < h1; h++) {
          for (let w = w0; w < w1; w++) {
            const source = corner + <usize>(h * inW + w) * pixel + c;
            const value = c < vectors ? v128.load(source) : loadOne(source);
            const wins = v128.or(f32x4.gt(value, best), f32x4.ne(value, value));
            best = v128.bitselect(value, best, wins);
            place = v128.bitselect(i32x4.splat(h * poolW + w), place, wins);
          }
        }
        if (c < vectors) v128.store(y + c, best);
        else storeOne(y + c, best);
        if (argmax != 0) {
          if (c < vectors) v128.store(argmax + c, place);
          else v128.store_lane<i32>(argmax + c, place, 0);
        }
      }
      y += pixel;
      if (argmax != 0) argmax += pixel;
    }
  }
}
