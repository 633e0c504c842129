import { LanewiseError } from './errors.js';
import { ROW_BLOCK, blocksOf } from './plan/blocking.js';
import type { Ref } from './plan/buffer.js';
import type { PlanTensor, Tape } from './plan/tape.js';
import type { Shape } from './tensor/shape.js';
import { formatShape, sizeOf } from './tensor/shape.js';

/**
 * `sparseCategoricalCrossentropy`: class numbers against logits (linear output) or, if the last activation is softmax, against its
 * probabilities; computed from the logits in both cases, which never overflows. `meanSquaredError` (`mse`): the mean over all outputs.
 */
export type LossName = 'sparseCategoricalCrossentropy' | 'meanSquaredError' | 'mse';

/** How targets reach a loss. */
export interface TargetSpec {
  /** Shape of one target. */
  shape: Shape;
  /** Class numbers below this, as integers; undefined for real targets. */
  classes?: number;
}

export interface EmittedLoss {
  /** Loss of each sample: [batch]. */
  rowLoss: Ref;
  /** 1 for each sample classified right: [batch]. */
  rowCorrect?: Ref;
}

export interface Loss {
  readonly name: LossName;
  /** @throws LanewiseError `invalid-shape` if the model's output does not suit the loss. */
  target(outputShape: Shape): TargetSpec;
  /** Lays out the loss of a batch, and in training the whole backward pass. */
  emit(tape: Tape, output: PlanTensor, target: Ref): EmittedLoss;
}

const crossEntropy: Loss = {
  name: 'sparseCategoricalCrossentropy',
  target(outputShape) {
    const [classes] = outputShape;
    if (outputShape.length !== 1 || classes === undefined || classes < 2) {
      throw new LanewiseError('invalid-shape', 'the output does not suit a cross-entropy', {
        where: 'sparseCategoricalCrossentropy', expected: '[classes], at least 2', received: formatShape(outputShape),
      });
    }
    return { shape: [], classes };
  },
  emit(tape, output, labels) {
    const logits = tape.toRows(output.logits ?? output);
    const rows = tape.batch;
    const classes = logits.shape[0]!;
    const gradient = tape.training ? tape.like(logits) : undefined;
    const rowLoss = tape.buffer(rows, true);
    const rowCorrect = tape.buffer(rows, true);
    tape.op(
      'softmaxCrossEntropy',
      { dLogits: gradient?.ref, rowLoss, rowCorrect, logits: logits.ref, labels, rows, classes, blockRows: ROW_BLOCK, gradientScale: 1 / rows },
      blocksOf(rows, ROW_BLOCK), 4 * (classes + 4),
    );
    if (gradient) tape.backward(logits, gradient);
    return { rowLoss, rowCorrect };
  },
};

const meanSquaredError: Loss = {
  name: 'meanSquaredError',
  target: (outputShape) => ({ shape: outputShape }),
  emit(tape, output, targets) {
    const predictions = tape.toRows(output);
    const rows = tape.batch;
    const columns = sizeOf(predictions.shape);
    const gradient = tape.training ? tape.like(predictions) : undefined;
    const rowLoss = tape.buffer(rows, true);
    tape.op(
      'meanSquaredError',
      {
        dPredictions: gradient?.ref, rowLoss, predictions: predictions.ref, targets, rows, columns, blockRows: ROW_BLOCK,
        gradientScale: 1 / (rows * columns),
      },
      blocksOf(rows, ROW_BLOCK),
    );
    if (gradient) tape.backward(predictions, gradient);
    return { rowLoss };
  },
};

const LOSSES: Readonly<Record<LossName, Loss>> = {
  sparseCategoricalCrossentropy: crossEntropy, meanSquaredError, mse: meanSquaredError,
};

/** @throws LanewiseError `invalid-argument` */
export function requireLoss(name: LossName): Loss {
  if (Object.hasOwn(LOSSES, name)) return LOSSES[name];
  throw new LanewiseError('invalid-argument', 'unknown loss', { expected: Object.keys(LOSSES).join(', '), received: String(name) });
}
