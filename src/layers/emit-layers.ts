import type { PlanParameter, PlanTensor, Tape } from '../plan/tape.js';
import type { EmitContext, Layer, SymbolicTensor } from './layer.js';
import { ownStates } from './layer.js';

/** What layers are laid out from. */
export interface Network {
  readonly inputs: readonly SymbolicTensor[];
  /** Outputs of layers, each after those it is made of. */
  readonly nodes: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
}

/** Lays out the layers of a network in order, two as one where they know how, and gives the values of its outputs. */
export function emitLayers(
  { inputs, nodes, outputs }: Network, inputValues: readonly PlanTensor[], tape: Tape,
  parametersOf: (layer: Layer) => readonly PlanParameter[], isTrainable: (layer: Layer) => boolean = ({ trainable }) => trainable,
  persistent: EmitContext['persistent'] = ownStates(tape),
): PlanTensor[] {
  const values = new Map(inputs.map((input, index) => [input, inputValues[index]!]));
  const laidOut = new Set<SymbolicTensor>();
  nodes.forEach((node, stream) => {
    if (laidOut.has(node)) return;
    const { layer } = node as SymbolicTensor & { layer: Layer };
    const from = node.inputs.map((input) => values.get(input)!);
    const parameters = parametersOf(layer);
    const context = { tape, parameters, stream, trainable: isTrainable(layer), persistent };
    const trains = from.some(({ needsGradient }) => needsGradient) || parameters.some(({ gradient }) => gradient);
    tape.owner = layer.name;
    tape.needsGradient = trains;
    const next = outputs.includes(node) ? undefined : onlyReader(node, nodes);
    const together = next?.layer && next.inputs.length === 1 ? layer.emitWith(next.layer, from[0]!, context) : undefined;
    if (together) laidOut.add(next!);
    const output = together ?? layer.emitMerged(from, context);
    values.set(together ? next! : node, layer.supportsMasking && !output.mask ? tape.withMask(output, from[0]!.mask) : output);
  });
  return outputs.map((output) => values.get(output)!);
}

function onlyReader(node: SymbolicTensor, nodes: readonly SymbolicTensor[]): SymbolicTensor | undefined {
  const readers = nodes.filter(({ inputs }) => inputs.includes(node));
  return readers.length === 1 ? readers[0] : undefined;
}
