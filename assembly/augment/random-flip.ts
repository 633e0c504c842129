import { threefry8 } from "../simd/random";
import { State } from "../plan/ops";

/**
 * Op: each image as it is or mirrored, with even chances that depend on (key, step, image) alone. It is its own adjoint: the backward pass is the
 * same op on the gradient.
 *
 * y, x: [batch, height, width, channels]; horizontal, vertical: 1 where left and right, top and bottom may change places. A block is an image.
 * scratch: of the generator.
 */
export function randomFlip(
  block: i32, scratch: usize, y: usize, x: usize, state: usize, height: i32, width: i32, channels: i32, horizontal: i32, vertical: i32,
  key0: i32, key1: i32,
): void {
  threefry8(scratch, key0, key1, block, load<u32>(state + State.step));
  const mirrored = horizontal != 0 && (load<u32>(scratch) & 1) != 0;
  const upsideDown = vertical != 0 && (load<u32>(scratch) & 2) != 0;
  const pixel = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixel;
  const image = <usize>(block * height) * rowBytes;
  for (let h = 0; h < height; h++) {
    const source = x + image + <usize>(upsideDown ? height - 1 - h : h) * rowBytes;
    let target = y + image + <usize>h * rowBytes;
    if (!mirrored) memory.copy(target, source, rowBytes);
    else {
      for (let at = source + rowBytes - pixel; at >= source; at -= pixel) {
        for (let c: usize = 0; c < pixel; c += 4) store<f32>(target + c, load<f32>(at + c));
        target += pixel;
      }
    }
  }
}
