import { State } from "../plan/ops";

/**
 * Op (one block): what each row's loss counts, as Keras's `sum_over_batch_size`. Without a mask the loss is Σ weight · loss / rows: weights do not
 * enter the divisor. With one it is the sum over the rows that count, divided by how many these are; 0 where none is.
 *
 * rowScale: [rows] = weight · mask / divisor; state: takes the divisor, in samples; weights: [rows], or address 0
 * if all are 1; mask: [rows], 0 or 1, or address 0; steps: rows of a sample.
 */
export function lossWeights(
  block: i32, scratch: usize, rowScale: usize, state: usize, weights: usize, mask: usize, rows: i32, steps: i32,
): void {
  let divisor: f64 = <f64>rows;
  if (mask != 0) {
    divisor = 0;
    for (let row = 0; row < rows; row++) divisor += <f64>load<f32>(mask + ((<usize>row) << 2));
  }
  store<f64>(state + State.batchWeight, divisor / <f64>steps);
  for (let row = 0; row < rows; row++) {
    const weight: f32 = weights == 0 ? 1 : load<f32>(weights + ((<usize>row) << 2));
    const kept: f32 = mask == 0 ? 1 : load<f32>(mask + ((<usize>row) << 2));
    store<f32>(rowScale + ((<usize>row) << 2), kept == 0 ? 0 : <f32>(<f64>weight * <f64>kept / divisor));
  }
}

/**
 * Op (one block): the loss of a batch, and how many of its rows (or of their columns) are right.
 *
 * state: takes both, and without `rowScale` the weight of the batch, its samples; rowLoss: [rows]; rowCorrect: [rows] or address 0; rowScale: [rows]
 * or address 0 for the plain mean; mask: [rows], or address 0 if all rows count; steps: rows of a sample.
 */
export function accumulateMetrics(
  block: i32, scratch: usize, state: usize, rowLoss: usize, rowCorrect: usize, rowScale: usize, mask: usize, rows: i32, steps: i32,
): void {
  let loss: f64 = 0, correct: f64 = 0;
  for (let row = 0; row < rows; row++) {
    const at = (<usize>row) << 2;
    const scale: f32 = rowScale == 0 ? 1 : load<f32>(rowScale + at);
    if (scale != 0) loss += <f64>load<f32>(rowLoss + at) * <f64>scale;
    if (rowCorrect != 0 && (mask == 0 || load<f32>(mask + at) != 0)) correct += <f64>load<f32>(rowCorrect + at);
  }
  store<f64>(state + State.batchLoss, rowScale == 0 ? loss / <f64>rows : loss);
  store<f64>(state + State.batchCorrect, correct);
  if (rowScale == 0) store<f64>(state + State.batchWeight, <f64>rows / <f64>steps);
}
