import { loadOne, storeOne } from "../simd/lanes";
import { conv2dBackwardInput } from "./backward-input";

/**
 * Gradient of a convolution fused with 2×2 max pooling with respect to its input. The gradient of the convolution's outputs is laid out in
 * scratch one image at a time, and never goes to memory whole.
 *
 * dx: [batch, inH, inW, inC]; dy: [batch, outH / 2, outW / 2, outC]; winners: as conv2dMaxPoolForward left them; filterPanels and the rest as
 * for conv2dBackwardInput. A block is `blockImages` images. scratch: outputs [outH, outW, outC], then what conv2dBackwardInput asks for.
 */
export function conv2dMaxPoolBackwardInput(
  block: i32, scratch: usize, dx: usize, dy: usize, winners: usize, filterPanels: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32,
): void {
  const size = <usize>((outH >> 1) * (outW >> 1) * outC);
  const outputs = scratch;
  scratch += (<usize>(outH * outW * outC)) << 2;
  memory.fill(outputs, 0, scratch - outputs); // an odd last row or column is in no window and stays zero
  for (let n = block * blockImages, last = min(n + blockImages, batch); n < last; n++) {
    unpoolImage(outputs, dy + ((<usize>n * size) << 2), winners + <usize>n * size, outH, outW, outC);
    conv2dBackwardInput(
      0, scratch, dx + ((<usize>n * <usize>(inH * inW * inC)) << 2), outputs, filterPanels,
      1, inH, inW, inC, outH, outW, outC, kernelH, kernelW, strideH, strideW, padTop, padLeft, 1, 1, 1, 1,
    );
  }
}

/** Of each window's four outputs [outH, outW, outC] the winner takes dy, the others zero. */
function unpoolImage(outputs: usize, dy: usize, winners: usize, outH: i32, outW: i32, outC: i32): void {
  const pixel = (<usize>outC) << 2;
  const below = <usize>outW * pixel;
  for (let h = 0; h + 2 <= outH; h += 2) {
    for (let w = 0; w + 2 <= outW; w += 2) {
      const window = outputs + <usize>(h * outW + w) * pixel;
      let c: usize = 0;
      for (; c + 16 <= pixel; c += 16) {
        const d = v128.load(dy + c);
        const winner = i32x4.extend_low_i16x8_u(v128.load8x8_u(winners + (c >> 2)));
        v128.store(window + c, share(d, winner, 0));
        v128.store(window + pixel + c, share(d, winner, 4));
        v128.store(window + below + c, share(d, winner, 8));
        v128.store(window + below + pixel + c, share(d, winner, 12));
      }
      for (; c < pixel; c += 4) {
        const d = loadOne(dy + c);
        const winner = i32x4.splat(load<u8>(winners + (c >> 2)));
        storeOne(window + c, share(d, winner, 0));
        storeOne(window + pixel + c, share(d, winner, 4));
        storeOne(window + below + c, share(d, winner, 8));
        storeOne(window + below + pixel + c, share(d, winner, 12));
      }
      dy += pixel;
      winners += <usize>outC;
    }
  }
}

// @ts-ignore: decorator
@inline
function share(dy: v128, winner: v128, place: i32): v128 {
  return v128.and(dy, i32x4.eq(winner, i32x4.splat(place)));
}
