// The register tile of one time step: C [m][4] = C0 [m][4] + Σ A[k][m] · B[k][4], for one group of sequences or a pair of groups at once.
//
// A tile is up to five rows of a pair: 10 accumulators, 2 of B, 1 of A and 1 product in V8's 15 registers. Each number of rows has a tile of
// its own, so that none is computed in vain. Exported to stay out of line; for the form of loop and stores see assembly/gemm/tile.ts.
import { multiplyAdd } from "../simd/lanes";

const TILE_ROWS: i32 = 5;

/**
 * c, c0, b: rows of 16 bytes, those of the pair's second group `cPair`, `c0Pair` and `bPair` bytes on; a: `aStep` bytes from one k to the
 * next. ROWS and PAIR are constants, so that V8 sees one variant only.
 */
// @ts-ignore: decorator
@inline
function tile(
  ROWS: i32, PAIR: bool, c: usize, cPair: usize, c0: usize, c0Pair: usize, a: usize, aStep: usize, b: usize, bPair: usize, k: i32,
): void {
  const none = f32x4.splat(0);
  const second = c0 + c0Pair;
  let x0 = v128.load(c0), y0 = PAIR ? v128.load(second) : none;
  let x1 = ROWS > 1 ? v128.load(c0, 16) : none, y1 = ROWS > 1 && PAIR ? v128.load(second, 16) : none;
  let x2 = ROWS > 2 ? v128.load(c0, 32) : none, y2 = ROWS > 2 && PAIR ? v128.load(second, 32) : none;
  let x3 = ROWS > 3 ? v128.load(c0, 48) : none, y3 = ROWS > 3 && PAIR ? v128.load(second, 48) : none;
  let x4 = ROWS > 4 ? v128.load(c0, 64) : none, y4 = ROWS > 4 && PAIR ? v128.load(second, 64) : none;

  if (k > 0) {
    do {
      const p = v128.load(b), q = PAIR ? v128.load(b + bPair) : none;
      let e = v128.load32_splat(a);
      x0 = multiplyAdd(x0, e, p);
      if (PAIR) y0 = multiplyAdd(y0, e, q);
      if (ROWS > 1) {
        e = v128.load32_splat(a, 4);
        x1 = multiplyAdd(x1, e, p);
        if (PAIR) y1 = multiplyAdd(y1, e, q);
      }
      if (ROWS > 2) {
        e = v128.load32_splat(a, 8);
        x2 = multiplyAdd(x2, e, p);
        if (PAIR) y2 = multiplyAdd(y2, e, q);
      }
      if (ROWS > 3) {
        e = v128.load32_splat(a, 12);
        x3 = multiplyAdd(x3, e, p);
        if (PAIR) y3 = multiplyAdd(y3, e, q);
      }
      if (ROWS > 4) {
        e = v128.load32_splat(a, 16);
        x4 = multiplyAdd(x4, e, p);
        if (PAIR) y4 = multiplyAdd(y4, e, q);
      }
      b += 16;
      a += aStep;
    } while (--k > 0);
  }

  // stored in the order of the loop: V8 computes in the order in which it needs results, and keeps loaded values till then
  const d = c + cPair;
  v128.store(c, x0);
  if (PAIR) v128.store(d, y0);
  if (ROWS > 1) v128.store(c, x1, 16);
  if (ROWS > 1 && PAIR) v128.store(d, y1, 16);
  if (ROWS > 2) v128.store(c, x2, 32);
  if (ROWS > 2 && PAIR) v128.store(d, y2, 32);
  if (ROWS > 3) v128.store(c, x3, 48);
  if (ROWS > 3 && PAIR) v128.store(d, y3, 48);
  if (ROWS > 4) v128.store(c, x4, 64);
  if (ROWS > 4 && PAIR) v128.store(d, y4, 64);
}

export function tileStep1x4(c: usize, c0: usize, a: usize, aStep: usize, b: usize, k: i32): void { tile(1, false, c, 0, c0, 0, a, aStep, b, 0, k); }
export function tileStep2x4(c: usize, c0: usize, a: usize, aStep: usize, b: usize, k: i32): void { tile(2, false, c, 0, c0, 0, a, aStep, b, 0, k); }
export function tileStep3x4(c: usize, c0: usize, a: usize, aStep: usize, b: usize, k: i32): void { tile(3, false, c, 0, c0, 0, a, aStep, b, 0, k); }
export function tileStep4x4(c: usize, c0: usize, a: usize, aStep: usize, b: usize, k: i32): void { tile(4, false, c, 0, c0, 0, a, aStep, b, 0, k); }
export function tileStep5x4(c: usize, c0: usize, a: usize, aStep: usize, b: usize, k: i32): void { tile(5, false, c, 0, c0, 0, a, aStep, b, 0, k); }

export function tileStep1x8(c: usize, cPair: usize, c0: usize, c0Pair: usize, a: usize, aStep: usize, b: usize, bPair: usize, k: i32): void {
  tile(1, true, c, cPair, c0, c0Pair, a, aStep, b, bPair, k);
}
export function tileStep2x8(c: usize, cPair: usize, c0: usize, c0Pair: usize, a: usize, aStep: usize, b: usize, bPair: usize, k: i32): void {
  tile(2, true, c, cPair, c0, c0Pair, a, aStep, b, bPair, k);
}
export function tileStep3x8(c: usize, cPair: usize, c0: usize, c0Pair: usize, a: usize, aStep: usize, b: usize, bPair: usize, k: i32): void {
  tile(3, true, c, cPair, c0, c0Pair, a, aStep, b, bPair, k);
}
export function tileStep4x8(c: usize, cPair: usize, c0: usize, c0Pair: usize, a: usize, aStep: usize, b: usize, bPair: usize, k: i32): void {
  tile(4, true, c, cPair, c0, c0Pair, a, aStep, b, bPair, k);
}
export function tileStep5x8(c: usize, cPair: usize, c0: usize, c0Pair: usize, a: usize, aStep: usize, b: usize, bPair: usize, k: i32): void {
  tile(5, true, c, cPair, c0, c0Pair, a, aStep, b, bPair, k);
}

/** The product of one step of `groups` groups, one or two, with a matrix a [k, m]. Layout of the others as in `tile`. */
// @ts-ignore: decorator
@inline
export function stepProduct(
  groups: i32, c: usize, cPair: usize, c0: usize, c0Pair: usize, a: usize, b: usize, bPair: usize, m: i32, k: i32,
): void {
  stridedStepProduct(groups, c, cPair, c0, c0Pair, a, (<usize>m) << 2, b, bPair, m, k);
}

/** The same with m columns of a wider matrix, `aStep` bytes from one of its rows to the next. The m rows of c in tiles as even as can be. */
export function stridedStepProduct(
  groups: i32, c: usize, cPair: usize, c0: usize, c0Pair: usize, a: usize, aStep: usize, b: usize, bPair: usize, m: i32, k: i32,
): void {
  for (let tiles = (m + TILE_ROWS - 1) / TILE_ROWS; tiles > 0; tiles--) {
    const rows = (m + tiles - 1) / tiles;
    if (groups == 2) {
      switch (rows) {
        case 1: tileStep1x8(c, cPair, c0, c0Pair, a, aStep, b, bPair, k); break;
        case 2: tileStep2x8(c, cPair, c0, c0Pair, a, aStep, b, bPair, k); break;
        case 3: tileStep3x8(c, cPair, c0, c0Pair, a, aStep, b, bPair, k); break;
        case 4: tileStep4x8(c, cPair, c0, c0Pair, a, aStep, b, bPair, k); break;
        default: tileStep5x8(c, cPair, c0, c0Pair, a, aStep, b, bPair, k);
      }
    } else {
      switch (rows) {
        case 1: tileStep1x4(c, c0, a, aStep, b, k); break;
        case 2: tileStep2x4(c, c0, a, aStep, b, k); break;
        case 3: tileStep3x4(c, c0, a, aStep, b, k); break;
        case 4: tileStep4x4(c, c0, a, aStep, b, k); break;
        default: tileStep5x4(c, c0, a, aStep, b, k);
      }
    }
    m -= rows;
    a += (<usize>rows) << 2;
    c += (<usize>rows) << 4;
    c0 += (<usize>rows) << 4;
  }
}
