import { multiplyAdd } from "../simd/lanes";
import { TILE_COLUMNS } from "../gemm/tile";
import { extent, needsPadding, padImage } from "./patch";
import { BAND, gatherWindows } from "./windows";
import { transformFilters, transformWindows, windowSums } from "./winograd-windows";

/**
 * Convolution with 2×2 max pooling (stride 2, valid) in one: y = max pool(x ⋆ filter + bias), with ReLU if asked for. The map between the two
 * never goes to memory. NaN wins over all; of equal values the first wins. With `winograd` a kernel of 3×3 and stride 1 goes by F(2×2, 3×3), whose
 * tile is the window.
 *
 * y: [batch, outH / 2, outW / 2, outC]; winners: u8, same shape, or address 0: four times the place of the window's maximum (row · 2 + column),
 * plus 128 where ReLU lets no gradient through; x: [batch, inH, inW, inC]; filterPanels: [ceil(outC / 8)][kernelH · kernelW · inC][8];
 * bias: [outC] or address 0; outH, outW: the convolution's. A block is `blockImages` images.
 * scratch: bias [ceil(outC / 8)][8], outputs [BAND][8][8], edge of y [BAND][8], edge of winners u8 [BAND][8],
 * patches [BAND][kernelH · kernelW · inC][4] and three taps more, by Winograd's method transformed filters [ceil(outC / 8)][inC][16][8], then a
 * padded image if one is needed.
 */
export function conv2dMaxPoolForward(
  block: i32, scratch: usize, y: usize, winners: usize, x: usize, filterPanels: usize, bias: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32, winograd: i32, relu: i32,
): void {
  const rows = extent(outH, strideH, kernelH);
  const columns = extent(outW, strideW, kernelW);
  const padded = needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const patch = kernelH * kernelW * inC;
  const pooledW = outW >> 1, windows = (outH >> 1) * pooledW;
  const biasBytes = (<usize>((outC + 7) & ~7)) << 2;
  const outputs = scratch + biasBytes;
  const patches = outputs + <usize>BAND * (256 + 32 + 8);
  const filters = patches + ((<usize>(BAND * patch + 3)) << 4);
  const image = filters + (winograd ? transformFilters(filters, filterPanels, inC, outC) : 0);
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
      const width = padded ? columns : inW;
      if (winograd) transformWindows(patches, source, first, count, pooledW, width, inC);
      else gatherWindows(patches, source, first, count, pooledW, width, inC, kernelH, kernelW * inC, strideH, strideW);
      bandForward(
        y + (done << 2), winners == 0 ? 0 : winners + done, outputs, patches, winograd ? filters : filterPanels, scratch,
        winograd ? inC : patch, outC, count, <bool>winograd, relu,
      );
    }
  }
}

/** All filters over the windows of one band, `depth` taps or, by Winograd's method, channels of each. */
function bandForward(
  y: usize, winners: usize, outputs: usize, patches: usize, panel: usize, bias: usize, depth: i32, outC: i32, count: i32, winograd: bool, relu: i32,
): void {
  const edge = outputs + ((<usize>BAND) << 8), edgeWinners = edge + ((<usize>BAND) << 5);
  for (let column = 0; column < outC; column += TILE_COLUMNS) {
    const width = min(TILE_COLUMNS, outC - column);
    const y0 = y + ((<usize>column) << 2), winners0 = winners + <usize>column;
    const bias0 = bias + ((<usize>column) << 2);
    if (winograd) windowSums(outputs, patches, panel, depth, count);
    else tileWindows(outputs, patches, panel, depth, count);
    panel += (<usize>depth) << (winograd ? 9 : 5);
    if (width == TILE_COLUMNS) {
      tileMaximum(y0, winners == 0 ? 0 : winners0, outputs, bias0, outC, count, relu, winograd);
    } else {
      tileMaximum(edge, winners == 0 ? 0 : edgeWinners, outputs, bias0, TILE_COLUMNS, count, relu, winograd);
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
 * The convolution's outputs for eight filters, without bias: outputs [count][4][8] = patches [count][patch][4] · panel [patch][8].
 *
 * One loop through all windows, which stores and starts anew at the end of each: a loop in a loop would spill (see gemm/tile.ts).
 */
export function tileWindows(outputs: usize, patches: usize, panel: usize, patch: i32, count: i32): void {
  const panelBytes = (<usize>patch) << 5;
  const zero = f32x4.splat(0);
  let x0 = zero, y0 = zero, x1 = zero, y1 = zero, x2 = zero, y2 = zero, x3 = zero, y3 = zero;
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
        x0 = zero; y0 = zero; x1 = zero; y1 = zero; x2 = zero; y2 = zero; x3 = zero; y3 = zero;
        outputs += 128;
        panel -= panelBytes;
        left = patch;
      }
    } while (--total > 0);
  }
}

/**
 * Pools eight filters' outputs [count][4][8], or by Winograd's method their sums [count][4][2][8], into y and winners, each `stride` elements from one
 * window to the next. bias: [8].
 */
export function tileMaximum(y: usize, winners: usize, outputs: usize, bias: usize, stride: i32, count: i32, relu: i32, winograd: bool): void {
  for (let half: usize = 0; half < 32; half += 16) { // four filters at a time, which leaves registers free
    const own = v128.load(bias + half);
    if (winograd) {
      if (winners != 0) poolWindows(y + half, winners + (half >> 2), outputs + half, own, stride, count, relu, true, true);
      else poolWindows(y + half, 0, outputs + half, own, stride, count, relu, true, false);
    } else {
      if (winners != 0) poolWindows(y + half, winners + (half >> 2), outputs + half, own, stride, count, relu, false, true);
      else poolWindows(y + half, 0, outputs + half, own, stride, count, relu, false, false);
    }
  }
}

// @ts-ignore: decorator
@inline
function poolWindows(
  y: usize, winners: usize, outputs: usize, bias: v128, stride: i32, count: i32, relu: i32, winograd: bool, withWinners: bool,
): void {
  const floor = f32x4.splat(relu ? 0 : -Infinity), shut = i32x4.splat(relu ? 128 : 0);
  for (let w = 0; w < count; w++) {
    let x0: v128, x1: v128, x2: v128, x3: v128;
    if (winograd) {
      const above = v128.load(outputs, 64), above2 = v128.load(outputs, 128), below = v128.load(outputs, 96), below2 = v128.load(outputs, 160);
      x0 = f32x4.add(v128.load(outputs), f32x4.add(above, above2));
      x1 = f32x4.add(v128.load(outputs, 192), f32x4.sub(above, above2));
      x2 = f32x4.add(v128.load(outputs, 32), f32x4.add(below, below2));
      x3 = f32x4.add(v128.load(outputs, 224), f32x4.sub(below, below2));
    } else {
      x0 = v128.load(outputs);
      x1 = v128.load(outputs, 32);
      x2 = v128.load(outputs, 64);
      x3 = v128.load(outputs, 96);
    }
    const x01 = larger(x0, x1), x23 = larger(x2, x3);
    const x = f32x4.pmax(f32x4.add(larger(x01, x23), bias), floor); // x < 0 ? 0 : x, so NaN stays NaN
    v128.store(y, x);
    if (withWinners) {
      const isBelow = wins(x23, x01), isRight = v128.bitselect(wins(x3, x2), wins(x1, x0), isBelow);
      const place = v128.or(v128.and(isRight, i32x4.splat(4)), v128.and(isBelow, i32x4.splat(8)));
      const words = i16x8.narrow_i32x4_u(v128.or(place, v128.andnot(shut, f32x4.gt(x, floor))), place);
      v128.store32_lane(winners, i8x16.narrow_i16x8_u(words, words), 0);
      winners += <usize>stride;
    }
    outputs += winograd ? 256 : 128;
    y += (<usize>stride) << 2;
  }
}

/** The larger of two; NaN if either is: then the two maxima are a and b themselves, and a NaN or anything is a NaN. */
// @ts-ignore: decorator
@inline
function larger(a: v128, b: v128): v128 {
  return v128.or(f32x4.pmax(a, b), f32x4.pmax(b, a));
}

/** Whether b wins over the a before it. */
// @ts-ignore: decorator
@inline
function wins(b: v128, a: v128): v128 {
  return v128.or(f32x4.gt(b, a), f32x4.ne(b, b));
}
