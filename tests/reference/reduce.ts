import { requireShape, type Values } from './values.js';

export function sum(x: Values): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i]!;
  return total;
}

/** Σ over the rows of x [rows, columns]: [columns]. */
export function columnSums({ x, rows, columns }: { x: Values; rows: number; columns: number }): Float64Array {
  requireShape('x', x, [rows, columns]);
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) sums[column]! += x[row * columns + column]!;
  }
  return sums;
}

export function dot(a: Values, b: Values): number {
  requireShape('b', b, [a.length]);
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

export function sumOfSquares(x: Values): number {
  return dot(x, x);
}
