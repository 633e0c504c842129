// Packed operands: in the order in which a register tile reads them.
//
//   panels of B   [ceil(n / 8)][k][8], columns beyond n zero: a tile reads a panel front to back
//   strips of A   [ceil(m / TILE_ROWS)][k][TILE_ROWS]: with the rows side by side a tile needs one address for all
import { STRIP_STEP, TILE_COLUMNS, TILE_ROWS } from "./tile";

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

/** A strip of A: out [k][TILE_ROWS]; a: TILE_ROWS rows, `lda` bytes apart. */
export function packStrip(out: usize, a: usize, lda: usize, k: i32): void {
  let i = 0;
  for (; i + 4 <= k; i += 4) {
    transpose4(out, STRIP_STEP, a, lda);
    for (let r: usize = 4; r < <usize>TILE_ROWS; r++) {
      const row = v128.load(a + r * lda), to = out + (r << 2);
      v128.store_lane<f32>(to, row, 0);
      v128.store_lane<f32>(to + STRIP_STEP, row, 1);
      v128.store_lane<f32>(to + 2 * STRIP_STEP, row, 2);
      v128.store_lane<f32>(to + 3 * STRIP_STEP, row, 3);
    }
    a += 16;
    out += 4 * STRIP_STEP;
  }
  for (; i < k; i++) {
    for (let r: usize = 0; r < <usize>TILE_ROWS; r++) store<f32>(out + (r << 2), load<f32>(a + r * lda));
    a += 4;
    out += STRIP_STEP;
  }
}

/**
 * Strips of an A stored transposed: the first k steps of out [ceil(rows / TILE_ROWS)][depth][TILE_ROWS], zeros for rows beyond the last; a: [k][rows], rows
 * `lda` bytes apart.
 */
export function packStrips(out: usize, a: usize, lda: usize, rows: i32, k: i32, depth: i32): void {
  const stripBytes = <usize>depth * STRIP_STEP;
  for (; k > 0; k--) {
    let to = out, from = a, r = rows;
    for (; r >= TILE_ROWS; r -= TILE_ROWS) { // two vectors that overlap
      v128.store(to, v128.load(from));
      v128.store(to + STRIP_STEP - 16, v128.load(from + STRIP_STEP - 16));
      to += stripBytes;
      from += STRIP_STEP;
    }
    for (let i = 0; r > 0 && i < TILE_ROWS; i++) store<f32>(to + ((<usize>i) << 2), i < r ? load<f32>(from + ((<usize>i) << 2)) : 0);
    out += STRIP_STEP;
    a += lda;
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
