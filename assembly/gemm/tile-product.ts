// The register tile of a product whose sum fits one call: C is written, not added to. See tile.ts on why it has this form.
import { PANEL_STEP, TILE_ROWS } from "./tile";
import { multiplyAdd } from "../simd/lanes";

/** C[r][0…7] = Σ A[r][k] · B[k][0…7]; rows of C and A `ldc` and `lda` bytes apart; b: [k][8]; k ≥ 1. Exported to stay out of line. */
export function tileProduct(c: usize, ldc: usize, a: usize, lda: usize, b: usize, k: i32): void {
  const a1 = a + lda, a2 = a1 + lda, a3 = a2 + lda, a4 = a3 + lda, a5 = a4 + lda;
  let x0 = f32x4.splat(0), y0 = f32x4.splat(0);
  let x1 = f32x4.splat(0), y1 = f32x4.splat(0);
  let x2 = f32x4.splat(0), y2 = f32x4.splat(0);
  let x3 = f32x4.splat(0), y3 = f32x4.splat(0);
  let x4 = f32x4.splat(0), y4 = f32x4.splat(0);
  let x5 = f32x4.splat(0), y5 = f32x4.splat(0);

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
    v128.store(c, x5); v128.store(c, y5, 16);
  }
}
