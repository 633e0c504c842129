import { blocksOf } from '../../../src/plan/blocking.js';
import { Kernel } from '../../../src/plan/ops.js';
import { absGemm, assertClose, elementTolerances, gemm, randomArray, type Values } from '../../reference/index.js';
import { blank, cycle, floats, type OpCase, type Sweep } from '../harness.js';

/** Rows of the largest register tile: 5 in the strict build, 6 in the relaxed one. */
export const TILE_ROWS = 6;

interface Sizes {
  m: number;
  n: number;
  k: number;
  transposeA: boolean;
  transposeB: boolean;
  /** Elements that rows of a, b and c lie further apart than they need. */
  gap: number;
  bias: boolean;
  relu: boolean;
  blockM: number;
  blockN: number;
}

/** Kept by the kernel where rows of C have gaps. */
const GAP = 7;

function gemmCase(sizes: Sizes): OpCase<'gemm'> {
  const { m, n, k, transposeA, transposeB, gap, blockM, blockN } = sizes;
  const relu = sizes.relu && !transposeA;
  const lda = (transposeA ? m : k) + gap;
  const ldb = (transposeB ? k : n) + gap;
  const ldc = n + gap;
  const a = randomArray((transposeA ? k : m) * lda, 1);
  const b = randomArray((transposeB ? n : k) * ldb, 2);
  const bias = sizes.bias ? randomArray(n, 3) : undefined;
  const c = Float32Array.from({ length: m * ldc }, (_, i) => (i % ldc < n ? NaN : GAP));
  const options = { m, n, k, a, b, lda, ldb, transposeA, transposeB, ...(bias && { c: Float64Array.from({ length: m * n }, (_, i) => bias[i % n]!) }) };
  return {
    label: JSON.stringify(sizes),
    args: {
      c: floats(c), a: floats(a), b: floats(b), bias: bias && floats(bias), m, n, k, lda, ldb, ldc,
      transposeA: Number(transposeA), transposeB: Number(transposeB), blockM, blockN, relu: Number(relu),
    },
    blocks: blocksOf(m, blockM) * blocksOf(n, blockN),
    scratch: Kernel.rowTableBytes + Kernel.edgeBytes + 4 * blockN * Kernel.depth,
    check({ c: result }) {
      const expected = gemm(options).map((value) => (relu ? Math.max(value, 0) : value));
      assertClose(withoutGaps(result, n, ldc), expected, elementTolerances(absGemm(options), k + 1), 'c');
      const gaps = result.filter((_, i) => i % ldc >= n);
      assertClose(gaps, new Float32Array(m * gap).fill(GAP), 0, 'gaps of c');
    },
  };
}

const withoutGaps = (c: Values, n: number, ldc: number): Float64Array => Float64Array.from(c).filter((_, i) => i % ldc < n);

const gemmSweep: Sweep<'gemm'> = function* () {
  // lists of coprime lengths, so that every choice meets every other
  const depths = cycle([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33]);
  const gaps = cycle([0, 0, 1, 3]);
  const flags = cycle([true, false, false, true, true]);
  const blockRows = cycle([TILE_ROWS * 4, 5, 6, 7, 10, 12, 3]);
  const blockColumns = cycle([24, 8, 16]);
  const transposes = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));
  const rest = (): Omit<Sizes, 'm' | 'n' | 'k' | 'transposeA' | 'transposeB'> => ({
    gap: gaps(), bias: flags(), relu: flags(), blockM: blockRows(), blockN: blockColumns(),
  });
  for (const transpose of transposes) {
    for (let m = 1; m <= 2 * TILE_ROWS + 1; m++) {
      for (let n = 1; n <= 2 * Kernel.panel + 1; n++) yield gemmCase({ m, n, k: depths(), ...transpose, ...rest() });
    }
    for (const k of [Kernel.depth - 1, Kernel.depth, Kernel.depth + 1, 2 * Kernel.depth, 2 * Kernel.depth + 3]) {
      for (const [m, n] of [[1, 1], [7, 9], [TILE_ROWS * 2, 16]] as const) yield gemmCase({ m, n, k, ...transpose, ...rest() });
    }
    yield gemmCase({ m: 61, n: 50, k: 40, ...transpose, gap: 0, bias: true, relu: true, blockM: 20, blockN: 16 });
  }
};

/** op(B) as panels [matrices][ceil(n / 8)][k][8], columns beyond n zero. */
export function packed(b: Values, { k, n, strideK, strideN, matrixStride, matrices }: PanelSizes): Float64Array {
  const perMatrix = blocksOf(n, Kernel.panel);
  return Float64Array.from({ length: matrices * perMatrix * k * Kernel.panel }, (_, i) => {
    const lane = i % Kernel.panel;
    const row = Math.floor(i / Kernel.panel) % k;
    const panel = Math.floor(i / (Kernel.panel * k));
    const column = (panel % perMatrix) * Kernel.panel + lane;
    return column < n ? b[Math.floor(panel / perMatrix) * matrixStride + row * strideK + column * strideN]! : 0;
  });
}

interface PanelSizes {
  k: number;
  n: number;
  strideK: number;
  strideN: number;
  matrixStride: number;
  matrices: number;
}

const packSweep: Sweep<'packPanels'> = function* () {
  for (const k of [1, 2, 3, 4, 5, 7, 8, 9, 13]) {
    for (let n = 1; n <= 2 * Kernel.panel + 1; n++) {
      for (const matrices of [1, 3]) {
        for (const [strideK, strideN] of [[n, 1], [1, k], [n + 2, 1], [1, k + 3], [2, 2 * k]] as const) {
          const matrixStride = (k - 1) * strideK + (n - 1) * strideN + 1;
          const args = { k, n, strideK, strideN, matrixStride };
          const sizes = { ...args, matrices };
          const b = randomArray(matrices * matrixStride, 4);
          yield {
            label: JSON.stringify(sizes),
            args: { panels: blank(matrices * blocksOf(n, Kernel.panel) * k * Kernel.panel), b: floats(b), ...args },
            blocks: matrices * blocksOf(n, Kernel.panel),
            check: ({ panels }) => assertClose(panels, packed(b, sizes), 0, 'panels'),
          };
        }
      }
    }
  }
};

export const gemmSweeps = { gemm: gemmSweep, packPanels: packSweep };
