import { blocksOf, gemmBlocks, gemmScratch, leavesZerosOut, sampledGemmScratch, sparseGemmBlocks, sparseGemmScratch } from './blocking.js';
import type { Ref } from './buffer.js';
import type { PlanBuilder } from './builder.js';
import { Kernel } from './ops.js';

export interface GemmOperands {
  c: Ref;
  a: Ref;
  b: Ref;
  bias?: Ref | undefined;
}

export interface GemmSizes {
  m: number;
  n: number;
  k: number;
  transposeA?: boolean;
  transposeB?: boolean;
  relu?: number;
  /** Share of A's elements that are likely not to be zero. */
  density?: number;
}

/** C [m, n] = op(A) · op(B) + bias, all dense in memory; the zeros of A are left out where that pays. */
export function emitGemm(plan: PlanBuilder, { c, a, b, bias }: GemmOperands, sizes: GemmSizes): void {
  const { m, n, k, transposeA = false, transposeB = false, relu = 0, density = 1 } = sizes;
  if (leavesZerosOut({ ...sizes, density })) {
    const sparse = sparseGemmBlocks(sizes, plan.threads);
    const count = blocksOf(m, sparse.blockM) * blocksOf(n, sparse.blockN);
    plan.op('sparseGemm', { c, a, b, bias, m, n, k, transposeA: Number(transposeA), ...sparse, relu }, count, sparseGemmScratch(sparse));
    return;
  }
  const blocks = gemmBlocks(sizes, plan.threads);
  const { blockM, blockN, blockK, packA } = blocks;
  plan.op(
    'gemm',
    {
      c, a, b, bias, m, n, k, lda: transposeA ? m : k, ldb: transposeB ? k : n, ldc: n, transposeA: Number(transposeA), transposeB: Number(transposeB),
      blockM, blockN, blockK, packA: Number(packA), relu,
    },
    blocksOf(m, blockM) * blocksOf(n, blockN), gemmScratch(blocks),
  );
}

/** C [m, n] = A · Bᵀ where x [m, n] is not zero, zeros elsewhere. n: a multiple of four; k: of a sparse product's columns. */
export function emitSampledGemm(plan: PlanBuilder, operands: { c: Ref; a: Ref; b: Ref; x: Ref }, sizes: { m: number; n: number; k: number }): void {
  plan.op('sampledGemm', { ...operands, ...sizes }, blocksOf(sizes.n, Kernel.sparseDepth), sampledGemmScratch);
}
