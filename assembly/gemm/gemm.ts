import { fillBias, loadEdge, storeEdge } from "./edge";
import { packBlock } from "./panels";
import { Kernel } from "../plan/ops";
import { EDGE_BYTES, ROW_TABLE_BYTES, TILE_COLUMNS, TILE_ROWS, clampRows, setRow, tileColumns, tileRows } from "./tile";

/** Depth of a packed block of B: 256 × 8 floats, a quarter of a first-level cache. */
const DEPTH: i32 = Kernel.depth;

/**
 * C = op(A) · op(B) + bias, with ReLU if asked for, blocked: a block is blockM × blockN of C.
 *
 * c: [m, n], rows `ldc` apart; a: [m, k] with rows `lda` apart, or [k, m] if transposeA; b: [k, n] with rows `ldb` apart, or [n, k] if
 * transposeB; bias: [n] or address 0. relu: ignored if transposeA (no layer needs it).
 * scratch: row table, edge tile, then packed B [ceil(blockN / 8)][256][8].
 */
export function gemm(
  block: i32, scratch: usize, c: usize, a: usize, b: usize, bias: usize, m: i32, n: i32, k: i32,
  lda: i32, ldb: i32, ldc: i32, transposeA: i32, transposeB: i32, blockM: i32, blockN: i32, relu: i32,
): void {
  const blocksN = (n + blockN - 1) / blockN;
  const m0 = (block / blocksN) * blockM;
  const n0 = (block % blocksN) * blockN;
  const rows = min(blockM, m - m0);
  const columns = min(blockN, n - n0);
  const panels = scratch + ROW_TABLE_BYTES + EDGE_BYTES;
  const rowBytes = (<usize>ldc) << 2;
  c += (<usize>m0 * <usize>ldc + <usize>n0) << 2;
  fillBias(c, rowBytes, bias == 0 ? 0 : bias + ((<usize>n0) << 2), rows, columns);

  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const depth = min(DEPTH, k - k0);
    packBlock(panels, b, k0, depth, n0, columns, transposeB ? 1 : ldb, transposeB ? ldb : 1);
    if (transposeA) {
      columnTiles(scratch, c, rowBytes, a + ((<usize>k0 * <usize>lda + <usize>m0) << 2), (<usize>lda) << 2, panels, rows, columns, depth);
    } else {
      const last = k0 + depth == k;
      rowTiles(scratch, c, rowBytes, a + ((<usize>m0 * <usize>lda + <usize>k0) << 2), (<usize>lda) << 2, panels, rows, columns, depth, last && relu != 0);
    }
  }
}

/** All tiles of a block where A's rows are contiguous along k. */
function rowTiles(
  scratch: usize, c: usize, ldc: usize, a: usize, lda: usize, panels: usize, m: i32, n: i32, depth: i32, relu: bool,
): void {
  const edge = scratch + ROW_TABLE_BYTES;
  for (let i = 0; i < m; i += TILE_ROWS) {
    const rows = min(TILE_ROWS, m - i);
    let panel = panels;
    for (let j = 0; j < n; j += TILE_COLUMNS) {
      const columns = min(TILE_COLUMNS, n - j);
      const tile = c + <usize>i * ldc + ((<usize>j) << 2);
      const whole = rows == TILE_ROWS && columns == TILE_COLUMNS;
      if (!whole) loadEdge(edge, tile, ldc, rows, columns);
      for (let r = 0; r < TILE_ROWS; r++) {
        const row = min(r, rows - 1); // rows that are not there repeat the last one, into the edge tile
        setRow(scratch, r, a + <usize>(i + row) * lda, whole ? tile + <usize>r * ldc : edge + ((<usize>r) << 5));
      }
      tileRows(scratch, panel, depth);
      if (relu) clampRows(scratch);
      if (!whole) storeEdge(tile, ldc, edge, rows, columns);
      panel += (<usize>depth) << 5;
    }
  }
}

/** All tiles of a block where A is stored transposed. */
function columnTiles(
  scratch: usize, c: usize, ldc: usize, a: usize, lda: usize, panels: usize, m: i32, n: i32, depth: i32,
): void {
  const edge = scratch + ROW_TABLE_BYTES;
  for (let i = 0; i < m; i += TILE_ROWS) {
    const rows = min(TILE_ROWS, m - i);
    let panel = panels;
    for (let j = 0; j < n; j += TILE_COLUMNS) {
      const columns = min(TILE_COLUMNS, n - j);
      const tile = c + <usize>i * ldc + ((<usize>j) << 2);
      const source = a + ((<usize>i) << 2);
      if (rows == TILE_ROWS && columns == TILE_COLUMNS) {
        tileColumns(tile, ldc, source, lda, panel, 32, depth);
      } else {
        loadEdge(edge, tile, ldc, rows, columns);
        tileColumns(edge, 32, source, lda, panel, 32, depth);
        storeEdge(tile, ldc, edge, rows, columns);
      }
      panel += (<usize>depth) << 5;
    }
  }
}
