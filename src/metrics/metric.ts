import type { Json } from '../json.js';
import type { NumericArray } from '../tensor/tensor.js';

/** Names of metrics: see the functions of the same names in `metrics`; `mse`, `mae` and `rmse` are short for the errors. */
export const METRIC_NAMES = [
  'accuracy', 'topKAccuracy', 'precision', 'recall', 'f1', 'meanSquaredError', 'mse', 'meanAbsoluteError', 'mae', 'rootMeanSquaredError', 'rmse', 'r2',
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** What figures of metrics are called: as the metric, or that and an ending of one's own, `precision_strict`. */
export type FigureName = MetricName | `${MetricName}_${string}`;

/** What figures of a model of several outputs are called: as the output, and its loss or a metric. */
export type OutputFigure = `${string}_loss` | `${string}_${MetricName}` | `${string}_${MetricName}_${string}`;

/** The option that tells two metrics of a kind apart. */
export interface NameOption<Kind extends MetricName> {
  /** What its figure is called in logs and history: the metric's own name (default), or that with an ending: `precision_strict`. */
  name?: Kind | `${Kind}_${string}`;
}

/** What a metric knows of a model before it sees rows. */
export interface MetricTask {
  /** Size of the last axis of the output. */
  readonly columns: number;
  /** Whether targets are class numbers, one a row; else there is one for each output. */
  readonly numbered: boolean;
  /** Whether each column is a yes or no of its own. */
  readonly separate: boolean;
}

/** Rows of outputs and their targets. */
export interface MetricBatch extends MetricTask {
  readonly rows: number;
  /** [rows, columns] */
  readonly outputs: NumericArray;
  /** [rows] of class numbers, or [rows, columns] */
  readonly targets: NumericArray;
  /** Which rows count, 1 or 0: [rows]; undefined if all do. */
  readonly mask?: NumericArray | undefined;
  /** Whether outputs are logits: then thresholds are of their sigmoid. */
  readonly logits: boolean;
}

/**
 * A figure of targets and outputs that is computed from numbers which are counted or summed up over batches, in double precision and in the order of
 * rows: so it is that of all rows, however they were cut into batches.
 */
export interface Metric {
  /** What its figure is called in logs and history. */
  readonly name: FigureName;
  /** What tells it from others: its name, or its name and options. */
  readonly config: Json;
  /** @throws LanewiseError `invalid-argument` where outputs and targets do not suit it */
  check(task: MetricTask): void;
  /** How many numbers are kept. */
  size(task: MetricTask): number;
  /** Takes rows into account. sums: [size], zeros at first */
  add(sums: Float64Array, batch: MetricBatch): void;
  /** Joins what later rows came to with what earlier ones did. */
  merge(sums: Float64Array, later: Float64Array): void;
  /** The figure; NaN or 0 of no rows. */
  result(sums: Float64Array): number;
}

/** Counts and plain sums are joined by adding them. */
export function addSums(sums: Float64Array, later: Float64Array): void {
  for (let i = 0; i < sums.length; i++) sums[i]! += later[i]!;
}

const RISING: readonly string[] = ['accuracy', 'topKAccuracy', 'precision', 'recall', 'f1', 'r2'] satisfies MetricName[];

/** The metric of a figure of validation, or of the figure itself: `precision_strict` of `valPrecision_strict`. */
const trained = (figure: string): string => (/^val[A-Z]/.test(figure) ? figure[3]!.toLowerCase() + figure.slice(4) : figure);

/** What kind a metric is of: `precision` of `precision_strict`. */
export const kindOf = (figure: string): string => figure.split('_', 1)[0]!;

/** Whether this may be what the figure of a metric is called. */
export const isFigureName = (name: string): name is FigureName => /^\w{1,64}$/.test(name) && (METRIC_NAMES as readonly string[]).includes(kindOf(name));

/** What a figure is of: a metric, or the loss of an output. The last part of its name that is either: `mae` of `valPrice_mae`, `loss` of `f1_loss`. */
const measured = (figure: string): string | undefined =>
  trained(figure).split('_').findLast((part, index) => (METRIC_NAMES as readonly string[]).includes(part) || (part === 'loss' && index > 0));

/** Whether this may be the figure of a metric or of an output, in training or in validation. */
export const isMetricFigure = (figure: string): boolean =>
  isFigureName(trained(figure)) || new RegExp(`._(loss|(${METRIC_NAMES.join('|')})(_\\w{1,64})?)$`, 's').test(figure);

/** Whether a figure gets better by rising: losses and errors fall. */
export const rises = (figure: string): boolean => RISING.includes(measured(figure) ?? '');
