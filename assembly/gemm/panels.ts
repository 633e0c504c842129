// Packed panels of B: [ceil(n / 8)][k][8], columns beyond n zero. A tile reads a panel front to back.
import { TILE_COLUMNS } from "./tile";

/** Packs rows k0 … k0+k-1 and columns n0 … n0+n-1 of B into panels; element (k, n) of B is at b + k·strideK + n·strideN (elements). */
export function packBlock(panels: usize, b: usize, k0: i32, k: i32, n0: i32, n: i32, strideK: i32, strideN: i32): void {
  for (let column = 0; column < n; column += TILE_COLUMNS) {
    const width = min(TILE_COLUMNS, n - column);
    const source = b + ((<usize>(k0 * strideK + (n0 + column) * strideN)) << 2);
    packPanel(panels, source, k, width, strideK, strideN);
    panels += (<usize>k) << 5;
  }
}

/** One panel: out [k][8]. */
export function packPanel(out: usize, b: usize, k: i32, width: i32, strideK: i32, strideN: i32): void {
  const stepK = (<usize>strideK) << 2;
  const stepN = (<usize>strideN) << 2;
  if (width == TILE_COLUMNS && strideN == 1) {
    for (let i = 0; i < k; i++) {
      v128.store(out, v128.load(b));
      v128.store(out, v128.load(b, 16), 16);
      out += 32;
      b += stepK;
    }
    return;
  }
  let i = 0;
  if (width == TILE_COLUMNS && strideK == 1) {
    for (; i + 4 <= k; i += 4) {
      transpose4(out, b, stepN);
      transpose4(out + 16, b + 4 * stepN, stepN);
      out += 128;
      b += 16;
    }
  }
  for (; i < k; i++) {
    for (let j = 0; j < TILE_COLUMNS; j++) {
      store<f32>(out + ((<usize>j) << 2), j < width ? load<f32>(b + <usize>j * stepN) : 0);
    }
    out += 32;
    b += stepK;
  }
}

/** Four columns (`stepN` bytes apart) of four k each, written as four rows of a panel. */
// @ts-ignore: decorator
@inline
function transpose4(out: usize, b: usize, stepN: usize): void {
  const r0 = v128.load(b), r1 = v128.load(b + stepN), r2 = v128.load(b + 2 * stepN), r3 = v128.load(b + 3 * stepN);
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(out, v128.shuffle<i64>(low01, low23, 1, 3), 32);
  v128.store(out, v128.shuffle<i64>(high01, high23, 0, 2), 64);
  v128.store(out, v128.shuffle<i64>(high01, high23, 1, 3), 96);
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
