import { requireRate } from '../options.js';
import type { Loss, ProbabilityOptions } from './loss.js';
import { configOf, rowBlocks, rowSizes, sourceOf } from './loss.js';

export interface BinaryCrossentropyOptions extends ProbabilityOptions {
  /** Share by which targets are drawn towards 1/2, from 0 (default) to below 1. */
  labelSmoothing?: number;
}

const NAME = 'binaryCrossentropy';

/**
 * Cross-entropy of independent yes-or-no outputs, -t·log p - (1 - t)·log(1 - p), averaged over the last axis. Output and targets: […, outputs];
 * targets from 0 to 1.
 * @throws LanewiseError `invalid-argument`
 */
export function binaryCrossentropy({ fromLogits, labelSmoothing = 0 }: BinaryCrossentropyOptions = {}): Loss {
  requireRate(labelSmoothing, 'labelSmoothing', NAME);
  return {
    name: NAME,
    config: configOf(NAME, { fromLogits, labelSmoothing: labelSmoothing || undefined }),
    counts: 'columns',
    target: (outputShape) => ({ shape: outputShape, range: [0, 1] }),
    emit(tape, output, targets, rowScale) {
      const { source, logits } = sourceOf(output, 'sigmoid', fromLogits);
      const x = tape.toRows(source);
      const sizes = rowSizes(tape, output.shape);
      const gradient = tape.training ? tape.like(x) : undefined;
      const rowLoss = tape.buffer(sizes.rows, true);
      const rowCorrect = tape.buffer(sizes.rows, true);
      tape.op(
        'binaryCrossEntropy',
        {
          dOutput: gradient?.ref, rowLoss, rowCorrect, output: x.ref, targets, rowScale, ...sizes, gradientScale: 1 / sizes.rows, labelSmoothing,
          probabilities: Number(!logits),
        },
        rowBlocks(sizes),
      );
      return { rowLoss, rowCorrect, logits: fromLogits ?? output.probabilities === undefined, source: x, gradient };
    },
  };
}
