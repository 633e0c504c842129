/** y [batch, outH, outW, channels]: the largest value of each window, valid padding; argmax: same shape, its place in the window. */
export function maxPoolForward(
  y: usize, argmax: usize, x: usize, batch: i32, inH: i32, inW: i32, channels: i32, outH: i32, outW: i32,
  poolH: i32, poolW: i32, strideH: i32, strideW: i32,
): void {
  const pixel = (<usize>channels) << 2;
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outH; oh++) {
      for (let ow = 0; ow < outW; ow++) {
        const corner = x + ((<usize>(((n * inH + oh * strideH) * inW + ow * strideW) * channels)) << 2);
        memory.copy(y, corner, pixel);
        memory.fill(argmax, 0, pixel);
        for (let h = 0; h < poolH; h++) {
          for (let w = h == 0 ? 1 : 0; w < poolW; w++) improve(y, argmax, corner + <usize>(h * inW + w) * pixel, h * poolW + w, pixel);
        }
        y += pixel;
        argmax += pixel;
      }
    }
  }
}

/** Where x is larger than y: y = x, argmax = place. By masks, without a branch: which is larger cannot be foreseen. */
function improve(y: usize, argmax: usize, x: usize, place: i32, pixel: usize): void {
  for (let c: usize = 0; c < pixel; c += 4) {
    const wins = -<i32>(load<f32>(x + c) > load<f32>(y + c));
    store<i32>(y + c, load<i32>(y + c) ^ ((load<i32>(y + c) ^ load<i32>(x + c)) & wins));
    store<i32>(argmax + c, load<i32>(argmax + c) ^ ((load<i32>(argmax + c) ^ place) & wins));
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
