import { fillBias, storeEdge } from "../gemm/edge";
import { EDGE_BYTES, ROW_TABLE_BYTES, TILE_COLUMNS, TILE_ROWS, clampRows, setRow, tileRows } from "../gemm/tile";
import { extent, isContiguous, needsPadding, padImage } from "./patch";

/** Below this many contiguous floats a kernel row is too short for a call of its own: the whole patch is gathered. */
const SHORT_ROW: i32 = 24;

/**
 * Convolution (cross-correlation, as in Keras) without a stored im2col matrix: a tile of output pixels reads its patches in place. The output
 * channels of a group read the input channels of the same group only.
 *
 * y: [batch, outH, outW, outC] = x ⋆ filter + bias, with ReLU if asked for; x: [batch, inH, inW, inC];
 * filterPanels: [groups][ceil(outC / groups / 8)][kernelH · kernelW · inC / groups][8]; bias: [outC] or address 0. A block is `blockImages` images.
 * scratch: row table, edge tile, gathered patches [6][kernelH · kernelW · inC / groups], then a padded image if one is needed.
 */
export function conv2dForward(
  block: i32, scratch: usize, y: usize, x: usize, filterPanels: usize, bias: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32,
  dilationH: i32, dilationW: i32, groups: i32, relu: i32,
): void {
  const rows = extent(outH, strideH, kernelH, dilationH);
  const columns = extent(outW, strideW, kernelW, dilationW);
  const padded = needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const groupIn = inC / groups, groupOut = outC / groups;
  const patch = kernelH * kernelW * groupIn;
  const panels = (<usize>((groupOut + TILE_COLUMNS - 1) / TILE_COLUMNS * patch)) << 5;
  const image = scratch + ROW_TABLE_BYTES + EDGE_BYTES + ((<usize>(6 * patch)) << 2);
  const width = padded ? columns : inW;
  const last = min((block + 1) * blockImages, batch);
  for (let n = block * blockImages; n < last; n++) {
    let source = x + ((<usize>n * <usize>(inH * inW * inC)) << 2);
    if (padded) {
      padImage(image, source, inH, inW, inC, rows, columns, padTop, padLeft);
      source = image;
    }
    for (let g = 0; g < groups; g++) {
      const to = (<usize>(g * groupOut)) << 2;
      imageForward(
        scratch, y + ((<usize>n * <usize>(outH * outW * outC)) << 2) + to, source + ((<usize>(g * groupIn)) << 2), filterPanels + <usize>g * panels,
        bias == 0 ? 0 : bias + to, width, inC, groupIn, outH, outW, outC, groupOut, kernelH, kernelW, strideH, strideW, dilationH, dilationW, relu,
      );
    }
  }
}

/** One group of one image, `width` pixels a row, padding included; pixels are `pixelIn` floats apart in x, `pixelOut` in y. */
function imageForward(
  scratch: usize, y: usize, x: usize, filterPanels: usize, bias: usize,
  width: i32, pixelIn: i32, inC: i32, outH: i32, outW: i32, pixelOut: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, relu: i32,
): void {
  const edge = scratch + ROW_TABLE_BYTES;
  const patches = edge + EDGE_BYTES;
  const pixels = outH * outW;
  const kernelRow = kernelW * inC;
  const patch = kernelH * kernelRow;
  const contiguous = isContiguous(kernelW, dilationW, inC, pixelIn);
  const runs = contiguous ? 1 : kernelW;
  const run = kernelRow / runs; // floats of a kernel row that lie together
  const gathered = !contiguous || kernelRow < SHORT_ROW;
  const segments = gathered ? 1 : kernelH;
  const length = gathered ? patch : kernelRow;
  const rowStride = (<usize>(dilationH * width * pixelIn)) << 2;
  const tapStride = (<usize>(dilationW * pixelIn)) << 2;
  const outRow = (<usize>pixelOut) << 2;

  for (let first = 0; first < pixels; first += TILE_ROWS) {
    const count = min(TILE_ROWS, pixels - first);
    // addresses of the patches of this tile; missing pixels repeat the last one
    for (let r = 0; r < TILE_ROWS; r++) {
      const pixel = first + min(r, count - 1);
      let source = x + ((<usize>(((pixel / outW) * strideH * width + (pixel % outW) * strideW) * pixelIn)) << 2);
      if (gathered) {
        const target = patches + ((<usize>(r * patch)) << 2);
        for (let i = 0, to = target; i < kernelH; i++) {
          for (let j = 0; j < runs; j++, to += (<usize>run) << 2) copyFloats(to, source + <usize>i * rowStride + <usize>j * tapStride, run);
        }
        source = target;
      }
      setRow(scratch, r, source, 0);
    }
    for (let column = 0; column < outC; column += TILE_COLUMNS) {
      const columns = min(TILE_COLUMNS, outC - column);
      const whole = count == TILE_ROWS && columns == TILE_COLUMNS;
      const tile = y + <usize>first * outRow + ((<usize>column) << 2);
      const target = whole ? tile : edge;
      const targetRow = whole ? outRow : 32;
      fillBias(target, targetRow, bias == 0 ? 0 : bias + ((<usize>column) << 2), TILE_ROWS, columns);
      let panel = filterPanels + ((<usize>(column / TILE_COLUMNS * patch)) << 5);
      for (let i = 0; i < segments; i++) {
        for (let r = 0; r < TILE_ROWS; r++) {
          const address = scratch + ((<usize>r) << 3);
          store<usize>(address, target + <usize>r * targetRow, 4);
          if (i > 0) store<usize>(address, load<usize>(address) + rowStride);
        }
        tileRows(scratch, panel, length);
        panel += (<usize>length) << 5;
      }
      if (relu) clampRows(scratch);
      if (segments > 1) {
        for (let r = 0; r < TILE_ROWS; r++) {
          const address = scratch + ((<usize>r) << 3);
          store<usize>(address, load<usize>(address) - <usize>(segments - 1) * rowStride);
        }
      }
      if (!whole) storeEdge(tile, outRow, edge, count, columns);
    }
  }
}

// @ts-ignore: decorator
@inline
function copyFloats(target: usize, source: usize, count: i32): void {
  for (let i: usize = 0, end = (<usize>count) << 2; i < end; i += 4) store<f32>(target + i, load<f32>(source + i));
}
