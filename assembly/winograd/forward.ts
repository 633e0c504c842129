import { AHEAD, CHUNK, PATCH, POSITIONS, TILE, ZEROS, TRANSFORM_BYTES, prepareTransforms, tileWinogradInput, tileWinogradOutput } from "./transform";
import { TILE_BYTES, fetchPositions, columnsOf, imageOf, leftOf, listTiles, loadPatch, placeOf, rowsOf, setAhead, slab, storeTile, tileAhead, tilesAcross, topOf } from "./tiles";
import { clearLeftOut, foldPatch } from "./fold";
import { positionProducts } from "./product";

/**
 * Op: 3×3 convolution of stride 1 by Winograd's F(4×4, 3×3).
 *
 * y: [batch, outH, outW, outC]; v: [36][tiles][inC], the transformed input, which the gradient of the filter needs again, or address 0;
 * x: [batch, inH, inW, inC]; panels: the transformed filter [36][panelSlab(inC, outC)]; bias: [outC] or address 0. inC and outC are multiples of 8.
 * A block is `blockImages` images, taken `chunk` tiles at a time.
 * scratch: of a transform, the chunk's list of tiles, a patch [6][6][max(inC, outC)], products [36][chunk][outC], and without v a chunk of it
 * [36][chunk][inC].
 */
export function winogradForward(
  block: i32, scratch: usize, y: usize, v: usize, x: usize, panels: usize, bias: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32, padTop: i32, padLeft: i32, blockImages: i32, chunk: i32, relu: i32,
): void {
  prepareTransforms(scratch);
  const perImage = tilesAcross(outW) * tilesAcross(outH);
  const table = scratch + CHUNK, list = scratch + TRANSFORM_BYTES, patch = list + <usize>chunk * TILE_BYTES;
  const products = patch + ((<usize>(PATCH * PATCH * max(inC, outC))) << 2);
  const inPixel = (<usize>inC) << 2, outPixel = (<usize>outC) << 2, outRow = <usize>outW * outPixel;
  const imageBytes = <usize>(inH * inW) * inPixel;
  const floor: f32 = relu ? 0 : -Infinity;
  const vStep = slab(v == 0 ? chunk : batch * perImage, inC) << 2;
  const productStep = slab(chunk, outC) << 2;
  const end = min((block + 1) * blockImages, batch) * perImage;
  for (let first = block * blockImages * perImage; first < end; first += chunk) {
    const tiles = min(chunk, end - first);
    const chunkV = v == 0 ? products + <usize>POSITIONS * productStep : v + <usize>first * inPixel;
    if (v != 0) fetchPositions(chunkV, vStep, <usize>tiles * inPixel); // scratch is in the cache
    const listEnd = listTiles(list, table, first, tiles, outH, outW);
    for (let tile = list; tile < listEnd; tile += TILE_BYTES) {
      const rows = rowsOf(tile), columns = columnsOf(tile), whole = rows == TILE && columns == TILE;
      const image = x + imageOf(tile) * imageBytes, top = topOf(tile) - padTop, left = leftOf(tile) - padLeft;
      const inPlace = whole && top >= 0 && left >= 0 && top + PATCH <= inH && left + PATCH <= inW;
      if (!inPlace) loadPatch(patch, image, top, left, inH, inW, inPixel);
      foldPatch(patch, rows, columns, inPixel, scratch, false);
      tileWinogradInput(
        chunkV + placeOf(tile) * inPixel, vStep, inPlace ? image + <usize>(top * inW + left) * inPixel : patch,
        <usize>(inPlace ? inW : PATCH) * inPixel, inPixel, scratch,
      );
    }
    setAhead(scratch + AHEAD, x, imageBytes, perImage, tileAhead(first + tiles, end, block, blockImages * perImage), chunk, batch);
    positionProducts(products, productStep, chunkV, vStep, panels, table, outH, outW, outC, inC, scratch + ZEROS, patch, scratch + AHEAD);
    for (let tile = list; tile < listEnd; tile += TILE_BYTES) {
      const rows = rowsOf(tile), columns = columnsOf(tile), m = products + placeOf(tile) * outPixel;
      const corner = y + ((imageOf(tile) * outH + topOf(tile)) * outW + leftOf(tile)) * outPixel;
      clearLeftOut(m, productStep, rows, columns, outPixel);
      tileWinogradOutput(patch, m, productStep, rows, columns, outPixel, scratch);
      storeTile(corner, outRow, patch, bias, rows, columns, outPixel, floor);
    }
  }
}
