/** The config of a model as Keras and TensorFlow.js write it, made into one of ours: JSON to JSON, by the closed table of layers. */
import { LanewiseError } from '../errors.js';
import { modelFromJSON } from '../io/model.js';
import type { Json, JsonRecord } from '../json.js';
import { isRecord, listed } from '../json.js';
import { layerFromConfig } from '../layers/registry.js';
import { GRAPH_VERSION, MODEL_FORMAT, SEQUENTIAL_VERSION, type Model, type Prediction } from '../model/model.js';
import { maskOps, operands, requireOwnMasks, type LayerEntry } from './masks.js';
import { KERAS_LAYERS, convertOptions, type KerasLayer, type KerasSource } from './keras-layers.js';

export interface ImportOptions {
  /** Whether to leave out what matters in training only and has no counterpart: regularizers and constraints. Default false. */
  inferenceOnly?: boolean;
}

/** A layer of the file that has a counterpart. */
export interface ImportedLayer {
  readonly name: string;
  readonly className: string;
  readonly rule: KerasLayer;
}

/** More layers than any model has; what is made of them takes time that grows as the square. */
const MAX_LAYERS = 10_000;

/**
 * The model, with initial weights, and its layers in the file's order.
 * @throws LanewiseError `invalid-file`; `unsupported`, listing every layer and option that has no counterpart; what layers throw
 */
export function importTopology(
  topology: Json, where: string, { inferenceOnly = false, ...source }: ImportOptions & KerasSource,
): { model: Model<Prediction>; layers: readonly ImportedLayer[] } {
  const { class_name: className, config } = recordOf(topology, where, 'the config of a model');
  const modelConfig = recordOf(Array.isArray(config) ? { layers: config as readonly Json[] } : config, where, 'the config of a model');
  const all = listOf(modelConfig['layers'], where, 'layers').map((layer, index) => entryOf(layer, `${where}, layers[${index}]`));
  if (all.length > MAX_LAYERS) throw new LanewiseError('unsupported', 'too many layers', { where, expected: `at most ${MAX_LAYERS}`, received: `${all.length}` });
  const ops = maskOps(all, modelConfig['output_layers'] ?? null);
  const entries = all.filter((entry) => !ops.has(entry));
  const handOn = new Set<LayerEntry>();
  const problems: string[] = [];
  const layers: ImportedLayer[] = [];
  const configs = new Map<LayerEntry, JsonRecord>();
  for (const entry of entries) {
    if (entry.className === 'InputLayer') continue;
    const rule = KERAS_LAYERS.get(entry.className);
    if (!rule) {
      problems.push(`${entry.name}: layer ${entry.className}`);
      continue;
    }
    const own: string[] = [];
    const converted = { name: entry.name, ...convertOptions(entry, rule, { inferenceOnly, ...source }, own) };
    problems.push(...own.map((problem) => `${entry.name} (${entry.className}): ${problem}`));
    if (own.length === 0 && layerFromConfig(converted, `${where}, ${entry.name}`).supportsMasking) handOn.add(entry); // refused with its place in the file
    configs.set(entry, converted);
    layers.push({ name: entry.name, className: entry.className, rule });
  }
  if (problems.length > 0) {
    throw new LanewiseError('unsupported', `the model has what Lanewise has not: ${listed(problems)}`, { where });
  }
  const name = typeof modelConfig['name'] === 'string' ? modelConfig['name'] : 'model';
  const isSequential = className === 'Sequential';
  if (!isSequential && className !== 'Functional' && className !== 'Model') {
    throw new LanewiseError('unsupported', 'a model of another kind', { where, expected: 'Sequential, Functional, Model', received: JSON.stringify(className) ?? 'none' });
  }
  const json = isSequential ? sequentialJson(entries, configs, modelConfig, where) : graphJson(all, { configs, ops, handOn }, modelConfig, where);
  return { model: modelFromJSON<Prediction>({ format: MODEL_FORMAT, name, seed: 0, ...json }, where), layers };
}

/** 3 of `3.8.0`; NaN of what begins with no number. */
export const majorVersion = (version: Json | undefined): number => (typeof version === 'string' ? Number.parseInt(version, 10) : NaN);

function entryOf(layer: Json, where: string): LayerEntry {
  const { class_name: className, config, name, module = null, build_config, inbound_nodes: inboundNodes } = recordOf(layer, where, 'the config of a layer');
  const options = recordOf(config, where, 'the config of a layer');
  const ownName = options['name'] ?? name;
  if (typeof className !== 'string') throw wrong(where, 'class_name is not a text');
  if (typeof ownName !== 'string') throw wrong(where, 'name is not a text');
  return { name: ownName, className, module, config: options, build_config, inboundNodes: inboundNodes === undefined ? [] : listOf(inboundNodes, where, 'inbound_nodes') };
}

/** The input's shape stands with an input layer, with the first layer, or with the model. */
function sequentialJson(entries: readonly LayerEntry[], configs: ReadonlyMap<LayerEntry, JsonRecord>, config: JsonRecord, where: string): JsonRecord {
  const shape = (entries[0] && batchShapeOf(entries[0].config)) ?? config['build_input_shape'];
  const inputShape = sampleShape(shape, `${where}, layers[0]`);
  const layers = entries.map((entry) => configs.get(entry)).filter((layer) => layer !== undefined);
  return { version: SEQUENTIAL_VERSION, layers: layers.map((layer, index) => (index === 0 ? { ...layer, inputShape } : layer)) };
}

interface Known {
  /** Of layers, what they are here. */
  readonly configs: ReadonlyMap<LayerEntry, JsonRecord>;
  readonly ops: ReadonlySet<LayerEntry>;
  readonly handOn: ReadonlySet<LayerEntry>;
}

function graphJson(entries: readonly LayerEntry[], { configs, ops, handOn }: Known, config: JsonRecord, where: string): JsonRecord {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  if (byName.size < entries.length) throw wrong(where, 'two layers have the same name');
  const inputsOf = new Map(entries.map((entry) => [entry, ops.has(entry) ? operands(entry) : inboundNames(entry, `${where}, ${entry.name}`)]));
  const ordered = inOrder(entries, (entry) => inputsOf.get(entry)!.map((name) => byName.get(name) ?? fail(wrong(`${where}, ${entry.name}`, 'no layer of this name', undefined, name))), where);
  requireOwnMasks({ ordered, ops, inputsOf, handOn }, where);
  const inputs = endsOf(config['input_layers'], `${where}, input_layers`).map((name) => {
    const entry = byName.get(name);
    if (entry?.className !== 'InputLayer') throw wrong(where, 'not an input layer', undefined, name);
    return { name, shape: sampleShape(batchShapeOf(entry.config), `${where}, ${name}`) };
  });
  const layers = ordered.flatMap((entry) => {
    const converted = configs.get(entry);
    return converted ? [{ ...converted, inputs: inputsOf.get(entry)! }] : [];
  });
  return { version: GRAPH_VERSION, inputs, layers, outputs: endsOf(config['output_layers'], `${where}, output_layers`) };
}

/** Each layer after those it reads: the file need not list them so. */
function inOrder(entries: readonly LayerEntry[], inputsOf: (entry: LayerEntry) => readonly LayerEntry[], where: string): LayerEntry[] {
  const waiting = new Map(entries.map((entry) => [entry, inputsOf(entry).length]));
  const readers = new Map<LayerEntry, LayerEntry[]>(entries.map((entry) => [entry, []]));
  for (const entry of entries) for (const input of inputsOf(entry)) readers.get(input)!.push(entry);
  const ready = entries.filter((entry) => waiting.get(entry) === 0);
  for (const entry of ready) { // grows on the way
    for (const reader of readers.get(entry)!) {
      const left = waiting.get(reader)! - 1;
      waiting.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  if (ready.length < entries.length) throw wrong(where, 'layers are connected in a circle');
  return ready;
}

/**
 * Names of the layers that a layer reads. Keras 2 and TensorFlow.js: `[[["a", 0, 0, {}], …]]`; Keras 3: `[{ args: […], kwargs: {} }]` with
 * `{ class_name: '__keras_tensor__', config: { keras_history: ['a', 0, 0] } }` in place of each tensor.
 */
function inboundNames({ className, inboundNodes }: LayerEntry, where: string): string[] {
  const [node, ...more] = inboundNodes;
  if (node === undefined) return [];
  if (more.length > 0) throw new LanewiseError('unsupported', 'a layer that is used in several places', { where, remedy: 'Make a layer for each place' });
  if (isList(node)) {
    return node.map((item) => {
      if (isList(item) && isRecord(item[3]) && Object.keys(item[3]).length > 0) {
        throw new LanewiseError('unsupported', 'arguments of a call', { where, received: JSON.stringify(Object.keys(item[3])) });
      }
      return nameOf(item, where);
    });
  }
  const { args, kwargs } = recordOf(node, where, 'an inbound node');
  for (const [key, value] of Object.entries(recordOf(kwargs ?? {}, where, 'the arguments of a call'))) {
    const known = key === 'mask' || key === 'training'; // whether it trains is decided by the call of the model, in Keras too, whatever stands here
    if (value !== null && !known) throw new LanewiseError('unsupported', 'an argument of a call', { where, received: key });
  }
  const given = listOf(args, where, 'args');
  const [tensors, ...others] = className === 'Add' && given.length === 2 ? [given] : given; // the operation of a + b has two
  if (tensors === undefined || others.length > 0) throw new LanewiseError('unsupported', 'arguments of a call', { where, expected: 'one', received: `${others.length + 1}` });
  return (isList(tensors) ? tensors : [tensors]).map((tensor) => {
    if (typeof tensor === 'number') throw new LanewiseError('unsupported', 'a number in the place of a tensor', { where, received: String(tensor), remedy: 'For one that is added or multiplied use Rescaling' });
    const { config } = recordOf(tensor, where, 'a tensor');
    return nameOf(recordOf(config, where, 'a tensor')['keras_history'], where);
  });
}

/** Of `['layer', node index, tensor index]`. */
function nameOf(item: Json | undefined, where: string): string {
  const [name, nodeIndex, tensorIndex] = listOf(item, where, 'the place of a tensor');
  if (typeof name !== 'string' || nodeIndex !== 0 || tensorIndex !== 0) {
    throw wrong(where, 'not the one output of a layer', "['name', 0, 0]", JSON.stringify(item));
  }
  return name;
}

/** Names of the inputs or outputs of a model: one place, a list of them, or a dictionary, which Keras takes in the order of its keys. */
function endsOf(ends: Json | undefined, where: string): string[] {
  if (isRecord(ends ?? null)) return Object.entries(ends as JsonRecord).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, end]) => nameOf(end, where));
  const list = listOf(ends, where, 'a list of layers');
  return typeof list[0] === 'string' ? [nameOf(list, where)] : list.map((end) => nameOf(end, where));
}

const batchShapeOf = (config: JsonRecord): Json | undefined => config['batch_shape'] ?? config['batch_input_shape'];

/** Without the batch. */
function sampleShape(batchShape: Json | undefined, where: string): number[] {
  const [, ...sizes] = listOf(batchShape, where, 'the shape of the input');
  return sizes.map((size) => {
    if (typeof size === 'number') return size;
    throw new LanewiseError('unsupported', 'an input whose shape is not fixed', { where, received: JSON.stringify(batchShape) });
  });
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

function recordOf(value: Json | undefined, where: string, what: string): JsonRecord {
  if (isRecord(value)) return value;
  throw wrong(where, `not ${what}`);
}

function listOf(value: Json | undefined, where: string, what: string): readonly Json[] {
  if (isList(value)) return value;
  throw wrong(where, `no ${what}`);
}

function fail(error: LanewiseError): never {
  throw error;
}

function wrong(where: string, summary: string, expected?: string, received?: string): LanewiseError {
  return new LanewiseError('invalid-file', summary, { where, ...(expected !== undefined && { expected }), ...(received !== undefined && { received }) });
}
