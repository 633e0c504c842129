/** Models that TensorFlow.js saved (`model.save`) or its converter wrote from Keras: `model.json` and the files of weights beside it. @module lanewise/tfjs */
import { LanewiseError } from '../errors.js';
import { parseJson, plainJson } from '../io/json.js';
import { assignWeights } from '../io/weights.js';
import type { Json } from '../json.js';
import { isRecord } from '../json.js';
import type { Layer } from '../layers/layer.js';
import { Wrapper } from '../layers/wrapper.js';
import type { Model, Prediction } from '../model/model.js';
import { sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { importTopology, majorVersion, type ImportOptions } from './topology.js';

export type { ImportOptions };

/**
 * A layers model of TensorFlow.js, to be compiled before it is used. No file is opened: the bytes of those that `weightsManifest` names are
 * given, in that order.
 * Types cannot tell of how many outputs it is: for more than one say `importTfjs<Tensor<Float32Array>[]>(…)`.
 * @param modelJson the text of `model.json`, or the object it holds
 * @throws LanewiseError `invalid-file`; `unsupported`, listing all layers and options that have no counterpart; `invalid-shape`
 */
export function importTfjs<Predicted extends Prediction = Tensor<Float32Array>>(
  modelJson: string | object, weightFiles: Uint8Array | readonly Uint8Array[], options: ImportOptions = {},
): Model<Predicted> {
  const where = 'model.json';
  const json = plainJson(parseJson(typeof modelJson === 'string' ? modelJson : textOf(modelJson, where), where), where);
  if (!isRecord(json) || !isRecord(json['modelTopology'])) throw new LanewiseError('invalid-file', 'not a model of TensorFlow.js', { where });
  const { modelTopology, weightsManifest, format } = json;
  if (format === 'graph-model') {
    throw new LanewiseError('unsupported', 'a graph model, which has no layers any more', { where, remedy: 'Convert it with the output format tfjs_layers_model' });
  }
  const oldHardSigmoid = !(majorVersion(modelTopology['keras_version']) >= 3); // TensorFlow.js itself writes `tfjs-layers 4.22.0`
  const { model, layers } = importTopology(modelTopology['model_config'] ?? modelTopology, where, { ...options, oldHardSigmoid });
  const tensors = readWeights(weightsManifest ?? [], [weightFiles].flat(), where);
  const imported = layers.map(({ name }) => model.getLayer(name));
  assignWeights(model, new Map([...tensors].map(([name, tensor]) => [ownName(name, imported), tensor])), where);
  return model as Model<Predicted>;
}

/**
 * `layer/kernel` for `layer/kernel` and for `layer/lstm_cell/recurrent_kernel`, which becomes `layer/recurrentKernel`; of a layer that holds others,
 * `layer/forward/kernel` for `layer/forward_lstm/kernel`. A layer's name may have slashes; the longest that fits is the one.
 */
function ownName(name: string, layers: readonly Layer[]): string {
  const fitting = layers.filter((layer) => name.startsWith(`${layer.name}/`));
  if (fitting.length === 0) return name;
  const layer = fitting.reduce((longest, next) => (next.name.length > longest.name.length ? next : longest));
  const places = name.slice(layer.name.length + 1).split('/');
  const weight = places.pop()!.replace(/:0$/, '').replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  return `${layer.name}/${[...partsOf(layer, places), weight].join('/')}`;
}

/** The parts of a wrapper in which a weight lies: that which a place is named for, or the only one. */
function partsOf(layer: Layer, places: readonly string[]): string[] {
  if (!(layer instanceof Wrapper)) return [];
  const part = layer.parts.find(({ name }) => layer.parts.length === 1 || places.some((place) => place.startsWith(`${name}_`)));
  return part ? [part.name, ...partsOf(part.layer, places)] : [];
}

/** All weights lie in the files one behind the other, as if the files were one. */
function readWeights(manifest: Json, files: readonly Uint8Array[], where: string): Map<string, Tensor<Float32Array>> {
  const groups = Array.isArray(manifest) ? (manifest as readonly Json[]) : [manifest];
  const specs = groups.flatMap((group): readonly Json[] => {
    const weights = isRecord(group) ? group['weights'] : undefined;
    if (!Array.isArray(weights)) throw new LanewiseError('invalid-file', 'weightsManifest has no list of weights', { where });
    return weights as readonly Json[];
  }).map((spec, index) => weightSpec(spec, `${where}, weight ${index}`));
  const expected = specs.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const received = files.reduce((sum, { length }) => sum + length, 0);
  if (received !== expected) {
    throw new LanewiseError('invalid-file', 'the files of weights have another size than their list', { where, expected: `${expected} bytes`, received: `${received}` });
  }
  const bytes = new Uint8Array(received);
  files.reduce((at, file) => {
    bytes.set(file, at);
    return at + file.length;
  }, 0);
  const tensors = new Map<string, Tensor<Float32Array>>();
  let at = 0;
  for (const { name, shape } of specs) {
    if (tensors.has(name)) throw new LanewiseError('invalid-file', 'a weight stands twice', { where, received: name });
    tensors.set(name, { data: new Float32Array(bytes.buffer, at, sizeOf(shape)).slice(), shape });
    at += 4 * sizeOf(shape);
  }
  return tensors;
}

function weightSpec(spec: Json, where: string): { name: string; shape: readonly number[] } {
  const { name, shape, dtype, quantization } = isRecord(spec) ? spec : {};
  if (typeof name !== 'string') throw new LanewiseError('invalid-file', 'a weight has no name', { where });
  const isSize = (size: Json): size is number => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  if (!Array.isArray(shape) || !(shape as readonly Json[]).every(isSize)) throw new LanewiseError('invalid-file', 'a weight has no shape', { where, received: name });
  if (dtype !== 'float32' || quantization !== undefined) {
    throw new LanewiseError('unsupported', 'a weight of another type', { where, expected: 'float32', received: quantization === undefined ? JSON.stringify(dtype) ?? 'none' : 'quantized' });
  }
  return { name, shape: shape as readonly number[] };
}


function textOf(json: object, where: string): string {
  try {
    return JSON.stringify(json);
  } catch (cause) {
    throw new LanewiseError('invalid-argument', 'the model is not JSON', { where, cause });
  }
}
