import { blockEnd, blockStart } from "../simd/lanes";
import { scaleOf } from "./rows";

/**
 * Op: squared error of each row, with its gradient.
 *
 * dPredictions: [rows, columns] = 2 · (prediction - target) · scale / columns, or address 0; rowLoss: [rows], the mean over the row's columns;
 * predictions, targets: [rows, columns]; rowScale: [rows], or address 0 and `gradientScale` = scale / columns. A block is `blockRows` rows.
 */
export function meanSquaredError(
  block: i32, scratch: usize, dPredictions: usize, rowLoss: usize, predictions: usize, targets: usize, rowScale: usize,
  rows: i32, columns: i32, blockRows: i32, gradientScale: f32,
): void {
  const bytes = (<usize>columns) << 2;
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const scale = rowScale == 0 ? gradientScale : scaleOf(rowScale, row, 0) / <f32>columns;
    const offset = <usize>row * bytes;
    let sum: f64 = 0;
    for (let i = offset; i < offset + bytes; i += 4) {
      const difference = load<f32>(predictions + i) - load<f32>(targets + i);
      sum += <f64>difference * <f64>difference;
      if (dPredictions != 0) store<f32>(dPredictions + i, scale == 0 ? 0 : 2 * difference * scale);
    }
    store<f32>(rowLoss + ((<usize>row) << 2), <f32>(sum / <f64>columns));
  }
}

/**
 * Op: Huber's loss of each row (Huber 1964, as Keras): with d = prediction - target, d² / 2 where |d| ≤ delta, else delta·(|d| - delta / 2).
 * With `absolute`, the absolute error |d| instead. Arguments as for meanSquaredError.
 *
 * dPredictions: [rows, columns] = d, or delta·sign d (absolute: sign d), · scale / columns.
 */
export function huber(
  block: i32, scratch: usize, dPredictions: usize, rowLoss: usize, predictions: usize, targets: usize, rowScale: usize,
  rows: i32, columns: i32, blockRows: i32, gradientScale: f32, delta: f32, absolute: i32,
): void {
  const bytes = (<usize>columns) << 2;
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const scale = rowScale == 0 ? gradientScale : scaleOf(rowScale, row, 0) / <f32>columns;
    const offset = <usize>row * bytes;
    let sum: f64 = 0;
    for (let i = offset; i < offset + bytes; i += 4) {
      const difference = load<f32>(predictions + i) - load<f32>(targets + i);
      const size = <f64>abs(difference);
      const near = absolute == 0 && !(size > <f64>delta);
      sum += absolute != 0 ? size : near ? 0.5 * size * size : <f64>delta * (size - 0.5 * <f64>delta);
      if (dPredictions == 0) continue;
      const sign: f32 = difference > 0 ? 1 : difference < 0 ? -1 : difference; // of 0 it is 0; a NaN stays one
      const slope = near ? difference : absolute != 0 ? sign : delta * sign;
      store<f32>(dPredictions + i, scale == 0 ? 0 : slope * scale);
    }
    store<f32>(rowLoss + ((<usize>row) << 2), <f32>(sum / <f64>columns));
  }
}
