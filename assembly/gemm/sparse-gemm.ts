import { clampStrip } from "./edge";
import { LISTED_VALUES, tileGemmListed } from "./tile-gemm";
import { selectBytes } from "../simd/lanes";
import { Kernel } from "../plan/ops";

const DEPTH: i32 = Kernel.sparseDepth;
const COLUMNS: i32 = Kernel.sparseColumns;
/** Bytes of a row of a panel of B. */
const PANEL_STEP: usize = (<usize>COLUMNS) << 2;
/** A list: the address of its end, then places and values. */
const HEAD: usize = 16;
const LIST_BYTES: usize = HEAD + 2 * LISTED_VALUES;
const CHOICES_BYTES: usize = 256;

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

/** choices: [16][4 lanes]: for each set of lanes, as bits, the bytes that bring those to the front. */
function fillChoices(choices: usize): void {
  for (let lanes = 0; lanes < 16; lanes++) {
    v128.store(choices, i32x4.splat(-1)); // bytes of no lane: zeros
    for (let lane = 0, to = choices; lane < 4; lane++) {
      if ((lanes >> lane) & 1) {
        store<i32>(to, 0x03020100 + lane * 0x04040404);
        to += 4;
      }
    }
    choices += 16;
  }
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

/**
 * Lists the elements of `rows` rows of A that are not zero, four rows by four terms at a time; a: rows `stepM` bytes apart, terms `stepK`, one of the two 4.
 * Reads whole vectors, so up to three floats past the last. Writes lists of whole strips of four rows.
 */
function listRows(lists: usize, choices: usize, a: usize, rows: i32, k: i32, stepM: usize, stepK: usize): void {
  const transposed = stepM == 4, step = transposed ? stepK : stepM;
  const lanes = i32x4(0, 1, 2, 3);
  for (; rows > 0; rows -= 4) {
    const list1 = lists + LIST_BYTES, list2 = list1 + LIST_BYTES, list3 = list2 + LIST_BYTES;
    let end0 = lists + HEAD, end1 = list1 + HEAD, end2 = list2 + HEAD, end3 = list3 + HEAD;
    let places = i32x4.mul(lanes, i32x4.splat(<i32>PANEL_STEP));
    for (let left = k, from = a; left > 0; left -= 4) {
      const lines = transposed ? left : rows; // what there is not, the first stands for
      let x0 = v128.load(from), x1 = v128.load(from + (lines > 1 ? step : 0));
      let x2 = v128.load(from + (lines > 2 ? 2 * step : 0)), x3 = v128.load(from + (lines > 3 ? 3 * step : 0));
      if (transposed) {
        const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
        const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
        x0 = v128.shuffle<i64>(low01, low23, 0, 2);
        x1 = v128.shuffle<i64>(low01, low23, 1, 3);
        x2 = v128.shuffle<i64>(high01, high23, 0, 2);
        x3 = v128.shuffle<i64>(high01, high23, 1, 3);
      }
      const inside = i32x4.lt_s(lanes, i32x4.splat(left));
      end0 = append(end0, v128.and(x0, inside), places, choices);
      end1 = append(end1, v128.and(x1, inside), places, choices);
      end2 = append(end2, v128.and(x2, inside), places, choices);
      end3 = append(end3, v128.and(x3, inside), places, choices);
      places = i32x4.add(places, i32x4.splat(<i32>(4 * PANEL_STEP)));
      from += stepK << 2;
    }
    store<usize>(lists, end0);
    store<usize>(list1, end1);
    store<usize>(list2, end2);
    store<usize>(list3, end3);
    lists = list3 + LIST_BYTES;
    a += stepM << 2;
  }
}

/** Appends those of four terms whose value is not zero, NaN included. Returns the new end. */
// @ts-ignore: decorator
@inline
function append(end: usize, values: v128, places: v128, choices: usize): usize {
  const lanes = i32x4.bitmask(f32x4.ne(values, f32x4.splat(0)));
  const choice = v128.load(choices + ((<usize>lanes) << 4));
  v128.store(end, selectBytes(places, choice));
  v128.store(end, selectBytes(values, choice), LISTED_VALUES);
  return end + ((<usize>popcnt(lanes)) << 2);
}
