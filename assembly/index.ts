// The binary interface: what TypeScript may call. Everything goes through plans; the tiles are exported only so that they stay out of line.
export { runStep, work } from "./plan/run";
export { tileColumns, tileRows, tileSegments } from "./gemm/tile";
export { tileMaximum, tileWindows } from "./conv2d/pooled-forward";
export { tileWinners } from "./conv2d/pooled-backward-filter";
export { tileDots } from "./recurrent/lanes-backward-kernel";
export { tileGemm, tileGemmShort, tileGemmTransposed } from "./gemm/tile-gemm";
export { tileProduct } from "./gemm/tile-product";
export {
  winogradFilterGradientTile, winogradFilterTile, winogradInputGradientTile, winogradInputTile, winogradOutputGradientTile, winogradOutputTile,
} from "./winograd/transform";
