import { CHOICES_BYTES, HEAD, LIST_BYTES, PLACE, fillChoices, listRows } from "./lists";
import { tileSampled } from "./tile-gemm";
import { Kernel } from "../plan/ops";

/** Columns of C in a block: as many rows of B stay in a second-level cache while all rows of A meet them. */
const COLUMNS: i32 = Kernel.sparseDepth;

/**
 * C = A · Bᵀ where x is not zero, and zeros elsewhere: a sampled product. What a ReLU let through is all that wants a gradient.
 *
 * c, x: [m, n]; a: [m, k]; b: [n, k]. n: a multiple of four; k: of 32. A block is COLUMNS columns of C. scratch: choices [16][4], lists [4].
 */
export function sampledGemm(block: i32, scratch: usize, c: usize, a: usize, b: usize, x: usize, m: i32, n: i32, k: i32): void {
  const choices = scratch, lists = choices + CHOICES_BYTES;
  const rowBytes = (<usize>n) << 2, depthBytes = (<usize>k) << 2, scale = depthBytes / PLACE;
  const n0 = block * COLUMNS, columns = min(COLUMNS, n - n0);
  const bytes = (<usize>columns) << 2, zero = f32x4.splat(0);
  fillChoices(choices);
  c += (<usize>n0) << 2;
  x += (<usize>n0) << 2;
  b += <usize>n0 * depthBytes;
  for (let i = 0; i < m; i += 4) {
    const rows = min(4, m - i);
    listRows(lists, choices, x, rows, columns, rowBytes, 4);
    x += rowBytes << 2;
    for (let row = 0, head = lists; row < rows; row++) {
      for (let j: usize = 0; j < bytes; j += 16) v128.store(c + j, zero);
      const list = head + HEAD, end = load<usize>(head);
      // the last takes the places that are left in its tile
      if (list < end) v128.store(end, v128.load32_splat(end - 4));
      for (let at = list; at < end; at += 16) tileSampled(c, a, at, b, scale, k);
      c += rowBytes;
      a += depthBytes;
      head += LIST_BYTES;
    }
  }
}
