import type { Flops, Layer } from '../layers/layer.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sizeOf } from '../tensor/shape.js';

export interface LayerSummary {
  name: string;
  type: string;
  /** The options in short. */
  detail: string;
  outputShape: Shape;
  parameters: number;
  /** Forward pass of one sample. */
  forward: Flops;
  /** Backward pass of one sample: gradient of the weights, and of the input where a layer before has weights. */
  backward: Flops;
}

export interface ModelSummary {
  name: string;
  inputShape: Shape;
  layers: readonly LayerSummary[];
  parameters: number;
  forward: Flops;
  backward: Flops;
  toString(): string;
}

/**
 * Counts parameters and operations. Only products of weights with values are counted, and the additions that join them; activations, pooling,
 * dropout and the optimizer are left out. A pass back costs a layer as much as the pass forward for the gradient of its weights, and as much
 * again for that of its input.
 */
export function summarize(name: string, inputShape: Shape, layers: readonly Layer[]): ModelSummary {
  const first = layers.findIndex((layer) => layer.weights.length > 0);
  const summaries = layers.map((layer, index): LayerSummary => {
    const forward = layer.flops();
    const passes = index === first ? 1 : 2;
    return {
      name: layer.name, type: layer.type, detail: layer.describe(), outputShape: layer.output,
      parameters: layer.weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      forward, backward: { multiplications: passes * forward.multiplications, additions: passes * forward.additions },
    };
  });
  const total = (pass: 'forward' | 'backward'): Flops => ({
    multiplications: summaries.reduce((sum, layer) => sum + layer[pass].multiplications, 0),
    additions: summaries.reduce((sum, layer) => sum + layer[pass].additions, 0),
  });
  const summary = {
    name, inputShape, layers: summaries, parameters: summaries.reduce((sum, layer) => sum + layer.parameters, 0),
    forward: total('forward'), backward: total('backward'),
  };
  return { ...summary, toString: () => table(summary) };
}

const whole = (value: number): string => value.toLocaleString('en-US');

function table({ name, inputShape, layers, parameters, forward, backward }: Omit<ModelSummary, 'toString'>): string {
  const head = ['Layer', 'Output', 'Parameters', 'Multiplications', 'Additions'];
  const rows = layers.map((layer) => [
    `${layer.name}${layer.detail ? ` (${layer.detail})` : ''}`, formatShape(layer.outputShape), whole(layer.parameters),
    whole(layer.forward.multiplications), whole(layer.forward.additions),
  ]);
  const foot = ['Total, one sample forward', '', whole(parameters), whole(forward.multiplications), whole(forward.additions)];
  const widths = head.map((_, column) => Math.max(...[head, ...rows, foot].map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ').trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [
    `${name}: input ${formatShape(inputShape)}`, rule, line(head), rule, ...rows.map(line), rule, line(foot),
    line(['One sample backward', '', '', whole(backward.multiplications), whole(backward.additions)]),
  ].join('\n');
}
