import { LanewiseError } from '../errors.js';
import type { Json } from '../json.js';
import type { Loss } from '../losses.js';
import { stepsOf } from '../losses.js';
import type { Metric, MetricBatch, MetricTask } from '../metrics.js';
import type { Shape } from '../tensor/shape.js';
import type { BatchLogs } from './history.js';

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

/** The metrics that a model was compiled with. Accuracy is counted by the kernels of the loss; the others look at the outputs of each batch. */
export class Meter {
  /** For accuracy: how much of one sample can be right, its rows or their columns. */
  private readonly perSample: number;
  private readonly task: MetricTask;
  /** Those that look at outputs. */
  readonly counted: readonly Metric[];

  /** @throws LanewiseError `invalid-argument`, `invalid-shape` where a metric does not suit the loss, or two have one name */
  constructor(
    private readonly metrics: readonly Metric[],
    loss: Loss, outputShape: Shape,
  ) {
    const columns = outputShape.at(-1) ?? 1;
    this.task = { columns, numbered: loss.target(outputShape).classes !== undefined, separate: loss.counts === 'columns' && columns > 1 };
    this.perSample = stepsOf(outputShape) * (loss.counts === 'columns' ? columns : 1);
    this.counted = metrics.filter((metric) => !isInKernel(metric));
    if (!loss.counts && this.counted.length < metrics.length) throw new LanewiseError('invalid-argument', 'accuracy needs a cross-entropy', { received: loss.name });
    const names = metrics.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new LanewiseError('invalid-argument', 'two metrics have one name', { received: twice, remedy: `Name one of them, such as { name: '${twice}_2' }` });
    }
    for (const metric of this.counted) metric.check(this.task);
  }

  /** What must be the same where a run goes on. */
  get config(): readonly Json[] {
    return this.metrics.map(({ config }) => config);
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

  /** The figures of batches; the loss is NaN where a mask left nothing. */
  figures({ lossSum, correct, weight, sums }: Tally): BatchLogs {
    const logs: BatchLogs = { loss: lossSum / weight };
    for (const metric of this.metrics) {
      const index = this.counted.indexOf(metric);
      logs[metric.name] = index < 0 ? correct / (weight * this.perSample) : metric.result(sums[index]!);
    }
    return logs;
  }

  /** Those of one batch. */
  batchFigures(batch: BatchResult): BatchLogs {
    return { ...this.figures({ ...batch, lossSum: 0 }), loss: batch.loss };
  }
}

/** Accuracy at the usual threshold. */
const isInKernel = ({ config }: Metric): boolean => config === 'accuracy';
