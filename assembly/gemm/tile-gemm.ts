// The register tiles of `gemm`, and of the products that leave zeros out. They begin from a bias or from C, so C needs no pass of its own to begin with. See tile.ts on why they have this form.
import { LISTED_VALUES, PLACE } from "./lists";
import { PANEL_STEP, TILE_ROWS } from "./tile";
import { Kernel } from "../plan/ops";
import { multiplyAdd } from "../simd/lanes";

/**
 * C[r][0…7] = start[r][0…7] + Σ A[r][k] · B[k][0…7]: the tile of `gemm`.
 *
 * c, start, a: rows `ldc`, `ldStart`, `lda` bytes apart (start: a bias with 0 between its rows, or C itself); b: [k][8].
 */
export function tileGemm(c: usize, ldc: usize, start: usize, ldStart: usize, a: usize, lda: usize, b: usize, k: i32): void {
  const a1 = a + lda, a2 = a1 + lda, a3 = a2 + lda, a4 = a3 + lda, a5 = a4 + lda;
  let x0 = v128.load(start), y0 = v128.load(start, 16);
  start += ldStart;
  let x1 = v128.load(start), y1 = v128.load(start, 16);
  start += ldStart;
  let x2 = v128.load(start), y2 = v128.load(start, 16);
  start += ldStart;
  let x3 = v128.load(start), y3 = v128.load(start, 16);
  start += ldStart;
  let x4 = v128.load(start), y4 = v128.load(start, 16);
  let x5: v128, y5: v128;
  if (TILE_ROWS == 6) {
    start += ldStart;
    x5 = v128.load(start);
    y5 = v128.load(start, 16);
  }

  if (k > 0) {
    const end = (<usize>k) << 2;
    let i: usize = 0;
    do {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      let e = v128.load32_splat(a + i);
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

/**
 * The same for an A whose rows stand side by side, `aStep` bytes from one k to the next: packed in a strip (packStrip), or stored transposed. With one
 * address for all rows it does without five sums a step: 6 to 8 % faster.
 */
export function tileGemmStrip(c: usize, ldc: usize, start: usize, ldStart: usize, a: usize, aStep: usize, b: usize, k: i32): void {
  let x0 = v128.load(start), y0 = v128.load(start, 16);
  start += ldStart;
  let x1 = v128.load(start), y1 = v128.load(start, 16);
  start += ldStart;
  let x2 = v128.load(start), y2 = v128.load(start, 16);
  start += ldStart;
  let x3 = v128.load(start), y3 = v128.load(start, 16);
  start += ldStart;
  let x4 = v128.load(start), y4 = v128.load(start, 16);
  let x5: v128, y5: v128;
  if (TILE_ROWS == 6) {
    start += ldStart;
    x5 = v128.load(start);
    y5 = v128.load(start, 16);
  }

  if (k > 0) {
    do {
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
      a += aStep;
      b += PANEL_STEP;
    } while (--k > 0);
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

/**
 * tileGemm for `rows` < TILE_ROWS rows: those that are not there repeat the last one, in A and in C, so they store what it stores.
 *
 * b: rows `bStep` bytes apart.
 */
export function tileGemmShort(
  c: usize, ldc: usize, start: usize, ldStart: usize, a: usize, lda: usize, b: usize, bStep: usize, k: i32, rows: i32,
): void {
  const a1 = rows > 1 ? a + lda : a, a2 = rows > 2 ? a1 + lda : a1, a3 = rows > 3 ? a2 + lda : a2, a4 = rows > 4 ? a3 + lda : a3;
  let x0 = v128.load(start), y0 = v128.load(start, 16);
  if (rows > 1) start += ldStart;
  let x1 = v128.load(start), y1 = v128.load(start, 16);
  if (rows > 2) start += ldStart;
  let x2 = v128.load(start), y2 = v128.load(start, 16);
  if (rows > 3) start += ldStart;
  let x3 = v128.load(start), y3 = v128.load(start, 16);
  let x4: v128, y4: v128;
  if (TILE_ROWS == 6) {
    if (rows > 4) start += ldStart;
    x4 = v128.load(start);
    y4 = v128.load(start, 16);
  }

  if (k > 0) {
    const end = (<usize>k) << 2;
    let i: usize = 0;
    do {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      let e = v128.load32_splat(a + i);
      x0 = multiplyAdd(x0, e, b0); y0 = multiplyAdd(y0, e, b1);
      e = v128.load32_splat(a1 + i);
      x1 = multiplyAdd(x1, e, b0); y1 = multiplyAdd(y1, e, b1);
      e = v128.load32_splat(a2 + i);
      x2 = multiplyAdd(x2, e, b0); y2 = multiplyAdd(y2, e, b1);
      e = v128.load32_splat(a3 + i);
      x3 = multiplyAdd(x3, e, b0); y3 = multiplyAdd(y3, e, b1);
      if (TILE_ROWS == 6) {
        e = v128.load32_splat(a4 + i);
        x4 = multiplyAdd(x4, e, b0); y4 = multiplyAdd(y4, e, b1);
      }
      b += bStep;
      i += 4;
    } while (i < end);
  }

  v128.store(c, x0); v128.store(c, y0, 16);
  if (rows > 1) c += ldc;
  v128.store(c, x1); v128.store(c, y1, 16);
  if (rows > 2) c += ldc;
  v128.store(c, x2); v128.store(c, y2, 16);
  if (rows > 3) c += ldc;
  v128.store(c, x3); v128.store(c, y3, 16);
  if (TILE_ROWS == 6) {
    if (rows > 4) c += ldc;
    v128.store(c, x4);
    v128.store(c, y4, 16);
  }
}

/** Bytes of the columns of tileGemmRow, eight vectors. */
export const ROW_BYTES: usize = Kernel.rowPanels * PANEL_STEP;

/** One row of C: C[0…31] += Σ A[k] · B[k][0…31]. b: rows `bStep` bytes apart. */
export function tileGemmRow(c: usize, a: usize, b: usize, bStep: usize, k: i32): void {
  let x0 = v128.load(c), x1 = v128.load(c, 16), x2 = v128.load(c, 32), x3 = v128.load(c, 48);
  let x4 = v128.load(c, 64), x5 = v128.load(c, 80), x6 = v128.load(c, 96), x7 = v128.load(c, 112);
  if (k > 0) {
    do {
      const e = v128.load32_splat(a);
      x0 = multiplyAdd(x0, e, v128.load(b)); x1 = multiplyAdd(x1, e, v128.load(b, 16));
      x2 = multiplyAdd(x2, e, v128.load(b, 32)); x3 = multiplyAdd(x3, e, v128.load(b, 48));
      x4 = multiplyAdd(x4, e, v128.load(b, 64)); x5 = multiplyAdd(x5, e, v128.load(b, 80));
      x6 = multiplyAdd(x6, e, v128.load(b, 96)); x7 = multiplyAdd(x7, e, v128.load(b, 112));
      b += bStep;
      a += 4;
    } while (--k > 0);
  }
  v128.store(c, x0); v128.store(c, x1, 16); v128.store(c, x2, 32); v128.store(c, x3, 48);
  v128.store(c, x4, 64); v128.store(c, x5, 80); v128.store(c, x6, 96); v128.store(c, x7, 112);
}

/** One row of C, of terms in a list: C[0…31] = start[0…31] + Σ value · B[place][0…31]. list to end: places, in bytes from b on, and values (lists.ts). */
export function tileGemmListed(c: usize, start: usize, list: usize, end: usize, b: usize): void {
  let x0 = v128.load(start), x1 = v128.load(start, 16), x2 = v128.load(start, 32), x3 = v128.load(start, 48);
  let x4 = v128.load(start, 64), x5 = v128.load(start, 80), x6 = v128.load(start, 96), x7 = v128.load(start, 112);
  if (list < end) {
    do {
      const row = b + load<usize>(list);
      const e = v128.load32_splat(list, LISTED_VALUES);
      x0 = multiplyAdd(x0, e, v128.load(row)); x1 = multiplyAdd(x1, e, v128.load(row, 16));
      x2 = multiplyAdd(x2, e, v128.load(row, 32)); x3 = multiplyAdd(x3, e, v128.load(row, 48));
      x4 = multiplyAdd(x4, e, v128.load(row, 64)); x5 = multiplyAdd(x5, e, v128.load(row, 80));
      x6 = multiplyAdd(x6, e, v128.load(row, 96)); x7 = multiplyAdd(x7, e, v128.load(row, 112));
      list += 4;
    } while (list < end);
  }
  v128.store(c, x0); v128.store(c, x1, 16); v128.store(c, x2, 32); v128.store(c, x3, 48);
  v128.store(c, x4, 64); v128.store(c, x5, 80); v128.store(c, x6, 96); v128.store(c, x7, 112);
}

/** How many times as far apart places are as elements. */
const PER_ELEMENT: usize = PLACE >> 2;

/**
 * Four dot products: C[place / PLACE] = A · B[place / PLACE] for four places; each sum by lanes, which are then added.
 *
 * a: [k]; list: [4] places; b: rows of k floats, `scale` · PLACE bytes each. k: a multiple of eight.
 */
export function tileSampled(c: usize, a: usize, list: usize, b: usize, scale: usize, k: i32): void {
  const p0 = load<usize>(list), p1 = load<usize>(list, 4), p2 = load<usize>(list, 8), p3 = load<usize>(list, 12);
  let b0 = b + p0 * scale, b1 = b + p1 * scale, b2 = b + p2 * scale, b3 = b + p3 * scale;
  let x0 = f32x4.splat(0), x1 = f32x4.splat(0), x2 = f32x4.splat(0), x3 = f32x4.splat(0);
  if (k > 0) {
    do {
      let e = v128.load(a);
      x0 = multiplyAdd(x0, e, v128.load(b0)); x1 = multiplyAdd(x1, e, v128.load(b1));
      x2 = multiplyAdd(x2, e, v128.load(b2)); x3 = multiplyAdd(x3, e, v128.load(b3));
      e = v128.load(a, 16);
      x0 = multiplyAdd(x0, e, v128.load(b0, 16)); x1 = multiplyAdd(x1, e, v128.load(b1, 16));
      x2 = multiplyAdd(x2, e, v128.load(b2, 16)); x3 = multiplyAdd(x3, e, v128.load(b3, 16));
      a += 32;
      b0 += 32; b1 += 32; b2 += 32; b3 += 32;
      k -= 8;
    } while (k > 0);
  }
  const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  const even = f32x4.add(v128.shuffle<i64>(low01, low23, 0, 2), v128.shuffle<i64>(high01, high23, 0, 2));
  const sum = f32x4.add(even, f32x4.add(v128.shuffle<i64>(low01, low23, 1, 3), v128.shuffle<i64>(high01, high23, 1, 3)));
  v128.store_lane<f32>(c + p0 / PER_ELEMENT, sum, 0);
  v128.store_lane<f32>(c + p1 / PER_ELEMENT, sum, 1);
  v128.store_lane<f32>(c + p2 / PER_ELEMENT, sum, 2);
  v128.store_lane<f32>(c + p3 / PER_ELEMENT, sum, 3);
}
