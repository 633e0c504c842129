import { tileGemm } from "../gemm/tile-gemm";
import { TILE_COLUMNS, TILE_ROWS } from "../gemm/tile";
import { panelSlab } from "./tiles";
import { POSITIONS } from "./transform";

/**
 * out[p] = a[p] · b[p] for all positions: a sum over channels for each tile.
 *
 * out: [36][tiles][n], positions `outStep` bytes apart; a: [36][tiles][k], positions `aStep` bytes apart; panels: [36][panelSlab(n, k)], each
 * [n / 8][k][8]; zeros: eight of them, for the sums to start from.
 * The last rows are computed by a register tile that overlaps the one before; where there are fewer rows than a tile has, it reads and writes
 * rows past the last.
 */
export function positionProducts(out: usize, outStep: usize, a: usize, aStep: usize, panels: usize, tiles: i32, n: i32, k: i32, zeros: usize): void {
  const ldc = (<usize>n) << 2, lda = (<usize>k) << 2;
  const panelBytes = (<usize>k) << 5;
  for (let p = 0; p < POSITIONS; p++) {
    for (let i = 0; i < tiles; i += TILE_ROWS) {
      const row = <usize>max(0, min(i, tiles - TILE_ROWS));
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
