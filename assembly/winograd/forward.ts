import { PATCH, POSITIONS, TILE, ZEROS, TRANSFORM_BYTES, prepareTransforms, tileWinogradInput, tileWinogradOutput } from "./transform";
import { claim, loadPatch, slab, storeTile, tilesAcross } from "./tiles";
import { positionProducts } from "./product";

/**
 * Op: 3×3 convolution of stride 1 by Winograd's F(4×4, 3×3).
 *
 * y: [batch, outH, outW, outC]; v: [36][tiles + 8][inC], the transformed input, which the gradient of the filter needs again, or address 0;
 * x: [batch, inH, inW, inC]; panels: the transformed filter [36][panelSlab(inC, outC)]; bias: [outC] or address 0. inC and outC are multiples of 8.
 * A block is `blockImages` images, taken `chunk` tiles at a time.
 * scratch: of a transform, a patch [6][6][max(inC, outC)], then products [36][chunk + 8][outC], then without v a chunk of it [36][chunk + 8][inC].
 */
export function winogradForward(
  block: i32, scratch: usize, y: usize, v: usize, x: usize, panels: usize, bias: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32, padTop: i32, padLeft: i32, blockImages: i32, chunk: i32, relu: i32,
): void {
  prepareTransforms(scratch);
  const across = tilesAcross(outW), perImage = across * tilesAcross(outH);
  const patch = scratch + TRANSFORM_BYTES;
  const products = patch + ((<usize>(PATCH * PATCH * max(inC, outC))) << 2);
  const inPixel = (<usize>inC) << 2, outPixel = (<usize>outC) << 2;
  const vStep = slab(v == 0 ? chunk : batch * perImage, inC) << 2;
  const productStep = slab(chunk, outC) << 2;
  const end = min((block + 1) * blockImages, batch) * perImage;
  for (let first = block * blockImages * perImage; first < end; first += chunk) {
    const tiles = min(chunk, end - first);
    const chunkV = v == 0 ? products + <usize>POSITIONS * productStep : v + <usize>first * inPixel;
    claim(chunkV, vStep, <usize>tiles * inPixel);
    for (let t = 0; t < tiles; t++) {
      const place = (first + t) % perImage;
      const image = x + <usize>((first + t) / perImage * inH * inW) * inPixel;
      const top = place / across * TILE - padTop, left = place % across * TILE - padLeft;
      const inside = top >= 0 && left >= 0 && top + PATCH <= inH && left + PATCH <= inW;
      if (!inside) loadPatch(patch, image, top, left, inH, inW, inPixel);
      tileWinogradInput(
        chunkV + <usize>t * inPixel, vStep, inside ? image + <usize>(top * inW + left) * inPixel : patch,
        <usize>(inside ? inW : PATCH) * inPixel, inPixel, scratch,
      );
    }
    positionProducts(products, productStep, chunkV, vStep, panels, tiles, outC, inC, scratch + ZEROS);
    for (let t = 0; t < tiles; t++) {
      const place = (first + t) % perImage;
      const image = y + <usize>((first + t) / perImage * outH * outW) * outPixel;
      tileWinogradOutput(patch, products + <usize>t * outPixel, productStep, outPixel, scratch);
      storeTile(image, patch, bias, place / across * TILE, place % across * TILE, outH, outW, outPixel, relu != 0);
    }
  }
}
