/**
 * Models and weights that Keras 3 saved: `model.save('m.keras')` (also of tf.keras from 2.13 on) and `model.save_weights('m.weights.h5')`. The
 * layout is that of keras/src/saving/saving_lib.py.
 * @module lanewise/keras
 */
import { unzipSync } from 'fflate';
import { LanewiseError } from '../errors.js';
import { parseJson, plainJson } from '../io/json.js';
import { assignWeights } from '../io/weights.js';
import type { Json } from '../json.js';
import { isRecord, listed } from '../json.js';
import type { Model, Prediction } from '../model/model.js';
import type { Tensor } from '../tensor/tensor.js';
import { Hdf5File } from './hdf5.js';
import type { Layer } from '../layers/layer.js';
import { Wrapper } from '../layers/wrapper.js';
import { KERAS_LAYERS, type KerasLayer } from './keras-layers.js';
import { importTopology, majorVersion, type ImportedLayer, type ImportOptions } from './topology.js';

export type { ImportOptions };

const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';
/** Says which Keras it was. */
const METADATA = 'metadata.json';
/** As for headers of safetensors. */
const MAX_CONFIG_BYTES = 100_000_000;
/** No more can be deflated into a byte. */
const MAX_RATIO = 1032;
/** The format has three files, and a folder of assets. */
const MAX_ENTRIES = 10_000;

/**
 * The model of a `.keras` file, to be compiled before it is used. Only its config, its weights and the version of Keras are looked at.
 * Types cannot tell of how many outputs it is: for more than one say `importKeras<Tensor<Float32Array>[]>(…)`.
 * @param where the file's name, for error messages
 * @throws LanewiseError `invalid-file`; `unsupported`, listing all layers and options that have no counterpart; `invalid-shape`
 */
export function importKeras<Predicted extends Prediction = Tensor<Float32Array>>(
  bytes: Uint8Array, where = 'Keras model', options: ImportOptions = {},
): Model<Predicted> {
  const files = unzip(bytes, where);
  const config = jsonOf(files.get(CONFIG)!, `${where}, ${CONFIG}`);
  const metadata = files.get(METADATA) && jsonOf(files.get(METADATA)!, `${where}, ${METADATA}`);
  const oldHardSigmoid = isRecord(metadata) && majorVersion(metadata['keras_version']) < 3;
  const { model, layers } = importTopology(config, `${where}, ${CONFIG}`, { ...options, oldHardSigmoid });
  readWeights(model, layers, files.get(WEIGHTS)!, `${where}, ${WEIGHTS}`);
  return model as Model<Predicted>;
}

/**
 * Gives a model the weights of a `.weights.h5` file. In such a file layers stand by their class and number, not by name, so the model must be the
 * same one: layers in a row, of the same classes in the same order. Of a model with branches, save the whole, as `.keras`.
 * @throws LanewiseError `invalid-file`, `unsupported`; `invalid-shape`, listing all differences. The model is unchanged then
 */
export function importKerasWeights(model: Model<Prediction>, bytes: Uint8Array, where = 'Keras weights'): void {
  const { nodes, inputs } = model.graph;
  if (inputs.length > 1 || nodes.some((node, index) => node.inputs.length > 1 || node.inputs[0] !== (nodes[index - 1] ?? inputs[0]))) {
    throw new LanewiseError('unsupported', 'weights alone do not say which layer of a model with branches they belong to', {
      where, received: model.name, remedy: 'Save the whole model, as .keras',
    });
  }
  const classes = new Map([...KERAS_LAYERS].map(([className, rule]) => [rule.type, { className, rule }]));
  const layers = model.layers.map(({ name, type }): ImportedLayer => {
    const found = classes.get(type);
    if (!found) throw new LanewiseError('unsupported', 'a layer that Keras has not', { where: name, received: type });
    return { name, ...found };
  });
  readWeights(model, layers, bytes, where);
}

/** The weights of each layer are numbered datasets in a group named for its class, `layers/conv2d_1/vars/0`. */
function readWeights(model: Model<Prediction>, layers: readonly ImportedLayer[], bytes: Uint8Array, where: string): void {
  const file = new Hdf5File(bytes, where);
  const root = ['layers', '_layer_checkpoint_dependencies'].find((name) => file.has(name));
  if (root === undefined) {
    const remedy = file.has('model_weights') || file.keys('').length > 0 ? 'Save the model as .keras, or its weights as .weights.h5' : '';
    throw new LanewiseError('invalid-file', 'not weights in the format of Keras 3', { where, expected: 'a group layers', ...(remedy && { remedy }) });
  }
  const tensors = new Map<string, Tensor>();
  const strangers = new Set(file.keys(root));
  const differences: string[] = [];
  const groups = groupNames(layers);
  layers.forEach(({ name }, index) => {
    const group = groups[index]!;
    strangers.delete(group);
    for (const { layer, path } of weightGroups(model.getLayer(name), `${root}/${group}`)) {
      const found = file.keys(path);
      if (found.length !== layer.weights.length) {
        differences.push(`${path} has ${found.length} weights, not ${layer.weights.length}`);
        continue;
      }
      layer.weights.forEach((spec, number) => {
        const dataset = `${path}/${number}`;
        const shape = file.shape(dataset);
        if (JSON.stringify(shape) === JSON.stringify(spec.shape)) tensors.set(`${layer.name}/${spec.name}`, file.read(dataset, spec.shape));
        else differences.push(`${dataset} has shape [${shape.join(', ')}], not [${spec.shape.join(', ')}]`);
      });
    }
  });
  for (const group of strangers) if (holdsWeights(file, `${root}/${group}`)) differences.push(`${root}/${group} belongs to no layer`);
  if (differences.length > 0) throw new LanewiseError('invalid-shape', `the weights do not fit the model ${model.name}: ${listed(differences)}`, { where });
  assignWeights(model, tensors, where);
}

const RULES: ReadonlyMap<string, KerasLayer> = new Map([...KERAS_LAYERS.values()].map((rule) => [rule.type, rule]));

/** The layers that have weights of their own, the layer itself or those within it, and where these are. */
function weightGroups(layer: Layer, path: string): { layer: Layer; path: string }[] {
  const rule = RULES.get(layer.type);
  if (!rule) throw new LanewiseError('unsupported', 'a layer that Keras has not', { where: layer.name, received: layer.type });
  const { group = 'vars', partGroups = {} } = rule;
  if (!(layer instanceof Wrapper)) return [{ layer, path: `${path}/${group}` }];
  return layer.parts.flatMap(({ name, layer: part }) => weightGroups(part, `${path}/${partGroups[name]!}`));
}

/** Groups within that of a layer: of its cell, or of layers within it. */
const INNER_GROUPS: readonly string[] = ['cell', ...[...KERAS_LAYERS.values()].flatMap(({ partGroups = {} }) => Object.values(partGroups))];
/** How deep they are looked for: in a file of ill will a group may be within itself. */
const MAX_GROUP_DEPTH = 4;

const holdsWeights = (file: Hdf5File, group: string, depth = MAX_GROUP_DEPTH): boolean =>
  file.keys(`${group}/vars`).length > 0 || (depth > 0 && INNER_GROUPS.some((inner) => file.has(`${group}/${inner}`) && holdsWeights(file, `${group}/${inner}`, depth - 1)));

/** The name of the class in snake case, and from the second layer of a class on its number: `conv2d`, `conv2d_1`. */
function groupNames(layers: readonly ImportedLayer[]): string[] {
  const numbers = new Map<string, number>();
  return layers.map(({ className }) => {
    const base = className.replace(/(.)([A-Z][a-z]+)/g, '$1_$2').replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
    const number = numbers.get(base) ?? 0;
    numbers.set(base, number + 1);
    return number === 0 ? base : `${base}_${number}`;
  });
}

/** The two files of a zip archive that are needed, and metadata; their sizes are looked at before memory is taken for them. */
function unzip(bytes: Uint8Array, where: string): Map<string, Uint8Array> {
  const seen = new Set<string>();
  let entries = 0;
  const wanted = ({ name, size, originalSize, compression }: { name: string; size: number; originalSize: number; compression: number }): boolean => {
    if (++entries > MAX_ENTRIES) throw wrong(where, 'the archive has too many entries', `at most ${MAX_ENTRIES}`);
    if (![CONFIG, WEIGHTS, METADATA].includes(name)) return false;
    if (seen.has(name)) throw wrong(where, `${name} stands twice in the archive`);
    seen.add(name);
    const most = name === WEIGHTS ? Infinity : MAX_CONFIG_BYTES;
    if (size > bytes.length || originalSize > Math.min(most, compression === 0 ? size : size * MAX_RATIO)) {
      throw wrong(`${where}, ${name}`, 'the archive claims an impossible size', undefined, `${originalSize} bytes`);
    }
    return true;
  };
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, { filter: wanted });
  } catch (cause) {
    if (cause instanceof LanewiseError) throw cause;
    throw new LanewiseError('invalid-file', 'not a zip archive that can be read', { where, received: cause instanceof Error ? cause.message : String(cause), cause });
  }
  for (const name of [CONFIG, WEIGHTS]) if (!Object.hasOwn(files, name)) throw wrong(where, `the archive has no ${name}`);
  return new Map(Object.entries(files));
}

const jsonOf = (bytes: Uint8Array, where: string): Json => plainJson(parseJson(decodeUtf8(bytes, where), where), where);

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new LanewiseError('invalid-file', 'not UTF-8 text', { where, cause });
  }
}

function wrong(where: string, summary: string, expected?: string, received?: string): LanewiseError {
  return new LanewiseError('invalid-file', summary, { where, ...(expected !== undefined && { expected }), ...(received !== undefined && { received }) });
}
