import type { ActivationOptions } from '../../layers/activation.js';
import type { ActivationName } from '../../layers/activations.js';
import type { OnnxGraph, Value } from '../graph.js';
import { exporter, type Exporter } from '../exporter.js';

/** Appends the nodes of a function of each value. @returns the name of the result */
type Pointwise = (graph: OnnxGraph, x: string) => string;

const operator = (name: string): Pointwise => (graph, x) => graph.node(name, [x]);

const POINTWISE: Readonly<Record<Exclude<ActivationName, 'softmax'>, Pointwise>> = {
  linear: (_graph, x) => x,
  relu: operator('Relu'),
  tanh: operator('Tanh'),
  sigmoid: operator('Sigmoid'),
};

/** A value after an activation. */
export function activated(graph: OnnxGraph, value: Value, name: ActivationName): Value {
  if (name !== 'softmax') return { ...value, name: POINTWISE[name](graph, value.name) };
  const x = value.layout === 'channelsFirst' ? graph.inLayout(value, 'rows') : value;
  return { ...x, name: graph.node('Softmax', [x.name], { axis: { int: -1 } }) };
}

export const ACTIVATIONS: Readonly<Record<string, Exporter>> = {
  activation: exporter<ActivationOptions>(({ activation }, { graph, x }) => activated(graph, x, activation)),
};
