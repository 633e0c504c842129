import { loadOne, storeOne } from "../simd/lanes";
import { counted, counts } from "./average-forward";

/**
 * Gradient of average pooling: every place that counts gets its share of its window's dy, and shares add up where windows overlap.
 *
 * dx: [batch, inH, inW, channels]; dy: [batch, outH, outW, channels]; mask: as for averagePoolForward. A block is one image.
 */
export function averagePoolBackward(
  block: i32, scratch: usize, dx: usize, dy: usize, mask: usize, inH: i32, inW: i32, channels: i32, outH: i32, outW: i32,
  poolH: i32, poolW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const vectors = (<usize>(channels & ~3)) << 2;
  const masked = mask != 0;
  // windows that tile the input exactly write every place once: no clearing, no adding
  const exact = !masked && padTop == 0 && padLeft == 0 && strideH == poolH && strideW == poolW && inH == outH * poolH && inW == outW * poolW;
  dx += <usize>block * <usize>(inH * inW) * pixel;
  dy += <usize>block * <usize>(outH * outW) * pixel;
  if (masked) mask += (<usize>block * <usize>(inH * inW)) << 2;
  if (!exact) memory.fill(dx, 0, <usize>(inH * inW) * pixel);
  for (let oh = 0; oh < outH; oh++) {
    const h0 = max(0, oh * strideH - padTop), h1 = min(inH, oh * strideH - padTop + poolH);
    for (let ow = 0; ow < outW; ow++) {
      const w0 = max(0, ow * strideW - padLeft), w1 = min(inW, ow * strideW - padLeft + poolW);
      const part = f32x4.splat(1 / <f32>counted(masked, mask, inW, h0, h1, w0, w1));
      for (let h = h0; h < h1; h++) {
        for (let w = w0; w < w1; w++) {
          if (masked && !counts(mask, h * inW + w)) continue;
          const target = dx + <usize>(h * inW + w) * pixel;
          for (let c: usize = 0; c < vectors; c += 16) {
            const share = f32x4.mul(v128.load(dy + c), part);
            v128.store(target + c, exact ? share : f32x4.add(v128.load(target + c), share));
          }
          for (let c = vectors; c < pixel; c += 4) {
            const share = f32x4.mul(loadOne(dy + c), part);
            storeOne(target + c, exact ? share : f32x4.add(loadOne(target + c), share));
          }
        }
      }
      dy += pixel;
    }
  }
}
