// The transforms of Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray: "Fast algorithms for convolutional neural networks", 2016):
//
//   y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A      36 products for 4 × 4 outputs, where the sum over 3 × 3 taps takes 144
//
// g: [3, 3] filter; d: [6, 6] patch of the input, patches 4 apart; y: [4, 4]. The products are summed over channels between the transforms, so
// they are 36 matrix products, one for each position p of the 6 × 6. The backward passes are the adjoints: every matrix transposed.
//
// The interpolation points are 0, ±a, ±b and ∞. With a = ¾ and b = 1½ the rounding error is twice that of the plain sum, or less; with the usual
// ±1, ±2 it is more than three times (docs/numerics.md). Every entry of A and B is then exact.
//
// A tile at the end of a row or column that has n < 4 outputs there takes but n + 2 of the points, always the same G: -b, then b, then -a are left
// out. Their products vanish by the choice of inputs that such outputs do not depend on (`foldPatch`), and what the product at ∞ adds to is the last
// output that there is.
//
// A transform takes four channels at a time, columns first, then rows, each line of six (or four) by one of the inline functions.

import { loadStrided } from "../simd/lanes";
import { Kernel } from "../plan/ops";

const A: f32 = 0.75;
const B: f32 = 1.5;
const AA: f32 = A * A;
const BB: f32 = B * B;

/** Outputs of a tile in each direction. */
export const TILE: i32 = 4;
/** Inputs of a tile in each direction. */
export const PATCH: i32 = 6;
/** Positions: products of a tile and channel pair. */
export const POSITIONS: i32 = 36;

/**
 * Scratch of a transform: the constants as vectors, then the values between its two halves, [6][6] vectors, then eight zeros, then the table of a
 * chunk, then two ranges of memory to fetch ahead. The constants are loaded, because V8 builds a literal anew in every turn of a loop.
 */
export const TRANSFORM_BYTES: usize = Kernel.transformBytes;
const BETWEEN: usize = 9 * 16;
/** Place in scratch of eight zeros, from which sums of products start. */
export const ZEROS: usize = BETWEEN + 36 * 16;
/** Place in scratch of the table of a chunk (tiles.ts). */
export const CHUNK: usize = ZEROS + 32;
/** Place in scratch of two ranges of memory (tiles.ts: setAhead). */
export const AHEAD: usize = CHUNK + Kernel.chunkBytes;

export function prepareTransforms(scratch: usize): void {
  v128.store(scratch, f32x4.splat(A));
  v128.store(scratch, f32x4.splat(B), 16);
  v128.store(scratch, f32x4.splat(AA), 32);
  v128.store(scratch, f32x4.splat(BB), 48);
  v128.store(scratch, f32x4.splat(AA * BB), 64);
  v128.store(scratch, f32x4.splat(AA + BB), 80);
  v128.store(scratch + ZEROS, f32x4.splat(0));
  v128.store(scratch + ZEROS, f32x4.splat(0), 16);
  v128.store(scratch + AHEAD, f32x4.splat(0)); // nothing
  // the rows of G are powers of the point over Π (point - other points)
  v128.store(scratch, f32x4.splat(1 / (AA * BB)), 96);
  v128.store(scratch, f32x4.splat(1 / (2 * AA * (AA - BB))), 112);
  v128.store(scratch, f32x4.splat(1 / (2 * BB * (BB - AA))), 128);
}

/** One line of Bᵀ d: six values from six. */
// @ts-ignore: decorator
@inline
function inputLine(out: usize, outStep: usize, d: usize, step: usize, a: v128, b: v128, aa: v128, bb: v128, product: v128, sum: v128): void {
  const d0 = v128.load(d), d1 = v128.load(d + step), d2 = v128.load(d + 2 * step);
  const d3 = v128.load(d + 3 * step), d4 = v128.load(d + 4 * step), d5 = v128.load(d + 5 * step);
  const evenA = f32x4.sub(d4, f32x4.mul(bb, d2)), oddA = f32x4.mul(a, f32x4.sub(d3, f32x4.mul(bb, d1)));
  const evenB = f32x4.sub(d4, f32x4.mul(aa, d2)), oddB = f32x4.mul(b, f32x4.sub(d3, f32x4.mul(aa, d1)));
  v128.store(out, f32x4.add(f32x4.sub(f32x4.mul(product, d0), f32x4.mul(sum, d2)), d4));
  v128.store(out + outStep, f32x4.add(evenA, oddA));
  v128.store(out + 2 * outStep, f32x4.sub(evenA, oddA));
  v128.store(out + 3 * outStep, f32x4.add(evenB, oddB));
  v128.store(out + 4 * outStep, f32x4.sub(evenB, oddB));
  v128.store(out + 5 * outStep, f32x4.add(f32x4.sub(f32x4.mul(product, d1), f32x4.mul(sum, d3)), d5));
}

/** One line of B x, its adjoint: six values from six. */
// @ts-ignore: decorator
@inline
function inputGradientLine(out: usize, outStep: usize, x: usize, step: usize, a: v128, b: v128, aa: v128, bb: v128, product: v128, sum: v128): void {
  const x0 = v128.load(x), x1 = v128.load(x + step), x2 = v128.load(x + 2 * step);
  const x3 = v128.load(x + 3 * step), x4 = v128.load(x + 4 * step), x5 = v128.load(x + 5 * step);
  const evenA = f32x4.add(x1, x2), oddA = f32x4.mul(a, f32x4.sub(x1, x2));
  const evenB = f32x4.add(x3, x4), oddB = f32x4.mul(b, f32x4.sub(x3, x4));
  v128.store(out, f32x4.mul(product, x0));
  v128.store(out + outStep, f32x4.sub(f32x4.mul(product, x5), f32x4.add(f32x4.mul(bb, oddA), f32x4.mul(aa, oddB))));
  v128.store(out + 2 * outStep, f32x4.neg(f32x4.add(f32x4.mul(sum, x0), f32x4.add(f32x4.mul(bb, evenA), f32x4.mul(aa, evenB)))));
  v128.store(out + 3 * outStep, f32x4.sub(f32x4.add(oddA, oddB), f32x4.mul(sum, x5)));
  v128.store(out + 4 * outStep, f32x4.add(x0, f32x4.add(evenA, evenB)));
  v128.store(out + 5 * outStep, x5);
}

/** One line of Aᵀ m: four values from six; `last`: bytes from the first value to that of the product at ∞. */
// @ts-ignore: decorator
@inline
function outputLine(out: usize, outStep: usize, last: usize, m: usize, step: usize, a: v128, b: v128, aa: v128, bb: v128): void {
  const m1 = v128.load(m + step), m2 = v128.load(m + 2 * step), m3 = v128.load(m + 3 * step), m4 = v128.load(m + 4 * step);
  const evenA = f32x4.add(m1, m2), oddA = f32x4.mul(a, f32x4.sub(m1, m2));
  const evenB = f32x4.add(m3, m4), oddB = f32x4.mul(b, f32x4.sub(m3, m4));
  v128.store(out, f32x4.add(v128.load(m), f32x4.add(evenA, evenB)));
  v128.store(out + outStep, f32x4.add(oddA, oddB));
  v128.store(out + 2 * outStep, f32x4.add(f32x4.mul(aa, evenA), f32x4.mul(bb, evenB)));
  v128.store(out + 3 * outStep, f32x4.add(f32x4.mul(aa, oddA), f32x4.mul(bb, oddB)));
  v128.store(out + last, f32x4.add(v128.load(out + last), v128.load(m + 5 * step)));
}

/** One line of A y, its adjoint: six values from four, zeros where there is no output. */
// @ts-ignore: decorator
@inline
function outputGradientLine(out: usize, outStep: usize, y: usize, step: usize, last: usize, a: v128, b: v128, aa: v128, bb: v128): void {
  const y0 = v128.load(y), y1 = v128.load(y + step), y2 = v128.load(y + 2 * step), y3 = v128.load(y + 3 * step);
  const evenA = f32x4.add(y0, f32x4.mul(aa, y2)), oddA = f32x4.mul(a, f32x4.add(y1, f32x4.mul(aa, y3)));
  const evenB = f32x4.add(y0, f32x4.mul(bb, y2)), oddB = f32x4.mul(b, f32x4.add(y1, f32x4.mul(bb, y3)));
  v128.store(out, y0);
  v128.store(out + outStep, f32x4.add(evenA, oddA));
  v128.store(out + 2 * outStep, f32x4.sub(evenA, oddA));
  v128.store(out + 3 * outStep, f32x4.add(evenB, oddB));
  v128.store(out + 4 * outStep, f32x4.sub(evenB, oddB));
  v128.store(out + 5 * outStep, v128.load(y + last));
}

/** One line of G g: six values from three. */
// @ts-ignore: decorator
@inline
function filterLine(out: usize, outStep: usize, g0: v128, g1: v128, g2: v128, scratch: usize): void {
  const a = v128.load(scratch), b = v128.load(scratch, 16), aa = v128.load(scratch, 32), bb = v128.load(scratch, 48);
  const scaleA = v128.load(scratch, 112), scaleB = v128.load(scratch, 128);
  const evenA = f32x4.add(g0, f32x4.mul(aa, g2)), oddA = f32x4.mul(a, g1);
  const evenB = f32x4.add(g0, f32x4.mul(bb, g2)), oddB = f32x4.mul(b, g1);
  v128.store(out, f32x4.mul(v128.load(scratch, 96), g0));
  v128.store(out + outStep, f32x4.mul(scaleA, f32x4.add(evenA, oddA)));
  v128.store(out + 2 * outStep, f32x4.mul(scaleA, f32x4.sub(evenA, oddA)));
  v128.store(out + 3 * outStep, f32x4.mul(scaleB, f32x4.add(evenB, oddB)));
  v128.store(out + 4 * outStep, f32x4.mul(scaleB, f32x4.sub(evenB, oddB)));
  v128.store(out + 5 * outStep, g2);
}

/** One line of Gᵀ u, its adjoint: three values from six. */
// @ts-ignore: decorator
@inline
function filterGradientLine(out: usize, outStep: usize, u: usize, step: usize, scratch: usize): void {
  const a = v128.load(scratch), b = v128.load(scratch, 16), aa = v128.load(scratch, 32), bb = v128.load(scratch, 48);
  const scaleA = v128.load(scratch, 112), scaleB = v128.load(scratch, 128);
  const u1 = v128.load(u + step), u2 = v128.load(u + 2 * step), u3 = v128.load(u + 3 * step), u4 = v128.load(u + 4 * step);
  const evenA = f32x4.mul(scaleA, f32x4.add(u1, u2)), oddA = f32x4.mul(scaleA, f32x4.sub(u1, u2));
  const evenB = f32x4.mul(scaleB, f32x4.add(u3, u4)), oddB = f32x4.mul(scaleB, f32x4.sub(u3, u4));
  v128.store(out, f32x4.add(f32x4.mul(v128.load(scratch, 96), v128.load(u)), f32x4.add(evenA, evenB)));
  v128.store(out + outStep, f32x4.add(f32x4.mul(a, oddA), f32x4.mul(b, oddB)));
  v128.store(out + 2 * outStep, f32x4.add(f32x4.add(f32x4.mul(aa, evenA), f32x4.mul(bb, evenB)), v128.load(u + 5 * step)));
}

/** v[p][0…bytes) = Bᵀ d B, `step` bytes from one position to the next; d: patch, rows and pixels so many bytes apart. Exported to stay out of line. */
export function tileWinogradInput(v: usize, step: usize, d: usize, rowBytes: usize, pixelBytes: usize, scratch: usize): void {
  const a = v128.load(scratch), b = v128.load(scratch, 16), aa = v128.load(scratch, 32), bb = v128.load(scratch, 48);
  const product = v128.load(scratch, 64), sum = v128.load(scratch, 80);
  const between = scratch + BETWEEN;
  for (let c: usize = 0; c < pixelBytes; c += 16) {
    for (let j: usize = 0; j < 6; j++) inputLine(between + (j << 4), 96, d + c + j * pixelBytes, rowBytes, a, b, aa, bb, product, sum);
    for (let i: usize = 0; i < 6; i++) inputLine(v + c + i * 6 * step, step, between + i * 96, 16, a, b, aa, bb, product, sum);
  }
}

/** d = B x Bᵀ, the adjoint of tileWinogradInput; d: [6][6] pixels, dense. */
export function tileWinogradInputGradient(d: usize, x: usize, step: usize, pixelBytes: usize, scratch: usize): void {
  const a = v128.load(scratch), b = v128.load(scratch, 16), aa = v128.load(scratch, 32), bb = v128.load(scratch, 48);
  const product = v128.load(scratch, 64), sum = v128.load(scratch, 80);
  const between = scratch + BETWEEN;
  for (let c: usize = 0; c < pixelBytes; c += 16) {
    for (let j: usize = 0; j < 6; j++) inputGradientLine(between + (j << 4), 96, x + c + j * step, 6 * step, a, b, aa, bb, product, sum);
    for (let i: usize = 0; i < 6; i++) inputGradientLine(d + c + i * 6 * pixelBytes, pixelBytes, between + i * 96, 16, a, b, aa, bb, product, sum);
  }
}

/** y = Aᵀ m A; y: [4][4] pixels, dense, `rows` × `columns` of them outputs; m[p], `step` bytes apart, zeros where a product is left out. */
export function tileWinogradOutput(y: usize, m: usize, step: usize, rows: i32, columns: i32, pixelBytes: usize, scratch: usize): void {
  const a = v128.load(scratch), b = v128.load(scratch, 16), aa = v128.load(scratch, 32), bb = v128.load(scratch, 48);
  const between = scratch + BETWEEN;
  const lastRow = <usize>(rows - 1) * 96, lastColumn = <usize>(columns - 1) * pixelBytes;
  for (let c: usize = 0; c < pixelBytes; c += 16) {
    for (let j: usize = 0; j < 6; j++) outputLine(between + (j << 4), 96, lastRow, m + c + j * step, 6 * step, a, b, aa, bb);
    for (let i: usize = 0; i < 4; i++) outputLine(y + c + i * 4 * pixelBytes, pixelBytes, lastColumn, between + i * 96, 16, a, b, aa, bb);
  }
}

/** m[p] = A y Aᵀ, the adjoint of tileWinogradOutput. */
export function tileWinogradOutputGradient(m: usize, step: usize, y: usize, rows: i32, columns: i32, pixelBytes: usize, scratch: usize): void {
  const a = v128.load(scratch), b = v128.load(scratch, 16), aa = v128.load(scratch, 32), bb = v128.load(scratch, 48);
  const between = scratch + BETWEEN;
  const lastRow = <usize>(rows - 1) * 4 * pixelBytes, lastColumn = (<usize>(columns - 1)) << 4;
  for (let c: usize = 0; c < pixelBytes; c += 16) {
    for (let j: usize = 0; j < 4; j++) outputGradientLine(between + (j << 4), 64, y + c + j * pixelBytes, 4 * pixelBytes, lastRow, a, b, aa, bb);
    for (let i: usize = 0; i < 6; i++) outputGradientLine(m + c + i * 6 * step, step, between + (i << 6), 16, lastColumn, a, b, aa, bb);
  }
}

/** u[p] = G g Gᵀ of four filters; g: [3][3] taps of four floats, each tap `pitch` bytes from its four floats' neighbours in `lane` steps. */
export function tileWinogradFilter(u: usize, step: usize, g: usize, tapBytes: usize, laneBytes: usize, scratch: usize): void {
  const between = scratch + BETWEEN; // [6][3]
  for (let j: usize = 0; j < 3; j++) {
    const column = g + j * tapBytes;
    filterLine(
      between + (j << 4), 48, loadStrided(column, laneBytes), loadStrided(column + 3 * tapBytes, laneBytes), loadStrided(column + 6 * tapBytes, laneBytes), scratch,
    );
  }
  for (let i: usize = 0; i < 6; i++) {
    const row = between + i * 48;
    filterLine(u + i * 6 * step, step, v128.load(row), v128.load(row, 16), v128.load(row, 32), scratch);
  }
}

/** g = Gᵀ u G, the adjoint of tileWinogradFilter, four neighbouring floats of each tap. */
export function tileWinogradFilterGradient(g: usize, tapBytes: usize, u: usize, step: usize, scratch: usize): void {
  const between = scratch + BETWEEN; // [3][6]
  for (let j: usize = 0; j < 6; j++) filterGradientLine(between + (j << 4), 96, u + j * step, 6 * step, scratch);
  for (let i: usize = 0; i < 3; i++) filterGradientLine(g + i * 3 * tapBytes, tapBytes, between + i * 96, 16, scratch);
}
