import { LanewiseError } from './errors.js';
import type { Json, JsonRecord } from './json.js';
import { accuracy, f1, precision, recall, topKAccuracy } from './metrics/classes.js';
import type { Metric, MetricName } from './metrics/metric.js';
import { METRIC_NAMES, isFigureName, kindOf } from './metrics/metric.js';
import { meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from './metrics/values.js';

export { isFigureName, isMetricFigure, rises } from './metrics/metric.js';
export type { FigureName, Metric, MetricBatch, MetricName, MetricTask, NameOption, OutputFigure } from './metrics/metric.js';

/** Makes a metric of its options. */
type Make = (options: JsonRecord) => Metric;

const METRICS = {
  accuracy, topKAccuracy, precision, recall, f1, meanSquaredError, mse: meanSquaredError, meanAbsoluteError, mae: meanAbsoluteError, rootMeanSquaredError,
  rmse: rootMeanSquaredError, r2,
} as const satisfies Readonly<Record<MetricName, () => Metric>>;

/** The metric of a name, or one that was configured: `metrics.topKAccuracy({ k: 3 })`. @throws LanewiseError `invalid-argument` */
export function requireMetric(metric: MetricName | Metric): Metric {
  if (typeof metric === 'object' && metric !== null && typeof metric.add === 'function' && isFigureName(metric.name)) return metric;
  if (typeof metric === 'string' && Object.hasOwn(METRICS, metric)) return (METRICS[metric] as Make)({ name: metric });
  throw new LanewiseError('invalid-argument', 'unknown metric', { expected: METRIC_NAMES.join(', '), received: JSON.stringify(metric) });
}

/** The metric of a config. @throws LanewiseError `invalid-argument` */
export function metricFromConfig(config: Json): Metric {
  const options: JsonRecord = typeof config === 'object' && config !== null && !Array.isArray(config) ? (config as JsonRecord) : { name: config };
  const { name } = options;
  const kind = typeof name === 'string' ? kindOf(name) : '';
  return Object.hasOwn(METRICS, kind) ? (METRICS[kind as MetricName] as Make)(options) : requireMetric(config as MetricName);
}
