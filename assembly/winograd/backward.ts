import { addEdge, clearEdge } from "../gemm/edge";
import { EDGE_BYTES, PANEL_STEP, TILE_COLUMNS, TILE_ROWS, tileSegments } from "../gemm/tile";
import { CHUNK, PATCH, ZEROS, TRANSFORM_BYTES, prepareTransforms, tileWinogradInputGradient, tileWinogradOutputGradient } from "./transform";
import {
  TILE_BYTES, addPatch, claim, columnsOf, imageOf, layOutChunk, leftOf, listTiles, loadGradientTile, placeOf, positionBegin, positionEnd, rowsOf, slab,
  tilesAcross, topOf,
} from "./tiles";
import { clearLeftOut, foldPatch } from "./fold";
import { positionProducts } from "./product";
import { Kernel } from "../plan/ops";

/**
 * Op: transforms the gradient of the output, which the gradient of the filter needs too, and from it computes that of the input.
 *
 * dx: [batch, inH, inW, inC] or address 0; m: [36][tiles][outC], the transformed gradient; sums: [blocks][outC], the block's part of the
 * bias's gradient; dy: [batch, outH, outW, outC]; y: the same, the
 * output of the ReLU that dy comes through, or address 0; panels: the transformed filter, transposed [36][panelSlab(inC, outC)].
 * Blocks, chunks and scratch: as winogradForward, with products [36][chunk][inC].
 */
export function winogradBackwardInput(
  block: i32, scratch: usize, dx: usize, m: usize, sums: usize, dy: usize, y: usize, panels: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32, padTop: i32, padLeft: i32, blockImages: i32, chunk: i32,
): void {
  prepareTransforms(scratch);
  const perImage = tilesAcross(outW) * tilesAcross(outH);
  const table = scratch + CHUNK, list = scratch + TRANSFORM_BYTES, patch = list + <usize>chunk * TILE_BYTES;
  const products = patch + ((<usize>(PATCH * PATCH * max(inC, outC))) << 2);
  const inPixel = (<usize>inC) << 2, outPixel = (<usize>outC) << 2;
  const mStep = slab(batch * perImage, outC) << 2;
  const productStep = slab(chunk, inC) << 2;
  const firstImage = block * blockImages, lastImage = min(firstImage + blockImages, batch);
  const imageBytes = <usize>(inH * inW) * inPixel, outImageBytes = <usize>(outH * outW) * outPixel;
  if (dx != 0) memory.fill(dx + <usize>firstImage * imageBytes, 0, <usize>(lastImage - firstImage) * imageBytes);
  sums += <usize>block * outPixel;
  memory.fill(sums, 0, outPixel);
  const end = lastImage * perImage;
  for (let first = firstImage * perImage; first < end; first += chunk) {
    const tiles = min(chunk, end - first);
    const chunkM = m + <usize>first * outPixel;
    claim(chunkM, mStep, <usize>tiles * outPixel);
    const listEnd = listTiles(list, table, first, tiles, outH, outW);
    for (let tile = list; tile < listEnd; tile += TILE_BYTES) {
      const image = imageOf(tile) * outImageBytes;
      loadGradientTile(patch, sums, dy + image, y == 0 ? 0 : y + image, topOf(tile), leftOf(tile), outH, outW, outPixel);
      tileWinogradOutputGradient(chunkM + placeOf(tile) * outPixel, mStep, patch, rowsOf(tile), columnsOf(tile), outPixel, scratch);
    }
    if (dx == 0) continue;
    positionProducts(products, productStep, chunkM, mStep, panels, table, outH, outW, inC, outC, scratch + ZEROS);
    for (let tile = list; tile < listEnd; tile += TILE_BYTES) {
      const rows = rowsOf(tile), columns = columnsOf(tile), v = products + placeOf(tile) * inPixel;
      clearLeftOut(v, productStep, rows, columns, inPixel);
      tileWinogradInputGradient(patch, v, productStep, inPixel, scratch);
      foldPatch(patch, rows, columns, inPixel, scratch, true);
      addPatch(dx + imageOf(tile) * imageBytes, patch, topOf(tile) - padTop, leftOf(tile) - padLeft, inH, inW, inPixel);
    }
  }
}

/**
 * Tiles, in whole chunks, whose rows of v and m stay in the nearest cache while all of u is updated. They are summed by themselves: the error of one
 * long sum grows with its length, and Gᵀ u G magnifies it (measured: 4.8 times that of the direct gradient for 1152 tiles, 1.8 times by runs of 128).
 */
const DEPTH: i32 = Kernel.winogradDepth;

/**
 * Op: the gradient of the transformed filter, a sum over all tiles of the batch for each position.
 *
 * u: [36][inC][outC]; v: [36][tiles][inC]; m: [36][tiles][outC]; blockImages, chunk: as the passes before had them. A block is a position.
 * scratch: a tile, the table of a chunk, then the runs of tiles that take the position in a sum, each by its first tile and its length: i32 [DEPTH][2].
 */
export function winogradBackwardFilter(
  block: i32, scratch: usize, u: usize, v: usize, m: usize, batch: i32, outH: i32, outW: i32, inC: i32, outC: i32, blockImages: i32, chunk: i32,
): void {
  const lda = (<usize>inC) << 2, ldb = (<usize>outC) << 2;
  const table = scratch + EDGE_BYTES, runs = table + Kernel.chunkBytes;
  const perImage = tilesAcross(outW) * tilesAcross(outH), tiles = batch * perImage, blockTiles = blockImages * perImage;
  u += (<usize>(block * inC * outC)) << 2;
  v += (<usize>block * slab(tiles, inC)) << 2;
  m += (<usize>block * slab(tiles, outC)) << 2;
  memory.fill(u, 0, (<usize>(inC * outC)) << 2);
  let next = 0;
  while (next < tiles) {
    let end = runs, from = next, to = next;
    for (const first = next; next < tiles && next - first < DEPTH;) {
      const count = min(min(chunk, blockTiles - next % blockTiles), tiles - next);
      layOutChunk(table, next, count, outH, outW);
      const begin = next + positionBegin(table, block, outW);
      if (begin != to || end == runs) {
        from = begin;
        end += 8;
      }
      to = next + positionEnd(table, block, outH, outW);
      store<i32>(end - 8, from);
      store<i32>(end - 8, to - from, 4);
      next += count;
    }
    for (let i = 0; i < inC; i += TILE_ROWS) {
      for (let j = 0; j < outC; j += TILE_COLUMNS) {
        clearEdge(scratch);
        for (let run = runs; run < end; run += 8) {
          const first = <usize>load<i32>(run);
          const a = v + first * lda + ((<usize>i) << 2), b = m + first * ldb + ((<usize>j) << 2);
          tileSegments(scratch, PANEL_STEP, scratch, PANEL_STEP, a, lda, 0, b, ldb, load<i32>(run, 4), 1);
        }
        addEdge(u + ((<usize>(i * outC + j)) << 2), ldb, scratch, min(TILE_ROWS, inC - i));
      }
    }
  }
}
