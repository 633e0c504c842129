import assert from 'node:assert/strict';
import { blocksOf, gemmBlocks, gemmScratch, sampledGemmScratch, sparseGemmBlocks, sparseGemmScratch, type GemmBlocks } from '../../../src/plan/blocking.js';
import { Kernel } from '../../../src/plan/ops.js';
import { absGemm, assertClose, elementTolerances, gemm, generate, randomArray, type Values } from '../../reference/index.js';
import { blank, cycle, floats, type OpCase, type Sweep } from '../harness.js';

/** Rows of the largest register tile: 5 in the strict build, 6 in the relaxed one. */
export const TILE_ROWS = Kernel.mostRows;

interface Sizes extends GemmBlocks {
  m: number;
  n: number;
  k: number;
  transposeA: boolean;
  transposeB: boolean;
  /** Elements that rows of a, b and c lie further apart than they need. */
  gap: number;
  bias: boolean;
  relu: boolean;
  /** Whether operands hold NaNs, infinities and zeros too. */
  special?: boolean;
}

/** Kept by the kernel where rows of C have gaps. */
const GAP = 7;
const SPECIAL = [NaN, Infinity, -Infinity];

function gemmCase(sizes: Sizes): OpCase<'gemm'> {
  const { m, n, k, transposeA, transposeB, gap, relu, blockM, blockN, blockK, packA } = sizes;
  const lda = (transposeA ? m : k) + gap;
  const ldb = (transposeB ? k : n) + gap;
  const ldc = n + gap;
  const a = randomArray((transposeA ? k : m) * lda, 1);
  const b = randomArray((transposeB ? n : k) * ldb, 2);
  if (sizes.special) {
    SPECIAL.forEach((value, i) => {
      a[Math.floor((a.length * (i + 1)) / 5)] = value;
      b[Math.floor((b.length * (i + 1)) / 4)] = value;
    });
    for (let p = 0; p < k; p++) a[transposeA ? p * lda + 1 : lda + p] = 0; // a row of zeros: not to be skipped, zero times infinity is NaN
  }
  const bias = sizes.bias ? randomArray(n, 3) : undefined;
  const c = Float32Array.from({ length: m * ldc }, (_, i) => (i % ldc < n ? NaN : GAP));
  const options = { m, n, k, a, b, lda, ldb, transposeA, transposeB, ...(bias && { c: generate(m * n, (i) => bias[i % n]!) }) };
  return {
    label: JSON.stringify(sizes),
    args: {
      c: floats(c), a: floats(a), b: floats(b), bias: bias && floats(bias), m, n, k, lda, ldb, ldc, transposeA: Number(transposeA),
      transposeB: Number(transposeB), blockM, blockN, blockK, packA: Number(packA), relu: Number(relu),
    },
    blocks: blocksOf(m, blockM) * blocksOf(n, blockN),
    scratch: gemmScratch(sizes),
    check({ c: result }) {
      const expected = gemm(options).map((value) => (relu ? Math.max(value, 0) : value));
      const tolerances = elementTolerances(absGemm(options), k + 1);
      const product = withoutGaps(result, n, ldc);
      if (sizes.special) splitNonFinite(product, expected, tolerances);
      assertClose(product, expected, tolerances, 'c');
      const gaps = result.filter((_, i) => i % ldc >= n);
      assertClose(gaps, new Float32Array(m * gap).fill(GAP), 0, 'gaps of c');
    },
  };
}

const withoutGaps = (c: Values, n: number, ldc: number): Float64Array => Float64Array.from(c).filter((_, i) => i % ldc < n);

/** Compares what is expected to be NaN or infinite, and takes it out of the comparison of the rest. */
function splitNonFinite(actual: Float64Array, expected: Float64Array, tolerances: Float64Array): void {
  let found = 0;
  expected.forEach((value, i) => {
    if (Number.isFinite(value)) return;
    assert.ok(Object.is(actual[i], value), `element ${i} is ${actual[i]}, expected ${value}`);
    actual[i] = expected[i] = tolerances[i] = 0;
    found++;
  });
  assert.ok(found > 0 && found < expected.length, 'both kinds of elements');
}

const gemmSweep: Sweep<'gemm'> = function* () {
  // lists of coprime lengths, so that every choice meets every other
  const depths = cycle([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33]);
  const gaps = cycle([0, 0, 1, 3]);
  const flags = cycle([true, false, false, true, true]);
  const blockRows = cycle([TILE_ROWS * 4, 5, 6, 7, 10, 12, 3]);
  const blockColumns = cycle([24, 8, 16, 32]);
  const blockDepths = cycle([33, 4, 1, 8, 7, 32, 5, 3, 16]);
  const transposes = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));
  const rest = (): Pick<Sizes, 'gap' | 'bias' | 'relu' | 'blockM' | 'blockN' | 'blockK' | 'packA'> => ({
    gap: gaps(), bias: flags(), relu: flags(), blockM: blockRows(), blockN: blockColumns(), blockK: blockDepths(), packA: flags(),
  });
  for (const transpose of transposes) {
    for (let m = 1; m <= 2 * TILE_ROWS + 1; m++) {
      for (let n = 1; n <= 2 * Kernel.panel + 1; n++) yield gemmCase({ m, n, k: depths(), ...transpose, ...rest() });
    }
    // strips of all heights, and pairs of panels
    for (let m = 2 * TILE_ROWS + 2; m <= 4 * TILE_ROWS + 1; m++) {
      for (const n of [16, 24, 33]) yield gemmCase({ m, n, k: depths(), ...transpose, ...rest(), blockM: m, blockN: 40 });
    }
    // a row or two, taken alone in tiles of 32 columns, and what is left of blocks beside them
    for (let m = 1; m <= 3; m++) {
      for (const n of [31, 32, 33, 64, 71, 96, 131]) {
        for (const blockN of [32, 40, 64]) yield gemmCase({ m, n, k: depths(), ...transpose, ...rest(), blockN });
        const sizes = { m, n, k: 400, ...transpose };
        yield gemmCase({ ...sizes, ...gemmBlocks(sizes, 8), gap: gaps(), bias: true, relu: flags() });
      }
    }
    // a block's depth, and just over and under it
    for (const blockK of [1, 7, 16, 259]) {
      for (const k of [blockK - 1, blockK, blockK + 1, 2 * blockK, 2 * blockK + 3]) {
        for (const [m, n] of [[1, 1], [7, 9], [TILE_ROWS * 2, 16]] as const) {
          if (k > 0) yield gemmCase({ m, n, k, ...transpose, ...rest(), blockK });
        }
      }
    }
    // the blocks that layers use
    for (const [m, n, k] of [[129, 17, 40], [64, 130, 385], [161, 65, 130], [166, 137, 5], [8, 137, 576], [33, 10, 575]] as const) {
      const sizes = { m, n, k, ...transpose };
      for (const threads of [1, 2, 8]) yield gemmCase({ ...sizes, ...gemmBlocks(sizes, threads), gap: gaps(), bias: flags(), relu: flags() });
    }
    for (const [m, n] of [[7, 9], [8, 40], [40, 17]] as const) {
      for (const relu of [false, true]) yield gemmCase({ m, n, k: 12, ...transpose, ...rest(), relu, special: true });
    }
    yield gemmCase({ m: 61, n: 50, k: 40, ...transpose, gap: 0, bias: true, relu: true, blockM: 20, blockN: 16, blockK: 32, packA: true });
  }
};

/** op(B) as panels [matrices][ceil(n / 8)][k][8], columns beyond n zero. */
export function packed(b: Values, { k, n, strideK, strideN, matrixStride, matrices }: PanelSizes): Float64Array {
  const perMatrix = blocksOf(n, Kernel.panel);
  return generate(matrices * perMatrix * k * Kernel.panel, (i) => {
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

interface SparseSizes {
  m: number;
  n: number;
  k: number;
  transposeA: boolean;
  blockM: number;
  blockN: number;
  bias: boolean;
  relu: boolean;
  /** Share of the elements of a that are not zero. */
  density: number;
  /** Whether b is not finite where a is zero, and elsewhere once, and a holds NaN. */
  special?: boolean;
}

function sparseCase(sizes: SparseSizes): OpCase<'sparseGemm'> {
  const { m, n, k, transposeA, blockM, blockN, relu, density } = sizes;
  const chance = randomArray(m * k, 4); // from -1 to 1
  const a = randomArray(m * k, 1).map((value, i) => (Math.abs(chance[i]!) < density ? value : i % 3 ? 0 : -0));
  const b = randomArray(k * n, 2);
  const at = (row: number, p: number): number => (transposeA ? p * m + row : row * k + p);
  if (sizes.special) {
    for (let row = 0; row < m; row++) {
      a[at(row, 0)] = row === m - 1 ? NaN : 0.5; // not left out
      a[at(row, 1)] = 0; // left out, so what b holds there does not count
    }
    b[3] = Infinity;
    for (let column = 0; column < n; column++) b[n + column] = SPECIAL[column % 3]!;
  }
  const bias = sizes.bias ? randomArray(n, 3) : undefined;
  const options = {
    m, n, k, transposeA, a, b: sizes.special ? b.map((value, i) => (i >= n && i < 2 * n ? 0 : value)) : b,
    ...(bias && { c: generate(m * n, (i) => bias[i % n]!) }),
  };
  return {
    label: JSON.stringify(sizes),
    args: { c: blank(m * n), a: floats(a), b: floats(b), bias: bias && floats(bias), m, n, k, transposeA: Number(transposeA), blockM, blockN, relu: Number(relu) },
    blocks: blocksOf(m, blockM) * blocksOf(n, blockN),
    scratch: sparseGemmScratch(sizes),
    check({ c }) {
      const expected = gemm(options).map((value) => (relu ? Math.max(value, 0) : value));
      const tolerances = elementTolerances(absGemm(options), k + 1);
      const product = Float64Array.from(c);
      if (sizes.special) splitNonFinite(product, expected, tolerances);
      assertClose(product, expected, tolerances, 'c');
    },
  };
}

const sparseSweep: Sweep<'sparseGemm'> = function* () {
  const [flags, densities] = [cycle([true, false, false, true, true]), cycle([0.3, 0.5, 0.1, 0, 0.7, 1, 0.35])];
  const [blockRows, blockColumns] = [cycle([4, 8, 12, 160]), cycle([32, 64, 96])];
  const rest = (): Omit<SparseSizes, 'm' | 'n' | 'k'> => ({
    transposeA: flags(), blockM: blockRows(), blockN: blockColumns(), bias: flags(), relu: flags(), density: densities(),
  });
  // strips of four rows, vectors of four terms, and what is left of both
  for (let m = 1; m <= 13; m++) {
    for (let k = 1; k <= 13; k++) {
      for (const transposeA of [false, true]) yield sparseCase({ m, n: k % 3 ? 32 : 64, k, ...rest(), transposeA });
    }
  }
  // terms taken at a time, and just over and under
  for (const k of [-1, 0, 1, 3, 4].map((more) => Kernel.sparseDepth + more).concat(2 * Kernel.sparseDepth + 7, 3 * Kernel.sparseDepth)) {
    for (const transposeA of [false, true]) {
      for (const density of [0, 0.3, 1]) yield sparseCase({ m: 9, n: 96, k, ...rest(), transposeA, density });
    }
  }
  // the blocks that layers use
  for (const [m, n, k] of [[128, 128, 300], [96, 64, 150], [321, 32, 50], [17, 256, 131], [333, 64, 128]] as const) {
    for (const threads of [1, 2, 3, 8]) {
      for (const transposeA of [false, true]) yield sparseCase({ m, n, k, ...rest(), ...sparseGemmBlocks({ m, n }, threads), transposeA });
    }
  }
  for (const transposeA of [false, true]) {
    for (const k of [2, 5, 140]) yield sparseCase({ m: 7, n: 64, k, ...rest(), transposeA, density: 0.4, special: true });
  }
};

function sampledCase(sizes: { m: number; n: number; k: number; density: number; special?: boolean }): OpCase<'sampledGemm'> {
  const { m, n, k, density, special = false } = sizes;
  const [a, b, chance] = [randomArray(m * k, 1), randomArray(n * k, 2), randomArray(m * n, 4)];
  const x = randomArray(m * n, 3).map((value, i) => (Math.abs(chance[i]!) < density ? value : i % 3 ? 0 : -0));
  if (special) {
    x[0] = NaN; // is not zero
    x[1] = 0;
    b[k] = Infinity; // of column 1
    a[(m - 1) * k] = NaN;
  }
  return {
    label: JSON.stringify(sizes),
    args: { c: blank(m * n), a: floats(a), b: floats(b), x: floats(x), m, n, k },
    blocks: blocksOf(n, Kernel.sparseDepth),
    scratch: sampledGemmScratch,
    check({ c }) {
      const options = { m, n, k, a, b, transposeB: true };
      const [expected, tolerances] = [gemm(options), elementTolerances(absGemm(options), k)].map((values) => values.map((value, i) => (x[i] === 0 ? 0 : value))) as [Float64Array, Float64Array];
      const product = Float64Array.from(c);
      if (special) splitNonFinite(product, expected, tolerances);
      assertClose(product, expected, tolerances, 'c');
    },
  };
}

const sampledSweep: Sweep<'sampledGemm'> = function* () {
  const densities = cycle([0.3, 0.5, 0.1, 0, 0.7, 1, 0.35]);
  const depths = cycle([32, 64, 32, 96]);
  for (let m = 1; m <= 9; m++) {
    for (let n = 4; n <= 24; n += 4) yield sampledCase({ m, n, k: depths(), density: densities() });
  }
  // a block's columns, and just over and under
  for (const n of [-4, 0, 4, 8].map((more) => Kernel.sparseDepth + more).concat(2 * Kernel.sparseDepth + 12, 4 * Kernel.sparseDepth)) {
    for (const density of [0, 0.3, 1]) yield sampledCase({ m: 6, n, k: depths(), density });
  }
  for (const [m, n, k] of [[32, 600, 128], [96, 128, 64]] as const) yield sampledCase({ m, n, k, density: densities() });
  for (const m of [2, 7]) yield sampledCase({ m, n: 20, k: 32, density: 0.6, special: true });
};

export const gemmSweeps = { gemm: gemmSweep, sparseGemm: sparseSweep, sampledGemm: sampledSweep, packPanels: packSweep };
