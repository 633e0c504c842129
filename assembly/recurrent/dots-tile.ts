// The register tile of products over time: dots [rows][columns] = Σ over steps of x[t][row] · y[t][column], lane by lane.
//
// Five rows and two columns: 10 accumulators, 2 of y, 1 of x and 1 product in V8's 15 registers. Each size has a tile of its own, so that no
// row or column is computed in vain. Exported to stay out of line; for the form of loop and stores see assembly/gemm/tile.ts.
import { Kernel } from "../plan/ops";
import { multiplyAdd } from "../simd/lanes";

export const TILE_ROWS: i32 = 5;
export const TILE_COLUMNS: i32 = 2;
/** Bytes of the sums of a tile: [5][2] vectors. */
export const DOTS_BYTES: usize = Kernel.dotsBytes;

/** dots: [ROWS][2] vectors; x, y: rows and columns of 16 bytes, `xStep` and `yStep` bytes from one step to the next. */
// @ts-ignore: decorator
@inline
function tile(ROWS: i32, COLUMNS: i32, dots: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void {
  const zero = f32x4.splat(0);
  let a0 = zero, a1 = zero, a2 = zero, a3 = zero, a4 = zero;
  let b0 = zero, b1 = zero, b2 = zero, b3 = zero, b4 = zero;
  if (steps > 0) {
    do {
      const p = v128.load(y), q = COLUMNS > 1 ? v128.load(y, 16) : zero;
      let v = v128.load(x);
      a0 = multiplyAdd(a0, v, p);
      if (COLUMNS > 1) b0 = multiplyAdd(b0, v, q);
      if (ROWS > 1) {
        v = v128.load(x, 16);
        a1 = multiplyAdd(a1, v, p);
        if (COLUMNS > 1) b1 = multiplyAdd(b1, v, q);
      }
      if (ROWS > 2) {
        v = v128.load(x, 32);
        a2 = multiplyAdd(a2, v, p);
        if (COLUMNS > 1) b2 = multiplyAdd(b2, v, q);
      }
      if (ROWS > 3) {
        v = v128.load(x, 48);
        a3 = multiplyAdd(a3, v, p);
        if (COLUMNS > 1) b3 = multiplyAdd(b3, v, q);
      }
      if (ROWS > 4) {
        v = v128.load(x, 64);
        a4 = multiplyAdd(a4, v, p);
        if (COLUMNS > 1) b4 = multiplyAdd(b4, v, q);
      }
      x += xStep;
      y += yStep;
    } while (--steps > 0);
  }
  v128.store(dots, a0);
  if (COLUMNS > 1) v128.store(dots, b0, 16);
  if (ROWS > 1) v128.store(dots, a1, 32);
  if (ROWS > 1 && COLUMNS > 1) v128.store(dots, b1, 48);
  if (ROWS > 2) v128.store(dots, a2, 64);
  if (ROWS > 2 && COLUMNS > 1) v128.store(dots, b2, 80);
  if (ROWS > 3) v128.store(dots, a3, 96);
  if (ROWS > 3 && COLUMNS > 1) v128.store(dots, b3, 112);
  if (ROWS > 4) v128.store(dots, a4, 128);
  if (ROWS > 4 && COLUMNS > 1) v128.store(dots, b4, 144);
}

export function tileDots1x1(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(1, 1, d, x, xStep, y, yStep, steps); }
export function tileDots2x1(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(2, 1, d, x, xStep, y, yStep, steps); }
export function tileDots3x1(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(3, 1, d, x, xStep, y, yStep, steps); }
export function tileDots4x1(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(4, 1, d, x, xStep, y, yStep, steps); }
export function tileDots5x1(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(5, 1, d, x, xStep, y, yStep, steps); }
export function tileDots1x2(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(1, 2, d, x, xStep, y, yStep, steps); }
export function tileDots2x2(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(2, 2, d, x, xStep, y, yStep, steps); }
export function tileDots3x2(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(3, 2, d, x, xStep, y, yStep, steps); }
export function tileDots4x2(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(4, 2, d, x, xStep, y, yStep, steps); }
export function tileDots5x2(d: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void { tile(5, 2, d, x, xStep, y, yStep, steps); }

/** The tile of `rows` rows and `columns` columns, at most five and two. Operands as in `tile`. */
export function tileDots(rows: i32, columns: i32, dots: usize, x: usize, xStep: usize, y: usize, yStep: usize, steps: i32): void {
  if (columns == 2) {
    switch (rows) {
      case 1: tileDots1x2(dots, x, xStep, y, yStep, steps); break;
      case 2: tileDots2x2(dots, x, xStep, y, yStep, steps); break;
      case 3: tileDots3x2(dots, x, xStep, y, yStep, steps); break;
      case 4: tileDots4x2(dots, x, xStep, y, yStep, steps); break;
      default: tileDots5x2(dots, x, xStep, y, yStep, steps);
    }
  } else {
    switch (rows) {
      case 1: tileDots1x1(dots, x, xStep, y, yStep, steps); break;
      case 2: tileDots2x1(dots, x, xStep, y, yStep, steps); break;
      case 3: tileDots3x1(dots, x, xStep, y, yStep, steps); break;
      case 4: tileDots4x1(dots, x, xStep, y, yStep, steps); break;
      default: tileDots5x1(dots, x, xStep, y, yStep, steps);
    }
  }
}
