/** y [batch, outH, outW, channels]: the largest value of each window, valid padding; argmax: same shape, its place in the window. */
export function maxPoolForward(
  y: usize, argmax: usize, x: usize, batch: i32, inH: i32, inW: i32, channels: i32, outH: i32, outW: i32,
  poolH: i32, poolW: i32, strideH: i32, strideW: i32,
): void {
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outH; oh++) {
      for (let ow = 0; ow < outW; ow++) {
        const corner = x + ((<usize>(((n * inH + oh * strideH) * inW + ow * strideW) * channels)) << 2);
        for (let c = 0; c < channels; c++) {
          let best = -Infinity as f32;
          let place = 0;
          for (let h = 0; h < poolH; h++) {
            for (let w = 0; w < poolW; w++) {
              const value = load<f32>(corner + ((<usize>((h * inW + w) * channels + c)) << 2));
              const wins = value > best;
              best = wins ? value : best; // a choice without a branch: which value wins cannot be foreseen
              place = wins ? h * poolW + w : place;
            }
          }
          store<f32>(y, best);
          store<i32>(argmax, place);
          y += 4;
          argmax += 4;
        }
      }
    }
  }
}

/** dx [batch, inH, inW, channels]: each dy goes to its window's largest value. */
export function maxPoolBackward(
  dx: usize, dy: usize, argmax: usize, batch: i32, inH: i32, inW: i32, channels: i32, outH: i32, outW: i32,
  poolH: i32, poolW: i32, strideH: i32, strideW: i32,
): void {
  memory.fill(dx, 0, (<usize>(batch * inH * inW * channels)) << 2);
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outH; oh++) {
      for (let ow = 0; ow < outW; ow++) {
        const corner = ((n * inH + oh * strideH) * inW + ow * strideW) * channels;
        for (let c = 0; c < channels; c++) {
          const place = load<i32>(argmax);
          const target = dx + ((<usize>(corner + ((place / poolW) * inW + (place % poolW)) * channels + c)) << 2);
          store<f32>(target, load<f32>(target) + load<f32>(dy));
          dy += 4;
          argmax += 4;
        }
      }
    }
  }
}
