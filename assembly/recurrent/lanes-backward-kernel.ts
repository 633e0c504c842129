import { sumLanes } from "../simd/lanes";
import { Kernel } from "../plan/ops";
import { LINE, fetch } from "../simd/prefetch";
import { DOTS_BYTES, TILE_COLUMNS, TILE_ROWS, tileDots } from "./dots-tile";

/** Bytes of a step of two columns, and of a tile's rows. */
const PAIR_BYTES: usize = 32;
const STEP_BYTES: usize = Kernel.dotsStepBytes;
/** Columns from which on the steps of a block are too much for the nearest cache. */
const LARGE: i32 = Kernel.dotsLarge;

/**
 * Op: gradient of a kernel applied at every step, and of its bias, one partial sum a block, joined by `reducePartials`.
 *
 * partials: [blocks][features + withBias][units]: Σ x[t - shift][f] · dy[t][u] over the steps that have such an x, and with a bias in the last row
 * Σ dy[t][u] over all; x: lanes [groups][time][features][4]; dy: lanes [groups][time][units][4]. shift: 1 for a recurrent kernel, whose x is the layer's own output
 * one step before; 0 else. A block is `blockSteps` steps of a group. scratch: a vector of ones, a tile's sums, a tile's rows at every step,
 * [blockSteps][5][4], and of a shorter side from LARGE on its columns, two by two: [columns / 2][panelBytes].
 */
export function lanesBackwardKernel(
  block: i32, scratch: usize, partials: usize, x: usize, dy: usize, time: i32, features: i32, units: i32, shift: i32, withBias: i32,
  blockSteps: i32,
): void {
  const perGroup = (time + blockSteps - 1) / blockSteps;
  const group = block / perGroup;
  const first = max((block % perGroup) * blockSteps, shift);
  const steps = min((block % perGroup + 1) * blockSteps, time) - first;
  const xStep = (<usize>features) << 4, dyStep = (<usize>units) << 4, unitBytes = (<usize>units) << 2;
  const out = partials + <usize>block * <usize>(features + withBias) * unitBytes;
  const dots = scratch + 16;
  x += <usize>(group * time + first - shift) * xStep;
  dy += <usize>(group * time + first) * dyStep;
  // the longer side gives the rows: fewer tiles are cut short
  if (features < units) products(dots, out, 4, unitBytes, dy, dyStep, units, x, xStep, features, steps);
  else products(dots, out, unitBytes, 4, x, xStep, features, dy, dyStep, units, steps);
  if (withBias) {
    const before = first - (block % perGroup) * blockSteps; // steps without an x
    v128.store(scratch, f32x4.splat(1));
    products(dots, out + <usize>features * unitBytes, 4, unitBytes, dy - <usize>before * dyStep, dyStep, units, scratch, 0, 1, steps + before);
  }
}

/**
 * out [rows][columns] = Σ x[t][row] · y[t][column] over all steps and lanes, `outRow` and `outColumn` bytes from one to the next. Many columns are packed,
 * and the rows of a tile with them: at strides such as 1 KiB their steps share few sets of the nearest cache.
 */
function products(
  dots: usize, out: usize, outRow: usize, outColumn: usize, x: usize, xStep: usize, rows: i32, y: usize, yStep: usize, columns: i32, steps: i32,
): void {
  const tiles = (rows + TILE_ROWS - 1) / TILE_ROWS, least = rows / tiles, larger = rows - least * tiles;
  const packed = dots + DOTS_BYTES, panels = packed + <usize>steps * STEP_BYTES;
  const pack = columns >= LARGE, panelBytes = <usize>steps * PAIR_BYTES + LINE; // an odd number of lines apart: in different sets
  let panel = y, panelStep = PAIR_BYTES, columnsStep = yStep;
  if (pack) {
    fetch(x, <usize>steps * xStep); // in order, as prefetchers do not follow the strides of the tiles
    packColumns(panels, panelBytes, y, yStep, columns, steps);
    panel = panels;
    panelStep = panelBytes;
    columnsStep = PAIR_BYTES;
  }
  for (let i = 0; i < tiles; i++) {
    const tileRows = least + i32(i < larger);
    let source = x, sourceStep = xStep;
    if (pack) {
      source = packed;
      sourceStep = (<usize>tileRows) << 4;
      packRows(source, sourceStep, x, xStep, steps);
    }
    for (let c = 0; c < columns; c += TILE_COLUMNS) {
      const tileColumns = min(TILE_COLUMNS, columns - c);
      tileDots(tileRows, tileColumns, dots, source, sourceStep, panel + <usize>(c / TILE_COLUMNS) * panelStep, columnsStep, steps);
      storeSums(out + <usize>c * outColumn, outRow, outColumn, dots, tileRows, tileColumns);
    }
    out += <usize>tileRows * outRow;
    x += (<usize>tileRows) << 4;
  }
}

/** panels [columns / 2][panelBytes], of each [steps][2][4] = the columns of y two by two. An odd one leaves the second place as it is. */
function packColumns(panels: usize, panelBytes: usize, y: usize, yStep: usize, columns: i32, steps: i32): void {
  for (; steps > 0; steps--) {
    let to = panels;
    for (let from = y, end = y + ((<usize>columns) << 4); from < end; from += PAIR_BYTES) {
      v128.store(to, v128.load(from));
      if (from + 16 < end) v128.store(to, v128.load(from, 16), 16);
      to += panelBytes;
    }
    panels += PAIR_BYTES;
    y += yStep;
  }
}

/** packed [steps][bytes] = the first `bytes` of every step of x. */
function packRows(packed: usize, bytes: usize, x: usize, xStep: usize, steps: i32): void {
  for (; steps > 0; steps--) {
    for (let i: usize = 0; i < bytes; i += 16) v128.store(packed + i, v128.load(x + i));
    packed += bytes;
    x += xStep;
  }
}

/** out [rows][columns] = the sums of the lanes of a tile. */
function storeSums(out: usize, outRow: usize, outColumn: usize, dots: usize, rows: i32, columns: i32): void {
  for (; rows > 0; rows--) {
    store<f32>(out, sumLanes(v128.load(dots)));
    if (columns == 2) store<f32>(out + outColumn, sumLanes(v128.load(dots, 16)));
    out += outRow;
    dots += 32;
  }
}
