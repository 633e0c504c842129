// What a tile with fewer than 4 × 4 outputs does about the points it leaves out (see transform.ts).
import { PATCH, TILE } from "./transform";

/** Whether the product of point i is taken for n outputs. */
// @ts-ignore: decorator
@inline
export function takes(i: i32, n: i32): bool {
  return i <= n || i == PATCH - 1;
}

/** Zeros for the products that a tile of `rows` × `columns` outputs leaves out; m[p], `step` bytes apart. */
export function clearLeftOut(m: usize, step: usize, rows: i32, columns: i32, pixelBytes: usize): void {
  if (rows == TILE && columns == TILE) return;
  const zero = f32x4.splat(0);
  for (let i = 0; i < PATCH; i++) {
    for (let j = 0; j < PATCH; j++) {
      if (!takes(i, rows) || !takes(j, columns)) {
        for (let c: usize = 0; c < pixelBytes; c += 16) v128.store(m + c, zero); // memory.fill is a call out of the kernels
      }
      m += step;
    }
  }
}

/**
 * Replaces the inputs [6][6] that `rows` × `columns` outputs do not depend on by those for which the products left out vanish; or, the adjoint, takes
 * the gradient of what was replaced to what it was made of.
 */
export function foldPatch(patch: usize, rows: i32, columns: i32, pixelBytes: usize, scratch: usize, gradient: bool): void {
  const rowBytes = <usize>PATCH * pixelBytes;
  for (let across = 0; across < 2; across++) {
    const n = across ? columns : rows, step = across ? pixelBytes : rowBytes, next = across ? rowBytes : pixelBytes;
    if (n == TILE) continue;
    for (let i: usize = 0; i < <usize>PATCH; i++) {
      if (gradient) foldLineGradient(patch + i * next, step, n, pixelBytes, scratch);
      else foldLine(patch + i * next, step, n, pixelBytes, scratch);
    }
  }
}

/**
 * One line of six, `step` bytes apart, for n outputs. The product at -b vanishes where d4 - a² d2 = b (d3 - a² d1), that at b too where both sides
 * are zero, that at -a where also d2 = a d1. The product at ∞ becomes d[n + 1] less what takes its place.
 */
function foldLine(d: usize, step: usize, n: i32, bytes: usize, scratch: usize): void {
  const a = v128.load(scratch), b = v128.load(scratch, 16), aa = v128.load(scratch, 32), product = v128.load(scratch, 64), sum = v128.load(scratch, 80);
  for (let end = d + bytes; d < end; d += 16) {
    const d1 = v128.load(d + step), aad1 = f32x4.mul(aa, d1), last = v128.load(d + <usize>(n + 1) * step);
    const d2 = n == 1 ? f32x4.mul(a, d1) : v128.load(d + 2 * step);
    const d3 = n < 3 ? aad1 : v128.load(d + 3 * step);
    v128.store(d + 2 * step, d2);
    v128.store(d + 3 * step, d3);
    v128.store(d + 4 * step, f32x4.add(f32x4.mul(aa, d2), f32x4.mul(b, f32x4.sub(d3, aad1))));
    const infinity = f32x4.sub(last, v128.load(d + <usize>(n + 1) * step));
    v128.store(d + 5 * step, f32x4.add(infinity, f32x4.sub(f32x4.mul(sum, d3), f32x4.mul(product, d1))));
  }
}

function foldLineGradient(d: usize, step: usize, n: i32, bytes: usize, scratch: usize): void {
  const a = v128.load(scratch), b = v128.load(scratch, 16), aa = v128.load(scratch, 32), product = v128.load(scratch, 64), sum = v128.load(scratch, 80);
  const zero = f32x4.splat(0);
  for (let end = d + bytes; d < end; d += 16) {
    const infinity = v128.load(d + 5 * step), last = d + <usize>(n + 1) * step;
    v128.store(last, f32x4.sub(v128.load(last), infinity));
    const d4 = v128.load(d + 4 * step);
    const d2 = f32x4.add(v128.load(d + 2 * step), f32x4.mul(aa, d4));
    const d3 = f32x4.add(v128.load(d + 3 * step), f32x4.add(f32x4.mul(sum, infinity), f32x4.mul(b, d4)));
    let d1 = f32x4.sub(v128.load(d + step), f32x4.add(f32x4.mul(product, infinity), f32x4.mul(aa, f32x4.mul(b, d4))));
    if (n < 3) d1 = f32x4.add(d1, f32x4.mul(aa, d3));
    if (n == 1) d1 = f32x4.add(d1, f32x4.mul(a, d2));
    v128.store(d + step, d1);
    v128.store(d + 2 * step, d2);
    v128.store(d + 3 * step, n < 3 ? zero : d3);
    v128.store(d + 4 * step, zero);
    v128.store(d + 5 * step, zero);
    v128.store(last, infinity);
  }
}
