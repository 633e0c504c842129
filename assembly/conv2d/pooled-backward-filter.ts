import { multiplyAdd, selectBytes } from "../simd/lanes";
import { Kernel } from "../plan/ops";
import { extent, needsPadding, padImage } from "./patch";
import { BAND, gatherWindows } from "./windows";

/** Taps whose gradients for four filters stay in registers, with that of the bias. */
const TAPS: i32 = Kernel.windowTaps;
const TILE_BYTES: usize = (TAPS + 1) << 4;

/**
 * Gradient of a convolution fused with 2×2 max pooling with respect to its filter and its bias, one partial sum a block, to be joined by
 * `reducePartials` in block order. Three quarters of the convolution's gradient are zero; only the winners are multiplied.
 *
 * partials: [blocks][kernelH · kernelW · inC + 1][outC], the last row being the bias; x: [batch, inH, inW, inC];
 * dy: [batch, outH / 2, outW / 2, outC]; winners: as conv2dMaxPoolForward left them. A block is `blockImages` images.
 * scratch: tiles [ceil(patch / 9)][ceil(outC / 4)][10][4], patches [BAND][patch][4] and eight rows more, then a padded image if one is needed;
 * patch: kernelH · kernelW · inC.
 */
export function conv2dMaxPoolBackwardFilter(
  block: i32, scratch: usize, partials: usize, x: usize, dy: usize, winners: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32,
): void {
  const rows = extent(outH, strideH, kernelH);
  const columns = extent(outW, strideW, kernelW);
  const padded = needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const patch = kernelH * kernelW * inC;
  const pooledW = outW >> 1, windows = (outH >> 1) * pooledW;
  const tileBytes = <usize>((patch + TAPS - 1) / TAPS * ((outC + 3) >> 2)) * TILE_BYTES;
  const patches = scratch + tileBytes;
  const image = patches + ((<usize>(BAND * patch + TAPS - 1)) << 4);
  memory.fill(scratch, 0, tileBytes);

  for (let n = block * blockImages, last = min(n + blockImages, batch); n < last; n++) {
    let source = x + ((<usize>n * <usize>(inH * inW * inC)) << 2);
    if (padded) {
      padImage(image, source, inH, inW, inC, rows, columns, padTop, padLeft);
      source = image;
    }
    for (let first = 0; first < windows; first += BAND) {
      const count = min(BAND, windows - first);
      const done = (<usize>(n * windows + first)) * <usize>outC;
      gatherWindows(patches, source, first, count, pooledW, padded ? columns : inW, inC, kernelH, kernelW * inC, strideH, strideW);
      let tile = scratch;
      for (let tap = 0; tap < patch; tap += TAPS) {
        for (let column = 0; column < outC; column += 4) {
          const at = done + <usize>column;
          tileWinners(tile, patches + ((<usize>tap) << 4), patch, dy + (at << 2), winners + at, outC, count);
          tile += TILE_BYTES;
        }
      }
    }
  }
  storeTiles(partials + ((<usize>(block * (patch + 1) * outC)) << 2), scratch, patch, outC);
}

/** partial: [patch + 1][outC] from the tiles. */
function storeTiles(partial: usize, tiles: usize, patch: i32, outC: i32): void {
  const groups = (outC + 3) >> 2;
  for (let row = 0; row <= patch; row++) {
    const inTile = row == patch ? TAPS : row % TAPS; // every tile of taps has a bias row; the first ones' is taken
    const tile = tiles + <usize>((row == patch ? 0 : row / TAPS) * groups) * TILE_BYTES + ((<usize>inTile) << 4);
    for (let column = 0; column < outC; column++) {
      store<f32>(partial, load<f32>(tile + <usize>(column >> 2) * TILE_BYTES + ((<usize>(column & 3)) << 2)));
      partial += 4;
    }
  }
}

/**
 * Four filters in the lanes: tile[tap][filter] += Σ x(tap, winner) · dy over the windows, for nine taps, and tile[9][filter] += Σ dy, where dy is
 * zero if ReLU lets nothing through. A filter picks its winner's x out of the window's four by their bytes.
 *
 * tile: [10][4]; patches: [4] a tap, `patch` taps from one window to the next; dy, winners: `outC` elements from one window to the next.
 */
export function tileWinners(tile: usize, patches: usize, patch: i32, dy: usize, winners: usize, outC: i32, count: i32): void {
  const patchBytes = (<usize>patch) << 4, outBytes = (<usize>outC) << 2;
  const spread = i8x16(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  const bytes = i32x4.splat(0x03020100);
  let t0 = v128.load(tile), t1 = v128.load(tile, 16), t2 = v128.load(tile, 32), t3 = v128.load(tile, 48), t4 = v128.load(tile, 64);
  let t5 = v128.load(tile, 80), t6 = v128.load(tile, 96), t7 = v128.load(tile, 112), t8 = v128.load(tile, 128), bias = v128.load(tile, 144);
  if (count > 0) {
    do {
      const winner = selectBytes(v128.load32_zero(winners), spread); // its byte four times in each lane
      const d = v128.andnot(v128.load(dy), i32x4.shr_s(winner, 31));
      const at = v128.or(winner, bytes);
      bias = f32x4.add(bias, d);
      t0 = multiplyAdd(t0, selectBytes(v128.load(patches), at), d);
      t1 = multiplyAdd(t1, selectBytes(v128.load(patches, 16), at), d);
      t2 = multiplyAdd(t2, selectBytes(v128.load(patches, 32), at), d);
      t3 = multiplyAdd(t3, selectBytes(v128.load(patches, 48), at), d);
      t4 = multiplyAdd(t4, selectBytes(v128.load(patches, 64), at), d);
      t5 = multiplyAdd(t5, selectBytes(v128.load(patches, 80), at), d);
      t6 = multiplyAdd(t6, selectBytes(v128.load(patches, 96), at), d);
      t7 = multiplyAdd(t7, selectBytes(v128.load(patches, 112), at), d);
      t8 = multiplyAdd(t8, selectBytes(v128.load(patches, 128), at), d);
      patches += patchBytes;
      dy += outBytes;
      winners += <usize>outC;
    } while (--count > 0);
  }
  v128.store(tile, t0); v128.store(tile, t1, 16); v128.store(tile, t2, 32); v128.store(tile, t3, 48); v128.store(tile, t4, 64);
  v128.store(tile, t5, 80); v128.store(tile, t6, 96); v128.store(tile, t7, 112); v128.store(tile, t8, 128); v128.store(tile, bias, 144);
}
