import { packStrip } from "../gemm/panels";
import { tileGemmShort, tileGemmStrip } from "../gemm/tile-gemm";
import { PANEL_STEP, STRIP_STEP, TILE_COLUMNS, TILE_ROWS } from "../gemm/tile";
import { fetchLines, linesEach } from "../simd/prefetch";
import { chunkTiles, panelSlab, positionBegin, positionEnd } from "./tiles";
import { POSITIONS } from "./transform";

/**
 * out[p] = a[p] · b[p] for all positions and the tiles that take them: a sum over channels for each tile.
 *
 * out: [36][tiles][n], positions `outStep` bytes apart; a: [36][tiles][k], positions `aStep` bytes apart; panels: [36][panelSlab(n, k)], each
 * [n / 8][k][8]; zeros: eight of them, for the sums to start from; table: of the chunk;
 * strip: room for one of a, [k][TILE_ROWS]; ahead: what to fetch meanwhile (setAhead).
 * Rows are taken in strips as even as may be, so that the last is not a register tile for a row or two.
 */
export function positionProducts(
  out: usize, outStep: usize, a: usize, aStep: usize, panels: usize, table: usize, outH: i32, outW: i32, n: i32, k: i32, zeros: usize,
  strip: usize, ahead: usize,
): void {
  const ldc = (<usize>n) << 2, lda = (<usize>k) << 2;
  const panelBytes = (<usize>k) << 5;
  const calls = POSITIONS * ((chunkTiles(table) + TILE_ROWS - 1) / TILE_ROWS) * (n / TILE_COLUMNS);
  let begin0 = load<usize>(ahead), begin1 = load<usize>(ahead, 8);
  const end0 = load<usize>(ahead, 4), end1 = load<usize>(ahead, 12);
  const lines0 = linesEach(end0 - begin0, calls), lines1 = linesEach(end1 - begin1, calls);
  for (let p = 0; p < POSITIONS; p++) {
    const first = positionBegin(table, p, outW);
    let left = positionEnd(table, p, outH, outW) - first, to = out + <usize>first * ldc, from = a + <usize>first * lda;
    for (let strips = (left + TILE_ROWS - 1) / TILE_ROWS; strips > 0; strips--) {
      const rows = (left + strips - 1) / strips;
      if (rows == TILE_ROWS) packStrip(strip, from, lda, k);
      let panel = panels;
      for (let tile = to, tileEnd = to + ldc; tile < tileEnd; tile += PANEL_STEP) {
        begin0 = fetchLines(begin0, lines0, end0);
        begin1 = fetchLines(begin1, lines1, end1);
        if (rows == TILE_ROWS) tileGemmStrip(tile, ldc, zeros, 0, strip, STRIP_STEP, panel, k);
        else tileGemmShort(tile, ldc, zeros, 0, from, lda, panel, PANEL_STEP, k, rows);
        panel += panelBytes;
      }
      to += <usize>rows * ldc;
      from += <usize>rows * lda;
      left -= rows;
    }
    out += outStep;
    a += aStep;
    panels += panelSlab(n, k) << 2;
  }
}
