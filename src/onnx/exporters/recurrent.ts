/** Recurrent layers. ONNX's operators take sequences as [time, batch, features], and weights with units before features. */
import type { StepActivation } from '../../layers/activations.js';
import type { GruOptions } from '../../layers/recurrent/gru.js';
import type { LstmOptions } from '../../layers/recurrent/lstm.js';
import type { RecurrentOptions } from '../../layers/recurrent/recurrent-layer.js';
import type { SimpleRnnOptions } from '../../layers/recurrent/simple-rnn.js';
import { exporter, permuted, type Exporter, type LayerExport, type Resolved } from '../exporter.js';
import type { OnnxGraph, Value } from '../graph.js';
import type { AttributeValue } from '../proto.js';

/** Operators, and what alpha and beta are of those that are alpha · x + beta. */
const STEP_ACTIVATIONS: Readonly<Record<StepActivation, readonly [operator: string, line?: readonly [alpha: number, beta: number]]>> = {
  relu: ['Relu'], tanh: ['Tanh'], sigmoid: ['Sigmoid'], linear: ['Affine', [1, 0]], hardSigmoid: ['HardSigmoid', [1 / 6, 0.5]],
  hardSigmoidTfjs: ['HardSigmoid', [0.2, 0.5]],
};

/** The lists of numbers have an entry for each activation that takes such. */
function activationAttributes(names: readonly StepActivation[]): Record<string, AttributeValue> {
  const lines = names.flatMap((name) => STEP_ACTIVATIONS[name][1] ?? []);
  return {
    activations: { texts: names.map((name) => STEP_ACTIVATIONS[name][0]) },
    ...(lines.length > 0 && {
      activation_alpha: { floats: lines.filter((_, index) => index % 2 === 0) }, activation_beta: { floats: lines.filter((_, index) => index % 2 === 1) },
    }),
  };
}

/** What tells the recurrent layers apart. */
interface Kind {
  readonly operator: string;
  /** Where ONNX has which of the library's gates: gate i of ONNX is gate `gates[i]` here. */
  readonly gates: readonly number[];
  readonly activations: readonly StepActivation[];
  readonly attributes?: Record<string, AttributeValue>;
}

/** Blocks of `size` values in another order. */
function inGateOrder(data: Float32Array, size: number, gates: readonly number[]): Float32Array {
  const result = new Float32Array(data.length);
  gates.forEach((gate, index) => result.set(data.subarray(gate * size, (gate + 1) * size), index * size));
  return result;
}

/** The operator's outputs are all steps, [time, 1, batch, units], and the last one, [1, batch, units]: the 1 is its one direction. */
function emitRecurrent(context: LayerExport, { units, useBias, returnSequences, goBackwards }: Resolved<RecurrentOptions>, kind: Kind): Value {
  const { graph, x } = context;
  const { operator, gates, activations, attributes = {} } = kind;
  const rows = gates.length * units;
  const weight = (name: string, columns: number): string =>
    graph.constant(name, inGateOrder(permuted(context.weight(name), [1, 0]).data, units * columns, gates), [1, rows, columns]);
  const inputs = [context.in('timeFirst'), weight('kernel', x.shape[1]!), weight('recurrentKernel', units)];
  if (useBias) { // that of the input, then that of the state, which most layers have not
    const bias = context.weight('bias').data;
    const both = new Float32Array(2 * rows);
    for (let at = 0; at < bias.length; at += rows) both.set(inGateOrder(bias.subarray(at, at + rows), units, gates), at);
    inputs.push(graph.constant('bias', both, [1, 2 * rows]));
  }
  const direction = { direction: { text: goBackwards ? 'reverse' : 'forward' } };
  const [steps, last] = graph.nodeOf(operator, inputs, { hidden_size: { int: units }, ...direction, ...activationAttributes(activations), ...attributes }, 2);
  if (!returnSequences) return context.output(graph.node('Squeeze', [last!, graph.integers('direction', [0])]));
  const sequence = graph.node('Squeeze', [steps!, graph.integers('direction', [1])]);
  return context.output(goBackwards ? turned(context.graph, sequence) : sequence, 'timeFirst');
}

/**
 * The steps of a sequence [time, batch, features] the other way round: in the order in which a layer that goes backwards computed them, as the library
 * gives them, while ONNX gives them in that of the input.
 */
export function turned(graph: OnnxGraph, sequence: string): string {
  const [starts, ends, axes, steps] = [[-1], [-(2 ** 31)], [0], [-1]].map((values) => graph.integers('backwards', values));
  return graph.node('Slice', [sequence, starts!, ends!, axes!, steps!]);
}

const simpleRNN = exporter<SimpleRnnOptions>((options, context) =>
  emitRecurrent(context, options, { operator: 'RNN', gates: [0], activations: [options.activation] }));

/** Here i f g o, in ONNX i o f g. Its first activation is that of the gates, the others those of g and of the output. */
const lstm = exporter<LstmOptions>((options, context) =>
  emitRecurrent(context, options, { operator: 'LSTM', gates: [0, 3, 1, 2], activations: [options.recurrentActivation, options.activation, options.activation] }));

/** In both z r g. */
const gru = exporter<GruOptions>((options, context) => emitRecurrent(context, options, {
  operator: 'GRU', gates: [0, 1, 2], activations: [options.recurrentActivation, options.activation],
  attributes: { linear_before_reset: { int: Number(options.resetAfter) } },
}));

export const RECURRENT: Readonly<Record<string, Exporter>> = { gru, lstm, simpleRNN };
