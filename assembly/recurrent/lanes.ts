// Recurrent layers keep four sequences side by side in the lanes of a vector:
//
//   rows   [batch, time, features]                   the layout of the API
//   lanes  [groups = ceil(batch / 4)][time][features][4]
//
// One step of one group is a product [units × features] · [features × 4]; a register tile takes that of a pair of groups. Lanes beyond the
// batch are zero in every gradient, so they add nothing to a sum.
import { Kernel } from "../plan/ops";

const LANES: i32 = Kernel.lanes;

/**
 * Op: rows to lanes. lanes: [groups][time][features][4]; rows: [batch, count, features], laid over the steps first … first+count-1; other
 * steps and missing sequences are zero. A block is a group.
 */
export function toLanes(block: i32, scratch: usize, lanes: usize, rows: usize, batch: i32, time: i32, features: i32, first: i32, count: i32): void {
  const group = lanes + ((<usize>block * <usize>(time * features)) << 4);
  memory.fill(group, 0, (<usize>(time * features)) << 4);
  for (let lane = 0; lane < LANES && block * LANES + lane < batch; lane++) {
    let source = rows + ((<usize>(block * LANES + lane) * <usize>(count * features)) << 2);
    let target = group + ((<usize>(first * features)) << 4) + ((<usize>lane) << 2);
    for (let i = 0; i < count * features; i++) {
      store<f32>(target, load<f32>(source));
      source += 4;
      target += 16;
    }
  }
}

/** Op: lanes to rows, the steps first … first+count-1 only. rows: [batch, count, features]. A block is a group. */
export function fromLanes(block: i32, scratch: usize, rows: usize, lanes: usize, batch: i32, time: i32, features: i32, first: i32, count: i32): void {
  const group = lanes + ((<usize>block * <usize>(time * features)) << 4);
  for (let lane = 0; lane < LANES && block * LANES + lane < batch; lane++) {
    let target = rows + ((<usize>(block * LANES + lane) * <usize>(count * features)) << 2);
    let source = group + ((<usize>(first * features)) << 4) + ((<usize>lane) << 2);
    for (let i = 0; i < count * features; i++) {
      store<f32>(target, load<f32>(source));
      target += 4;
      source += 16;
    }
  }
}

/** Op: out [columns, rows] = the transpose of x [rows, columns]. A block is all of it: recurrent kernels are small. */
export function transpose(block: i32, scratch: usize, out: usize, x: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      store<f32>(out + ((<usize>(c * rows + r)) << 2), load<f32>(x + ((<usize>(r * columns + c)) << 2)));
    }
  }
}

/**
 * Op: each step's state before it, times a factor: y[t] = x[t-1] · factors, y[0] = x0 · factors. y, x: lanes [groups][time][features][4]; x0:
 * [groups][features][4] or address 0 for zeros; factors: [groups][features][4] or address 0 for ones. A block is a group.
 */
export function previousSteps(block: i32, scratch: usize, y: usize, x: usize, x0: usize, factors: usize, time: i32, features: i32): void {
  const row = (<usize>features) << 4, group = <usize>block * <usize>time * row;
  y += group;
  x += group;
  if (factors != 0) factors += <usize>block * row;
  if (x0 == 0) memory.fill(y, 0, row);
  else memory.copy(y, x0 + <usize>block * row, row);
  memory.copy(y + row, x, <usize>(time - 1) * row);
  if (factors == 0) return;
  for (let i: usize = 0; i < row; i += 16) {
    const factor = v128.load(factors + i);
    for (let at = y + i, end = y + <usize>time * row; at < end; at += row) v128.store(at, f32x4.mul(v128.load(at), factor));
  }
}

/** Op: the steps in reverse order. y, x: lanes [groups][time][features][4]. A block is a group. */
export function reverseSteps(block: i32, scratch: usize, y: usize, x: usize, time: i32, features: i32): void {
  const row = (<usize>features) << 4;
  y += <usize>block * <usize>time * row;
  for (let from = x + <usize>(block + 1) * <usize>time * row; time > 0; time--) {
    from -= row;
    memory.copy(y, from, row);
    y += row;
  }
}
