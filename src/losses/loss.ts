import type { Json } from '../json.js';
import { said } from '../json.js';
import { ROW_BLOCK, blocksOf } from '../plan/blocking.js';
import type { Ref } from '../plan/buffer.js';
import type { PlanTensor, Tape } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import { sizeOf } from '../tensor/shape.js';

/** How targets reach a loss. */
export interface TargetSpec {
  /** Shape of one target. */
  shape: Shape;
  /** Class numbers below this, as integers; undefined for real targets. */
  classes?: number;
  /** The least and the largest that a real target may be; undefined for any. */
  range?: readonly [number, number];
}

export interface EmittedLoss {
  /** Loss of each row: [rows]. */
  rowLoss: Ref;
  /** For each row 1 if it is classified right, or how many of its columns are: [rows]. */
  rowCorrect?: Ref;
  /** Whether the output is logits of which sigmoid makes probabilities. */
  logits?: boolean;
  /** What the loss is computed from, and in training the gradient with respect to it. */
  source: PlanTensor;
  gradient: PlanTensor | undefined;
}

/**
 * A loss over the last axis of the output: what comes before it, the samples and the steps of a sequence, are rows. Reduction is Keras's
 * `sum_over_batch_size`.
 */
export interface Loss {
  readonly name: string;
  /** What tells it from others: its name, or its name and options. */
  readonly config: Json;
  /** What `rowCorrect` counts, if it is given: rows of the right class, or columns on the right side. */
  readonly counts?: 'classes' | 'columns';
  /** What targets look like. @throws LanewiseError `invalid-shape` if the model's output does not suit the loss. @internal */
  target(outputShape: Shape): TargetSpec;
  /**
   * Lays out the loss of a batch, and in training its gradient.
   * @param rowScale [rows], what each row's loss counts in that of the batch; undefined for 1 / rows
   * @internal
   */
  emit(tape: Tape, output: PlanTensor, target: Ref, rowScale?: Ref): EmittedLoss;
}

/** Options of the losses that want probabilities. */
export interface ProbabilityOptions {
  /**
   * Whether the model's output is logits. By default that is seen from the output: what comes from a softmax (a sigmoid) is computed from
   * its logits, which never overflows; probabilities whose logits are out of reach, such as those of a flattened softmax, are kept within
   * [1e-7, 1 - 1e-7] as in Keras; everything else is taken for logits. Say `false` where the model ends in probabilities made in another way.
   */
  fromLogits?: boolean;
}

/** Rows and columns of an output: its samples, or their steps, and its last axis. */
export interface RowSizes {
  rows: number;
  columns: number;
  blockRows: number;
}

export function rowSizes(tape: Tape, shape: Shape): RowSizes {
  const columns = shape.at(-1) ?? 1;
  return { rows: tape.length(shape, 'rows') / columns, columns, blockRows: Math.max(ROW_BLOCK, Math.ceil(1024 / columns)) };
}

export const rowBlocks = ({ rows, blockRows }: RowSizes): number => blocksOf(rows, blockRows);

/** Rows of a sample: 1, or the steps of a sequence. */
export const stepsOf = (outputShape: Shape): number => sizeOf(outputShape.slice(0, -1));

/**
 * What a loss is computed from: the logits of an output, or the output itself.
 * @param kind what makes probabilities of logits that suit this loss
 */
export function sourceOf(output: PlanTensor, kind: 'softmax' | 'sigmoid', fromLogits: boolean | undefined): { source: PlanTensor; logits: boolean } {
  if (fromLogits !== undefined) return { source: output, logits: fromLogits };
  const { probabilities } = output;
  if (!probabilities) return { source: output, logits: true };
  const { logits } = probabilities;
  const sameRows = kind === 'sigmoid' || logits.shape.at(-1) === output.shape.at(-1);
  return probabilities.kind === kind && sameRows ? { source: logits, logits: true } : { source: output, logits: false };
}

/**
 * The loss of a batch, its weight and how many of its rows are right, into the state; in training the whole backward pass as well.
 * @param weights one for each row of the output: [rows]
 */
export function emitLoss(
  tape: Tape, loss: Loss, output: PlanTensor, { target, weights }: { target: Ref; weights?: Ref | undefined },
): EmittedLoss {
  const { rows } = rowSizes(tape, output.shape);
  const steps = stepsOf(output.shape);
  const { state } = tape;
  const mask = output.mask;
  let rowScale: Ref | undefined;
  if (weights || mask) {
    rowScale = tape.buffer(rows);
    tape.op('lossWeights', { rowScale, state, weights, mask, rows, steps }, 1);
  }
  const emitted = loss.emit(tape, output, target, rowScale);
  if (emitted.gradient) tape.backward([emitted.source, emitted.gradient]);
  tape.owner = 'loss';
  tape.op('accumulateMetrics', { state, rowLoss: emitted.rowLoss, rowCorrect: emitted.rowCorrect, rowScale, mask, rows, steps }, 1);
  return emitted;
}

/** The name alone where all options are left at their defaults: as it stands in the checkpoints of before there were options. */
export function configOf(name: string, options: Readonly<Record<string, Json | undefined>>): Json {
  const others = said(options);
  return Object.keys(others).length === 0 ? name : { name, ...others };
}
