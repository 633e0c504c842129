import { blockEnd, blockStart } from "./simd/lanes";

/**
 * Op: copies rows of a matrix into another of more or fewer columns: to[row][0 … columns] = from[row][0 … columns].
 * to: [rows] rows `toStride` floats apart; from: [rows] rows `fromStride` floats apart.
 */
export function copyRows(block: i32, scratch: usize, to: usize, from: usize, rows: i32, columns: i32, toStride: i32, fromStride: i32, blockRows: i32): void {
  const bytes = (<usize>columns) << 2, toStep = (<usize>toStride) << 2, fromStep = (<usize>fromStride) << 2;
  const end = blockEnd(block, blockRows, rows);
  for (let row = <usize>blockStart(block, blockRows); row < <usize>end; row++) memory.copy(to + row * toStep, from + row * fromStep, bytes);
}
