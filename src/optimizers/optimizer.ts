import type { JsonRecord } from '../json.js';
import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import type { PlanBuilder } from '../plan/builder.js';
import type { Ref } from '../plan/buffer.js';
import { refTo, PlanBuffer } from '../plan/buffer.js';

/** A flat range of parameters that are updated together. */
export interface ParameterRange {
  w: Ref;
  g: Ref;
  /** One address for each of the optimizer's slots. */
  slots: readonly Ref[];
  size: number;
}

export interface Optimizer {
  readonly name: string;
  /** Names of the numbers kept for each weight, such as Adam's two moments. */
  readonly slots: readonly string[];
  /** The rate the kernel is given at a step (counted from 0), corrections included. */
  rateAt(step: number): number;
  /** Lays out the update. */
  emit(plan: PlanBuilder, range: ParameterRange, state: Ref): void;
  /** In short, for summaries. */
  describe(): string;
  /** What tells this optimizer from others, as far as it shows after so many steps. */
  config(stepsDone: number): JsonRecord;
}

/**
 * Ops that take the global norm of the gradients: where it is not finite the update is skipped, and where it is above `maxNorm` the state's
 * gradient scale lowers it to that.
 */
export function emitGradientNorm(plan: PlanBuilder, { g, size }: ParameterRange, state: Ref, maxNorm = Infinity): void {
  const blocks = blocksOf(size, ELEMENT_BLOCK);
  const partials = refTo(new PlanBuffer(8 * blocks));
  plan.op('sumOfSquares', { partials, x: g, size, blockSize: ELEMENT_BLOCK }, blocks);
  plan.op('clipByGlobalNorm', { state, partials, count: blocks, maxNorm }, 1);
}
