/**
 * Op: an image moved by `top` rows and `left` columns into a frame of another size: zeros where nothing comes to lie, and what lies outside is cut
 * off. The same with -top and -left, the sizes exchanged, is its gradient.
 *
 * y: [batch, outH, outW, channels]; x: [batch, inH, inW, channels]. A block is one image.
 */
export function padImage(
  block: i32, scratch: usize, y: usize, x: usize, inH: i32, inW: i32, outH: i32, outW: i32, channels: i32, top: i32, left: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const row = <usize>outW * pixel;
  const first = min(outW, max(0, left)), end = max(first, min(outW, inW + left)); // columns of y that x covers
  const before = <usize>first * pixel, covered = <usize>(end - first) * pixel, after = row - before - covered;
  x += <usize>block * <usize>(inH * inW) * pixel;
  y += <usize>block * <usize>outH * row;
  for (let h = 0; h < outH; h++) {
    const from = h - top;
    if (from < 0 || from >= inH) memory.fill(y, 0, row);
    else {
      memory.fill(y, 0, before);
      memory.copy(y + before, x + <usize>(from * inW + first - left) * pixel, covered);
      memory.fill(y + before + covered, 0, after);
    }
    y += row;
  }
}
