import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import type { PlanParameter, PlanTensor, Tape } from '../plan/tape.js';

/** Gradient of a bias added to every row of dy [rows, columns]: the column sums, in partial sums by shape. */
export function emitBiasGradient(tape: Tape, bias: PlanParameter, dy: PlanTensor, rows: number, columns: number): void {
  if (!bias.gradient) return;
  const blockRows = Math.ceil(rows / 32);
  const blocks = blocksOf(rows, blockRows);
  const partials = tape.buffer(blocks * columns);
  tape.op('columnSums', { partials, x: dy.ref, rows, columns, blockRows }, blocks);
  tape.op(
    'reducePartials', { out: bias.gradient, partials, size: columns, count: blocks, stride: columns, blockSize: ELEMENT_BLOCK },
    blocksOf(columns, ELEMENT_BLOCK),
  );
}
