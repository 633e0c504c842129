/**
 * Masks in the graphs that Keras 3 writes. What a mask is calculated of stands there among the layers, as operations, and a layer that takes a mask
 * names it. Here a mask goes along with the values; so these operations are left out, once it is certain that they come to the same mask.
 */
import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import { isRecord } from '../json.js';

/** A layer or an operation of the file. */
export interface LayerEntry {
  readonly name: string;
  readonly className: string;
  /** Where Keras has the class: layers and operations may share a name. */
  readonly module: Json;
  readonly config: JsonRecord;
  readonly build_config: Json | undefined;
  readonly inboundNodes: readonly Json[];
}

/** What Keras calculates masks by: see `compute_mask` of its layers. */
const MASK_OPS: readonly string[] = ['NotEqual', 'Any', 'LogicalOr', 'ExpandDims', 'ZerosLike', 'OnesLike', 'Concatenate'];

const argumentsOf = ({ inboundNodes: [node = null] }: LayerEntry): Json => (isRecord(node) ? (node['args'] ?? null) : null);
const namedArgumentsOf = ({ inboundNodes: [node = null] }: LayerEntry): JsonRecord => {
  const named = isRecord(node) ? (node['kwargs'] ?? null) : null;
  return isRecord(named) ? named : {};
};

/** The layer that gives a tensor. */
function sourceOf(value: Json): string | undefined {
  if (!isRecord(value) || value['class_name'] !== '__keras_tensor__') return undefined;
  const history = isRecord(value['config'] ?? null) ? (value['config'] as JsonRecord)['keras_history'] : undefined;
  return Array.isArray(history) && typeof history[0] === 'string' ? history[0] : undefined;
}

const tensorNames = (value: Json): string[] => (Array.isArray(value) ? value.flatMap(tensorNames) : [sourceOf(value) ?? []].flat());

/** What an operation reads. */
export const operands = (entry: LayerEntry): string[] => tensorNames(argumentsOf(entry));

/** The operations that serve masks only. */
export function maskOps(entries: readonly LayerEntry[], outputs: Json): ReadonlySet<LayerEntry> {
  const ends = JSON.stringify(outputs);
  const isOp = ({ name, className, module }: LayerEntry): boolean =>
    MASK_OPS.includes(className) && typeof module === 'string' && module.includes('.ops.') && !ends.includes(JSON.stringify(name));
  const ops = new Map(entries.filter(isOp).map((entry) => [entry.name, entry]));
  const others = entries.filter((entry) => !ops.has(entry.name));
  for (const reader of others) { // grows on the way
    for (const name of operands(reader)) {
      const op = ops.get(name);
      if (op && ops.delete(name)) others.push(op);
    }
  }
  return new Set(ops.values());
}

interface Graph {
  /** Each after what it reads. */
  readonly ordered: readonly LayerEntry[];
  readonly ops: ReadonlySet<LayerEntry>;
  readonly inputsOf: ReadonlyMap<LayerEntry, readonly string[]>;
  /** Layers that hand the mask of their input on. */
  readonly handOn: ReadonlySet<LayerEntry>;
}

/** @throws LanewiseError `unsupported` for a layer that is given another mask than it has here */
export function requireOwnMasks({ ordered, ops, inputsOf, handOn }: Graph, where: string): void {
  const numbers = new Map<string, number>();
  /** The same for the same, so that what operations come to is compared at once. */
  const token = (...parts: readonly Json[]): string => {
    const key = JSON.stringify(parts);
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return `#${number}`;
  };
  const operation = (className: string, operands: Json, { axis = null, keepdims = null }: JsonRecord = {}): string => token(className, operands, axis, keepdims);
  const values = new Map<string, string>();
  const masks = new Map<string, string>();
  const valueOf = (name: string): string => values.get(name)!;
  const valuesIn = (value: Json): Json => (Array.isArray(value) ? value.map(valuesIn) : (values.get(sourceOf(value) ?? '') ?? value));
  const anyOf = (of: string): string => operation('Any', [of], { axis: -1, keepdims: false });

  /** The mask that a layer's output has here, in Keras's operations. */
  const maskOf = (entry: LayerEntry): string | undefined => {
    const { className, config } = entry;
    const inputs = inputsOf.get(entry)!;
    const [first = ''] = inputs;
    if (className === 'Embedding') return config['mask_zero'] === true ? operation('NotEqual', [valueOf(first), 0]) : undefined;
    if (className === 'Masking') return anyOf(operation('NotEqual', [valueOf(first), config['mask_value'] ?? 0]));
    if (className === 'Add') return inputs.every((name) => masks.has(name)) ? inputs.map((name) => masks.get(name)!).reduce((a, b) => operation('LogicalOr', [a, b])) : undefined;
    if (className === 'Concatenate') {
      if (!inputs.some((name) => masks.has(name))) return undefined;
      const parts = inputs.map((name) => {
        const mask = masks.get(name);
        return mask === undefined ? operation('OnesLike', [valueOf(name)]) : operation('LogicalOr', [operation('ExpandDims', [mask], { axis: -1 }), operation('ZerosLike', [valueOf(name)])]);
      });
      return anyOf(operation('Concatenate', [parts], config));
    }
    return handOn.has(entry) || givesSequences(config) ? masks.get(first) : undefined;
  };

  for (const entry of ordered) {
    values.set(entry.name, ops.has(entry) ? operation(entry.className, valuesIn(argumentsOf(entry)), entry.config) : token(entry.name));
    const mask = ops.has(entry) ? undefined : maskOf(entry);
    if (mask !== undefined) masks.set(entry.name, mask);
  }
  for (const entry of ordered) {
    const { mask: given } = namedArgumentsOf(entry);
    if (given === undefined) continue;
    const own = masks.get(inputsOf.get(entry)?.[0] ?? '') ?? null;
    if (valuesIn(given) !== own) throw new LanewiseError('unsupported', 'a mask that is not that of the input', { where: `${where}, ${entry.name}` });
  }
}

/** Of a recurrent layer, or of one in both directions. */
function givesSequences({ return_sequences: own, layer = null }: JsonRecord): boolean {
  const within = isRecord(layer) ? (layer['config'] ?? null) : null;
  return own === true || (isRecord(within) && within['return_sequences'] === true);
}
