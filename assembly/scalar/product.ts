// The one product all kernels here are made of. Measured on Node 20 and 24: a tile of 5 × 2 accumulators 11 GFLOP/s, 4 × 4 spills and gives 10.

const ROWS: i32 = 5;
const COLUMNS: i32 = 2;
/** Depth of a block: what two columns of B touch stays in a first-level cache. */
const DEPTH: i32 = 256;

/**
 * C[i][j] += Σ A[i][k] · B[k][j], i < m, j < n. Element (i, k) of A is at a + i·aRow + k·aStep, (k, j) of B at b + k·bStep + j·bColumn, rows of C
 * `ldc` apart and contiguous (elements).
 */
export function product(
  c: usize, ldc: i32, a: usize, aRow: i32, aStep: i32, b: usize, bStep: i32, bColumn: i32, m: i32, n: i32, k: i32,
): void {
  const cRowBytes = bytes(ldc), aRowBytes = bytes(aRow), aStepBytes = bytes(aStep), bStepBytes = bytes(bStep), bColumnBytes = bytes(bColumn);
  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const depth = min(DEPTH, k - k0);
    const aBlock = a + <usize>k0 * aStepBytes;
    const bBlock = b + <usize>k0 * bStepBytes;
    for (let j = 0; j < n; j += COLUMNS) {
      const column = bBlock + <usize>j * bColumnBytes;
      const single = j + COLUMNS > n;
      let i = 0;
      let row = aBlock;
      let out = c + bytes(j);
      for (; !single && i + ROWS <= m; i += ROWS) {
        tile(out, cRowBytes, row, aRowBytes, aStepBytes, column, bStepBytes, bColumnBytes, depth);
        out += <usize>ROWS * cRowBytes;
        row += <usize>ROWS * aRowBytes;
      }
      for (; i < m; i++) {
        if (single) dot(out, row, aStepBytes, column, bStepBytes, depth);
        else twoDots(out, row, aStepBytes, column, bStepBytes, bColumnBytes, depth);
        out += cRowBytes;
        row += aRowBytes;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function bytes(elements: i32): usize {
  return (<usize>elements) << 2;
}

/** Five rows of two elements; strides in bytes. Exported, so that it stays a function of its own. */
export function tile(c: usize, ldc: usize, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, bColumn: usize, k: i32): void {
  const c1 = c + ldc, c2 = c1 + ldc, c3 = c2 + ldc, c4 = c3 + ldc;
  let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow, a4 = a3 + aRow;
  let x0 = load<f32>(c), y0 = load<f32>(c, 4);
  let x1 = load<f32>(c1), y1 = load<f32>(c1, 4);
  let x2 = load<f32>(c2), y2 = load<f32>(c2, 4);
  let x3 = load<f32>(c3), y3 = load<f32>(c3, 4);
  let x4 = load<f32>(c4), y4 = load<f32>(c4, 4);
  let offset: usize = 0;
  for (let i = 0; i < k; i++) {
    const b0 = load<f32>(b), b1 = load<f32>(b + bColumn);
    let e = load<f32>(a + offset);
    x0 += e * b0; y0 += e * b1;
    e = load<f32>(a1 + offset);
    x1 += e * b0; y1 += e * b1;
    e = load<f32>(a2 + offset);
    x2 += e * b0; y2 += e * b1;
    e = load<f32>(a3 + offset);
    x3 += e * b0; y3 += e * b1;
    e = load<f32>(a4 + offset);
    x4 += e * b0; y4 += e * b1;
    offset += aStep;
    b += bStep;
  }
  store<f32>(c, x0); store<f32>(c, y0, 4);
  store<f32>(c1, x1); store<f32>(c1, y1, 4);
  store<f32>(c2, x2); store<f32>(c2, y2, 4);
  store<f32>(c3, x3); store<f32>(c3, y3, 4);
  store<f32>(c4, x4); store<f32>(c4, y4, 4);
}

/** One row of two elements. */
function twoDots(c: usize, a: usize, aStep: usize, b: usize, bStep: usize, bColumn: usize, k: i32): void {
  let x = load<f32>(c), y = load<f32>(c, 4);
  for (let i = 0; i < k; i++) {
    const e = load<f32>(a);
    x += e * load<f32>(b);
    y += e * load<f32>(b + bColumn);
    a += aStep;
    b += bStep;
  }
  store<f32>(c, x);
  store<f32>(c, y, 4);
}

/** One element. */
function dot(c: usize, a: usize, aStep: usize, b: usize, bStep: usize, k: i32): void {
  let x = load<f32>(c);
  for (let i = 0; i < k; i++) {
    x += load<f32>(a) * load<f32>(b);
    a += aStep;
    b += bStep;
  }
  store<f32>(c, x);
}
