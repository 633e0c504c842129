import type { BatchNormalizationOptions } from '../../layers/batch-normalization.js';
import { exporter, type Exporter } from '../exporter.js';

const batchNormalization = exporter<BatchNormalizationOptions>(({ epsilon, center, scale }, context) => {
  const { graph, x } = context;
  const shape = [x.shape.at(-1)!];
  const all = (name: string, value: number): string => graph.constant(name, new Float32Array(shape[0]!).fill(value), shape);
  const gamma = scale ? context.constant('gamma')! : all('gamma', 1);
  const beta = center ? context.constant('beta')! : all('beta', 0);
  const layout = x.shape.length === 1 ? 'rows' : 'channelsFirst';
  const inputs = [context.in(layout), gamma, beta, context.constant('movingMean')!, context.constant('movingVariance')!];
  return context.output(graph.node('BatchNormalization', inputs, { epsilon: { float: epsilon } }), layout);
});

export const NORMALIZATION: Readonly<Record<string, Exporter>> = { batchNormalization };
