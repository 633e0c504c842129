// The kernels of the core, see scripts/generate-ops.ts. Everything goes through plans; the tiles are exported only so that they stay out of line.
export { runStep, work } from "./plan/run";
export { tileRows, tileSegments } from "./gemm/tile";
export { tileMaximum, tileWindows } from "./conv2d/pooled-forward";
export { tileWinners } from "./conv2d/pooled-backward-filter";
export { tileGemm, tileGemmShort, tileGemmTransposed } from "./gemm/tile-gemm";
export { tileWinogradFilterGradient, tileWinogradFilter, tileWinogradInputGradient, tileWinogradInput, tileWinogradOutputGradient, tileWinogradOutput } from "./winograd/transform";
