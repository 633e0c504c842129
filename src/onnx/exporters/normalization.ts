import type { BatchNormalizationOptions } from '../../layers/normalization/batch-normalization.js';
import type { LayerNormalizationOptions } from '../../layers/normalization/layer-normalization.js';
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

const layerNormalization = exporter<LayerNormalizationOptions>(({ epsilon }, layer) => {
  const { graph } = layer;
  const x = layer.x.layout === 'channelsFirst' ? graph.inLayout(layer.x, 'rows') : layer.x;
  const features = x.shape.at(-1)!;
  // ONNX has no normalization without a factor
  const gamma = layer.constant('gamma') ?? graph.constant('gamma', new Float32Array(features).fill(1), [features]);
  const beta = layer.constant('beta');
  const inputs = [x.name, gamma, ...(beta === undefined ? [] : [beta])];
  return { ...x, name: graph.node('LayerNormalization', inputs, { axis: { int: -1 }, epsilon: { float: epsilon } }) };
});

export const NORMALIZATION: Readonly<Record<string, Exporter>> = { batchNormalization, layerNormalization };
