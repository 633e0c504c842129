import type { JsonRecord } from '../json.js';
import type { EmittedLoss } from '../losses.js';
import type { Ref } from '../plan/buffer.js';
import type { PlanTensor, Tape } from '../plan/tape.js';
import type { TensorInput } from '../tensor/convert.js';
import type { ModelTarget } from './batches.js';
import type { Head } from './head.js';
import type { BatchLogs } from './history.js';
import type { RowWeights, WeightOptions } from './sample-weights.js';

/** What a batch came to. */
export interface BatchResult {
  loss: number;
  /** Rows of the output (or their columns, if the loss counts those) that are right. */
  correct: number;
  /** Samples that the loss is the mean of: all, or where a mask leaves steps out fewer, in fractions. */
  weight: number;
  /** What each metric counted, of those that look at outputs. */
  sums: readonly Float64Array[];
}

/** Batches, summed up. */
export interface Tally {
  /** Losses, each times the weight of its batch. */
  lossSum: number;
  correct: number;
  weight: number;
  readonly sums: readonly Float64Array[];
}

/** Where the rows of an output have what they are compared with. */
export interface HeadData {
  target: Ref;
  weights: Ref | undefined;
}

export interface EmittedHead extends EmittedLoss {
  /** Takes the loss of a batch, its weight and how many of its rows are right. */
  state: Ref;
}

/** A value for each output of a model, in their order or by their names. */
export type PerOutput<Value> = readonly Value[] | Readonly<Record<string, Value>>;

/** What a model is trained for: of one output its head, of several the weighted sum of all heads. */
export interface Objective {
  /** One for each output. */
  readonly heads: readonly Head[];
  /** What must be the same where a run goes on. */
  readonly config: JsonRecord;
  /** The names of what is summed up in a tally's `sums`. */
  readonly kept: readonly string[];
  /** The targets of each output. @throws LanewiseError `invalid-argument` */
  targets(given: ModelTarget, where: string): readonly TensorInput[];
  /** What the rows of each output count. @throws LanewiseError `invalid-argument` */
  weights(given: WeightOptions, where: string): readonly RowWeights[];
  /** Lays out the loss of a batch, into the state; in training the whole backward pass as well. */
  emit(tape: Tape, outputs: readonly PlanTensor[], data: readonly HeadData[]): readonly EmittedHead[];
  /** Which loss it is that is not finite, in words. */
  lossName(losses: readonly number[]): string;
  /** A batch, of what it came to at each head, with its loss in all. */
  join(results: readonly BatchResult[], loss: number, rows: number): BatchResult;
  begin(): Tally;
  add(tally: Tally, batch: BatchResult): void;
  /** The figures of batches; a loss is NaN where a mask left nothing. */
  figures(tally: Tally): BatchLogs;
  /** Those of one batch. */
  batchFigures(batch: BatchResult): BatchLogs;
}
