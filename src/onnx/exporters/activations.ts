import type { ActivationOptions, EluOptions, GeluOptions, LeakyReluOptions } from '../../layers/core/activation.js';
import type { ActivationName } from '../../layers/activations.js';
import type { LayerOptions } from '../../layers/layer-options.js';
import type { OnnxGraph, Value } from '../graph.js';
import type { AttributeValue } from '../proto.js';
import { exporter, type Exporter } from '../exporter.js';

/** Appends the nodes of a function of each value. @returns the name of the result */
type Pointwise = (graph: OnnxGraph, x: string) => string;

const operator = (name: string, attributes: Readonly<Record<string, AttributeValue>> = {}): Pointwise => (graph, x) => graph.node(name, [x], attributes);
const leakyRelu = (slope: number): Pointwise => operator('LeakyRelu', { alpha: { float: slope } });
const hardSigmoid = (slope: number): Pointwise => operator('HardSigmoid', { alpha: { float: slope }, beta: { float: 0.5 } });
const elu = (alpha: number): Pointwise => operator('Elu', { alpha: { float: alpha } });

const POINTWISE: Readonly<Record<Exclude<ActivationName, 'softmax'>, Pointwise>> = {
  linear: (_graph, x) => x,
  relu: operator('Relu'),
  leakyRelu: leakyRelu(0.2),
  elu: elu(1),
  gelu: operator('Gelu'),
  geluTanh: operator('Gelu', { approximate: { text: 'tanh' } }),
  silu: (graph, x) => graph.node('Mul', [x, graph.node('Sigmoid', [x])]),
  softplus: operator('Softplus'),
  tanh: operator('Tanh'),
  sigmoid: operator('Sigmoid'),
  hardSigmoid: hardSigmoid(1 / 6),
  hardSigmoidTfjs: hardSigmoid(0.2),
};

/** A value after an activation. */
export function activated(graph: OnnxGraph, value: Value, name: ActivationName): Value {
  if (name !== 'softmax') return { ...value, name: POINTWISE[name](graph, value.name) };
  const x = value.layout === 'channelsFirst' ? graph.inLayout(value, 'rows') : value;
  return { ...x, name: graph.node('Softmax', [x.name], { axis: { int: -1 } }) };
}

const named = (name: ActivationName): Exporter => exporter<LayerOptions>((_options, { graph, x }) => activated(graph, x, name));

export const ACTIVATIONS: Readonly<Record<string, Exporter>> = {
  activation: exporter<ActivationOptions>(({ activation }, { graph, x }) => activated(graph, x, activation)),
  leakyRelu: exporter<LeakyReluOptions>(({ negativeSlope }, { graph, x }) => ({ ...x, name: leakyRelu(negativeSlope)(graph, x.name) })),
  elu: exporter<EluOptions>(({ alpha }, { graph, x }) => ({ ...x, name: elu(alpha)(graph, x.name) })),
  gelu: exporter<GeluOptions>(({ approximate }, { graph, x }) => activated(graph, x, approximate ? 'geluTanh' : 'gelu')),
  relu: named('relu'), silu: named('silu'), softplus: named('softplus'), tanh: named('tanh'), sigmoid: named('sigmoid'), softmax: named('softmax'),
};
