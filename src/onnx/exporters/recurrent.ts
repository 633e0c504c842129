/** Recurrent layers. ONNX's operators take sequences as [time, batch, features], and weights with units before features. */
import type { SimpleRnnOptions } from '../../layers/simple-rnn.js';
import { exporter, permuted, type Exporter, type LayerExport } from '../exporter.js';
import type { Value } from '../graph.js';
import type { AttributeValue } from '../proto.js';

const STEP_ACTIVATIONS = { relu: 'Relu', tanh: 'Tanh', sigmoid: 'Sigmoid', linear: 'Affine' } as const;
type StepActivation = keyof typeof STEP_ACTIVATIONS;

/** Affine is alpha · x + beta; the others take no notice of the two. */
const activationAttributes = (names: readonly StepActivation[]): Record<string, AttributeValue> => ({
  activations: { texts: names.map((name) => STEP_ACTIVATIONS[name]) },
  ...(names.includes('linear') && { activation_alpha: { floats: names.map(() => 1) }, activation_beta: { floats: names.map(() => 0) } }),
});

/** The operator's outputs are all steps, [time, 1, batch, units], and the last one, [1, batch, units]: the 1 is its one direction. */
function emitRecurrent(context: LayerExport, operator: string, inputs: readonly string[], returnSequences: boolean, attributes: Record<string, AttributeValue>): Value {
  const { graph } = context;
  const [steps, last] = graph.nodeOf(operator, inputs, attributes, 2);
  if (returnSequences) return context.output(graph.node('Squeeze', [steps!, graph.integers('direction', [1])]), 'timeFirst');
  return context.output(graph.node('Squeeze', [last!, graph.integers('direction', [0])]));
}

const simpleRNN = exporter<SimpleRnnOptions>(({ units, activation, useBias, returnSequences }, context) => {
  const { graph, x } = context;
  const kernel = permuted(context.weight('kernel'), [1, 0]);
  const recurrent = permuted(context.weight('recurrentKernel'), [1, 0]);
  const inputs = [
    context.in('timeFirst'), graph.constant('kernel', kernel.data, [1, units, x.shape[1]!]), graph.constant('recurrentKernel', recurrent.data, [1, units, units]),
  ];
  if (useBias) { // one for the input and one for the state
    const biases = new Float32Array(2 * units);
    biases.set(context.weight('bias').data);
    inputs.push(graph.constant('bias', biases, [1, 2 * units]));
  }
  return emitRecurrent(context, 'RNN', inputs, returnSequences, { hidden_size: { int: units }, ...activationAttributes([activation]) });
});

export const RECURRENT: Readonly<Record<string, Exporter>> = { simpleRNN };
