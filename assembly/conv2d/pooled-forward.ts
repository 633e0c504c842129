import { multiplyAdd } from "../simd/lanes";
import { TILE_COLUMNS } from "../gemm/tile";
import { extent, needsPadding, padImage } from "./patch";
import { BAND, gatherWindows } from "./windows";

/**
 * Convolution with 2×2 max pooling (stride 2, valid) in one: y = max pool(x ⋆ filter + bias), with ReLU if asked for. The map between the two
 * never goes to memory. NaN wins over all; of equal values the first wins.
 *
 * y: [batch, outH / 2, outW / 2, outC]; winners: u8, same shape, or address 0: four times the place of the window's maximum (row · 2 + column),
 * plus 128 where ReLU lets no gradient through; x: [batch, inH, inW, inC]; filterPanels: [ceil(outC / 8)][kernelH · kernelW · inC][8];
 * bias: [outC] or address 0; outH, outW: the convolution's. A block is `blockImages` images.
 * scratch: bias [ceil(outC / 8)][8], outputs [BAND][4][8], edge of y [BAND][8], edge of winners u8 [BAND][8],
 * patches [BAND][kernelH · kernelW · inC][4] and three taps more, then a padded image if one is needed.
 */
export function conv2dMaxPoolForward(
  block: i32, scratch: usize, y: usize, winners: usize, x: usize, filterPanels: usize, bias: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32, relu: i32,
): void {
  const rows = extent(outH, strideH, kernelH);
  const columns = extent(outW, strideW, kernelW);
  const padded = needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const patch = kernelH * kernelW * inC;
  const pooledW = outW >> 1, windows = (outH >> 1) * pooledW;
  const biasBytes = (<usize>((outC + 7) & ~7)) << 2;
  const outputs = scratch + biasBytes;
  const patches = outputs + <usize>BAND * (128 + 32 + 8);
  const image = patches + ((<usize>(BAND * patch + 3)) << 4);
  memory.fill(scratch, 0, biasBytes);
  if (bias != 0) memory.copy(scratch, bias, (<usize>outC) << 2);

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
      bandForward(y + (done << 2), winners == 0 ? 0 : winners + done, outputs, patches, filterPanels, scratch, patch, outC, count, relu);
    }
  }
}

/** All filters over the windows of one band. */
function bandForward(
  y: usize, winners: usize, outputs: usize, patches: usize, filterPanels: usize, bias: usize, patch: i32, outC: i32, count: i32, relu: i32,
): void {
  const edge = outputs + ((<usize>BAND) << 7), edgeWinners = edge + ((<usize>BAND) << 5);
  for (let column = 0; column < outC; column += TILE_COLUMNS) {
    const width = min(TILE_COLUMNS, outC - column);
    const y0 = y + ((<usize>column) << 2), winners0 = winners + <usize>column;
    tileWindows(outputs, patches, filterPanels, bias + ((<usize>column) << 2), patch, count);
    filterPanels += (<usize>patch) << 5;
    if (width == TILE_COLUMNS) {
      tileMaximum(y0, winners == 0 ? 0 : winners0, outputs, outC, count, relu);
    } else {
      tileMaximum(edge, winners == 0 ? 0 : edgeWinners, outputs, TILE_COLUMNS, count, relu);
      for (let w = 0; w < count; w++) {
        for (let c = 0; c < width; c++) {
          const to = <usize>(w * outC + c), from = <usize>(w * TILE_COLUMNS + c);
          store<f32>(y0 + (to << 2), load<f32>(edge + (from << 2)));
          if (winners != 0) store<u8>(winners0 + to, load<u8>(edgeWinners + from));
        }
      }
    }
  }
}

/**
 * The convolution's outputs for eight filters: outputs [count][4][8] = patches [count][patch][4] · panel [patch][8] + bias [8].
 *
 * One loop through all windows, which stores and starts anew at the end of each: a loop in a loop would spill (see gemm/tile.ts).
 */
export function tileWindows(outputs: usize, patches: usize, panel: usize, bias: usize, patch: i32, count: i32): void {
  const panelBytes = (<usize>patch) << 5;
  let x0 = v128.load(bias), y0 = v128.load(bias, 16);
  let x1 = x0, y1 = y0, x2 = x0, y2 = y0, x3 = x0, y3 = y0;
  let left = patch;
  let total = patch * count;
  if (total > 0) {
    do {
      const b0 = v128.load(panel), b1 = v128.load(panel, 16);
      let e = v128.load32_splat(patches);
      x0 = multiplyAdd(x0, e, b0); y0 = multiplyAdd(y0, e, b1);
      e = v128.load32_splat(patches, 4);
      x1 = multiplyAdd(x1, e, b0); y1 = multiplyAdd(y1, e, b1);
      e = v128.load32_splat(patches, 8);
      x2 = multiplyAdd(x2, e, b0); y2 = multiplyAdd(y2, e, b1);
      e = v128.load32_splat(patches, 12);
      x3 = multiplyAdd(x3, e, b0); y3 = multiplyAdd(y3, e, b1);
      panel += 32;
      patches += 16;
      if (--left == 0) {
        v128.store(outputs, x0); v128.store(outputs, y0, 16);
        v128.store(outputs, x1, 32); v128.store(outputs, y1, 48);
        v128.store(outputs, x2, 64); v128.store(outputs, y2, 80);
        v128.store(outputs, x3, 96); v128.store(outputs, y3, 112);
        x0 = v128.load(bias); y0 = v128.load(bias, 16);
        x1 = x0; y1 = y0; x2 = x0; y2 = y0; x3 = x0; y3 = y0;
        outputs += 128;
        panel -= panelBytes;
        left = patch;
      }
    } while (--total > 0);
  }
}

/** Pools the outputs [count][4][8] of eight filters into y and winners, each `stride` elements from one window to the next. */
export function tileMaximum(y: usize, winners: usize, outputs: usize, stride: i32, count: i32, relu: i32): void {
  if (relu) poolWindows(y, winners, outputs, stride, count, true);
  else poolWindows(y, winners, outputs, stride, count, false);
}

// @ts-ignore: decorator
@inline
function poolWindows(y: usize, winners: usize, outputs: usize, stride: i32, count: i32, relu: bool): void {
  const zero = f32x4.splat(0);
  const yStep = (<usize>stride) << 2;
  for (let w = 0; w < count; w++) {
    const x0 = v128.load(outputs), x1 = v128.load(outputs, 32), x2 = v128.load(outputs, 64), x3 = v128.load(outputs, 96);
    const x01 = larger(x0, x1), x23 = larger(x2, x3);
    let x = larger(x01, x23);
    if (relu) x = f32x4.pmax(x, zero); // x < 0 ? 0 : x, so NaN stays NaN
    v128.store(y, x);
    const z0 = v128.load(outputs, 16), z1 = v128.load(outputs, 48), z2 = v128.load(outputs, 80), z3 = v128.load(outputs, 112);
    const z01 = larger(z0, z1), z23 = larger(z2, z3);
    let z = larger(z01, z23);
    if (relu) z = f32x4.pmax(z, zero);
    v128.store(y, z, 16);
    if (winners != 0) {
      // of both halves at once, as 16-bit masks; the place in four bits
      const right0 = i16x8.narrow_i32x4_s(wins(x1, x0, relu), wins(z1, z0, relu));
      const right1 = i16x8.narrow_i32x4_s(wins(x3, x2, relu), wins(z3, z2, relu));
      const below = i16x8.narrow_i32x4_s(wins(x23, x01, relu), wins(z23, z01, relu));
      const right = v128.bitselect(right1, right0, below);
      let place = v128.or(v128.and(right, i16x8.splat(4)), v128.and(below, i16x8.splat(8)));
      if (relu) {
        const open = i16x8.narrow_i32x4_s(f32x4.gt(x, zero), f32x4.gt(z, zero));
        place = v128.or(place, v128.andnot(i16x8.splat(128), open));
      }
      v128.store64_lane(winners, i8x16.narrow_i16x8_u(place, place), 0);
      winners += <usize>stride;
    }
    outputs += 128;
    y += yStep;
  }
}

/** The larger of two; NaN if either is: then the two maxima are a and b themselves, and a NaN or anything is a NaN. */
// @ts-ignore: decorator
@inline
function larger(a: v128, b: v128): v128 {
  return v128.or(f32x4.pmax(a, b), f32x4.pmax(b, a));
}

/** Whether b wins over the a before it. Under ReLU a NaN's gradient is zero, so its place need not be known. */
// @ts-ignore: decorator
@inline
function wins(b: v128, a: v128, relu: bool): v128 {
  return relu ? f32x4.gt(b, a) : v128.or(f32x4.gt(b, a), f32x4.ne(b, b));
}
