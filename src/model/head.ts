import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import type { EmittedLoss, Loss, TargetSpec } from '../losses.js';
import { emitLoss, stepsOf } from '../losses.js';
import type { Metric, MetricBatch, MetricTask } from '../metrics.js';
import type { Ref } from '../plan/buffer.js';
import type { PlanTensor, Tape } from '../plan/tape.js';
import type { TensorInput } from '../tensor/convert.js';
import type { Shape } from '../tensor/shape.js';
import type { BatchResult, Tally } from './batch-result.js';
import type { ModelTarget } from './batches.js';
import type { BatchLogs } from './history.js';
import type { RowWeights, WeightOptions } from './sample-weights.js';

/** Where the rows of an output have what they are compared with. */
export interface HeadData {
  target: Ref;
  weights: Ref | undefined;
}

export interface EmittedHead extends EmittedLoss {
  /** Takes the loss of a batch, its weight and how many of its rows are right. */
  state: Ref;
}

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

/**
 * An output in training: its loss and its metrics. Accuracy is counted by the kernels of the loss; the other metrics look at the outputs of each batch.
 * The only head of a model is all that the model is trained for.
 */
export class Head implements Objective {
  readonly heads = [this];
  readonly target: TargetSpec;
  /** For accuracy: how much of one sample can be right, its rows or their columns. */
  private readonly perSample: number;
  private readonly task: MetricTask;
  /** The metrics that look at outputs. */
  readonly counted: readonly Metric[];

  /** @throws LanewiseError `invalid-argument`, `invalid-shape` where a metric or the output does not suit the loss, or two metrics have one name */
  constructor(
    private readonly metrics: readonly Metric[],
    readonly loss: Loss,
    readonly shape: Shape,
    /** What stands behind a place in an error. */
    readonly place = '',
  ) {
    const columns = shape.at(-1) ?? 1;
    this.target = loss.target(shape);
    this.task = { columns, numbered: this.target.classes !== undefined, separate: loss.counts === 'columns' && columns > 1 };
    this.perSample = stepsOf(shape) * (loss.counts === 'columns' ? columns : 1);
    this.counted = metrics.filter((metric) => !isInKernel(metric));
    if (!loss.counts && this.counted.length < metrics.length) throw new LanewiseError('invalid-argument', 'accuracy needs a cross-entropy', { received: loss.name });
    const names = metrics.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new LanewiseError('invalid-argument', 'two metrics have one name', { received: twice, remedy: `Name one of them, such as { name: '${twice}_2' }` });
    }
    for (const metric of this.counted) metric.check(this.task);
  }

  get config(): { loss: Json; metrics: readonly Json[] } {
    return { loss: this.loss.config, metrics: this.metrics.map(({ config }) => config) };
  }

  get kept(): readonly string[] {
    return this.counted.map(({ name }) => name);
  }

  // lists and records are refused where tensors are checked
  targets(given: ModelTarget): readonly TensorInput[] {
    return [given as TensorInput];
  }

  weights(given: WeightOptions): readonly RowWeights[] {
    return [given as RowWeights];
  }

  emit(tape: Tape, [output]: readonly PlanTensor[], [data]: readonly HeadData[]): EmittedHead[] {
    return [{ ...emitLoss(tape, this.loss, output!, data!), state: tape.state }];
  }

  lossName(): string {
    return 'the loss';
  }

  join([result]: readonly BatchResult[]): BatchResult {
    return result!;
  }

  /** What a batch came to by the metrics that look at outputs. */
  count(batch: Omit<MetricBatch, keyof MetricTask>): Float64Array[] {
    return this.counted.map((metric) => {
      const sums = new Float64Array(metric.size(this.task));
      metric.add(sums, { ...batch, ...this.task });
      return sums;
    });
  }

  begin(): Tally {
    return { lossSum: 0, correct: 0, weight: 0, sums: this.counted.map((metric) => new Float64Array(metric.size(this.task))) };
  }

  add(tally: Tally, { loss, correct, weight, sums }: BatchResult): void {
    tally.lossSum += weight > 0 ? loss * weight : 0;
    tally.correct += correct;
    tally.weight += weight;
    this.counted.forEach((metric, index) => metric.merge(tally.sums[index]!, sums[index]!));
  }

  figures({ lossSum, correct, weight, sums }: Tally): BatchLogs {
    const logs: BatchLogs = { loss: lossSum / weight };
    for (const metric of this.metrics) {
      const index = this.counted.indexOf(metric);
      logs[metric.name] = index < 0 ? correct / (weight * this.perSample) : metric.result(sums[index]!);
    }
    return logs;
  }

  batchFigures(batch: BatchResult): BatchLogs {
    return { ...this.figures({ ...batch, lossSum: 0 }), loss: batch.loss };
  }
}

/** Accuracy at the usual threshold. */
const isInKernel = ({ config }: Metric): boolean => config === 'accuracy';
