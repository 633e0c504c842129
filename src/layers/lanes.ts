/** Ops that recurrent layers and dense layers over a sequence share. */
import { ELEMENT_BLOCK, GRADIENT_STEP_BLOCK, STEP_BLOCK, blocksOf } from '../plan/blocking.js';
import type { Ref } from '../plan/buffer.js';
import { floatsOn } from '../plan/buffer.js';
import { Kernel } from '../plan/ops.js';
import type { PlanParameter, PlanTensor, Tape } from '../plan/tape.js';

interface StepSizes {
  time: number;
  features: number;
  units: number;
}

/** y = x · w + bias at every step. w: [features, units]. */
export function emitLanesForward(
  tape: Tape, { y, x, w, bias, ...sizes }: StepSizes & { y: PlanTensor; x: PlanTensor; w: Ref; bias?: Ref | undefined },
): void {
  tape.pairwise(
    'lanesForward', { y: y.ref, x: x.ref, w, bias, groups: tape.groups, ...sizes, blockSteps: STEP_BLOCK }, 16 * sizes.units,
    blocksOf(sizes.time, STEP_BLOCK),
  );
}

/** dx = dy · wᵀ at every step: the gradient of what was multiplied by a kernel [features, units]. */
export function emitLanesBackwardInput(
  tape: Tape, { dx, dy, kernel, time, features, units }: StepSizes & { dx: PlanTensor; dy: PlanTensor; kernel: PlanParameter },
): void {
  const w = emitTransposed(tape, kernel.value, features, units);
  emitLanesForward(tape, { y: dx, x: dy, w, time, features: units, units: features });
}

interface StepProduct extends StepSizes {
  x: PlanTensor;
  dy: PlanTensor;
  kernel: PlanParameter;
  bias?: PlanParameter | undefined;
  /** 1 if x is the layer's own output one step before. */
  shift?: 0 | 1;
}

/** Bytes of scratch of lanesBackwardKernel, as assembly/recurrent/lanes-backward-kernel.ts lays it out. */
export function gradientScratch(blockSteps: number, features: number, units: number): number {
  const columns = Math.min(features, units);
  return 16 + Kernel.dotsBytes + Kernel.dotsStepBytes * blockSteps + (columns >= Kernel.dotsLarge ? Math.ceil(columns / 2) * (32 * blockSteps + 64) : 0);
}

/** Gradients of a kernel [features, units] applied at every step, and of its bias. */
export function emitLanesGradients(tape: Tape, { x, dy, kernel, bias, time, features, units, shift = 0 }: StepProduct): void {
  if (!kernel.gradient && !bias?.gradient) return;
  const perGroup = blocksOf(time, GRADIENT_STEP_BLOCK);
  const blocks = tape.groups * perGroup;
  const withBias = bias ? 1 : 0;
  const stride = (features + withBias) * units;
  const partials = tape.buffer(blocks * stride);
  tape.groupwise(
    'lanesBackwardKernel', { partials, x: x.ref, dy: dy.ref, time, features, units, shift, withBias, blockSteps: GRADIENT_STEP_BLOCK },
    gradientScratch(GRADIENT_STEP_BLOCK, features, units), perGroup,
  );
  const reduce = (out: Ref, offset: number, size: number): void =>
    tape.op(
      'reducePartials',
      { out, partials: floatsOn(partials, offset), size, count: blocks, stride, blockSize: ELEMENT_BLOCK },
      blocksOf(size, ELEMENT_BLOCK),
    );
  if (kernel.gradient) reduce(kernel.gradient, 0, features * units);
  if (bias?.gradient) reduce(bias.gradient, features * units, units);
}

/** The transpose of a small matrix [rows, columns]. */
export function emitTransposed(tape: Tape, x: Ref, rows: number, columns: number): Ref {
  const out = tape.buffer(rows * columns);
  tape.op('transpose', { out, x, rows, columns }, 1);
  return out;
}

/** The steps of a sequence in lanes from the last to the first. */
export function emitReversed(tape: Tape, x: PlanTensor): PlanTensor {
  const [time, features] = x.shape as [number, number];
  const y = tape.like(x);
  tape.groupwise('reverseSteps', { y: y.ref, x: x.ref, time, features });
  tape.record(y, [x], (dy) => {
    if (!x.needsGradient) return [];
    const dx = tape.like(x);
    tape.groupwise('reverseSteps', { y: dx.ref, x: dy.ref, time, features });
    return [dx];
  });
  return y;
}
