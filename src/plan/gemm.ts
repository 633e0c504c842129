import { blocksOf, gemmBlocks, gemmScratch } from './blocking.js';
import type { Ref } from './buffer.js';
import type { PlanBuilder } from './builder.js';

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
}

/** C [m, n] = op(A) · op(B) + bias, all dense in memory. */
export function emitGemm(plan: PlanBuilder, { c, a, b, bias }: GemmOperands, sizes: GemmSizes): void {
  const { m, n, k, transposeA = false, transposeB = false, relu = 0 } = sizes;
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
