/** The closed table of layers: a model in a file is made of these, with these options, and of nothing else. */
import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import { isRecord } from '../json.js';
import {
  ACTIVATION_OPTIONS, ELU_OPTIONS, GELU_OPTIONS, LEAKY_RELU_OPTIONS, activation, elu, gelu, leakyRelu, relu, sigmoid, silu, softmax, softplus, tanh,
} from './core/activation.js';
import { add } from './merging/add.js';
import { averagePooling2d } from './pooling/average-pooling2d.js';
import { BIDIRECTIONAL_OPTIONS, bidirectional } from './recurrent/bidirectional.js';
import { BATCH_NORMALIZATION_OPTIONS, batchNormalization } from './normalization/batch-normalization.js';
import { CONCATENATE_OPTIONS, concatenate } from './merging/concatenate.js';
import { CONV1D_OPTIONS, conv1d } from './convolution/conv1d.js';
import { CONV2D_OPTIONS, conv2d } from './convolution/conv2d.js';
import type { CustomLayerFactory } from './custom/custom-layer.js';
import { DENSE_OPTIONS, dense } from './core/dense.js';
import { DEPTHWISE_OPTIONS } from './convolution/depthwise.js';
import { depthwiseConv2d } from './convolution/depthwise-conv2d.js';
import { DROPOUT_OPTIONS, dropout } from './core/dropout.js';
import { EMBEDDING_OPTIONS, embedding } from './core/embedding.js';
import { flatten } from './reshaping/flatten.js';
import { GLOBAL_POOLING_OPTIONS, globalAveragePooling1d, globalAveragePooling2d, globalMaxPooling1d, globalMaxPooling2d } from './pooling/global-pooling.js';
import { GRU_OPTIONS, gru } from './recurrent/gru.js';
import type { Kind, Option, OptionTable } from './layer-config.js';
import { NO_OPTIONS } from './layer-config.js';
import type { Layer, LayerFactory } from './layer.js';
import type { LayerOptions } from './layer-options.js';
import { layerNormalization } from './normalization/layer-normalization.js';
import { LSTM_OPTIONS, lstm } from './recurrent/lstm.js';
import { MASKING_OPTIONS, masking } from './core/masking.js';
import { maxPooling2d } from './pooling/max-pooling2d.js';
import { NORMALIZATION_OPTIONS } from './normalization/normalization.js';
import { RANDOM_ERASING_OPTIONS, randomErasing } from './augmentation/random-erasing.js';
import { POOLING1D_OPTIONS, averagePooling1d, maxPooling1d } from './pooling/pooling1d.js';
import { POOLING2D_OPTIONS } from './pooling/pooling2d.js';
import { RANDOM_FLIP_OPTIONS, randomFlip } from './augmentation/random-flip.js';
import { RANDOM_ROTATION_OPTIONS, randomRotation } from './augmentation/random-rotation.js';
import { RANDOM_TRANSLATION_OPTIONS, randomTranslation } from './augmentation/random-translation.js';
import { RECURRENT_OPTIONS } from './recurrent/recurrent-layer.js';
import { RESCALING_OPTIONS, rescaling } from './core/rescaling.js';
import { SEPARABLE_CONV2D_OPTIONS, separableConv2d } from './convolution/separable-conv2d.js';
import { RESHAPE_OPTIONS, reshape } from './reshaping/reshape.js';
import { simpleRNN } from './recurrent/simple-rnn.js';
import { TIME_DISTRIBUTED_OPTIONS, timeDistributed } from './recurrent/time-distributed.js';
import { ZERO_PADDING2D_OPTIONS, zeroPadding2d } from './reshaping/zero-padding2d.js';

interface LayerType {
  readonly options: OptionTable;
  /** Of checked options: values of JSON, and layers within. */
  readonly create: (options: Readonly<Record<string, Json | Layer>>) => Layer;
}

/** The options have been checked against the table, the one its layers carry, when `create` gets them. */
const layerType = <Options extends LayerOptions>(create: LayerFactory<Options>, options: OptionTable<Options>): LayerType =>
  ({ options, create: (checked) => create(checked as unknown as Options) });

export const LAYERS: ReadonlyMap<string, LayerType> = new Map(Object.entries({
  activation: layerType(activation, ACTIVATION_OPTIONS),
  add: layerType(add, NO_OPTIONS),
  averagePooling1d: layerType(averagePooling1d, POOLING1D_OPTIONS),
  averagePooling2d: layerType(averagePooling2d, POOLING2D_OPTIONS),
  batchNormalization: layerType(batchNormalization, BATCH_NORMALIZATION_OPTIONS),
  bidirectional: layerType(bidirectional, BIDIRECTIONAL_OPTIONS),
  concatenate: layerType(concatenate, CONCATENATE_OPTIONS),
  conv1d: layerType(conv1d, CONV1D_OPTIONS),
  conv2d: layerType(conv2d, CONV2D_OPTIONS),
  dense: layerType(dense, DENSE_OPTIONS),
  depthwiseConv2d: layerType(depthwiseConv2d, DEPTHWISE_OPTIONS),
  dropout: layerType(dropout, DROPOUT_OPTIONS),
  elu: layerType(elu, ELU_OPTIONS),
  embedding: layerType(embedding, EMBEDDING_OPTIONS),
  flatten: layerType(flatten, NO_OPTIONS),
  gelu: layerType(gelu, GELU_OPTIONS),
  globalAveragePooling1d: layerType(globalAveragePooling1d, GLOBAL_POOLING_OPTIONS),
  globalAveragePooling2d: layerType(globalAveragePooling2d, GLOBAL_POOLING_OPTIONS),
  globalMaxPooling1d: layerType(globalMaxPooling1d, GLOBAL_POOLING_OPTIONS),
  globalMaxPooling2d: layerType(globalMaxPooling2d, GLOBAL_POOLING_OPTIONS),
  gru: layerType(gru, GRU_OPTIONS),
  layerNormalization: layerType(layerNormalization, NORMALIZATION_OPTIONS),
  leakyRelu: layerType(leakyRelu, LEAKY_RELU_OPTIONS),
  lstm: layerType(lstm, LSTM_OPTIONS),
  masking: layerType(masking, MASKING_OPTIONS),
  maxPooling1d: layerType(maxPooling1d, POOLING1D_OPTIONS),
  maxPooling2d: layerType(maxPooling2d, POOLING2D_OPTIONS),
  randomErasing: layerType(randomErasing, RANDOM_ERASING_OPTIONS),
  randomFlip: layerType(randomFlip, RANDOM_FLIP_OPTIONS),
  randomRotation: layerType(randomRotation, RANDOM_ROTATION_OPTIONS),
  randomTranslation: layerType(randomTranslation, RANDOM_TRANSLATION_OPTIONS),
  relu: layerType(relu, NO_OPTIONS),
  rescaling: layerType(rescaling, RESCALING_OPTIONS),
  reshape: layerType(reshape, RESHAPE_OPTIONS),
  separableConv2d: layerType(separableConv2d, SEPARABLE_CONV2D_OPTIONS),
  sigmoid: layerType(sigmoid, NO_OPTIONS),
  silu: layerType(silu, NO_OPTIONS),
  simpleRNN: layerType(simpleRNN, RECURRENT_OPTIONS),
  softmax: layerType(softmax, NO_OPTIONS),
  softplus: layerType(softplus, NO_OPTIONS),
  tanh: layerType(tanh, NO_OPTIONS),
  timeDistributed: layerType(timeDistributed, TIME_DISTRIBUTED_OPTIONS),
  zeroPadding2d: layerType(zeroPadding2d, ZERO_PADDING2D_OPTIONS),
}));

/** Names of all layers there are. */
export const LAYER_TYPES: readonly string[] = [...LAYERS.keys()];

const COMMON: Readonly<Record<string, Option>> = { name: { kind: 'text' }, inputShape: { kind: 'shape' }, trainable: { kind: 'boolean' } };

/** Layers of the reader's own by their type, for configs that name some. */
export type CustomLayers = Readonly<Record<string, CustomLayerFactory>>;

/** Such a layer has no options but those all have. */
const CUSTOM: Pick<LayerType, 'options'> = { options: NO_OPTIONS };

/**
 * The layer of such a config.
 * @param where for error messages
 * @throws LanewiseError `invalid-file`; `unsupported` for a layer or option that is not known; what the layer itself throws
 */
export function layerFromConfig({ custom, ...config }: JsonRecord, where: string, customLayers: CustomLayers = {}): Layer {
  const { type, ...options } = config;
  const layer = custom === undefined ? (typeof type === 'string' ? LAYERS.get(type) : undefined) : customType(type, customLayers, where);
  if (!layer) throw new LanewiseError('unsupported', 'unknown layer', { where, expected: LAYER_TYPES.join(', '), received: JSON.stringify(type) ?? 'none' });
  const place = `${where}, ${type as string}`;
  const known = new Map(Object.entries({ ...COMMON, ...layer.options }));
  for (const [key, value] of Object.entries(options)) {
    const option = known.get(key);
    if (!option) {
      const details = { where: place, expected: [...known.keys()].join(', '), received: JSON.stringify(key) };
      throw new LanewiseError('unsupported', 'unknown option of a layer', details);
    }
    if (!IS_OF_KIND[option.kind](value)) {
      const details = { where: place, expected: WORDS[option.kind], received: JSON.stringify(value) };
      throw new LanewiseError('invalid-file', `${key} has the wrong type`, details);
    }
  }
  for (const [key, { optional, default: byDefault }] of Object.entries(layer.options)) {
    if (byDefault === undefined && !optional && !Object.hasOwn(options, key)) {
      throw new LanewiseError('invalid-file', `${key} is missing`, { where: place });
    }
  }
  const within = ([key, value]: [string, Json]): [string, Json | Layer] =>
    [key, known.get(key)!.kind === 'layer' ? layerFromConfig(value as JsonRecord, `${place}, ${key}`, customLayers) : value];
  return layer.create(Object.fromEntries(Object.entries(options).map(within)));
}

function customType(type: Json | undefined, customLayers: CustomLayers, where: string): LayerType {
  if (typeof type === 'string' && Object.hasOwn(customLayers, type)) return { ...CUSTOM, create: (options) => customLayers[type]!(options) };
  throw new LanewiseError('unsupported', "a custom layer that is not among the reader's", {
    where, expected: Object.keys(customLayers).join(', ') || 'none', received: JSON.stringify(type) ?? 'none', remedy: 'Give it in customLayers',
  });
}

const isNumbers = (value: Json): boolean => Array.isArray(value) && value.every((item) => typeof item === 'number');

const isRegularizer = (value: Json): boolean => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { l1, l2, ...others } = value as JsonRecord;
  return typeof l1 === 'number' && typeof l2 === 'number' && Object.keys(others).length === 0;
};

/** The layer looks at the rest. */
const isInitializer = (value: Json): boolean => typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value));

const IS_OF_KIND: Readonly<Record<Kind, (value: Json) => boolean>> = {
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  text: (value) => typeof value === 'string',
  range: (value) => typeof value === 'number' || isNumbers(value),
  size2d: (value) => typeof value === 'number' || isNumbers(value),
  shape: isNumbers,
  padding2d: (value) => typeof value === 'number' || isNumbers(value) || (Array.isArray(value) && value.every(isNumbers)),
  regularizer: isRegularizer,
  initializer: isInitializer,
  layer: isRecord,
};
const WORDS: Readonly<Record<Kind, string>> = {
  number: 'a number', boolean: 'true or false', text: 'a text', size2d: 'a number or [rows, columns]', range: 'a number or [low, high]', shape: 'a list of sizes', padding2d: 'a number, [rows, columns] or [[top, bottom], [left, right]]',
  regularizer: 'factors l1 and l2',
  initializer: 'an initializer',
  layer: 'the config of a layer',
};
