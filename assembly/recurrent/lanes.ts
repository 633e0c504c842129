// Recurrent layers keep eight sequences side by side in the lanes of two vectors:
//
//   rows   [batch, time, features]                   the layout of the API
//   lanes  [groups = ceil(batch / 8)][time][features][8]
//
// One step of one group is a product [units × features] · [features × 8]: the register tile's own shape. Lanes beyond the batch are zero in
// every gradient, so they add nothing to a sum.
import { loadEdge, storeEdge } from "../gemm/edge";
import { TILE_ROWS, tileColumns } from "../gemm/tile";
import { activate, activateBackward } from "../activation";
import { Kernel } from "../plan/ops";

const LANES: i32 = Kernel.lanes;

/**
 * Op: rows to lanes. lanes: [groups][time][features][8]; rows: [batch, count, features], laid over the steps first … first+count-1; other
 * steps and missing sequences are zero. A block is a group.
 */
export function toLanes(block: i32, scratch: usize, lanes: usize, rows: usize, batch: i32, time: i32, features: i32, first: i32, count: i32): void {
  const group = lanes + ((<usize>block * <usize>(time * features)) << 5);
  memory.fill(group, 0, (<usize>(time * features)) << 5);
  for (let lane = 0; lane < LANES && block * LANES + lane < batch; lane++) {
    let source = rows + ((<usize>(block * LANES + lane) * <usize>(count * features)) << 2);
    let target = group + ((<usize>(first * features)) << 5) + ((<usize>lane) << 2);
    for (let i = 0; i < count * features; i++) {
      store<f32>(target, load<f32>(source));
      source += 4;
      target += 32;
    }
  }
}

/** Op: lanes to rows, the steps first … first+count-1 only. rows: [batch, count, features]. A block is a group. */
export function fromLanes(block: i32, scratch: usize, rows: usize, lanes: usize, batch: i32, time: i32, features: i32, first: i32, count: i32): void {
  const group = lanes + ((<usize>block * <usize>(time * features)) << 5);
  for (let lane = 0; lane < LANES && block * LANES + lane < batch; lane++) {
    let target = rows + ((<usize>(block * LANES + lane) * <usize>(count * features)) << 2);
    let source = group + ((<usize>(first * features)) << 5) + ((<usize>lane) << 2);
    for (let i = 0; i < count * features; i++) {
      store<f32>(target, load<f32>(source));
      target += 4;
      source += 32;
    }
  }
}

/** out [m][8] += Σ a[k][m] · b[k][8], the product of one step. edge: scratch for one tile. */
// @ts-ignore: decorator
@inline
function stepProduct(edge: usize, out: usize, a: usize, b: usize, m: i32, k: i32): void {
  const aStep = (<usize>m) << 2;
  for (let i = 0; i < m; i += TILE_ROWS) {
    const tile = out + ((<usize>i) << 5);
    if (i + TILE_ROWS <= m) {
      tileColumns(tile, 32, a + ((<usize>i) << 2), aStep, b, 32, k);
    } else {
      loadEdge(edge, tile, 32, m - i, 8);
      tileColumns(edge, 32, a + ((<usize>i) << 2), aStep, b, 32, k);
      storeEdge(tile, 32, edge, m - i, 8);
    }
  }
}

/**
 * Op: y = x · w + bias at every step: the input projection of a recurrent layer, and a dense layer over a sequence.
 *
 * y: lanes [groups][time][units][8]; x: lanes [groups][time][features][8]; w: [features, units]; bias: [units] or address 0.
 * A block is `blockSteps` steps of a group. scratch: edge tile.
 */
export function lanesForward(
  block: i32, scratch: usize, y: usize, x: usize, w: usize, bias: usize, time: i32, features: i32, units: i32, blockSteps: i32,
): void {
  const perGroup = (time + blockSteps - 1) / blockSteps;
  const group = block / perGroup;
  const start = (block % perGroup) * blockSteps;
  const end = min(start + blockSteps, time);
  for (let t = start; t < end; t++) {
    const step = <usize>(group * time + t);
    const out = y + ((step * <usize>units) << 5);
    for (let u = 0; u < units; u++) {
      const value = bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias + ((<usize>u) << 2));
      v128.store(out + ((<usize>u) << 5), value);
      v128.store(out + ((<usize>u) << 5), value, 16);
    }
    stepProduct(scratch, out, w, x + ((step * <usize>features) << 5), units, features);
  }
}

/**
 * Op: the recurrence over a whole sequence, in place: h[t] = f(h[t] + h[t-1] · w), h holding the input projection before.
 *
 * h: lanes [groups][time][units][8], zero in the lanes beyond the batch: without an input they might grow without bound, and infinity times
 * a gradient of zero is no zero. w: [units, units]. A block is a group. scratch: edge tile.
 */
export function simpleRnnForward(block: i32, scratch: usize, h: usize, w: usize, batch: i32, time: i32, units: i32, kind: i32): void {
  const bytes = (<usize>units) << 5;
  const group = h + <usize>block * <usize>time * bytes;
  let step = group;
  for (let t = 0; t < time; t++) {
    if (t > 0) stepProduct(scratch, step, w, step - bytes, units, units);
    activate(step, step, units * LANES, kind);
    step += bytes;
  }
  for (let lane = batch - block * LANES; lane < LANES; lane++) {
    for (let i: usize = 0, end = <usize>time * bytes; i < end; i += 32) store<f32>(group + i + ((<usize>lane) << 2), 0);
  }
}

/**
 * Op: back through time: d[t] = f'(h[t]) · (dy[t] + d[t+1] · wᵀ), the gradient at the input of the activation.
 *
 * d, dy, h: lanes [groups][time][units][8]; d may be dy; wTransposed: [units, units]. A block is a group. scratch: edge tile.
 */
export function simpleRnnBackward(
  block: i32, scratch: usize, d: usize, dy: usize, h: usize, wTransposed: usize, time: i32, units: i32, kind: i32,
): void {
  const bytes = (<usize>units) << 5;
  const start = <usize>block * <usize>time * bytes;
  for (let t = time - 1; t >= 0; t--) {
    const offset = start + <usize>t * bytes;
    if (d != dy) memory.copy(d + offset, dy + offset, bytes);
    if (t < time - 1) stepProduct(scratch, d + offset, wTransposed, d + offset + bytes, units, units);
    activateBackward(d + offset, d + offset, h + offset, units * LANES, kind);
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
