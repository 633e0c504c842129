// Packed operands: in the order in which a register tile reads them.
//
//   panels of B   [ceil(n / 8)][k][8], columns beyond n zero: a tile reads a panel front to back
//   rows of A     [m][packedRow(k)], from an A stored transposed: a tile reads TILE_ROWS rows side by side
import { TILE_COLUMNS } from "./tile";

/** Packs a B of k × n into panels of `depth` rows each; its element (k, n) is at b + k·strideK + n·strideN (elements). */
export function packBlock(panels: usize, b: usize, k: i32, n: i32, strideK: i32, strideN: i32, depth: i32): void {
  for (let column = 0; column < n; ) {
    const source = b + ((<usize>column * <usize>strideN) << 2);
    if (strideN == 1 && column + 2 * TILE_COLUMNS <= n) {
      packPair(panels, source, k, (<usize>strideK) << 2, depth);
      panels += (<usize>depth) << 6;
      column += 2 * TILE_COLUMNS;
    } else {
      packPanel(panels, source, k, min(TILE_COLUMNS, n - column), strideK, strideN);
      panels += (<usize>depth) << 5;
      column += TILE_COLUMNS;
    }
  }
}

/** The first k rows of two panels, out [2][depth][8], from whole cache lines of a B whose rows are contiguous. */
function packPair(out: usize, b: usize, k: i32, stepK: usize, depth: i32): void {
  let second = out + ((<usize>depth) << 5);
  for (; k > 0; k--) {
    v128.store(out, v128.load(b));
    v128.store(out, v128.load(b, 16), 16);
    v128.store(second, v128.load(b, 32));
    v128.store(second, v128.load(b, 48), 16);
    out += 32;
    second += 32;
    b += stepK;
  }
}

/** One panel: out [k][8]. */
export function packPanel(out: usize, b: usize, k: i32, width: i32, strideK: i32, strideN: i32): void {
  const stepK = (<usize>strideK) << 2;
  const stepN = (<usize>strideN) << 2;
  if (strideN == 1) return packRowsOfB(out, b, k, width, stepK);
  let i = 0;
  if (width == TILE_COLUMNS && strideK == 1) {
    for (; i + 4 <= k; i += 4) {
      transpose4(out, 32, b, stepN);
      transpose4(out + 16, 32, b + 4 * stepN, stepN);
      out += 128;
      b += 16;
    }
    if (i == k) return;
  }
  for (let j = 0; j < TILE_COLUMNS; j++) {
    let to = out + ((<usize>j) << 2), from = b + <usize>j * stepN;
    for (let rest = k - i; rest > 0; rest--) {
      store<f32>(to, j < width ? load<f32>(from) : 0);
      to += 32;
      from += stepK;
    }
  }
}

/** A panel of a B whose rows are contiguous; reads whole vectors, so up to seven floats past the last column. */
function packRowsOfB(out: usize, b: usize, k: i32, width: i32, stepK: usize): void {
  const columns = i32x4(0, 1, 2, 3), end = i32x4.splat(width);
  const mask0 = i32x4.lt_s(columns, end), mask1 = i32x4.lt_s(i32x4.add(columns, i32x4.splat(4)), end);
  for (; k > 0; k--) {
    v128.store(out, v128.and(v128.load(b), mask0));
    v128.store(out, v128.and(v128.load(b, 16), mask1), 16);
    out += 32;
    b += stepK;
  }
}

/** Floats from one packed row of A to the next: an odd number of cache lines, so that rows do not share a few sets of the cache. */
// @ts-ignore: decorator
@inline
export function packedRow(k: i32): i32 {
  return (((k + 15) >> 4) | 1) << 4;
}

/** Rows of A from an A stored transposed. out: [rows][outStride]; a: [k][rows], rows `lda` elements apart. */
export function packRows(out: usize, outStride: i32, a: usize, lda: i32, rows: i32, k: i32): void {
  const outStep = (<usize>outStride) << 2;
  const aStep = (<usize>lda) << 2;
  let p = 0;
  for (; p + 4 <= k; p += 4) {
    let to = out, from = a;
    let r = 0;
    for (; r + 4 <= rows; r += 4) {
      transpose4(to, outStep, from, aStep);
      to += 4 * outStep;
      from += 16;
    }
    for (; r < rows; r++) {
      for (let i: usize = 0; i < 4; i++) store<f32>(to + (i << 2), load<f32>(from + i * aStep));
      to += outStep;
      from += 4;
    }
    out += 16;
    a += 4 * aStep;
  }
  for (; p < k; p++) {
    for (let r: usize = 0; r < <usize>rows; r++) store<f32>(out + r * outStep, load<f32>(a + (r << 2)));
    out += 4;
    a += aStep;
  }
}

/** out[i][j] = x[j][i], 4 × 4; rows `outStep` and `step` bytes apart. */
// @ts-ignore: decorator
@inline
function transpose4(out: usize, outStep: usize, x: usize, step: usize): void {
  const r0 = v128.load(x), r1 = v128.load(x + step), r2 = v128.load(x + 2 * step), r3 = v128.load(x + 3 * step);
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(out + outStep, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(out + 2 * outStep, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(out + 3 * outStep, v128.shuffle<i64>(high01, high23, 1, 3));
}

/**
 * Packs `matrices` matrices of k × n, one after the other.
 *
 * panels: [matrices][ceil(n / 8)][k][8]; b: matrix t at b + t·matrixStride, element (k, n) at k·strideK + n·strideN (elements).
 * A block is one panel.
 */
export function packPanels(
  block: i32, scratch: usize, panels: usize, b: usize, k: i32, n: i32, strideK: i32, strideN: i32, matrixStride: i32,
): void {
  const perMatrix = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const matrix = block / perMatrix;
  const column = (block % perMatrix) * TILE_COLUMNS;
  packPanel(
    panels + (<usize>block * <usize>k << 5),
    b + ((<usize>(matrix * matrixStride + column * strideN)) << 2),
    k, min(TILE_COLUMNS, n - column), strideK, strideN,
  );
}
