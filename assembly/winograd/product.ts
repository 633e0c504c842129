import { tileGemm } from "../gemm/tile-gemm";
import { TILE_COLUMNS, TILE_ROWS } from "../gemm/tile";
import { panelSlab, positionBegin, positionEnd } from "./tiles";
import { POSITIONS } from "./transform";

/**
 * out[p] = a[p] · b[p] for all positions and the tiles that take them: a sum over channels for each tile.
 *
 * out: [36][tiles][n], positions `outStep` bytes apart; a: [36][tiles][k], positions `aStep` bytes apart; panels: [36][panelSlab(n, k)], each
 * [n / 8][k][8]; zeros: eight of them, for the sums to start from; table: of the chunk.
 * The last rows are computed by a register tile that overlaps the one before; where there are fewer rows than a tile has, it reads and writes
 * rows before the first or past the last.
 */
export function positionProducts(
  out: usize, outStep: usize, a: usize, aStep: usize, panels: usize, table: usize, outH: i32, outW: i32, n: i32, k: i32, zeros: usize,
): void {
  const ldc = (<usize>n) << 2, lda = (<usize>k) << 2;
  const panelBytes = (<usize>k) << 5;
  for (let p = 0; p < POSITIONS; p++) {
    const end = positionEnd(table, p, outH, outW);
    for (let i = positionBegin(table, p, outW); i < end; i += TILE_ROWS) {
      const row = <usize>max(0, min(i, end - TILE_ROWS));
      let panel = panels;
      for (let j = 0; j < n; j += TILE_COLUMNS) {
        tileGemm(out + row * ldc + ((<usize>j) << 2), ldc, zeros, 0, a + row * lda, lda, panel, k);
        panel += panelBytes;
      }
    }
    out += outStep;
    a += aStep;
    panels += panelSlab(n, k) << 2;
  }
}
