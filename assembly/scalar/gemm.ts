import { product } from "./product";

/** C = op(A) · op(B). c: [m, n]; a: [m, k], or [k, m] if transposeA; b: [k, n], or [n, k] if transposeB. */
export function gemm(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, transposeA: i32, transposeB: i32): void {
  memory.fill(c, 0, (<usize>(m * n)) << 2);
  product(c, n, a, transposeA ? 1 : k, transposeA ? m : 1, b, transposeB ? 1 : n, transposeB ? k : 1, m, n, k);
}
