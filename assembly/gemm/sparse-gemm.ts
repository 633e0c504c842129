import { clampStrip } from "./edge";
import { CHOICES_BYTES, HEAD, LIST_BYTES, PLACE, fillChoices, listRows } from "./lists";
import { tileGemmListed } from "./tile-gemm";
import { Kernel } from "../plan/ops";

const DEPTH: i32 = Kernel.sparseDepth;
const COLUMNS: i32 = Kernel.sparseColumns;
/** Bytes of a row of a panel of B: a place in a list is that of such a row. */
const PANEL_STEP: usize = PLACE;

/**
 * C = op(A) · B + bias, with ReLU if asked for, for an A of which many elements are zero: these are left out, also where B is not finite. The others of a row
 * of A, DEPTH terms at a time, are listed once for all panels of 32 columns of B. Every element of C is one sum in the order of k, so no block size
 * changes its bits, and where all is finite they are those of `gemm`, but for the sign of a zero.
 *
 * c: [m, n]; a: [m, k], or [k, m] if transposeA; b: [k, n]; bias: [n] or address 0. n and blockN: multiples of 32.
 * scratch: zeros [32], choices [16][4], a panel of B [DEPTH][32], lists [blockM, rounded up to four].
 */
export function sparseGemm(
  block: i32, scratch: usize, c: usize, a: usize, b: usize, bias: usize, m: i32, n: i32, k: i32, transposeA: i32, blockM: i32, blockN: i32, relu: i32,
): void {
  const blocksN = (n + blockN - 1) / blockN;
  const m0 = (block / blocksN) * blockM, n0 = (block % blocksN) * blockN;
  const rows = min(blockM, m - m0), columns = min(blockN, n - n0);
  const zeros = scratch, choices = zeros + PANEL_STEP, panel = choices + CHOICES_BYTES, lists = panel + <usize>DEPTH * PANEL_STEP;
  const stepM: usize = transposeA ? 4 : (<usize>k) << 2, stepK: usize = transposeA ? (<usize>m) << 2 : 4; // bytes of A
  const rowBytes = (<usize>n) << 2;
  memory.fill(zeros, 0, PANEL_STEP);
  fillChoices(choices);
  c += ((<usize>(m0 * n + n0)) << 2);
  a += <usize>m0 * stepM;
  b += (<usize>n0) << 2;
  // tiles start from the bias, or zeros, later from C
  let start = bias == 0 ? zeros : bias + ((<usize>n0) << 2);
  let startStep: usize = bias == 0 ? 0 : PANEL_STEP;
  let startRow: usize = 0;
  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const depth = min(DEPTH, k - k0);
    listRows(lists, choices, a, rows, depth, stepM, stepK);
    for (let j = 0; j < columns; j += COLUMNS) {
      const column = (<usize>j) << 2;
      packPanel(panel, b + column, depth, rowBytes);
      let to = c + column, from = start;
      for (let i = 0, list = lists; i < rows; i++) {
        tileGemmListed(to, from, list + HEAD, load<usize>(list), panel);
        list += LIST_BYTES;
        to += rowBytes;
        from += startRow;
      }
      start += startStep;
    }
    a += <usize>depth * stepK;
    b += <usize>depth * rowBytes;
    start = c;
    startStep = PANEL_STEP;
    startRow = rowBytes;
  }
  if (relu) clampStrip(c, rowBytes, rows, columns);
}

/** out: [k][32] = the first 32 columns of b, rows `step` bytes apart. */
function packPanel(out: usize, b: usize, k: i32, step: usize): void {
  for (; k > 0; k--) {
    for (let i: usize = 0; i < PANEL_STEP; i += 64) {
      v128.store(out + i, v128.load(b + i)); v128.store(out + i, v128.load(b + i, 16), 16);
      v128.store(out + i, v128.load(b + i, 32), 32); v128.store(out + i, v128.load(b + i, 48), 48);
    }
    out += PANEL_STEP;
    b += step;
  }
}
