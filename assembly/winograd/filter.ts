import { TILE_COLUMNS } from "../gemm/tile";
import { panelSlab } from "./tiles";
import { prepareTransforms, tileWinogradFilterGradient, tileWinogradFilter } from "./transform";

/**
 * Op: the transformed filter, in panels for positionProducts.
 *
 * panels: [36][panelSlab(inC, outC)], each [outC / 8][inC][8], or [inC / 8][outC][8] if transposed, for the gradient of the input; filter: [3, 3, inC, outC]. A block is
 * a panel's eight columns. scratch: of a transform.
 */
export function winogradFilter(block: i32, scratch: usize, panels: usize, filter: usize, inC: i32, outC: i32, transposed: i32): void {
  prepareTransforms(scratch);
  const depth = transposed ? outC : inC;
  const rowStep: usize = transposed ? 4 : (<usize>outC) << 2;
  const laneStep: usize = transposed ? (<usize>outC) << 2 : 4;
  const position = panelSlab(inC, outC) << 2;
  const tap = (<usize>(inC * outC)) << 2;
  panels += (<usize>(block * depth)) << 5;
  filter += <usize>(block * TILE_COLUMNS) * laneStep;
  for (let k = 0; k < depth; k++) {
    tileWinogradFilter(panels, position, filter, tap, laneStep, scratch);
    tileWinogradFilter(panels + 16, position, filter + 4 * laneStep, tap, laneStep, scratch);
    panels += 32;
    filter += rowStep;
  }
}

/**
 * Op: the gradient of the filter from that of the transformed filter. gradient: [3, 3, inC, outC]; u: [36][inC][outC]. A block is an input
 * channel. scratch: of a transform.
 */
export function winogradFilterGradient(block: i32, scratch: usize, gradient: usize, u: usize, inC: i32, outC: i32): void {
  prepareTransforms(scratch);
  const position = (<usize>(inC * outC)) << 2;
  const offset = (<usize>(block * outC)) << 2;
  for (let i = offset, end = offset + ((<usize>outC) << 2); i < end; i += 16) {
    tileWinogradFilterGradient(gradient + i, position, u + i, position, scratch);
  }
}
