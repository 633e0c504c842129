import { loadEdge, storeEdge } from "../gemm/edge";
import { EDGE_BYTES, TILE_COLUMNS, TILE_ROWS, tileSegments } from "../gemm/tile";
import { extent, isContiguous, needsPadding, padImage } from "./patch";

/**
 * Gradient of a convolution with respect to its filter, one partial sum a block, to be joined by `reducePartials` in block order.
 *
 * partials: [blocks][kernelH, kernelW, inC / groups, outC]; x: [batch, inH, inW, inC]; dy: [batch, outH, outW, outC].
 * A block is `blockImages` images. scratch: edge tile, then a padded image if one is needed.
 */
export function conv2dBackwardFilter(
  block: i32, scratch: usize, partials: usize, x: usize, dy: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32,
  dilationH: i32, dilationW: i32, groups: i32,
): void {
  const rows = extent(outH, strideH, kernelH, dilationH);
  const columns = extent(outW, strideW, kernelW, dilationW);
  const padded = needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const image = scratch + EDGE_BYTES;
  const groupIn = inC / groups, groupOut = outC / groups;
  const size = (<usize>(kernelH * kernelW * groupIn * outC)) << 2;
  const partial = partials + <usize>block * size;
  memory.fill(partial, 0, size);
  const last = min((block + 1) * blockImages, batch);
  for (let n = block * blockImages; n < last; n++) {
    let source = x + ((<usize>n * <usize>(inH * inW * inC)) << 2);
    if (padded) {
      padImage(image, source, inH, inW, inC, rows, columns, padTop, padLeft);
      source = image;
    }
    for (let g = 0; g < groups; g++) {
      const to = (<usize>(g * groupOut)) << 2;
      imageBackwardFilter(
        scratch, partial + to, source + ((<usize>(g * groupIn)) << 2), dy + ((<usize>n * <usize>(outH * outW * outC)) << 2) + to,
        padded ? columns : inW, inC, groupIn, outH, outW, outC, groupOut, kernelH, kernelW, strideH, strideW, dilationH, dilationW,
      );
    }
  }
}

/** One group of one image. Where taps of a row of the kernel and their channels are contiguous in x, a tile may span taps. */
function imageBackwardFilter(
  edge: usize, partial: usize, x: usize, dy: usize,
  width: i32, pixelIn: i32, inC: i32, outH: i32, outW: i32, pixelOut: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32,
): void {
  const ldc = (<usize>pixelOut) << 2;
  const xStep = (<usize>(strideW * pixelIn)) << 2;
  const xJump = (<usize>((strideH * width - outW * strideW) * pixelIn)) << 2;
  const runs = isContiguous(kernelW, dilationW, inC, pixelIn) ? 1 : kernelW;
  const run = kernelW * inC / runs; // floats of a kernel row that lie together
  for (let i = 0; i < kernelH * runs; i++) {
    const first = (i / runs * dilationH * width + i % runs * dilationW) * pixelIn;
    for (let m = 0; m < run; m += TILE_ROWS) {
      const rows = min(TILE_ROWS, run - m);
      const source = x + ((<usize>(first + m)) << 2);
      for (let column = 0; column < outC; column += TILE_COLUMNS) {
        const columns = min(TILE_COLUMNS, outC - column);
        const tile = partial + ((<usize>((i * run + m) * pixelOut + column)) << 2);
        const gradient = dy + ((<usize>column) << 2);
        if (rows == TILE_ROWS && columns == TILE_COLUMNS) {
          tileSegments(tile, ldc, source, xStep, xJump, gradient, ldc, outW, outH);
        } else {
          loadEdge(edge, tile, ldc, rows, columns);
          tileSegments(edge, 32, source, xStep, xJump, gradient, ldc, outW, outH);
          storeEdge(tile, ldc, edge, rows, columns);
        }
      }
    }
  }
}
