/** Ops that recurrent layers and dense layers over a sequence share. */
import { ELEMENT_BLOCK, STEP_BLOCK, blocksOf } from '../plan/blocking.js';
import type { Ref } from '../plan/buffer.js';
import type { PlanParameter, PlanTensor, Tape } from '../plan/tape.js';

interface StepProduct {
  x: PlanTensor;
  dy: PlanTensor;
  kernel: PlanParameter;
  bias?: PlanParameter | undefined;
  time: number;
  features: number;
  units: number;
  /** 1 if x is the layer's own output one step before. */
  shift?: 0 | 1;
}

/** Gradients of a kernel [features, units] applied at every step, and of its bias. */
export function emitLanesGradients(tape: Tape, { x, dy, kernel, bias, time, features, units, shift = 0 }: StepProduct): void {
  const blocks = tape.groups * blocksOf(time, STEP_BLOCK);
  const stride = (features + 1) * units;
  const partials = tape.buffer(blocks * stride);
  tape.op(
    'lanesBackwardKernel', { partials, x: x.ref, dy: dy.ref, time, features, units, shift, blockSteps: STEP_BLOCK }, blocks,
    128 * Math.ceil(features / 4) * Math.ceil(units / 2),
  );
  const reduce = (out: Ref, offset: number, size: number): void =>
    tape.op(
      'reducePartials',
      { out, partials: { ...partials, offset: partials.offset + 4 * offset }, size, count: blocks, stride, blockSize: ELEMENT_BLOCK },
      blocksOf(size, ELEMENT_BLOCK),
    );
  reduce(kernel.gradient, 0, features * units);
  if (bias) reduce(bias.gradient, features * units, units);
}

/** The transpose of a small matrix [rows, columns]. */
export function emitTransposed(tape: Tape, x: Ref, rows: number, columns: number): Ref {
  const out = tape.buffer(rows * columns);
  tape.op('transpose', { out, x, rows, columns }, 1);
  return out;
}
