import { EDGE_BYTES, ROW_TABLE_BYTES, TILE_COLUMNS, TILE_ROWS, setRow, tileRows } from "../gemm/tile";
import { extent, needsPadding, unpadImage } from "./patch";

const PLACES_BYTES: usize = 32;

/**
 * Gradient of a convolution with respect to its input: for every tap, dy · filter[tap]ᵀ added where the tap lies over the input.
 * Five pixels of dy meet one tap at a time, and the same tap of different pixels never writes the same place.
 *
 * dx: [batch, inH, inW, inC]; dy: [batch, outH, outW, outC]; filterPanels: [groups][kernelH · kernelW][ceil(inC / groups / 8)][outC / groups][8].
 * A block is `blockImages` images. scratch: row table, edge tile, dump rows [6][8], places [8], then a padded image if one is needed.
 */
export function conv2dBackwardInput(
  block: i32, scratch: usize, dx: usize, dy: usize, filterPanels: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32,
  dilationH: i32, dilationW: i32, groups: i32,
): void {
  const rows = extent(outH, strideH, kernelH, dilationH);
  const columns = extent(outW, strideW, kernelW, dilationW);
  const padded = needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const image = scratch + ROW_TABLE_BYTES + 2 * EDGE_BYTES + PLACES_BYTES;
  const groupIn = inC / groups, groupOut = outC / groups;
  const panels = (<usize>(kernelH * kernelW * ((groupIn + TILE_COLUMNS - 1) / TILE_COLUMNS) * groupOut)) << 5;
  const last = min((block + 1) * blockImages, batch);
  for (let n = block * blockImages; n < last; n++) {
    const target = dx + ((<usize>n * <usize>(inH * inW * inC)) << 2);
    const source = dy + ((<usize>n * <usize>(outH * outW * outC)) << 2);
    memory.fill(padded ? image : target, 0, (<usize>((padded ? rows * columns : inH * inW) * inC)) << 2);
    for (let g = 0; g < groups; g++) {
      imageBackwardInput(
        scratch, (padded ? image : target) + ((<usize>(g * groupIn)) << 2), source + ((<usize>(g * groupOut)) << 2), filterPanels + <usize>g * panels,
        padded ? columns : inW, inC, groupIn, outH, outW, outC, groupOut, kernelH, kernelW, strideH, strideW, dilationH, dilationW,
      );
    }
    if (padded) unpadImage(target, image, inH, inW, inC, rows, columns, padTop, padLeft);
  }
}

/** One group of one image; pixels are `pixelIn` floats apart in dx, `pixelOut` in dy. */
function imageBackwardInput(
  scratch: usize, dx: usize, dy: usize, filterPanels: usize,
  width: i32, pixelIn: i32, inC: i32, outH: i32, outW: i32, pixelOut: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
): void {
  const edge = scratch + ROW_TABLE_BYTES;
  const dump = edge + EDGE_BYTES;
  const places = dump + EDGE_BYTES; // for each pixel of the tile, where its first tap lies in dx
  const pixels = outH * outW;
  for (let first = 0; first < pixels; first += TILE_ROWS) {
    const count = min(TILE_ROWS, pixels - first);
    for (let r = 0; r < TILE_ROWS; r++) {
      const pixel = first + min(r, count - 1);
      const place = (pixel / outW) * strideH * width + (pixel % outW) * strideW;
      store<usize>(places + ((<usize>r) << 2), dx + ((<usize>(place * pixelIn)) << 2));
      setRow(scratch, r, dy + ((<usize>(pixel * pixelOut)) << 2), dump + ((<usize>r) << 5));
    }
    let panel = filterPanels;
    for (let i = 0; i < kernelH; i++) {
      for (let j = 0; j < kernelW; j++) {
        for (let channel = 0; channel < inC; channel += TILE_COLUMNS) {
          const offset = (<usize>((i * dilationH * width + j * dilationW) * pixelIn + channel)) << 2;
          const columns = min(TILE_COLUMNS, inC - channel);
          if (columns == TILE_COLUMNS) {
            for (let r = 0; r < count; r++) setTarget(scratch, r, placeOf(places, r) + offset);
            tileRows(scratch, panel, outC);
          } else {
            for (let r = 0; r < count; r++) {
              const row = edge + ((<usize>r) << 5);
              memory.copy(row, placeOf(places, r) + offset, (<usize>columns) << 2);
              setTarget(scratch, r, row);
            }
            tileRows(scratch, panel, outC);
            for (let r = 0; r < count; r++) {
              memory.copy(placeOf(places, r) + offset, edge + ((<usize>r) << 5), (<usize>columns) << 2);
            }
          }
          panel += (<usize>outC) << 5;
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function placeOf(places: usize, row: i32): usize {
  return load<usize>(places + ((<usize>row) << 2));
}

// @ts-ignore: decorator
@inline
function setTarget(table: usize, row: i32, c: usize): void {
  store<usize>(table + ((<usize>row) << 3), c, 4);
}
