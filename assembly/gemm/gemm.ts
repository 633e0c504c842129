import { clampStrip, fillBias, loadEdge, storeEdge } from "./edge";
import { packBlock, packStrip, packStrips } from "./panels";
import { EDGE_BYTES, PANEL_STEP, STRIP_STEP, TILE_COLUMNS, TILE_ROWS } from "./tile";
import { fetchLines, linesEach, nextBlock } from "../simd/prefetch";
import { Kernel } from "../plan/ops";
import { ROW_BYTES, tileGemm, tileGemmRow, tileGemmShort, tileGemmStrip } from "./tile-gemm";

/** Up to this many rows, B is read where it lies: packing it would cost as much as the product. */
const FEW_ROWS: i32 = 2 * (TILE_ROWS - 1);

/**
 * C = op(A) · op(B) + bias, with ReLU if asked for. A block is blockM × blockN of C, and takes its sum blockK terms at a time:
 *
 *                       blockN
 *                      ┌─┬─┬─┬─┐
 *               blockK │ │ │ │ │   B, packed into panels of 8 columns: stays in the second-level cache
 *            blockK    └─┴─┴─┴─┘
 *           ┌────────┐ ┌─┬─┬─┬─┐
 *    blockM ├────────┤ ├─┼─┼─┼─┤   A in strips of up to 5 rows (relaxed: 6), each of which meets every panel: strip and panel stay in the first
 *           ├────────┤ ├─┼─┼─┼─┤   level, a tile of C, strip × panel, in registers
 *           └────────┘ └─┴─┴─┴─┘
 *
 * c: [m, n], rows `ldc` apart; a: [m, k] with rows `lda` apart, or [k, m] if transposeA; b: [k, n] with rows `ldb` apart, or [n, k] if
 * transposeB; bias: [n] or address 0. packA: whether A is packed too, strip by strip, or whole if it is stored transposed. Every element of C is one sum
 * in the order of k, so no block size changes its bits.
 * scratch: zeros [8], edge tile [6][8], packed B [ceil(blockN / 8)][blockK][8], with packA a strip of A [blockK][TILE_ROWS], or all,
 * [ceil(blockM / TILE_ROWS)][blockK][TILE_ROWS].
 */
export function gemm(
  block: i32, scratch: usize, c: usize, a: usize, b: usize, bias: usize, m: i32, n: i32, k: i32, lda: i32, ldb: i32, ldc: i32,
  transposeA: i32, transposeB: i32, blockM: i32, blockN: i32, blockK: i32, packA: i32, relu: i32,
): void {
  const blocksN = (n + blockN - 1) / blockN;
  const m0 = (block / blocksN) * blockM;
  const n0 = (block % blocksN) * blockN;
  const rows = min(blockM, m - m0);
  const columns = min(blockN, n - n0);
  const zeros = scratch;
  const edge = zeros + PANEL_STEP;
  const packedB = edge + EDGE_BYTES;
  const packedA = packedB + ((<usize>blockN * <usize>blockK) << 2);
  const stepM = transposeA ? 1 : lda, stepA = transposeA ? lda : 1; // elements of A from one m, from one k to the next
  const stepN = transposeB ? ldb : 1, stepB = transposeB ? 1 : ldb;
  const rowBytes = (<usize>ldc) << 2;
  const inPlace = rows <= FEW_ROWS && !transposeA && !transposeB;

  // a thread's next block takes another part of B: where that lies in one piece, it is fetched meanwhile
  const next = nextBlock(block) % blocksN * blockN;
  const fetches = transposeB != 0 && k == ldb && k <= blockK && next != n0;
  const ahead = b + ((<usize>next * <usize>ldb) << 2), aheadBytes = fetches ? (<usize>min(blockN, n - next) * <usize>ldb) << 2 : 0;

  c += (<usize>m0 * <usize>ldc + <usize>n0) << 2;
  a += (<usize>m0 * <usize>stepM) << 2;
  b += (<usize>n0 * <usize>stepN) << 2;
  v128.store(zeros, i32x4.splat(0));
  v128.store(zeros, i32x4.splat(0), 16);
  // tiles start from the bias, or zeros, later from C
  let start = bias == 0 ? zeros : bias + ((<usize>n0) << 2);
  let startStep: usize = bias == 0 ? 0 : PANEL_STEP;
  let ldStart: usize = 0;
  // bytes of the columns in which rows are taken alone: what these cost is bringing B in, and wide tiles do so in whole cache lines
  const wide: usize = inPlace && rows <= Kernel.rowsAlone ? ((<usize>columns) << 2) & -ROW_BYTES : 0;
  if (wide != 0) {
    fillBias(c, rowBytes, bias == 0 ? 0 : start, rows, columns);
    start = c;
    startStep = PANEL_STEP;
    ldStart = rowBytes;
  }

  for (let k0 = 0; k0 < k; k0 += blockK) {
    const depth = min(blockK, k - k0);
    let aBlock = a, aStep = (<usize>lda) << 2, aStrip = STRIP_STEP;
    if (packA && transposeA) {
      packStrips(packedA, a, aStep, rows, depth, depth);
      aBlock = packedA;
      aStep = STRIP_STEP;
      aStrip = <usize>depth * STRIP_STEP;
    }
    let bBlock = b, bStep = (<usize>ldb) << 2, panelStep = PANEL_STEP;
    if (!inPlace) {
      packBlock(packedB, b, depth, columns, stepB, stepN, depth);
      bBlock = packedB;
      bStep = PANEL_STEP;
      panelStep = <usize>depth * PANEL_STEP;
    }
    if (wide != 0) multiplyRows(c, rowBytes, a, aStep, b, bStep, rows, wide, depth);
    multiplyBlock(
      edge, c + wide, rowBytes, start + wide, startStep, ldStart, aBlock, aStep, transposeA ? aStrip : 0, packA ? packedA : 0, bBlock + wide, bStep, panelStep,
      inPlace ? TILE_ROWS - 1 : TILE_ROWS, rows, columns - <i32>(wide >> 2), depth, ahead, aheadBytes,
    );
    a += (<usize>depth * <usize>stepA) << 2;
    b += (<usize>depth * <usize>stepB) << 2;
    start = c;
    startStep = PANEL_STEP;
    ldStart = rowBytes;
  }
  if (relu) clampStrip(c, rowBytes, rows, columns);
}

/** C += A · B for a few rows one by one, over columns of `bytes`. Rows of c, a, b: `ldc`, `lda`, `ldb` bytes apart. */
function multiplyRows(c: usize, ldc: usize, a: usize, lda: usize, b: usize, ldb: usize, m: i32, bytes: usize, k: i32): void {
  for (; m > 0; m--) {
    for (let j: usize = 0; j < bytes; j += ROW_BYTES) tileGemmRow(c + j, a, b + j, ldb, k);
    c += ldc;
    a += lda;
  }
}

/**
 * C = start + A · B for one block and one depth, in strips of at most `height` rows, as even as may be.
 *
 * Rows of c, start: `ldc`, `ldStart` bytes apart; tiles of start and panels of b: `startStep` and `panelStep` bytes apart; a: rows `aStep` bytes apart, or
 * with `aStrip` strips so many bytes apart, whose rows stand side by side, and `aStep` from one k to the next; strip: where strips are packed, if they are
 * to be. Fetches `aheadBytes` from `ahead` on.
 */
function multiplyBlock(
  edge: usize, c: usize, ldc: usize, start: usize, startStep: usize, ldStart: usize, a: usize, aStep: usize, aStrip: usize, strip: usize,
  b: usize, bStep: usize, panelStep: usize, height: i32, m: i32, n: i32, k: i32, ahead: usize, aheadBytes: usize,
): void {
  const aheadEnd = ahead + aheadBytes, lines = linesEach(aheadBytes, (m + height - 1) / height * ((n + TILE_COLUMNS - 1) / TILE_COLUMNS));
  while (m > 0) {
    const strips = (m + height - 1) / height;
    const rows = aStrip != 0 ? min(TILE_ROWS, m) : (m + strips - 1) / strips;
    let inStrip = aStrip != 0, source = a, sourceStep = aStep;
    if (!inStrip && strip != 0 && rows == TILE_ROWS) {
      packStrip(strip, a, aStep, k);
      inStrip = true;
      source = strip;
      sourceStep = STRIP_STEP;
    }
    let tile = c, from = start, panel = b;
    for (let j = 0; j < n; j += TILE_COLUMNS) {
      const columns = min(TILE_COLUMNS, n - j);
      ahead = fetchLines(ahead, lines, aheadEnd);
      const whole = columns == TILE_COLUMNS && (rows == TILE_ROWS || !inStrip);
      if (!whole) loadEdge(edge, from, ldStart, rows, columns);
      const to = whole ? tile : edge, toStep = whole ? ldc : PANEL_STEP, first = whole ? from : edge, firstStep = whole ? ldStart : PANEL_STEP;
      if (inStrip) tileGemmStrip(to, toStep, first, firstStep, source, sourceStep, panel, k);
      else if (rows == TILE_ROWS) tileGemm(to, toStep, first, firstStep, source, sourceStep, panel, k);
      else tileGemmShort(to, toStep, first, firstStep, source, sourceStep, panel, bStep, k, rows);
      if (!whole) storeEdge(tile, ldc, edge, rows, columns);
      tile += PANEL_STEP;
      from += startStep;
      panel += panelStep;
    }
    c += <usize>rows * ldc;
    start += <usize>rows * ldStart;
    a += aStrip != 0 ? aStrip : <usize>rows * aStep;
    m -= rows;
  }
}
