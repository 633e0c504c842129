import { LanewiseError } from '../errors.js';
import type { Network } from '../layers/emit-layers.js';
import type { Layer, SymbolicTensor } from '../layers/layer.js';
import type { Embedding } from '../runtime/embedded.js';

/** The output of a layer. */
export type LayerOutput = SymbolicTensor & { readonly layer: Layer };

/** Layers, how they are connected, and the names of all. */
export interface Graph extends Network {
  /** Names of the inputs. */
  readonly inputNames: readonly string[];
  readonly nodes: readonly LayerOutput[];
}

/**
 * All that outputs are made of, each layer after those it reads: in the order of a walk from the outputs back, first inputs first.
 * Gives layers and inputs their default names. @throws LanewiseError `invalid-argument`
 */
export function graphOf(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[], where: string): Graph {
  const nodes: LayerOutput[] = [];
  const visited = new Set<SymbolicTensor>();
  const reached = new Set<SymbolicTensor>();
  const visit = (start: SymbolicTensor): void => {
    const stack: { tensor: SymbolicTensor; next: number }[] = [{ tensor: start, next: 0 }]; // a walk by hand: models may be deep
    while (stack.length > 0) {
      const place = stack.at(-1)!;
      const { tensor } = place;
      const input = inputs.includes(tensor) ? undefined : tensor.inputs[place.next++];
      if (input) {
        if (!visited.has(input)) stack.push({ tensor: input, next: 0 });
        continue;
      }
      stack.pop();
      if (visited.has(tensor)) continue;
      visited.add(tensor);
      if (inputs.includes(tensor)) reached.add(tensor);
      else if (tensor.layer) nodes.push(tensor as LayerOutput);
      else throw new LanewiseError('invalid-argument', 'an output depends on an input that is not listed', { where, remedy: 'Add it to inputs' });
    }
  };
  outputs.forEach(visit);
  const idle = inputs.findIndex((input) => !reached.has(input));
  if (idle >= 0) throw new LanewiseError('invalid-argument', 'an input that no output depends on', { where: `${where}, inputs[${idle}]` });
  if (nodes.length === 0) throw new LanewiseError('invalid-argument', 'a model needs at least one layer', { where });
  const inputNames = inputs.map(({ name }, index) => name ?? `input_${index + 1}`);
  nameLayers(nodes.map(({ layer }) => layer));
  requireUnlike([...inputNames, ...nodes.map(({ layer }) => layer.name)]);
  return { inputs, inputNames, nodes, outputs };
}

/** Where the kernels are that a model of these layers needs, if the core will not do. */
export const kernelsOf = ({ nodes }: Graph): Embedding | undefined => nodes.map(({ layer }) => layer.kernels).find((kernels) => kernels !== undefined);

/** Gives layers that have none their default names: the type and its number. */
export function nameLayers(layers: readonly Layer[]): void {
  const numbers = new Map<string, number>();
  for (const layer of layers) {
    const number = (numbers.get(layer.type) ?? 0) + 1;
    numbers.set(layer.type, number);
    layer.nameByDefault(`${layer.type}_${number}`);
  }
}

export function requireUnlike(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new LanewiseError('invalid-argument', 'two layers have the same name', { where: twice });
}
