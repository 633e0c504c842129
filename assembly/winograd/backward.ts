import { addEdge, clearEdge } from "../gemm/edge";
import { TILE_COLUMNS, TILE_ROWS } from "../gemm/tile";
import { tileGemmTransposed } from "../gemm/tile-gemm";
import { PATCH, TILE, ZEROS, TRANSFORM_BYTES, prepareTransforms, tileWinogradInputGradient, tileWinogradOutputGradient } from "./transform";
import { addPatch, claim, loadGradientTile, slab, tilesAcross } from "./tiles";
import { positionProducts } from "./product";

/**
 * Op: transforms the gradient of the output, which the gradient of the filter needs too, and from it computes that of the input.
 *
 * dx: [batch, inH, inW, inC] or address 0; m: [36][tiles + 8][outC], the transformed gradient; sums: [blocks][outC], the block's part of the
 * bias's gradient; dy: [batch, outH, outW, outC]; y: the same, the
 * output of the ReLU that dy comes through, or address 0; panels: the transformed filter, transposed [36][panelSlab(inC, outC)].
 * Blocks, chunks and scratch: as winogradForward, with products [36][chunk + 8][inC].
 */
export function winogradBackwardInput(
  block: i32, scratch: usize, dx: usize, m: usize, sums: usize, dy: usize, y: usize, panels: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32, padTop: i32, padLeft: i32, blockImages: i32, chunk: i32,
): void {
  prepareTransforms(scratch);
  const across = tilesAcross(outW), perImage = across * tilesAcross(outH);
  const patch = scratch + TRANSFORM_BYTES;
  const products = patch + ((<usize>(PATCH * PATCH * max(inC, outC))) << 2);
  const inPixel = (<usize>inC) << 2, outPixel = (<usize>outC) << 2;
  const mStep = slab(batch * perImage, outC) << 2;
  const productStep = slab(chunk, inC) << 2;
  const firstImage = block * blockImages, lastImage = min(firstImage + blockImages, batch);
  const imageBytes = <usize>(inH * inW) * inPixel;
  if (dx != 0) memory.fill(dx + <usize>firstImage * imageBytes, 0, <usize>(lastImage - firstImage) * imageBytes);
  sums += <usize>block * outPixel;
  memory.fill(sums, 0, outPixel);
  const end = lastImage * perImage;
  for (let first = firstImage * perImage; first < end; first += chunk) {
    const tiles = min(chunk, end - first);
    const chunkM = m + <usize>first * outPixel;
    claim(chunkM, mStep, <usize>tiles * outPixel);
    for (let t = 0; t < tiles; t++) {
      const place = (first + t) % perImage;
      const image = <usize>((first + t) / perImage * outH * outW) * outPixel;
      loadGradientTile(patch, sums, dy + image, y == 0 ? 0 : y + image, place / across * TILE, place % across * TILE, outH, outW, outPixel);
      tileWinogradOutputGradient(chunkM + <usize>t * outPixel, mStep, patch, outPixel, scratch);
    }
    if (dx == 0) continue;
    positionProducts(products, productStep, chunkM, mStep, panels, tiles, inC, outC, scratch + ZEROS);
    for (let t = 0; t < tiles; t++) {
      const place = (first + t) % perImage;
      tileWinogradInputGradient(patch, products + <usize>t * inPixel, productStep, inPixel, scratch);
      addPatch(
        dx + <usize>((first + t) / perImage) * imageBytes, patch, place / across * TILE - padTop, place % across * TILE - padLeft, inH, inW, inPixel,
      );
    }
  }
}

/**
 * Tiles whose rows of v and m stay in the nearest cache while all of u is updated. They are summed by themselves: the error of one long sum
 * grows with its length, and Gᵀ u G magnifies it (measured: 4.8 times that of the direct gradient for 1152 tiles, 1.8 times by runs of 128).
 */
const DEPTH: i32 = 128;

/**
 * Op: the gradient of the transformed filter, a sum over all tiles of the batch for each position.
 *
 * u: [36][inC][outC]; v: [36][tiles + 8][inC]; m: [36][tiles + 8][outC]. A block is a position. scratch: a tile.
 */
export function winogradBackwardFilter(block: i32, scratch: usize, u: usize, v: usize, m: usize, tiles: i32, inC: i32, outC: i32): void {
  const lda = (<usize>inC) << 2, ldb = (<usize>outC) << 2;
  u += (<usize>(block * inC * outC)) << 2;
  v += (<usize>block * slab(tiles, inC)) << 2;
  m += (<usize>block * slab(tiles, outC)) << 2;
  memory.fill(u, 0, (<usize>(inC * outC)) << 2);
  for (let first = 0; first < tiles; first += DEPTH) {
    const depth = min(DEPTH, tiles - first);
    for (let i = 0; i < inC; i += TILE_ROWS) {
      const rows = min(TILE_ROWS, inC - i);
      for (let j = 0; j < outC; j += TILE_COLUMNS) {
        clearEdge(scratch);
        tileGemmTransposed(scratch, 32, scratch, 32, v + ((<usize>i) << 2), lda, m + ((<usize>j) << 2), ldb, depth);
        addEdge(u + ((<usize>(i * outC + j)) << 2), ldb, scratch, rows);
      }
    }
    v += <usize>depth * lda;
    m += <usize>depth * ldb;
  }
}
