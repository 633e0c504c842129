/**
 * How work is cut into blocks: by shape, never by the number of threads, so that results keep their bits. All sizes that decide speed stand
 * here.
 */
import { Kernel } from './ops.js';

/** Floats in a block of an element-wise kernel: 32 KiB of one operand, a first-level cache. */
export const ELEMENT_BLOCK = 8192;
/** Rows in a block of a kernel over rows: short enough that a batch of 128 gives every core some. */
export const ROW_BLOCK = 16;
/** Steps in a block of a kernel that takes the steps of a sequence one by one, in any order. */
export const STEP_BLOCK = 128;
/** Fewest blocks to aim for, so that up to eight threads find work. */
const LEAST_BLOCKS = 16;

export const blocksOf = (size: number, blockSize: number): number => Math.ceil(size / blockSize);

/** Blocks of a matrix product: wide ones reuse packed panels of B, many ones keep all threads busy. */
export function gemmBlocks(m: number, n: number): { blockM: number; blockN: number } {
  let blockM = Math.min(m, 160);
  let blockN = Math.min(Math.ceil(n / Kernel.panel) * Kernel.panel, 128);
  const count = (): number => blocksOf(m, blockM) * blocksOf(n, blockN);
  while (count() < LEAST_BLOCKS && blockN > 2 * Kernel.panel) blockN = Math.ceil(blockN / 2 / Kernel.panel) * Kernel.panel;
  while (count() < LEAST_BLOCKS && blockM > 40) blockM = Math.ceil(blockM / 2 / 20) * 20;
  return { blockM, blockN };
}

/** Images in a block of a convolution: at most 16 partial sums of the filter's gradient. */
export const imageBlock = (batch: number): number => Math.ceil(batch / 16);

/** Outputs of a tile of Winograd's F(4×4, 3×3) in each direction. */
export const WINOGRAD_TILE = 4;
/**
 * Tiles taken at a time: nine (relaxed: eight) whole register tiles, so that 64 channels' transformed inputs and products, 36 × 45 × 64 floats each,
 * stay in a second-level cache of a megabyte.
 */
const WINOGRAD_CHUNK = 45;

/** Whole images a block, about one chunk's worth, but at least 16 blocks. */
export function winogradBlocks(batch: number, tilesPerImage: number): { blockImages: number; chunk: number } {
  const blockImages = Math.max(1, Math.min(imageBlock(batch), Math.floor(WINOGRAD_CHUNK / tilesPerImage)));
  return { blockImages, chunk: Math.min(WINOGRAD_CHUNK, blockImages * tilesPerImage) };
}

/** Whether Winograd's way is taken: 3×3, stride 1, and enough channels that the transforms are small beside the products. */
export const usesWinograd = ({ kernelH, kernelW, strideH, strideW, inC, outC }: Record<
  'kernelH' | 'kernelW' | 'strideH' | 'strideW' | 'inC' | 'outC', number
>): boolean =>
  kernelH === 3 && kernelW === 3 && strideH === 1 && strideW === 1 && inC % Kernel.panel === 0 && outC % Kernel.panel === 0 && inC >= 16 && outC >= 16;
