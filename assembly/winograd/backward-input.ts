import { AHEAD, CHUNK, PATCH, ZEROS, TRANSFORM_BYTES, prepareTransforms, tileWinogradInputGradient, tileWinogradOutputGradient } from "./transform";
import {
  TILE_BYTES, addPatch, fetchPositions, columnsOf, imageOf, leftOf, listTiles, loadGradientTile, placeOf, rowsOf, setAhead, slab, tileAhead, tilesAcross, topOf,
} from "./tiles";
import { clearLeftOut, foldPatch } from "./fold";
import { positionProducts } from "./product";

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
    fetchPositions(chunkM, mStep, <usize>tiles * outPixel);
    const listEnd = listTiles(list, table, first, tiles, outH, outW);
    for (let tile = list; tile < listEnd; tile += TILE_BYTES) {
      const image = imageOf(tile) * outImageBytes;
      loadGradientTile(patch, sums, dy + image, y == 0 ? 0 : y + image, topOf(tile), leftOf(tile), outH, outW, outPixel);
      tileWinogradOutputGradient(chunkM + placeOf(tile) * outPixel, mStep, patch, rowsOf(tile), columnsOf(tile), outPixel, scratch);
    }
    if (dx == 0) continue;
    const ahead = tileAhead(first + tiles, end, block, blockImages * perImage);
    setAhead(scratch + AHEAD, dy, outImageBytes, perImage, ahead, chunk, batch);
    setAhead(scratch + AHEAD + 8, y, outImageBytes, perImage, ahead, chunk, batch);
    positionProducts(products, productStep, chunkM, mStep, panels, table, outH, outW, inC, outC, scratch + ZEROS, patch, scratch + AHEAD);
    for (let tile = list; tile < listEnd; tile += TILE_BYTES) {
      const rows = rowsOf(tile), columns = columnsOf(tile), v = products + placeOf(tile) * inPixel;
      clearLeftOut(v, productStep, rows, columns, inPixel);
      tileWinogradInputGradient(patch, v, productStep, inPixel, scratch);
      foldPatch(patch, rows, columns, inPixel, scratch, true);
      addPatch(dx + imageOf(tile) * imageBytes, patch, topOf(tile) - padTop, leftOf(tile) - padLeft, inH, inW, inPixel);
    }
  }
}
