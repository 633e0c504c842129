// The register tiles every matrix product is made of: TILE_ROWS × 8 accumulators that stay in registers for all of K.
//
// V8 leaves a kernel 15 vector registers. Strict multiply-then-add takes 10 accumulators, 2 of B, 1 of A and 1 product
// for 5×8; fused multiply-add (relaxed build) does without the product, so 6×8 fits.
// The shape of the loops matters as much: V8 keeps loads next to their use, and so spills nothing, only where the values that leave the loop
// pass through phis (a loop under an `if`) straight into stores, and where the loop is not nested in another. Measured on Node 20: 37 to 40
// GFLOP/s in this form, 22 with a nested loop or with a maximum taken before the stores.
// The tiles are exported from the module, because an exported function is not inlined into the loops around it.
import { Kernel } from "../plan/ops";
import { multiplyAdd } from "../simd/lanes";

/** Rows of C in a tile. */
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
/** Columns of C in a tile: two vectors. Also the width of a packed panel of B. */
export const TILE_COLUMNS: i32 = Kernel.panel;
/** Bytes from one row of a panel of B to the next. */
export const PANEL_STEP: usize = 32;
/** Bytes from one k of a strip of A to the next. */
export const STRIP_STEP: usize = (<usize>TILE_ROWS) << 2;

// A row table holds, for each row of the tile, the address of its A and of its C.
export const ROW_TABLE_BYTES: usize = Kernel.rowTableBytes;
/** Bytes of a tile computed in scratch because it hangs over the edge of C. */
export const EDGE_BYTES: usize = Kernel.edgeBytes;

// @ts-ignore: decorator
@inline
export function setRow(table: usize, row: i32, a: usize, c: usize): void {
  store<usize>(table + ((<usize>row) << 3), a);
  store<usize>(table + ((<usize>row) << 3), c, 4);
}

// @ts-ignore: decorator
@inline
function aOf(table: usize, row: usize): usize {
  return load<usize>(table + row * 8);
}

// @ts-ignore: decorator
@inline
function cOf(table: usize, row: usize): usize {
  return load<usize>(table + row * 8, 4);
}

/**
 * C[r][0…7] += Σ A[r][k] · B[k][0…7], each row of A contiguous along k.
 *
 * rows: row table; b: [k][8].
 */
export function tileRows(rows: usize, b: usize, k: i32): void {
  const a0 = aOf(rows, 0), a1 = aOf(rows, 1), a2 = aOf(rows, 2), a3 = aOf(rows, 3), a4 = aOf(rows, 4);
  const a5: usize = TILE_ROWS == 6 ? aOf(rows, 5) : 0;
  let x0 = v128.load(cOf(rows, 0)), y0 = v128.load(cOf(rows, 0), 16);
  let x1 = v128.load(cOf(rows, 1)), y1 = v128.load(cOf(rows, 1), 16);
  let x2 = v128.load(cOf(rows, 2)), y2 = v128.load(cOf(rows, 2), 16);
  let x3 = v128.load(cOf(rows, 3)), y3 = v128.load(cOf(rows, 3), 16);
  let x4 = v128.load(cOf(rows, 4)), y4 = v128.load(cOf(rows, 4), 16);
  let x5: v128, y5: v128;
  if (TILE_ROWS == 6) { x5 = v128.load(cOf(rows, 5)); y5 = v128.load(cOf(rows, 5), 16); }

  if (k > 0) {
    const end = (<usize>k) << 2;
    let i: usize = 0;
    do {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      let e = v128.load32_splat(a0 + i);
      x0 = multiplyAdd(x0, e, b0); y0 = multiplyAdd(y0, e, b1);
      e = v128.load32_splat(a1 + i);
      x1 = multiplyAdd(x1, e, b0); y1 = multiplyAdd(y1, e, b1);
      e = v128.load32_splat(a2 + i);
      x2 = multiplyAdd(x2, e, b0); y2 = multiplyAdd(y2, e, b1);
      e = v128.load32_splat(a3 + i);
      x3 = multiplyAdd(x3, e, b0); y3 = multiplyAdd(y3, e, b1);
      e = v128.load32_splat(a4 + i);
      x4 = multiplyAdd(x4, e, b0); y4 = multiplyAdd(y4, e, b1);
      if (TILE_ROWS == 6) {
        e = v128.load32_splat(a5 + i);
        x5 = multiplyAdd(x5, e, b0); y5 = multiplyAdd(y5, e, b1);
      }
      b += PANEL_STEP;
      i += 4;
    } while (i < end);
  }

  v128.store(cOf(rows, 0), x0); v128.store(cOf(rows, 0), y0, 16);
  v128.store(cOf(rows, 1), x1); v128.store(cOf(rows, 1), y1, 16);
  v128.store(cOf(rows, 2), x2); v128.store(cOf(rows, 2), y2, 16);
  v128.store(cOf(rows, 3), x3); v128.store(cOf(rows, 3), y3, 16);
  v128.store(cOf(rows, 4), x4); v128.store(cOf(rows, 4), y4, 16);
  if (TILE_ROWS == 6) { v128.store(cOf(rows, 5), x5); v128.store(cOf(rows, 5), y5, 16); }
}

/** C[r][0…7] = max(0, C[r][0…7]) over a row table: ReLU while the tile is still in the nearest cache. */
export function clampRows(rows: usize): void {
  const zero = f32x4.splat(0);
  for (let r: usize = 0; r < <usize>TILE_ROWS; r++) {
    const c = cOf(rows, r);
    v128.store(c, f32x4.pmax(v128.load(c), zero)); // x < 0 ? 0 : x, so NaN stays NaN
    v128.store(c, f32x4.pmax(v128.load(c, 16), zero), 16);
  }
}

/**
 * C[r][0…7] += Σ A[k][r] · B[k][0…7], the rows of the tile contiguous in A, over `segments` runs of `k` steps: from the end of one to
 * the start of the next A moves on by `aJump` bytes more. The runs are the lines of an image; one loop with a jump costs less than a call a line.
 *
 * c: rows `ldc` bytes apart; a, b: `aStep`, `bStep` bytes from one k to the next.
 */
export function tileSegments(
  c: usize, ldc: usize, a: usize, aStep: usize, aJump: usize, b: usize, bStep: usize, k: i32, segments: i32,
): void {
  let row = c;
  let x0 = v128.load(row), y0 = v128.load(row, 16);
  row += ldc;
  let x1 = v128.load(row), y1 = v128.load(row, 16);
  row += ldc;
  let x2 = v128.load(row), y2 = v128.load(row, 16);
  row += ldc;
  let x3 = v128.load(row), y3 = v128.load(row, 16);
  row += ldc;
  let x4 = v128.load(row), y4 = v128.load(row, 16);
  let x5: v128, y5: v128;
  if (TILE_ROWS == 6) {
    row += ldc;
    x5 = v128.load(row);
    y5 = v128.load(row, 16);
  }

  let left = k;
  let total = k * segments;
  if (total > 0) {
    do {
      if (left == 0) { left = k; a += aJump; }
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      let e = v128.load32_splat(a);
      x0 = multiplyAdd(x0, e, b0); y0 = multiplyAdd(y0, e, b1);
      e = v128.load32_splat(a, 4);
      x1 = multiplyAdd(x1, e, b0); y1 = multiplyAdd(y1, e, b1);
      e = v128.load32_splat(a, 8);
      x2 = multiplyAdd(x2, e, b0); y2 = multiplyAdd(y2, e, b1);
      e = v128.load32_splat(a, 12);
      x3 = multiplyAdd(x3, e, b0); y3 = multiplyAdd(y3, e, b1);
      e = v128.load32_splat(a, 16);
      x4 = multiplyAdd(x4, e, b0); y4 = multiplyAdd(y4, e, b1);
      if (TILE_ROWS == 6) {
        e = v128.load32_splat(a, 20);
        x5 = multiplyAdd(x5, e, b0); y5 = multiplyAdd(y5, e, b1);
      }
      b += bStep;
      a += aStep;
      left--;
    } while (--total > 0);
  }

  v128.store(c, x0); v128.store(c, y0, 16);
  c += ldc;
  v128.store(c, x1); v128.store(c, y1, 16);
  c += ldc;
  v128.store(c, x2); v128.store(c, y2, 16);
  c += ldc;
  v128.store(c, x3); v128.store(c, y3, 16);
  c += ldc;
  v128.store(c, x4); v128.store(c, y4, 16);
  if (TILE_ROWS == 6) {
    c += ldc;
    v128.store(c, x5);
    v128.store(c, y5, 16);
  }
}
