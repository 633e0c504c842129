import type { OpArguments } from '../plan/builder.js';
import type { PlanTensor, Tape } from '../plan/tape.js';
import type { Json } from '../json.js';
import { requirePositive } from '../options.js';
import type { Loss } from './loss.js';
import { configOf, rowBlocks, rowSizes } from './loss.js';

type Difference = Omit<OpArguments<'meanSquaredError'>, 'blockRows'> & { blockRows: number };

/** A loss of the differences between outputs and targets of the same shape, averaged over the last axis. */
function regression(name: string, config: Json, emitOp: (tape: Tape, args: Difference, blocks: number) => void): Loss {
  return {
    name,
    config,
    target: (outputShape) => ({ shape: outputShape }),
    emit(tape, output, targets, rowScale) {
      const predictions: PlanTensor = tape.toRows(output);
      const sizes = rowSizes(tape, predictions.shape);
      const gradient = tape.training ? tape.like(predictions) : undefined;
      const rowLoss = tape.buffer(sizes.rows, true);
      const gradientScale = 1 / (sizes.rows * sizes.columns);
      emitOp(tape, { dPredictions: gradient?.ref, rowLoss, predictions: predictions.ref, targets, rowScale, ...sizes, gradientScale }, rowBlocks(sizes));
      return { rowLoss, source: predictions, gradient };
    },
  };
}

/** (prediction - target)², averaged over all outputs. */
export const meanSquaredError = (): Loss =>
  regression('meanSquaredError', 'meanSquaredError', (tape, args, blocks) => tape.op('meanSquaredError', args, blocks));

/** |prediction - target|, averaged over all outputs. */
export const meanAbsoluteError = (): Loss =>
  regression('meanAbsoluteError', 'meanAbsoluteError', (tape, args, blocks) => tape.op('huber', { ...args, delta: 1, absolute: 1 }, blocks));

export interface HuberOptions {
  /** Where the square ends and the straight line begins. Default 1. */
  delta?: number;
}

/**
 * Huber's loss: half the square of small differences, growing in a straight line beyond `delta`, averaged over all outputs.
 * @throws LanewiseError `invalid-argument`
 */
export function huber({ delta = 1 }: HuberOptions = {}): Loss {
  requirePositive(delta, 'delta', 'huber');
  return regression('huber', configOf('huber', { delta: delta === 1 ? undefined : delta }), (tape, args, blocks) =>
    tape.op('huber', { ...args, delta, absolute: 0 }, blocks));
}
