import { loadOne, storeOne } from "../simd/lanes";

/**
 * Gradient of max pooling: dy goes to the winner of its window, and adds up where windows overlap.
 *
 * dx: [batch, inH, inW, channels]; dy: [batch, outH, outW, channels]; argmax: as maxPoolForward left it. A block is one image.
 */
export function maxPoolBackward(
  block: i32, scratch: usize, dx: usize, dy: usize, argmax: usize, inH: i32, inW: i32, channels: i32, outH: i32, outW: i32,
  poolH: i32, poolW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const vectors = (<usize>(channels & ~3)) << 2;
  // windows that tile the input exactly write every place once: no clearing, no adding
  const exact = padTop == 0 && padLeft == 0 && strideH == poolH && strideW == poolW && inH == outH * poolH && inW == outW * poolW;
  dx += <usize>block * <usize>(inH * inW) * pixel;
  dy += <usize>block * <usize>(outH * outW) * pixel;
  argmax += <usize>block * <usize>(outH * outW) * pixel;
  if (!exact) memory.fill(dx, 0, <usize>(inH * inW) * pixel);
  for (let oh = 0; oh < outH; oh++) {
    const top = oh * strideH - padTop;
    const h0 = max(0, -top), h1 = min(poolH, inH - top);
    for (let ow = 0; ow < outW; ow++) {
      const left = ow * strideW - padLeft;
      const w0 = max(0, -left), w1 = min(poolW, inW - left);
      const corner = dx + <usize>(top * inW + left) * pixel;
      for (let h = h0; h < h1; h++) {
        for (let w = w0; w < w1; w++) {
          const place = i32x4.splat(h * poolW + w);
          const target = corner + <usize>(h * inW + w) * pixel;
          for (let c: usize = 0; c < vectors; c += 16) {
            const share = v128.and(v128.load(dy + c), i32x4.eq(v128.load(argmax + c), place));
            v128.store(target + c, exact ? share : f32x4.add(v128.load(target + c), share));
          }
          for (let c = vectors; c < pixel; c += 4) {
            const share = v128.and(loadOne(dy + c), i32x4.eq(v128.load32_zero(argmax + c), place));
            storeOne(target + c, exact ? share : f32x4.add(loadOne(target + c), share));
          }
        }
      }
      dy += pixel;
      argmax += pixel;
    }
  }
}
