import { CHUNK, PATCH, POSITIONS, TILE, ZEROS, TRANSFORM_BYTES, prepareTransforms, tileWinogradInput, tileWinogradOutput } from "./transform";
import { claim, layOutChunk, loadPatch, nextPlace, rewindChunk, slab, storeTile, tilesAcross } from "./tiles";
import { clearLeftOut, foldPatch } from "./fold";
import { positionProducts } from "./product";

/**
 * Op: 3×3 convolution of stride 1 by Winograd's F(4×4, 3×3).
 *
 * y: [batch, outH, outW, outC]; v: [36][tiles][inC], the transformed input, which the gradient of the filter needs again, or address 0;
 * x: [batch, inH, inW, inC]; panels: the transformed filter [36][panelSlab(inC, outC)]; bias: [outC] or address 0. inC and outC are multiples of 8.
 * A block is `blockImages` images, taken `chunk` tiles at a time.
 * scratch: of a transform, a patch [6][6][max(inC, outC)], then products [36][chunk][outC], then without v a chunk of it [36][chunk][inC].
 */
export function winogradForward(
  block: i32, scratch: usize, y: usize, v: usize, x: usize, panels: usize, bias: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32, padTop: i32, padLeft: i32, blockImages: i32, chunk: i32, relu: i32,
): void {
  prepareTransforms(scratch);
  const across = tilesAcross(outW), perImage = across * tilesAcross(outH);
  const table = scratch + CHUNK, patch = scratch + TRANSFORM_BYTES;
  const products = patch + ((<usize>(PATCH * PATCH * max(inC, outC))) << 2);
  const inPixel = (<usize>inC) << 2, outPixel = (<usize>outC) << 2, outRow = <usize>outW * outPixel;
  const floor: f32 = relu ? 0 : -Infinity;
  const vStep = slab(v == 0 ? chunk : batch * perImage, inC) << 2;
  const productStep = slab(chunk, outC) << 2;
  const end = min((block + 1) * blockImages, batch) * perImage;
  for (let first = block * blockImages * perImage; first < end; first += chunk) {
    const tiles = min(chunk, end - first);
    const chunkV = v == 0 ? products + <usize>POSITIONS * productStep : v + <usize>first * inPixel;
    if (v != 0) claim(chunkV, vStep, <usize>tiles * inPixel); // scratch is in the cache
    layOutChunk(table, first, tiles, outH, outW);
    for (let t = 0; t < tiles; t++) {
      const inImage = (first + t) % perImage;
      const image = x + <usize>((first + t) / perImage * inH * inW) * inPixel;
      const outTop = inImage / across * TILE, outLeft = inImage % across * TILE, top = outTop - padTop, left = outLeft - padLeft;
      const rows = min(TILE, outH - outTop), columns = min(TILE, outW - outLeft), whole = rows == TILE && columns == TILE;
      const inPlace = whole && top >= 0 && left >= 0 && top + PATCH <= inH && left + PATCH <= inW;
      if (!inPlace) loadPatch(patch, image, top, left, inH, inW, inPixel);
      foldPatch(patch, rows, columns, inPixel, scratch, false);
      tileWinogradInput(
        chunkV + nextPlace(table, rows, columns) * inPixel, vStep, inPlace ? image + <usize>(top * inW + left) * inPixel : patch,
        <usize>(inPlace ? inW : PATCH) * inPixel, inPixel, scratch,
      );
    }
    positionProducts(products, productStep, chunkV, vStep, panels, table, outH, outW, outC, inC, scratch + ZEROS);
    rewindChunk(table);
    for (let t = 0; t < tiles; t++) {
      const inImage = (first + t) % perImage;
      const top = inImage / across * TILE, left = inImage % across * TILE, rows = min(TILE, outH - top), columns = min(TILE, outW - left);
      const m = products + nextPlace(table, rows, columns) * outPixel;
      const corner = y + <usize>(((first + t) / perImage * outH + top) * outW + left) * outPixel;
      clearLeftOut(m, productStep, rows, columns, outPixel);
      tileWinogradOutput(patch, m, productStep, rows, columns, outPixel, scratch);
      storeTile(corner, outRow, patch, bias, rows, columns, outPixel, floor);
    }
  }
}
