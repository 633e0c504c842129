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
/** The same where the steps are those of one group, not of a pair. */
export const GRADIENT_STEP_BLOCK = 256;
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
