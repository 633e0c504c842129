import type { Flops, SymbolicTensor } from '../layers/layer.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import type { Graph } from './graph.js';

export interface LayerSummary {
  name: string;
  type: string;
  /** The options in short. */
  detail: string;
  /** Names of what it reads. */
  inputs: readonly string[];
  outputShape: Shape;
  parameters: number;
  /** Those of them that training changes. */
  trainableParameters: number;
  /** Forward pass of one sample. */
  forward: Flops;
  /** Backward pass of one sample: gradient of the weights, and of the input where a layer before has weights. */
  backward: Flops;
}

export interface ModelSummary {
  name: string;
  inputShape: Shape;
  /** Names of the outputs, where there are several. */
  outputs?: readonly string[];
  layers: readonly LayerSummary[];
  parameters: number;
  trainableParameters: number;
  forward: Flops;
  backward: Flops;
  toString(): string;
}

/**
 * Counts parameters and operations. Only products of weights with values are counted, and the additions that join them; activations, pooling,
 * dropout and the optimizer are left out. A pass back costs a layer as much as the pass forward for the gradient of its weights, and as much
 * again for that of its input.
 */
export function summarize(name: string, { inputs, inputNames, nodes }: Graph): ModelSummary {
  const names = new Map<SymbolicTensor, string>([...inputs.map((input, index) => [input, inputNames[index]!] as const), ...nodes.map((node) => [node, node.layer.name] as const)]);
  /** Values that depend on weights that are trained. */
  const trained = new Set<SymbolicTensor>();
  const summaries = nodes.map((node): LayerSummary => {
    const { layer } = node;
    const forward = layer.flops();
    const trains = layer.trainable && layer.weights.some(({ trainable = true }) => trainable);
    const through = node.inputs.some((input) => trained.has(input));
    if (trains || through) trained.add(node);
    const passes = Number(trains) + Number(through);
    return {
      name: layer.name, type: layer.type, detail: layer.describe(), inputs: node.inputs.map((input) => names.get(input)!), outputShape: layer.output,
      parameters: layer.weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      trainableParameters: layer.trainable ? layer.weights.reduce((sum, { shape, trainable = true }) => sum + (trainable ? sizeOf(shape) : 0), 0) : 0,
      forward, backward: { multiplications: passes * forward.multiplications, additions: passes * forward.additions },
    };
  });
  const total = (pass: 'forward' | 'backward'): Flops => ({
    multiplications: summaries.reduce((sum, layer) => sum + layer[pass].multiplications, 0),
    additions: summaries.reduce((sum, layer) => sum + layer[pass].additions, 0),
  });
  const summary = {
    name, inputShape: inputs[0]!.shape, layers: summaries, parameters: summaries.reduce((sum, layer) => sum + layer.parameters, 0),
    trainableParameters: summaries.reduce((sum, layer) => sum + layer.trainableParameters, 0),
    forward: total('forward'), backward: total('backward'),
  };
  return { ...summary, toString: () => table(summary, inputs.map(({ shape }, index) => `${inputs.length > 1 ? `${inputNames[index]!} ` : ''}${formatShape(shape)}`)) };
}

/** Whether a layer reads just the one listed before it, which goes without saying. */
const followsLast = (layers: readonly LayerSummary[], index: number): boolean =>
  index === 0 ? layers[0]!.inputs.length === 1 : layers[index]!.inputs.join() === layers[index - 1]!.name;

const whole = (value: number): string => value.toLocaleString('en-US');

function table({ name, layers, parameters, trainableParameters, forward, backward }: Omit<ModelSummary, 'toString'>, inputs: readonly string[]): string {
  const head = ['Layer', 'Output', 'Parameters', 'Multiplications', 'Additions'];
  const rows = layers.map((layer, index) => [
    `${layer.name}${layer.detail ? ` (${layer.detail})` : ''}${followsLast(layers, index) ? '' : ` ← ${layer.inputs.join(', ')}`}`, formatShape(layer.outputShape), whole(layer.parameters),
    whole(layer.forward.multiplications), whole(layer.forward.additions),
  ]);
  const foot = ['Total, one sample forward', '', whole(parameters), whole(forward.multiplications), whole(forward.additions)];
  const widths = head.map((_, column) => Math.max(...[head, ...rows, foot].map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ').trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [
    `${name}: input ${inputs.join(', ')}`, rule, line(head), rule, ...rows.map(line), rule, line(foot),
    ...(trainableParameters < parameters ? [line(['Of these trainable', '', whole(trainableParameters), '', ''])] : []),
    line(['One sample backward', '', '', whole(backward.multiplications), whole(backward.additions)]),
  ].join('\n');
}
