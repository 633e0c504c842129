import { LanewiseError } from '../errors.js';
import type { Metric, MetricBatch, MetricName, MetricTask } from './metric.js';
import { addSums } from './metric.js';
import { named } from './named.js';
import { metricFunction, valueBatch } from './over.js';

const requireValues = (where: string) => ({ numbered }: MetricTask): void => {
  if (!numbered) return;
  throw new LanewiseError('invalid-argument', 'targets that are class numbers have no differences from outputs', {
    where, remedy: 'Use a loss whose targets have the shape of the output, such as categoricalCrossentropy',
  });
};

/** Target and output of each value that counts, row by row. */
function eachValue({ rows, columns, outputs, targets, mask }: MetricBatch, take: (target: number, output: number, column: number) => void): void {
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    if (mask && mask[row] === 0) continue;
    for (let c = 0; c < columns; c++) take(targets[start + c]!, outputs[start + c]!, c);
  }
}

type Kinds = readonly [MetricName, ...MetricName[]];

/** A mean over all values. sums: sum, values */
const meanOf = (kinds: Kinds, of: (difference: number) => number, last = (mean: number): number => mean) => ({ name }: { name?: string }): Metric => ({
  ...named(kinds, name),
  check: requireValues(kinds[0]),
  size: () => 2,
  add(sums, batch) {
    eachValue(batch, (target, output) => {
      sums[0]! += of(output - target);
      sums[1]!++;
    });
  },
  merge: addSums,
  result: ([sum, values]) => last(sum! / values!),
});

/** None. */
export type NoOptions = Record<never, never>;

/** The mean of squared differences. @throws LanewiseError `invalid-shape` */
export const meanSquaredError = metricFunction<'meanSquaredError' | 'mse', NoOptions>(
  'meanSquaredError', valueBatch, meanOf(['meanSquaredError', 'mse'], (difference) => difference * difference));

/** The mean of absolute differences. @throws LanewiseError `invalid-shape` */
export const meanAbsoluteError = metricFunction<'meanAbsoluteError' | 'mae', NoOptions>(
  'meanAbsoluteError', valueBatch, meanOf(['meanAbsoluteError', 'mae'], Math.abs));

/** The root of the mean of squared differences. @throws LanewiseError `invalid-shape` */
export const rootMeanSquaredError = metricFunction<'rootMeanSquaredError' | 'rmse', NoOptions>(
  'rootMeanSquaredError', valueBatch, meanOf(['rootMeanSquaredError', 'rmse'], (difference) => difference * difference, Math.sqrt));

/** Of a column of `r2`: how many targets, their mean, Σ(t - mean)², Σ(t - p)². */
const COLUMN = 4;

/**
 * The coefficient of determination, 1 - Σ(t - p)² / Σ(t - mean t)², of each output (the last axis), averaged. Of an output whose targets are all the
 * same it is 1 if they are met, else 0. The spread of targets is summed by the updates of Welford (1962) and Chan, Golub and LeVeque (1979), which
 * lose no digits where the mean is large. @throws LanewiseError `invalid-shape`
 */
export const r2 = metricFunction<'r2', NoOptions>('r2', valueBatch, ({ name }) => ({
  ...named(['r2'], name),
  check: requireValues('r2'),
  size: ({ columns }) => COLUMN * columns,
  add(sums, batch) {
    eachValue(batch, (target, output, column) => {
      const at = COLUMN * column;
      sums[at]!++;
      const difference = target - sums[at + 1]!;
      sums[at + 1]! += difference / sums[at]!;
      sums[at + 2]! += difference * (target - sums[at + 1]!);
      sums[at + 3]! += (target - output) * (target - output);
    });
  },
  merge(sums, later) {
    for (let at = 0; at < sums.length; at += COLUMN) {
      const [n, m] = [sums[at]!, later[at]!];
      if (m === 0) continue;
      const difference = later[at + 1]! - sums[at + 1]!;
      sums[at] = n + m;
      sums[at + 1] = n === 0 ? later[at + 1]! : sums[at + 1]! + (difference * m) / (n + m);
      sums[at + 2]! += later[at + 2]! + (difference * difference * n * m) / (n + m);
      sums[at + 3]! += later[at + 3]!;
    }
  },
  result(sums) {
    let total = 0;
    for (let at = 0; at < sums.length; at += COLUMN) {
      const [spread, residual] = [sums[at + 2]!, sums[at + 3]!];
      total += spread > 0 ? 1 - residual / spread : Number(residual === 0);
    }
    return total / (sums.length / COLUMN);
  },
}));
