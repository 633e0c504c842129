import { LanewiseError } from '../errors.js';
import { requireRate } from '../options.js';
import type { Ref } from '../plan/buffer.js';
import type { PlanTensor, Tape } from '../plan/tape.js';
import { formatShape } from '../tensor/shape.js';
import type { EmittedLoss, Loss, ProbabilityOptions } from './loss.js';
import { configOf, rowBlocks, rowSizes, sourceOf } from './loss.js';

export interface CategoricalCrossentropyOptions extends ProbabilityOptions {
  /** Share of each target that is spread evenly over all classes, from 0 (default) to below 1 (Szegedy et al., 2016). */
  labelSmoothing?: number;
}

/** A cross-entropy over the classes of the last axis, against class numbers or distributions. */
function crossEntropy(name: string, sparse: boolean, { fromLogits, labelSmoothing = 0 }: CategoricalCrossentropyOptions): Loss {
  requireRate(labelSmoothing, 'labelSmoothing', name);
  return {
    name,
    config: configOf(name, { fromLogits, labelSmoothing: labelSmoothing || undefined }),
    counts: 'classes',
    target(outputShape) {
      const classes = outputShape.at(-1);
      if (classes === undefined || classes < 2) {
        throw new LanewiseError('invalid-shape', 'the output does not suit a cross-entropy', {
          where: name, expected: '[…, classes], at least 2', received: formatShape(outputShape), remedy: 'For one probability use binaryCrossentropy',
        });
      }
      return sparse ? { shape: outputShape.slice(0, -1), classes } : { shape: outputShape, range: [0, 1] };
    },
    emit(tape, output, target, rowScale) {
      const { source, logits } = sourceOf(output, 'softmax', fromLogits);
      const x = tape.toRows(source);
      return emitRows(tape, x, { target, rowScale, sparse, logits, labelSmoothing });
    },
  };
}

interface Rows {
  target: Ref;
  rowScale: Ref | undefined;
  sparse: boolean;
  logits: boolean;
  labelSmoothing: number;
}

function emitRows(tape: Tape, x: PlanTensor, { target, rowScale, sparse, logits, labelSmoothing }: Rows): EmittedLoss {
  const sizes = rowSizes(tape, x.shape);
  const { rows, columns: classes, blockRows } = sizes;
  const gradient = tape.training ? tape.like(x) : undefined;
  const rowLoss = tape.buffer(rows, true);
  const rowCorrect = tape.buffer(rows, true);
  const common = { rowLoss, rowCorrect, rowScale, rows, classes, blockRows, gradientScale: 1 / rows, labelSmoothing };
  const scratch = 4 * (classes + 4);
  if (!logits) {
    const args = { dOutput: gradient?.ref, p: x.ref, targets: target, sparse: Number(sparse) };
    tape.op('probabilityCrossEntropy', { ...common, ...args }, rowBlocks(sizes), scratch);
  } else if (sparse) {
    tape.op('softmaxCrossEntropy', { ...common, dLogits: gradient?.ref, logits: x.ref, labels: target }, rowBlocks(sizes), scratch);
  } else {
    tape.op('categoricalCrossEntropy', { ...common, dLogits: gradient?.ref, logits: x.ref, targets: target }, rowBlocks(sizes), scratch);
  }
  return { rowLoss, rowCorrect, source: x, gradient };
}

/**
 * Cross-entropy against class numbers: -log of the probability of the right class. Output: […, classes]; targets: […], whole numbers. Label smoothing,
 * which Keras has for distributions only, makes of them what it makes of one-hot targets.
 * @throws LanewiseError `invalid-argument`
 */
export const sparseCategoricalCrossentropy = (options: CategoricalCrossentropyOptions = {}): Loss => crossEntropy('sparseCategoricalCrossentropy', true, options);

/**
 * Cross-entropy against distributions, such as one-hot targets: -Σ t·log p. Output and targets: […, classes]; targets from 0 to 1.
 * @throws LanewiseError `invalid-argument`
 */
export const categoricalCrossentropy = (options: CategoricalCrossentropyOptions = {}): Loss => crossEntropy('categoricalCrossentropy', false, options);

