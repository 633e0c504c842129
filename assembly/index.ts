// The binary interface: what TypeScript may call. Everything goes through plans; the tiles are exported only so that they stay out of line.
export { runStep, work } from "./plan/run";
export { tileRows, tileSegments } from "./gemm/tile";
export { tileMaximum, tileWindows } from "./conv2d/pooled-forward";
export { tileWindowColumn } from "./conv2d/winograd-windows";
export { tileWinners } from "./conv2d/pooled-backward-filter";
export { tileGemm, tileGemmListed, tileGemmRow, tileGemmShort, tileGemmStrip, tileSampled } from "./gemm/tile-gemm";
export { tileWinogradFilterGradient, tileWinogradFilter, tileWinogradInputGradient, tileWinogradInput, tileWinogradOutputGradient, tileWinogradOutput } from "./winograd/transform";
export { tileDots1x1, tileDots2x1, tileDots3x1, tileDots4x1, tileDots5x1, tileDots1x2, tileDots2x2, tileDots3x2, tileDots4x2, tileDots5x2 } from "./recurrent/dots-tile";
export { tileStep1x4, tileStep2x4, tileStep3x4, tileStep4x4, tileStep5x4, tileStep1x8, tileStep2x8, tileStep3x8, tileStep4x8, tileStep5x8 } from "./recurrent/step-tile";
