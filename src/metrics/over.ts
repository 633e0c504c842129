/** Metrics as functions of targets and of what `predict` gives: one batch of all rows. */
import { LanewiseError } from '../errors.js';
import type { TensorInput } from '../tensor/convert.js';
import { toTensor } from '../tensor/convert.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Metric, MetricBatch, MetricName, NameOption } from './metric.js';

/**
 * A metric in its two forms. With targets and predictions (what `predict` gives) the figure of these rows; without, a metric for `compile`.
 * @throws LanewiseError `invalid-shape`, `invalid-data`, `invalid-argument`
 */
export interface MetricFunction<Kind extends MetricName, Options> {
  (targets: TensorInput, predictions: TensorInput, options?: Options): number;
  (options?: Options & NameOption<Kind>): Metric;
}

type Reader = (targets: TensorInput, predictions: TensorInput, where: string) => MetricBatch;

export function metricFunction<Kind extends MetricName, Options>(
  kind: Kind, read: Reader, make: (options: Options & NameOption<Kind>) => Metric,
): MetricFunction<Kind, Options> {
  function either(targets: TensorInput, predictions: TensorInput, options?: Options): number;
  function either(options?: Options & NameOption<Kind>): Metric;
  function either(first?: unknown, predictions?: TensorInput, options?: Options): number | Metric {
    if (predictions === undefined) return make((first ?? {}) as Options & NameOption<Kind>);
    const metric = make((options ?? {}) as Options & NameOption<Kind>);
    const batch = read(first as TensorInput, predictions, kind);
    metric.check(batch);
    const sums = new Float64Array(metric.size(batch));
    metric.add(sums, batch);
    return metric.result(sums);
  }
  return either;
}

export const refusal = (where: string, summary: string, expected: string, received: string): LanewiseError =>
  new LanewiseError('invalid-shape', summary, { where, expected, received });

/** Classes: targets are numbers or one-hot, predictions […, classes] or […, 1]. @throws LanewiseError `invalid-shape`, `invalid-data` */
export function classBatch(targets: TensorInput, predictions: TensorInput, where: string): MetricBatch {
  const [t, p] = [toTensor(targets, `${where} targets`), toTensor(predictions, `${where} predictions`)];
  const columns = p.shape.at(-1);
  const shape = p.shape.slice(0, -1);
  if (columns === undefined || columns < 1 || p.shape.length < 2) throw refusal(where, 'predictions have the wrong shape', '[rows, …, classes]', formatShape(p.shape));
  const numbered = sameShape(t.shape, shape) || sameShape(t.shape, [...shape, 1]);
  if (!numbered && !sameShape(t.shape, p.shape)) throw refusal(where, 'targets do not suit the predictions', `${formatShape(shape)} or ${formatShape(p.shape)}`, formatShape(t.shape));
  const classes = Math.max(2, columns);
  const bad = numbered ? t.data.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes)) : -1;
  if (bad >= 0) {
    throw new LanewiseError('invalid-data', 'a label is out of range', { where: `${where}, row ${bad}`, expected: `a whole number from 0 to ${classes - 1}`, received: String(t.data[bad]) });
  }
  return { rows: p.data.length / columns, columns, outputs: p.data, targets: t.data, numbered, separate: false, logits: false };
}

/** Values: targets and predictions of one shape. @throws LanewiseError `invalid-shape` */
export function valueBatch(targets: TensorInput, predictions: TensorInput, where: string): MetricBatch {
  const [t, p] = [toTensor(targets, `${where} targets`), toTensor(predictions, `${where} predictions`)];
  if (!sameShape(t.shape, p.shape) || t.data.length === 0) throw refusal(where, 'targets do not suit the predictions', formatShape(p.shape), formatShape(t.shape));
  const columns = p.shape.length > 1 ? p.shape.at(-1)! : 1;
  return { rows: p.data.length / columns, columns, outputs: p.data, targets: t.data, numbered: false, separate: false, logits: false };
}
