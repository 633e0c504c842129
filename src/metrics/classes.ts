import { LanewiseError } from '../errors.js';
import { logarithm } from '../numerics.js';
import { requirePositiveInteger } from '../options.js';
import type { TensorInput } from '../tensor/convert.js';
import type { NumericArray } from '../tensor/tensor.js';
import type { Metric, MetricBatch, MetricTask } from './metric.js';
import { addSums } from './metric.js';
import { named } from './named.js';
import { classBatch, metricFunction } from './over.js';

export interface ThresholdOptions {
  /** Beyond which a single probability stands for class 1. Default 0.5. */
  threshold?: number;
}

/** How the figures of classes become one: their mean (`macro`), their mean by the rows of each class (`weighted`), or that of all rows (`micro`). */
export type Average = 'macro' | 'weighted' | 'micro';

export interface ClassMetricOptions extends ThresholdOptions {
  /** Default `macro`. Not for single probabilities, where the figure is that of the class 1. */
  average?: Average;
}

/** The first largest of a row that begins at `start`. */
function largest(values: NumericArray, start: number, columns: number): number {
  let best = 0;
  for (let c = 1; c < columns; c++) if (values[start + c]! > values[start + best]!) best = c;
  return best;
}

const isBinary = ({ columns, separate }: MetricTask): boolean => columns === 1 || separate;

const counts = ({ mask }: MetricBatch, row: number): boolean => mask === undefined || mask[row] !== 0;

/** What stands at a threshold of the probability before the sigmoid. */
const logitOf = (p: number): number => (p <= 0 ? -Infinity : p >= 1 ? Infinity : logarithm(p / (1 - p)));

/** Actual and predicted class of each row that counts; where columns are a yes or no each, of each column. */
function eachPair(batch: MetricBatch, threshold: number, take: (actual: number, predicted: number) => void): void {
  const { rows, columns, outputs, targets, numbered, logits } = batch;
  const border = logits ? logitOf(threshold) : threshold;
  const binary = isBinary(batch);
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    if (!counts(batch, row)) continue;
    if (binary) for (let c = start; c < start + columns; c++) take(Number(targets[c]! > 0.5), Number(outputs[c]! > border));
    else take(numbered ? targets[row]! : largest(targets, start, columns), largest(outputs, start, columns));
  }
}

/** Of 0.5, which is the default, nothing is said in a config. */
const unlessHalf = (threshold: number): number | undefined => (threshold === 0.5 ? undefined : threshold);

/**
 * How often rows of each class (first index) were taken for each class (second index).
 * @param targets class numbers, or one-hot
 * @param predictions what `predict` gives: […, classes], or […, 1] of probabilities
 * @throws LanewiseError `invalid-shape`, `invalid-data`
 */
export function confusionMatrix(targets: TensorInput, predictions: TensorInput, { threshold = 0.5 }: ThresholdOptions = {}): number[][] {
  const batch = classBatch(targets, predictions, 'confusionMatrix');
  const classes = Math.max(2, batch.columns);
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  eachPair(batch, threshold, (actual, predicted) => matrix[actual]![predicted]!++);
  return matrix;
}

/** The share of what is right. sums: right, all */
const shareRight = { size: () => 2, merge: addSums, result: ([right, all]: Float64Array) => right! / all! } satisfies Partial<Metric>;

/** The share of rows whose class is right; where columns are a yes or no each, the share of columns. @throws LanewiseError as `confusionMatrix` */
export const accuracy = metricFunction<'accuracy', ThresholdOptions>('accuracy', classBatch, ({ threshold = 0.5, name }) => ({
  ...named(['accuracy'], name, { threshold: unlessHalf(threshold) }),
  ...shareRight,
  check: () => {},
  add(sums, batch) {
    eachPair(batch, threshold, (actual, predicted) => {
      sums[0]! += Number(actual === predicted);
      sums[1]!++;
    });
  },
}));

export interface TopKOptions {
  /** Default 5. */
  k?: number;
}

/** The share of rows whose class is among the `k` largest values, the first ones in a tie. @throws LanewiseError as `confusionMatrix`, `invalid-argument` */
export const topKAccuracy = metricFunction<'topKAccuracy', TopKOptions>('topKAccuracy', classBatch, ({ k = 5, name }) => {
  requirePositiveInteger(k, 'k', 'topKAccuracy');
  return {
    ...named(['topKAccuracy'], name, { k: k === 5 ? undefined : k }),
    ...shareRight,
    check(task) {
      if (!isBinary(task)) return;
      throw new LanewiseError('invalid-shape', 'there are no classes to choose from', { where: 'topKAccuracy', expected: '[rows, …, classes], at least 2', received: task.separate ? 'yes or no of each output' : 'one output' });
    },
    add(sums, batch) {
      const { rows, columns, outputs, targets, numbered } = batch;
      for (let row = 0, start = 0; row < rows; row++, start += columns) {
        if (!counts(batch, row)) continue;
        const label = numbered ? targets[row]! : largest(targets, start, columns);
        const own = outputs[start + label]!;
        let before = 0;
        for (let c = 0; c < columns; c++) before += Number(outputs[start + c]! > own || (outputs[start + c]! === own && c < label));
        sums[0]! += Number(before < k);
        sums[1]!++;
      }
    },
  };
});

interface Counts {
  /** Rows of the class that were found. */
  right: number;
  /** Rows that were taken for it. */
  predicted: number;
  /** Rows of it. */
  actual: number;
}

/** 0 where there is nothing to divide by, as Keras. */
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

type ClassKind = 'precision' | 'recall' | 'f1';

/** A figure of each class. sums: [classes][right, predicted, actual]; of a yes or no those of class 1 alone */
const ofClasses = (kind: ClassKind, of: (counts: Counts) => number) => ({ average = 'macro', threshold = 0.5, name }: ClassMetricOptions & { name?: string }): Metric => {
  if (!['macro', 'weighted', 'micro'].includes(average)) {
    throw new LanewiseError('invalid-argument', 'unknown average', { where: kind, expected: 'macro, weighted, micro', received: String(average) });
  }
  return {
    ...named([kind], name, { average: average === 'macro' ? undefined : average, threshold: unlessHalf(threshold) }),
    check: () => {},
    size: (task) => (isBinary(task) ? 3 : 3 * task.columns),
    add(sums, batch) {
      const first = isBinary(batch) ? 1 : 0;
      const count = (label: number, what: number): void => {
        if (label >= first) sums[3 * (label - first) + what]!++;
      };
      eachPair(batch, threshold, (actual, predicted) => {
        if (actual === predicted) count(actual, 0);
        count(predicted, 1);
        count(actual, 2);
      });
    },
    merge: addSums,
    result(sums) {
      const classes = Array.from({ length: sums.length / 3 }, (_, c): Counts => ({ right: sums[3 * c]!, predicted: sums[3 * c + 1]!, actual: sums[3 * c + 2]! }));
      if (classes.length === 1) return of(classes[0]!);
      const total = (what: keyof Counts): number => classes.reduce((sum, each) => sum + each[what], 0);
      const rows = total('actual');
      if (average === 'micro') return of({ right: total('right'), predicted: rows, actual: rows });
      return classes.reduce((sum, each) => sum + of(each) * (average === 'macro' ? 1 / classes.length : share(each.actual, rows)), 0);
    },
  };
};

/** Of the rows that were taken for a class the share that are of it. @throws LanewiseError as `confusionMatrix`, `invalid-argument` */
export const precision = metricFunction<'precision', ClassMetricOptions>(
  'precision', classBatch, ofClasses('precision', ({ right, predicted }) => share(right, predicted)));

/** Of the rows of a class the share that were found. @throws LanewiseError as `precision` */
export const recall = metricFunction<'recall', ClassMetricOptions>('recall', classBatch, ofClasses('recall', ({ right, actual }) => share(right, actual)));

/** The harmonic mean of precision and recall, of each class. @throws LanewiseError as `precision` */
export const f1 = metricFunction<'f1', ClassMetricOptions>(
  'f1', classBatch, ofClasses('f1', ({ right, predicted, actual }) => share(2 * right, predicted + actual)));
