import { addEdge } from "../gemm/edge";
import { packBlock, packStrips } from "../gemm/panels";
import { tileGemmStrip } from "../gemm/tile-gemm";
import { EDGE_BYTES, PANEL_STEP, STRIP_STEP, TILE_COLUMNS, TILE_ROWS } from "../gemm/tile";
import { fetchLines, linesEach } from "../simd/prefetch";
import { layOutChunk, positionBegin, positionEnd, slab, tilesAcross } from "./tiles";
import { Kernel } from "../plan/ops";

/**
 * Tiles, in whole chunks, whose rows of v and m stay in the nearest caches while all of u is updated. They are summed by themselves: the error of one
 * long sum grows with its length, and Gᵀ u G magnifies it (measured: 4.8 times that of the direct gradient for 1152 tiles, 1.8 times by runs of 128).
 */
const DEPTH: i32 = Kernel.winogradDepth;

/**
 * Op: the gradient of the transformed filter, a sum over all tiles of the batch for each position.
 *
 * u: [36][inC][outC]; v: [36][tiles][inC]; m: [36][tiles][outC]; blockImages, chunk: as the passes before had them. A block is a position.
 * scratch: zeros [8], a tile [6][8], the table of a chunk, and of the tiles summed at a time, `deepest` at most, those that take the position: strips of v
 * [ceil(inC / TILE_ROWS)][deepest][TILE_ROWS], panels of m [outC / 8][deepest][8].
 */
export function winogradBackwardFilter(
  block: i32, scratch: usize, u: usize, v: usize, m: usize, batch: i32, outH: i32, outW: i32, inC: i32, outC: i32, blockImages: i32, chunk: i32,
): void {
  const lda = (<usize>inC) << 2, ldb = (<usize>outC) << 2;
  const deepest = DEPTH + chunk - 1, stripBytes = <usize>deepest * STRIP_STEP, panelBytes = <usize>deepest * PANEL_STEP;
  const strips = (inC + TILE_ROWS - 1) / TILE_ROWS;
  const zeros = scratch, tile = zeros + PANEL_STEP, table = tile + EDGE_BYTES, stripsV = table + Kernel.chunkBytes;
  const panelsM = stripsV + <usize>strips * stripBytes;
  const perImage = tilesAcross(outW) * tilesAcross(outH), tiles = batch * perImage, blockTiles = blockImages * perImage;
  const calls = strips * (outC / TILE_COLUMNS);
  u += (<usize>(block * inC * outC)) << 2;
  v += (<usize>block * slab(tiles, inC)) << 2;
  m += (<usize>block * slab(tiles, outC)) << 2;
  memory.fill(u, 0, (<usize>(inC * outC)) << 2);
  memory.fill(zeros, 0, PANEL_STEP);
  for (let first = 0; first < tiles; ) {
    let next = first, depth = 0;
    while (next < tiles && next - first < DEPTH) {
      const count = min(min(chunk, blockTiles - next % blockTiles), tiles - next);
      layOutChunk(table, next, count, outH, outW);
      const from = positionBegin(table, block, outW), rows = positionEnd(table, block, outH, outW) - from;
      packStrips(stripsV + <usize>depth * STRIP_STEP, v + <usize>(next + from) * lda, lda, inC, rows, deepest);
      packBlock(panelsM + <usize>depth * PANEL_STEP, m + <usize>(next + from) * ldb, rows, outC, outC, 1, deepest);
      depth += rows;
      next += count;
    }
    // what is packed next comes from afar: it is fetched a few lines at a time while this is multiplied
    const coming = <usize>min(next - first, tiles - next);
    let nextV = v + <usize>next * lda, nextM = m + <usize>next * ldb;
    const linesV = linesEach(coming * lda, calls), linesM = linesEach(coming * ldb, calls);
    const endV = nextV + coming * lda, endM = nextM + coming * ldb;
    for (let i = 0, strip = stripsV; i < inC; i += TILE_ROWS) {
      for (let j = 0, panel = panelsM; j < outC; j += TILE_COLUMNS) {
        nextV = fetchLines(nextV, linesV, endV);
        nextM = fetchLines(nextM, linesM, endM);
        tileGemmStrip(tile, PANEL_STEP, zeros, 0, strip, STRIP_STEP, panel, depth);
        addEdge(u + ((<usize>(i * outC + j)) << 2), ldb, tile, min(TILE_ROWS, inC - i));
        panel += panelBytes;
      }
      strip += stripBytes;
    }
    first = next;
  }
}
