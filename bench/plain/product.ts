const ROWS = 5;
const COLUMNS = 2;
const DEPTH = 256;

/**
 * c[i][j] += Σ a[i][k] · b[k][j], tile by tile as in assembly/scalar/product.ts, each matrix from an index of its array on. Sums are kept in JavaScript's own double precision: rounding each
 * to single would only cost time.
 */
export function product(
  c: Float32Array, c0: number, ldc: number, a: Float32Array, a0: number, aRow: number, aStep: number,
  b: Float32Array, b0: number, bStep: number, bColumn: number, m: number, n: number, k: number,
): void {
  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const depth = Math.min(DEPTH, k - k0);
    for (let j = 0; j < n; j += COLUMNS) {
      const column = b0 + k0 * bStep + j * bColumn;
      const width = Math.min(COLUMNS, n - j);
      let i = 0;
      let row = a0 + k0 * aStep;
      for (; width === COLUMNS && i + ROWS <= m; i += ROWS, row += ROWS * aRow) {
        tile(c, c0 + i * ldc + j, ldc, a, row, aRow, aStep, b, column, bStep, bColumn, depth);
      }
      for (; i < m; i++, row += aRow) {
        for (let at = 0; at < width; at++) dot(c, c0 + i * ldc + j + at, a, row, aStep, b, column + at * bColumn, bStep, depth);
      }
    }
  }
}

function tile(
  c: Float32Array, c0: number, ldc: number, a: Float32Array, a0: number, aRow: number, aStep: number,
  b: Float32Array, b0: number, bStep: number, bColumn: number, k: number,
): void {
  const c1 = c0 + ldc, c2 = c1 + ldc, c3 = c2 + ldc, c4 = c3 + ldc;
  let x0 = c[c0]!, y0 = c[c0 + 1]!;
  let x1 = c[c1]!, y1 = c[c1 + 1]!;
  let x2 = c[c2]!, y2 = c[c2 + 1]!;
  let x3 = c[c3]!, y3 = c[c3 + 1]!;
  let x4 = c[c4]!, y4 = c[c4 + 1]!;
  for (let i = 0; i < k; i++) {
    const left = b[b0]!, right = b[b0 + bColumn]!;
    let at = a0, e = a[at]!;
    x0 += e * left; y0 += e * right;
    e = a[at += aRow]!;
    x1 += e * left; y1 += e * right;
    e = a[at += aRow]!;
    x2 += e * left; y2 += e * right;
    e = a[at += aRow]!;
    x3 += e * left; y3 += e * right;
    e = a[at += aRow]!;
    x4 += e * left; y4 += e * right;
    a0 += aStep;
    b0 += bStep;
  }
  c[c0] = x0; c[c0 + 1] = y0;
  c[c1] = x1; c[c1 + 1] = y1;
  c[c2] = x2; c[c2 + 1] = y2;
  c[c3] = x3; c[c3 + 1] = y3;
  c[c4] = x4; c[c4 + 1] = y4;
}

function dot(
  c: Float32Array, c0: number, a: Float32Array, a0: number, aStep: number, b: Float32Array, b0: number, bStep: number, k: number,
): void {
  let x = c[c0]!;
  for (let i = 0; i < k; i++, a0 += aStep, b0 += bStep) x += a[a0]! * b[b0]!;
  c[c0] = x;
}
