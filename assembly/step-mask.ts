import { blockEnd, blockStart } from "./simd/lanes";

/** Op: which steps count: mask = 1 where any value of a row is not `value`, else 0. mask: [rows]; x: [rows, columns]. */
export function stepMask(block: i32, scratch: usize, mask: usize, x: usize, rows: i32, columns: i32, blockRows: i32, value: f32): void {
  const end = blockEnd(block, blockRows, rows);
  for (let row = blockStart(block, blockRows); row < end; row++) {
    let at = x + ((<usize>row * <usize>columns) << 2), counts: f32 = 0;
    for (let column = 0; column < columns; column++, at += 4) if (load<f32>(at) != value) counts = 1;
    store<f32>(mask + ((<usize>row) << 2), counts);
  }
}

/** Op: y = x in rows that count, zeros in others. y, x: [rows, columns], may be the same; mask: [rows], 1 or 0. */
export function keepSteps(block: i32, scratch: usize, y: usize, x: usize, mask: usize, rows: i32, columns: i32, blockRows: i32): void {
  const bytes = (<usize>columns) << 2, end = blockEnd(block, blockRows, rows);
  for (let row = <usize>blockStart(block, blockRows); row < <usize>end; row++) {
    if (load<f32>(mask + (row << 2)) != 0) memory.copy(y + row * bytes, x + row * bytes, bytes);
    else memory.fill(y + row * bytes, 0, bytes);
  }
}
