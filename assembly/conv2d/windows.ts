// What the passes of a convolution fused with 2×2 max pooling share. A window is the four neighbouring outputs of the convolution that become
// one output of the pooling. Windows are counted through the image, row by row, and taken in bands of at most BAND.
import { Kernel } from "../plan/ops";

/** Windows whose patches lie in the nearest cache while all filters pass over them. */
export const BAND: i32 = Kernel.windowBand;

/**
 * The patches of `count` windows from window `first` on, laid out so that one vector holds what the four outputs of a window have under the
 * same tap.
 *
 * patches: [count][kernelH · kernelRow][4], the four in the order of the window's rows, and up to three taps of anything behind; x: one image,
 * `width` pixels a row, padding included. pooledW: windows in a row; kernelRow: kernelW · inC.
 */
export function gatherWindows(
  patches: usize, x: usize, first: i32, count: i32, pooledW: i32,
  width: i32, inC: i32, kernelH: i32, kernelRow: i32, strideH: i32, strideW: i32,
): void {
  const right = (<usize>(strideW * inC)) << 2; // from one output's patch to its neighbour's
  const below = (<usize>(strideH * width * inC)) << 2;
  const row = (<usize>(width * inC)) << 2;
  for (let window = first; window < first + count; window++) {
    let source = x + <usize>(window / pooledW * 2) * below + <usize>(window % pooledW * 2) * right;
    for (let i = 0; i < kernelH; i++) {
      // four taps at a time; what that is too much, the next row overwrites
      for (let m: usize = 0; m < <usize>kernelRow; m += 4) {
        transpose4(patches + (m << 4), source + (m << 2), right, below);
      }
      source += row;
      patches += (<usize>kernelRow) << 4;
    }
  }
}

/** Four taps of the four outputs, written as four vectors of the same tap. */
// @ts-ignore: decorator
@inline
function transpose4(out: usize, x: usize, right: usize, below: usize): void {
  const r0 = v128.load(x), r1 = v128.load(x + right), r2 = v128.load(x + below), r3 = v128.load(x + below + right);
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(out, v128.shuffle<i64>(low01, low23, 1, 3), 16);
  v128.store(out, v128.shuffle<i64>(high01, high23, 0, 2), 32);
  v128.store(out, v128.shuffle<i64>(high01, high23, 1, 3), 48);
}
