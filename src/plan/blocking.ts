/**
 * How work is cut into blocks: by shape, never by the number of threads, so that results keep their bits. Matrix products alone ask how many threads
 * there are, for their bits are the same in any blocks. All sizes that decide speed stand here.
 */
import { Kernel } from './ops.js';

/** Floats in a block of an element-wise kernel: 32 KiB of one operand, a first-level cache. */
export const ELEMENT_BLOCK = 8192;
/** Rows in a block of a kernel over rows: short enough that a batch of 128 gives every core some. */
export const ROW_BLOCK = 16;
/** Steps in a block of a kernel that takes the steps of a sequence one by one, in any order. */
export const STEP_BLOCK = 128;
/** The same where the steps are those of one group, not of a pair. */
export const GRADIENT_STEP_BLOCK = 256;
/** Columns in a block of the gradient of an embedding: a cache line. */
export const EMBEDDING_COLUMNS = 16;
export const blocksOf = (size: number, blockSize: number): number => Math.ceil(size / blockSize);

/**
 * Blocks of a matrix product, as even as may be. Thresholds by `npm run bench -- --filter gemm`: a block of 160 × 128 and 384 deep keeps packed B
 * (192 KiB) in a second-level cache, and a strip of A and a panel of B (8 + 12 KiB) in a first-level one; depths from 256 to 512 and other sizes from
 * 128 × 64 to 256 × 256 differ by 2 %. Tall blocks come first where a product is small, since each block packs its B anew: over a sum of 7744, blocks
 * of 128 × 16 are 6 % faster than 80 × 16. No more blocks than threads need: the classifier's inference on one is 2 % faster than with eight, its step 1 %.
 */
const GEMM = {
  /** Rows that block heights are multiples of: a register tile of the strict build. */
  strip: 5,
  strips: 32,
  panels: 16,
  depth: 384,
  /** Blocks to aim for with several threads, for each of them, while panels can be shared out, two of them a cache line, and then strips. One thread needs but one. */
  blocksEach: 2,
  fewestPanels: 2,
  fewestStrips: 7,
  /** Panels from which on packing A pays: with 16 of them products are 4 to 10 % faster, with four as fast. If it is stored transposed: 10 % with four. */
  panelsToPack: 8,
  panelsToPackTransposed: 4,
} as const;

export interface GemmBlocks {
  blockM: number;
  blockN: number;
  /** Terms of the sum taken at a time. */
  blockK: number;
  packA: boolean;
}

export function gemmBlocks({ m, n, k, transposeA = false }: { m: number; n: number; k: number; transposeA?: boolean }, threads: number): GemmBlocks {
  const fewest = threads > 1 ? GEMM.blocksEach * threads : 1;
  const strips = blocksOf(m, GEMM.strip);
  const panels = blocksOf(n, Kernel.panel);
  let countM = blocksOf(strips, GEMM.strips);
  let countN = blocksOf(panels, GEMM.panels);
  const mostN = blocksOf(panels, m > Kernel.rowsAlone ? GEMM.fewestPanels : Kernel.rowPanels);
  while (countM * countN < fewest && countN < mostN) countN = Math.min(2 * countN, mostN);
  while (countM * countN < fewest && countM < blocksOf(strips, GEMM.fewestStrips)) countM = Math.min(2 * countM, blocksOf(strips, GEMM.fewestStrips));
  const panelsInBlock = blocksOf(panels, countN);
  return {
    blockM: Math.min(m, GEMM.strip * blocksOf(strips, countM)),
    blockN: Kernel.panel * panelsInBlock,
    blockK: blocksOf(k, Math.max(1, Math.round(k / GEMM.depth))),
    packA: panelsInBlock >= (transposeA ? GEMM.panelsToPackTransposed : GEMM.panelsToPack),
  };
}

/** Floats of strips of A, of six rows each in the relaxed build, of five otherwise; `k` of each. */
export const stripFloats = (rows: number, k: number): number => (rows + Kernel.mostRows - 1) * k;

/** Bytes of scratch of a block, as assembly/gemm/gemm.ts lays it out. */
export const gemmScratch = ({ blockM, blockN, blockK, packA }: GemmBlocks): number =>
  4 * Kernel.panel + Kernel.edgeBytes + 4 * blockN * blockK + (packA ? 4 * stripFloats(blockM, blockK) : 0);

/**
 * Blocks of a product that leaves the zeros of A out. Each lists its rows' terms and packs its columns of B anew, so there are few: one a thread, where
 * rows are not too many for their lists, 1072 bytes each, to stay in a second-level cache.
 */
const SPARSE = { mostRows: 160, densest: 0.6 } as const;

/**
 * Whether a product is taken so: where B lies in rows, its columns make whole tiles, A has rows enough to pay for the packing, and so many zeros, as far as
 * one can tell, that listing the rest pays (measured on 128 × 7744 × 128: while less than 0.7 of all is left, less than 0.5 for the gradient of A).
 */
export const leavesZerosOut = ({ m, n, transposeB = false, density }: { m: number; n: number; transposeB?: boolean; density: number }): boolean =>
  density <= SPARSE.densest && !transposeB && n % Kernel.sparseColumns === 0 && m > Kernel.rowsAlone;

export function sparseGemmBlocks({ m, n }: { m: number; n: number }, threads: number): { blockM: number; blockN: number } {
  const countM = blocksOf(m, SPARSE.mostRows);
  const tiles = n / Kernel.sparseColumns;
  const countN = Math.min(tiles, blocksOf(threads, countM));
  return { blockM: 4 * blocksOf(m, 4 * countM), blockN: Kernel.sparseColumns * blocksOf(tiles, countN) };
}

/** Bytes of scratch for lists of so many rows, a multiple of four, as assembly/gemm/lists.ts lays them out. */
const listScratch = (rows: number): number => 256 + rows * (16 + 8 * (Kernel.sparseDepth + 4));
/** Bytes of scratch of a block, as assembly/gemm/sparse-gemm.ts lays it out. */
export const sparseGemmScratch = ({ blockM }: { blockM: number }): number => 4 * Kernel.sparseColumns * (1 + Kernel.sparseDepth) + listScratch(blockM);
/** The same of assembly/gemm/sampled-gemm.ts. */
export const sampledGemmScratch = listScratch(4);

/** Rows in a block of a kernel that goes down the columns: 64 KiB, so that a line of the cache is used up before it is gone. */
export const columnBlock = (columns: number): number => Math.max(1, Math.ceil(16384 / columns));

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

/** Whether a convolution of a pooling's windows goes by Winograd's F(2×2, 3×3), whose tile is the window. Without dilation or groups. */
export const usesWindowWinograd = ({ kernelH, kernelW, strideH, strideW }: Record<'kernelH' | 'kernelW' | 'strideH' | 'strideW', number>): boolean =>
  kernelH === 3 && kernelW === 3 && strideH === 1 && strideW === 1;

/** Whether Winograd's way is taken: 3×3, stride 1, taps side by side, one group, and enough channels that the transforms are small beside the products. */
export const usesWinograd = ({ kernelH, kernelW, strideH, strideW, dilationH, dilationW, inC, outC, groups }: Record<
  'kernelH' | 'kernelW' | 'strideH' | 'strideW' | 'dilationH' | 'dilationW' | 'inC' | 'outC' | 'groups', number
>): boolean =>
  dilationH === 1 && dilationW === 1 && groups === 1 && kernelH === 3 && kernelW === 3 && strideH === 1 && strideW === 1 && inC % Kernel.panel === 0 && outC % Kernel.panel === 0 && inC >= 16 && outC >= 16;
