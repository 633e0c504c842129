import { loadEdge, storeEdge } from "../gemm/edge";
import { EDGE_BYTES, TILE_COLUMNS, TILE_ROWS, tileSegments } from "../gemm/tile";
import { extent, needsPadding, padImage } from "./patch";

/**
 * Gradient of a convolution with respect to its filter, one partial sum a block, to be joined by `reducePartials` in block order.
 *
 * partials: [blocks][kernelH, kernelW, inC, outC]; x: [batch, inH, inW, inC]; dy: [batch, outH, outW, outC].
 * A block is `blockImages` images. scratch: edge tile, then a padded image if one is needed.
 */
export function conv2dBackwardFilter(
  block: i32, scratch: usize, partials: usize, x: usize, dy: usize,
  batch: i32, inH: i32, inW: i32, inC: i32, outH: i32, outW: i32, outC: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, blockImages: i32,
): void {
  const rows = extent(outH, strideH, kernelH);
  const columns = extent(outW, strideW, kernelW);
  const padded = needsPadding(inH, inW, rows, columns, padTop, padLeft);
  const image = scratch + EDGE_BYTES;
  const size = (<usize>(kernelH * kernelW * inC * outC)) << 2;
  const partial = partials + <usize>block * size;
  memory.fill(partial, 0, size);
  const last = min((block + 1) * blockImages, batch);
  for (let n = block * blockImages; n < last; n++) {
    let source = x + ((<usize>n * <usize>(inH * inW * inC)) << 2);
    if (padded) {
      padImage(image, source, inH, inW, inC, rows, columns, padTop, padLeft);
      source = image;
    }
    imageBackwardFilter(
      scratch, partial, source, dy + ((<usize>n * <usize>(outH * outW * outC)) << 2),
      padded ? columns : inW, inC, outH, outW, outC, kernelH, kernelW * inC, strideH, strideW,
    );
  }
}

/** One image. Within a row of the kernel, taps and channels are contiguous in x, so a tile may span taps. */
function imageBackwardFilter(
  edge: usize, partial: usize, x: usize, dy: usize,
  width: i32, inC: i32, outH: i32, outW: i32, outC: i32, kernelH: i32, kernelRow: i32, strideH: i32, strideW: i32,
): void {
  const ldc = (<usize>outC) << 2;
  const xStep = (<usize>(strideW * inC)) << 2;
  const xJump = (<usize>((strideH * width - outW * strideW) * inC)) << 2;
  for (let i = 0; i < kernelH; i++) {
    for (let m = 0; m < kernelRow; m += TILE_ROWS) {
      const rows = min(TILE_ROWS, kernelRow - m);
      const source = x + ((<usize>(i * width * inC + m)) << 2);
      for (let column = 0; column < outC; column += TILE_COLUMNS) {
        const columns = min(TILE_COLUMNS, outC - column);
        const tile = partial + ((<usize>((i * kernelRow + m) * outC + column)) << 2);
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
