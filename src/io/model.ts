/**
 * Models as JSON, and with their weights as bytes: a sealed safetensors file whose metadata hold the JSON. What can stand in it is the closed table
 * of layers with their options: no code, no names of modules, no paths, no settings.
 */
import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import { layerFromConfig } from '../layers/registry.js';
import { MODEL_FORMAT, MODEL_VERSION, sequential, type Sequential } from '../model/sequential.js';
import { parseJson, plainJson } from './json.js';
import { decodeSealed, encodeSealed } from './sealed.js';
import { assignWeights } from './weights.js';

const CONFIG = 'config';
const KEYS = ['format', 'version', 'name', 'seed', 'layers'];

/**
 * The model of a config that `toJSON` gave, as text or as an object, with initial weights.
 * @param where for error messages
 * @throws LanewiseError `invalid-file`; `unsupported` for a newer format, an unknown layer or option; what the layers throw
 */
export function modelFromJSON(json: string | object, where = 'model config'): Sequential {
  const config = plainJson(parseJson(typeof json === 'string' ? json : textOf(json, where), where), where);
  if (!isRecord(config) || own(config, 'format') !== MODEL_FORMAT) throw wrong(where, 'not the config of a model', `format ${MODEL_FORMAT}`);
  if (own(config, 'version') !== MODEL_VERSION) {
    throw new LanewiseError('unsupported', 'the config has a format that this version cannot read', {
      where, expected: `version ${MODEL_VERSION}`, received: JSON.stringify(own(config, 'version')), remedy: 'Use a newer version of lanewise',
    });
  }
  const unknown = Object.keys(config).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new LanewiseError('unsupported', 'unknown part of a config', { where, expected: KEYS.join(', '), received: JSON.stringify(unknown) });
  const [name, seed, layers] = [own(config, 'name'), own(config, 'seed'), own(config, 'layers')];
  if (typeof name !== 'string') throw wrong(where, 'name is not a text');
  if (typeof seed !== 'number') throw wrong(where, 'seed is not a number');
  if (!isList(layers)) throw wrong(where, 'layers is not a list');
  return sequential(layers.map((layer, index) => layerOf(layer, `${where}, layers[${index}]`)), { name, seed });
}

function layerOf(config: Json, where: string): ReturnType<typeof layerFromConfig> {
  if (!isRecord(config)) throw wrong(where, 'not the config of a layer');
  return layerFromConfig(config, where);
}

function textOf(json: object, where: string): string {
  try {
    return JSON.stringify(json);
  } catch (cause) {
    throw new LanewiseError('invalid-argument', 'the config is not JSON', { where, cause });
  }
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isRecord = (value: Json | undefined): value is JsonRecord => typeof value === 'object' && value !== null && !isList(value);
const own = (record: JsonRecord, key: string): Json | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);

function wrong(where: string, summary: string, expected?: string): LanewiseError {
  return new LanewiseError('invalid-file', summary, { where, ...(expected !== undefined && { expected }) });
}

/** Layers and weights, not the optimizer: see checkpoints for that. */
export async function encodeModel(model: Sequential): Promise<Uint8Array<ArrayBuffer>> {
  return encodeSealed(model.namedWeights(), { format: MODEL_FORMAT, [CONFIG]: JSON.stringify(model) });
}

/**
 * The model of a file, to be compiled before it is used. Shapes are compared with the tensors before memory is taken for them.
 * @param where the file's name, for error messages
 * @throws LanewiseError as `modelFromJSON`; `invalid-shape` if the weights are not those of the layers
 */
export async function decodeModel(bytes: Uint8Array, where = 'model'): Promise<Sequential> {
  const { tensors, metadata, sealed } = await decodeSealed(bytes, where);
  const config = metadata.get(CONFIG);
  if (metadata.get('format') !== MODEL_FORMAT || config === undefined) throw wrong(where, 'the file is not a model', `format ${MODEL_FORMAT}`);
  if (!sealed) throw wrong(where, 'the model has no digest');
  const model = modelFromJSON(config, where);
  assignWeights(model, tensors, where);
  return model;
}
