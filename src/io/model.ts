/**
 * Models as JSON, and with their weights as bytes: a sealed safetensors file whose metadata hold the JSON. What can stand in it is the closed table
 * of layers with their options: no code, no names of modules, no paths, no settings.
 */
import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import { isRecord } from '../json.js';
import type { CustomLayers } from '../layers/registry.js';
import { layerFromConfig } from '../layers/registry.js';
import { input } from '../layers/input.js';
import type { SymbolicTensor } from '../layers/layer.js';
import { model } from '../model/functional.js';
import type { Model, Prediction } from '../model/model.js';
import { GRAPH_VERSION, MODEL_FORMAT, SEQUENTIAL_VERSION } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import type { Tensor } from '../tensor/tensor.js';
import { parseJson, plainJson } from './json.js';
import { decodeSealed, encodeSealed } from './sealed.js';
import { assignWeights } from './weights.js';

export interface ReadOptions {
  /** Layers made by `customLayer`, by their type: a file only names them. */
  customLayers?: CustomLayers;
}

const CONFIG = 'config';
const KEYS: Readonly<Record<number, readonly string[]>> = {
  [SEQUENTIAL_VERSION]: ['format', 'version', 'name', 'seed', 'layers'],
  [GRAPH_VERSION]: ['format', 'version', 'name', 'seed', 'inputs', 'layers', 'outputs'],
};

/**
 * The model of a config that `toJSON` gave, as text or as an object, with initial weights. Types cannot tell of how many outputs: for more than one say
 * `modelFromJSON<Tensor<Float32Array>[]>(…)`.
 * @param where for error messages
 * @throws LanewiseError `invalid-file`; `unsupported` for a newer format, an unknown layer or option, a custom layer that is not given; what the
 * layers throw
 */
export function modelFromJSON<Predicted extends Prediction = Tensor<Float32Array>>(
  json: string | object, where = 'model config', { customLayers }: ReadOptions = {},
): Model<Predicted> {
  const config = plainJson(parseJson(typeof json === 'string' ? json : textOf(json, where), where), where);
  if (!isRecord(config) || own(config, 'format') !== MODEL_FORMAT) throw wrong(where, 'not the config of a model', `format ${MODEL_FORMAT}`);
  const version = own(config, 'version');
  if (version !== SEQUENTIAL_VERSION && version !== GRAPH_VERSION) {
    throw new LanewiseError('unsupported', 'the config has a format that this version cannot read', {
      where, expected: `version ${SEQUENTIAL_VERSION} or ${GRAPH_VERSION}`, received: JSON.stringify(version), remedy: 'Use a newer version of lanewise',
    });
  }
  const keys = KEYS[version]!;
  const unknown = Object.keys(config).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new LanewiseError('unsupported', 'unknown part of a config', { where, expected: keys.join(', '), received: JSON.stringify(unknown) });
  const [name, seed] = [own(config, 'name'), own(config, 'seed')];
  if (typeof name !== 'string') throw wrong(where, 'name is not a text');
  if (typeof seed !== 'number') throw wrong(where, 'seed is not a number');
  const layers = recordsOf(config, 'layers', where);
  const made = version === GRAPH_VERSION
    ? model({ ...graphOf(config, layers, where, customLayers), name, seed })
    : sequential(layers.map((layer, index) => layerFromConfig(layer, `${where}, layers[${index}]`, customLayers)), { name, seed });
  return made as Model<Predicted>;
}

/** Inputs and outputs of layers that are connected by name, each to inputs or layers listed before it. */
function graphOf(
  config: JsonRecord, layers: readonly JsonRecord[], where: string, customLayers: CustomLayers | undefined,
): { inputs: SymbolicTensor[]; outputs: SymbolicTensor[] } {
  const tensors = new Map<string, SymbolicTensor>();
  const add = (name: string, tensor: SymbolicTensor, place: string): void => {
    if (tensors.has(name)) throw wrong(place, 'a name stands twice', undefined, JSON.stringify(name));
    tensors.set(name, tensor);
  };
  const named = (names: Json | undefined, place: string): SymbolicTensor[] => {
    if (!isList(names)) throw wrong(place, 'not a list of names');
    return names.map((name) => {
      const found = typeof name === 'string' ? tensors.get(name) : undefined;
      if (!found) throw wrong(place, 'no input or layer of this name stands before', [...tensors.keys()].join(', '), JSON.stringify(name));
      return found;
    });
  };
  recordsOf(config, 'inputs', where).forEach((given, index) => {
    const place = `${where}, inputs[${index}]`;
    const [name, shape] = [own(given, 'name'), own(given, 'shape')];
    if (typeof name !== 'string') throw wrong(place, 'name is not a text');
    if (!isList(shape) || !shape.every((size) => typeof size === 'number')) throw wrong(place, 'shape is not a list of sizes');
    add(name, input({ name, shape }), place);
  });
  const inputs = [...tensors.values()];
  layers.forEach(({ inputs: from, ...options }, index) => {
    const place = `${where}, layers[${index}]`;
    const layer = layerFromConfig(options, place, customLayers);
    if (own(options, 'name') === undefined) throw wrong(place, 'name is missing');
    add(layer.name, layer.apply(named(from, `${place}, inputs`)), place);
  });
  return { inputs, outputs: named(own(config, 'outputs'), `${where}, outputs`) };
}

function recordsOf(config: JsonRecord, key: string, where: string): readonly JsonRecord[] {
  const list = own(config, key);
  if (!isList(list)) throw wrong(where, `${key} is not a list`);
  return list.map((item, index) => {
    if (!isRecord(item)) throw wrong(`${where}, ${key}[${index}]`, key === 'layers' ? 'not the config of a layer' : 'not an object');
    return item;
  });
}

function textOf(json: object, where: string): string {
  try {
    return JSON.stringify(json);
  } catch (cause) {
    throw new LanewiseError('invalid-argument', 'the config is not JSON', { where, cause });
  }
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const own = (record: JsonRecord, key: string): Json | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);

function wrong(where: string, summary: string, expected?: string, received?: string): LanewiseError {
  return new LanewiseError('invalid-file', summary, { where, ...(expected !== undefined && { expected }), ...(received !== undefined && { received }) });
}

/** Layers and weights, not the optimizer: see checkpoints for that. */
export async function encodeModel(model: Model<Prediction>): Promise<Uint8Array<ArrayBuffer>> {
  return encodeSealed(model.namedWeights(), { format: MODEL_FORMAT, [CONFIG]: JSON.stringify(model) });
}

/**
 * The model of a file, to be compiled before it is used. Shapes are compared with the tensors before memory is taken for them.
 * @param where the file's name, for error messages
 * @throws LanewiseError as `modelFromJSON`; `invalid-shape` if the weights are not those of the layers
 */
export async function decodeModel<Predicted extends Prediction = Tensor<Float32Array>>(
  bytes: Uint8Array, where = 'model', options: ReadOptions = {},
): Promise<Model<Predicted>> {
  const { tensors, metadata, sealed } = await decodeSealed(bytes, where);
  const config = metadata.get(CONFIG);
  if (metadata.get('format') !== MODEL_FORMAT || config === undefined) throw wrong(where, 'the file is not a model', `format ${MODEL_FORMAT}`);
  if (!sealed) throw wrong(where, 'the model has no digest');
  const decoded = modelFromJSON<Predicted>(config, where, options);
  assignWeights(decoded, tensors, where);
  return decoded;
}
