import { blockEnd, blockStart } from "./simd/lanes";

/**
 * Op: squared error of each row, with its gradient.
 *
 * dPredictions: [rows, columns] = 2 · (prediction - target) · gradientScale, or address 0; rowLoss: [rows], the mean over the row's columns;
 * predictions, targets: [rows, columns]. A block is `blockRows` rows.
 */
export function meanSquaredError(
  block: i32, scratch: usize, dPredictions: usize, rowLoss: usize, predictions: usize, targets: usize,
  rows: i32, columns: i32, blockRows: i32, gradientScale: f32,
): void {
  const bytes = (<usize>columns) << 2;
  for (let row = blockStart(block, blockRows), end = blockEnd(block, blockRows, rows); row < end; row++) {
    const offset = <usize>row * bytes;
    let sum: f64 = 0;
    for (let i = offset; i < offset + bytes; i += 4) {
      const difference = load<f32>(predictions + i) - load<f32>(targets + i);
      sum += <f64>difference * <f64>difference;
      if (dPredictions != 0) store<f32>(dPredictions + i, 2 * difference * gradientScale);
    }
    store<f32>(rowLoss + ((<usize>row) << 2), <f32>(sum / <f64>columns));
  }
}
