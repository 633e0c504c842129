import { gemm } from "../../assembly/gemm/gemm";
import { LISTED_VALUES } from "../../assembly/gemm/lists";
import { sampledGemm } from "../../assembly/gemm/sampled-gemm";
import { sparseGemm } from "../../assembly/gemm/sparse-gemm";
import { packPanels, packStrip, packStrips } from "../../assembly/gemm/panels";
import { TILE_COLUMNS, TILE_ROWS, clampRows, setRow, tileRows, tileSegments } from "../../assembly/gemm/tile";
import { tileGemm, tileGemmListed, tileGemmRow, tileGemmShort, tileGemmStrip } from "../../assembly/gemm/tile-gemm";
import { Kernel } from "../../assembly/plan/ops";
import { at, blank, eighths, floats, mismatches } from "./buffers";

/** Elements from one row of C to the next: more than a tile is wide. */
const LDC: i32 = 11;

/** C as it is before: eighths; what a tile must leave in it. */
function afterTile(before: usize, product: StaticArray<f64>, relu: bool): StaticArray<f64> {
  const expected = new StaticArray<f64>(TILE_ROWS * LDC);
  for (let i = 0; i < expected.length; i++) {
    const row = i / LDC, column = i % LDC;
    if (column < TILE_COLUMNS) {
      const value = at(before, i) + product[row * TILE_COLUMNS + column];
      expected[i] = relu ? Math.max(value, 0) : value;
    } else expected[i] = at(before, i);
  }
  return expected;
}

function checkTileRows(k: i32, relu: bool): i32 {
  const c = eighths(TILE_ROWS * LDC, 1), before = eighths(TILE_ROWS * LDC, 1);
  const lda = k + 3;
  const a = eighths(TILE_ROWS * lda, 2), b = eighths(max(k, 1) * TILE_COLUMNS, 3);
  const table = blank(2 * TILE_ROWS);
  for (let r = 0; r < TILE_ROWS; r++) setRow(table, r, a + ((<usize>(r * lda)) << 2), c + ((<usize>(r * LDC)) << 2));
  tileRows(table, b, k);
  if (relu) clampRows(table);
  const product = new StaticArray<f64>(TILE_ROWS * TILE_COLUMNS);
  for (let i = 0; i < product.length; i++) {
    for (let p = 0; p < k; p++) product[i] += at(a, (i / TILE_COLUMNS) * lda + p) * at(b, p * TILE_COLUMNS + (i % TILE_COLUMNS));
  }
  return mismatches(c, afterTile(before, product, relu));
}

/** tileSegments onto C, with a jump of three elements of A between segments. */
function checkTileColumns(k: i32, segments: i32): i32 {
  const c = eighths(TILE_ROWS * LDC, 1), before = eighths(TILE_ROWS * LDC, 1);
  const aStep = TILE_ROWS + 1, bStep = TILE_COLUMNS + 2, jump = 3;
  const a = eighths(segments * (k * aStep + jump) + 8, 4), b = eighths(segments * k * bStep + 8, 5);
  const ldc = LDC << 2;
  tileSegments(c, ldc, a, aStep << 2, jump << 2, b, bStep << 2, k, segments);
  const product = new StaticArray<f64>(TILE_ROWS * TILE_COLUMNS);
  for (let i = 0; i < product.length; i++) {
    for (let p = 0; p < segments * k; p++) {
      product[i] += at(a, p * aStep + (p / k) * jump + i / TILE_COLUMNS) * at(b, p * bStep + (i % TILE_COLUMNS));
    }
  }
  return mismatches(c, afterTile(before, product, false));
}

/** tileGemmRow onto C, what lies beside it kept. */
function checkTileRow(k: i32): i32 {
  const columns = 4 * TILE_COLUMNS, bStep = columns + 3;
  const c = eighths(columns + 4, 1), a = eighths(k + 1, 4), b = eighths(k * bStep + 1, 5);
  const expected = new StaticArray<f64>(columns + 4);
  for (let i = 0; i < expected.length; i++) {
    expected[i] = at(c, i);
    for (let p = 0; p < (i < columns ? k : 0); p++) expected[i] += at(a, p) * at(b, p * bStep + i);
  }
  tileGemmRow(c, a, b, bStep << 2, k);
  return mismatches(c, expected);
}

/** tileGemmListed onto C from a row beside it: every third row of B, last first. */
function checkTileListed(terms: i32): i32 {
  const columns = i32(Kernel.sparseColumns);
  const c = eighths(columns + 4, 1), start = eighths(columns, 2), b = eighths(3 * terms * columns + 1, 5), list = blank(i32(LISTED_VALUES) / 2);
  const expected = new StaticArray<f64>(columns + 4);
  for (let i = 0; i < expected.length; i++) expected[i] = i < columns ? at(start, i) : at(c, i);
  for (let term = 0; term < terms; term++) {
    const row = 3 * (terms - 1 - term), value = f32(term % 5) - 2.5;
    store<i32>(list + ((<usize>term) << 2), 4 * row * columns);
    store<f32>(list + ((<usize>term) << 2) + LISTED_VALUES, value);
    for (let i = 0; i < columns; i++) expected[i] += value * at(b, row * columns + i);
  }
  tileGemmListed(c, start, list, list + ((<usize>terms) << 2), b);
  return mismatches(c, expected);
}

/** A of eighths, of which every third is kept. */
function checkSparseGemm(m: i32, n: i32, k: i32, transposeA: bool, bias: bool, relu: bool): i32 {
  const a = eighths(m * k, 6), b = eighths(k * n, 7), offsets = bias ? eighths(n, 8) : 0, c = blank(m * n);
  for (let i = 0; i < m * k; i++) if ((i * 7) % 3) store<f32>(a + ((<usize>i) << 2), 0);
  const blockM = 4, blockN = i32(Kernel.sparseColumns), depth = i32(Kernel.sparseDepth);
  const scratch = blank(blockN * (1 + depth) + 64 + blockM * (4 + 2 * (depth + 4)));
  const blocks = ((m + blockM - 1) / blockM) * (n / blockN);
  for (let block = 0; block < blocks; block++) sparseGemm(block, scratch, c, a, b, offsets, m, n, k, i32(transposeA), blockM, blockN, i32(relu));
  const expected = new StaticArray<f64>(m * n);
  for (let i = 0; i < expected.length; i++) {
    const row = i / n, column = i % n;
    let sum: f64 = bias ? at(offsets, column) : 0;
    for (let p = 0; p < k; p++) sum += at(a, transposeA ? p * m + row : row * k + p) * at(b, p * n + column);
    expected[i] = relu ? Math.max(sum, 0) : sum;
  }
  return mismatches(c, expected);
}

/** Every other element of x is zero. */
function checkSampledGemm(m: i32, n: i32, k: i32): i32 {
  const a = eighths(m * k, 6), b = eighths(n * k, 7), x = eighths(m * n, 8), c = blank(m * n);
  for (let i = 0; i < m * n; i += 2) store<f32>(x + ((<usize>i) << 2), 0);
  const depth = i32(Kernel.sparseDepth), scratch = blank(64 + 4 * (4 + 2 * (depth + 4)));
  for (let block = 0; block < (n + depth - 1) / depth; block++) sampledGemm(block, scratch, c, a, b, x, m, n, k);
  const expected = new StaticArray<f64>(m * n);
  for (let i = 0; i < expected.length; i++) {
    if (at(x, i) != 0) for (let p = 0; p < k; p++) expected[i] += at(a, i / n * k + p) * at(b, i % n * k + p);
  }
  return mismatches(c, expected);
}

/** fromRow: C starts from one row, else from what it holds; byColumns: the rows of A side by side. */
function checkTileGemm(k: i32, rows: i32, fromRow: bool, byColumns: bool): i32 {
  const c = eighths(TILE_ROWS * LDC, 1), before = eighths(TILE_ROWS * LDC, 1), row = eighths(TILE_COLUMNS, 9);
  const lda = (byColumns ? TILE_ROWS : k) + 1, bStep = rows == TILE_ROWS ? TILE_COLUMNS : TILE_COLUMNS + 2;
  const a = eighths((byColumns ? k : TILE_ROWS) * lda, 4), b = eighths(k * bStep, 5);
  const ldc: usize = LDC << 2, start = fromRow ? row : c, ldStart: usize = fromRow ? 0 : ldc;
  if (byColumns) tileGemmStrip(c, ldc, start, ldStart, a, (<usize>lda) << 2, b, k);
  else if (rows == TILE_ROWS) tileGemm(c, ldc, start, ldStart, a, (<usize>lda) << 2, b, k);
  else tileGemmShort(c, ldc, start, ldStart, a, (<usize>lda) << 2, b, (<usize>bStep) << 2, k, rows);
  const expected = new StaticArray<f64>(TILE_ROWS * LDC);
  for (let i = 0; i < expected.length; i++) {
    const r = i / LDC, column = i % LDC;
    expected[i] = at(before, i);
    if (r >= rows || column >= TILE_COLUMNS) continue;
    if (fromRow) expected[i] = at(row, column);
    for (let p = 0; p < k; p++) expected[i] += at(a, byColumns ? p * lda + r : r * lda + p) * at(b, p * bStep + column);
  }
  return mismatches(c, expected);
}

function checkGemm(
  m: i32, n: i32, k: i32, transposeA: bool, transposeB: bool, packA: bool, bias: bool, relu: bool, blockN: i32 = TILE_COLUMNS,
): i32 {
  const lda = (transposeA ? m : k) + 1, ldb = (transposeB ? k : n) + 2;
  const a = eighths((transposeA ? k : m) * lda, 6), b = eighths((transposeB ? n : k) * ldb, 7);
  const offsets = bias ? eighths(n, 8) : 0;
  const c = blank(m * n);
  const blockM = 5, blockK = 4;
  const scratch = blank(TILE_COLUMNS + i32(Kernel.edgeBytes) / 4 + blockN * blockK + (blockM + TILE_ROWS - 1) * blockK);
  const blocks = ((m + blockM - 1) / blockM) * ((n + blockN - 1) / blockN);
  for (let block = 0; block < blocks; block++) {
    gemm(block, scratch, c, a, b, offsets, m, n, k, lda, ldb, n, i32(transposeA), i32(transposeB), blockM, blockN, blockK, i32(packA), i32(relu));
  }
  const expected = new StaticArray<f64>(m * n);
  for (let i = 0; i < expected.length; i++) {
    const row = i / n, column = i % n;
    let sum: f64 = bias ? at(offsets, column) : 0;
    for (let p = 0; p < k; p++) sum += at(a, transposeA ? p * lda + row : row * lda + p) * at(b, transposeB ? column * ldb + p : p * ldb + column);
    expected[i] = relu ? Math.max(sum, 0) : sum;
  }
  return mismatches(c, expected);
}

function checkPanels(k: i32, n: i32, matrices: i32, transposed: bool): i32 {
  const strideK = transposed ? 1 : n, strideN = transposed ? k : 1;
  const b = eighths(matrices * k * n, 9);
  const perMatrix = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const expected = new StaticArray<f64>(matrices * perMatrix * k * TILE_COLUMNS);
  const panels = blank(expected.length);
  for (let block = 0; block < matrices * perMatrix; block++) packPanels(block, 0, panels, b, k, n, strideK, strideN, k * n);
  for (let i = 0; i < expected.length; i++) {
    const panel = i / (k * TILE_COLUMNS), row = (i / TILE_COLUMNS) % k;
    const column = (panel % perMatrix) * TILE_COLUMNS + (i % TILE_COLUMNS);
    expected[i] = column < n ? at(b, (panel / perMatrix) * k * n + row * strideK + column * strideN) : 0;
  }
  return mismatches(panels, expected);
}

describe("a register tile", () => {
  test("adds rows of A times a panel of B", () => {
    for (let k = 0; k <= 9; k++) expect(checkTileRows(k, false)).toBe(0, `k = ${k}`);
    expect(checkTileRows(256, false)).toBe(0, "a whole panel");
  });

  test("can be clamped to zero from below, and keeps NaN", () => {
    for (let k = 0; k <= 3; k++) expect(checkTileRows(k, true)).toBe(0, `k = ${k}`);
    const c = floats([NaN, -1, 1, -0.5, Infinity, -Infinity, 0, NaN]);
    const table = blank(2 * TILE_ROWS);
    for (let r = 0; r < TILE_ROWS; r++) setRow(table, r, c, c);
    clampRows(table);
    expect(isNaN(at(c, 0)) && isNaN(at(c, 7))).toBe(true);
    expect(at(c, 1) == 0 && at(c, 2) == 1 && at(c, 3) == 0 && at(c, 4) == Infinity && at(c, 5) == 0).toBe(true);
  });

  test("adds columns of A times rows of B", () => {
    for (let k = 0; k <= 9; k++) expect(checkTileColumns(k, 1)).toBe(0, `k = ${k}`);
  });

  test("adds segments of columns with a jump between them", () => {
    for (let k = 1; k <= 4; k++) {
      for (let segments = 2; segments <= 4; segments++) expect(checkTileColumns(k, segments)).toBe(0, `${segments} segments of ${k}`);
    }
  });
});

describe("a register tile of gemm", () => {
  test("starts from C or from one row, A by rows or by columns", () => {
    for (let k = 1; k <= 9; k++) {
      for (let form = 0; form < 4; form++) expect(checkTileGemm(k, TILE_ROWS, form % 2 == 1, form >= 2)).toBe(0, `k = ${k}, form ${form}`);
    }
  });

  test("leaves out rows, and reads B where it lies", () => {
    for (let rows = 1; rows < TILE_ROWS; rows++) {
      for (let k = 1; k <= 4; k++) {
        expect(checkTileGemm(k, rows, false, false)).toBe(0, `${rows} rows`);
        expect(checkTileGemm(k, rows, true, false)).toBe(0, `${rows} rows from one`);
      }
    }
  });
});

describe("a row of gemm", () => {
  test("adds one row of A times 32 columns of B", () => {
    for (let k = 0; k <= 9; k++) expect(checkTileRow(k)).toBe(0, `k = ${k}`);
  });
});

describe("a row of a product that leaves zeros out", () => {
  test("adds the listed terms times 32 columns of B", () => {
    for (let terms = 0; terms <= 9; terms++) expect(checkTileListed(terms)).toBe(0, `${terms} terms`);
  });
});

describe("sparseGemm", () => {
  test("multiplies, for strips and vectors that are not whole", () => {
    for (let m = 1; m <= 9; m++) {
      for (let k = 1; k <= 9; k++) expect(checkSparseGemm(m, 64, k, k % 2 == 1, m % 2 == 1, m % 3 == 0)).toBe(0, `${m} × ${k}`);
    }
  });

  test("goes on over its depth", () => {
    for (let more = -1; more <= 2; more++) expect(checkSparseGemm(5, 32, i32(Kernel.sparseDepth) + more, more < 1, true, false)).toBe(0, `${more} more`);
  });
});

describe("sampledGemm", () => {
  test("multiplies where x is not zero", () => {
    for (let m = 1; m <= 5; m++) {
      for (let n = 4; n <= 20; n += 4) expect(checkSampledGemm(m, n, m % 2 ? 32 : 64)).toBe(0, `${m} × ${n}`);
    }
    expect(checkSampledGemm(3, i32(Kernel.sparseDepth) + 4, 32)).toBe(0, "more than a block");
  });
});

describe("gemm", () => {
  test("multiplies, for all transposes and sizes around a tile", () => {
    for (let m = 1; m <= 2 * TILE_ROWS + 1; m += 2) {
      for (let n = 1; n <= 2 * TILE_COLUMNS + 1; n += 4) {
        for (let form = 0; form < 4; form++) {
          expect(checkGemm(m, n, 1 + ((m + n) % 5), form % 2 == 1, form >= 2, n > TILE_COLUMNS, m % 3 == 0, false)).toBe(0, `${m} × ${n}, form ${form}`);
        }
      }
    }
  });

  test("takes a row or two alone, in wide tiles and what is left of them", () => {
    for (let n = 31; n <= 73; n += 7) {
      for (let m = 1; m <= 3; m++) {
        for (let k = 1; k <= 9; k += 4) expect(checkGemm(m, n, k, false, false, false, m + k != 6, n % 2 == 0, 72)).toBe(0, `${m} × ${n}, k = ${k}`);
      }
    }
  });

  test("goes on over its depth of packed strips", () => {
    for (let form = 0; form < 8; form++) {
      for (let k = 3; k <= 13; k++) expect(checkGemm(6, 9, k, form % 2 == 1, form % 4 >= 2, form >= 4, true, false)).toBe(0, `k = ${k}, form ${form}`);
    }
  });

  test("applies ReLU once, after the last part of the sum", () => {
    expect(checkGemm(7, 9, 4, false, false, false, true, true)).toBe(0);
    expect(checkGemm(7, 9, 13, false, true, false, true, true)).toBe(0);
    expect(checkGemm(7, 9, 13, true, false, true, true, true)).toBe(0);
  });
});

/** A strip of rows, or with `rows` all strips of an A stored transposed, the second part of their k after the first. */
function checkStrips(k: i32, rows: i32): i32 {
  const transposed = rows > 0, lda = (transposed ? rows : k) + 2, strips = transposed ? (rows + TILE_ROWS - 1) / TILE_ROWS : 1;
  const a = eighths((transposed ? k : TILE_ROWS) * lda, 9), out = blank(strips * k * TILE_ROWS);
  const rowBytes = (<usize>lda) << 2, first = k / 2;
  if (transposed) {
    packStrips(out, a, rowBytes, rows, first, k);
    packStrips(out + ((<usize>(first * TILE_ROWS)) << 2), a + <usize>first * rowBytes, rowBytes, rows, k - first, k);
  } else packStrip(out, a, rowBytes, k);
  const expected = new StaticArray<f64>(strips * k * TILE_ROWS);
  for (let i = 0; i < expected.length; i++) {
    const row = i / (k * TILE_ROWS) * TILE_ROWS + i % TILE_ROWS, p = i / TILE_ROWS % k;
    expected[i] = transposed ? (row < rows ? at(a, p * lda + row) : 0) : at(a, row * lda + p);
  }
  return mismatches(out, expected);
}

describe("strips of A", () => {
  test("have the rows of a tile side by side", () => {
    for (let k = 1; k <= 13; k++) expect(checkStrips(k, 0)).toBe(0, `k = ${k}`);
  });

  test("are packed from an A stored transposed, zeros beyond its last row", () => {
    for (let k = 1; k <= 5; k++) {
      for (let rows = 1; rows <= 3 * TILE_ROWS; rows++) expect(checkStrips(k, rows)).toBe(0, `${rows} rows, k = ${k}`);
    }
  });
});

describe("packPanels", () => {
  test("lays out panels of eight columns, zeros beyond the last", () => {
    for (let k = 1; k <= 9; k++) {
      for (let n = 1; n <= 2 * TILE_COLUMNS + 1; n += 4) {
        for (let matrices = 1; matrices <= 2; matrices++) {
          expect(checkPanels(k, n, matrices, false)).toBe(0, `${matrices} of ${k} × ${n}`);
          expect(checkPanels(k, n, matrices, true)).toBe(0, `${matrices} of ${k} × ${n}, transposed`);
        }
      }
    }
  });
});
