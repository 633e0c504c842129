/** The closed table of layers: a model in a file is made of these, with these options, and of nothing else. */
import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import type { ActivationOptions, EluOptions, GeluOptions, LeakyReluOptions } from './activation.js';
import { activation, elu, gelu, leakyRelu, relu, sigmoid, silu, softmax, softplus, tanh } from './activation.js';
import { add } from './add.js';
import type { BatchNormalizationOptions } from './batch-normalization.js';
import { batchNormalization } from './batch-normalization.js';
import type { ConcatenateOptions } from './concatenate.js';
import { concatenate } from './concatenate.js';
import type { Conv2dOptions } from './conv2d.js';
import { conv2d } from './conv2d.js';
import type { DenseOptions } from './dense.js';
import type { CustomLayerFactory } from './custom-layer.js';
import { dense } from './dense.js';
import type { DropoutOptions } from './dropout.js';
import { dropout } from './dropout.js';
import { flatten } from './flatten.js';
import type { GruOptions } from './gru.js';
import { gru } from './gru.js';
import type { InitializerOptions, Layer, LayerOptions } from './layer.js';
import { layerNormalization } from './layer-normalization.js';
import type { NormalizationOptions } from './normalization.js';
import type { LstmOptions } from './lstm.js';
import { lstm } from './lstm.js';
import type { MaxPooling2dOptions } from './max-pooling2d.js';
import { maxPooling2d } from './max-pooling2d.js';
import type { RandomFlipOptions } from './random-flip.js';
import { randomFlip } from './random-flip.js';
import type { RecurrentOptions } from './recurrent-layer.js';
import type { RegularizerOptions } from './regularizers.js';
import type { RescalingOptions } from './rescaling.js';
import { rescaling } from './rescaling.js';
import type { SimpleRnnOptions } from './simple-rnn.js';
import { simpleRNN } from './simple-rnn.js';

type Kind = 'number' | 'boolean' | 'text' | 'size2d' | 'shape' | 'regularizer' | 'initializer';

interface Option {
  readonly kind: Kind;
  /** What the layer takes if the option is left out, given the others; undefined if it must not be left out. */
  readonly default?: Json | ((options: JsonRecord) => Json);
  /** Whether it stands in a config only where it was given. */
  readonly optional?: boolean;
}
/** An entry for each option of a layer beside those that all have. */
type OptionTable<Options> = { readonly [Key in Exclude<keyof Options, keyof LayerOptions>]-?: Option };

interface LayerType {
  readonly options: Readonly<Record<string, Option>>;
  readonly create: (options: JsonRecord) => Layer;
}

const number: Option = { kind: 'number' };
const size2d: Option = { kind: 'size2d' };
const orNot = (kind: Kind, value: NonNullable<Option['default']>): Option => ({ kind, default: value });

/** The options have been checked against the table when `create` gets them. */
const layerType = <Options extends LayerOptions>(create: (options: Options) => Layer, options: OptionTable<Options>): LayerType =>
  ({ options, create: (checked) => create(checked as unknown as Options) });

const regularizer: Option = { kind: 'regularizer', optional: true };
const initializer: Option = { kind: 'initializer', optional: true };
/** Of a layer with a kernel and a bias. */
const weighted: OptionTable<InitializerOptions & RegularizerOptions> = {
  kernelInitializer: initializer, biasInitializer: initializer, kernelRegularizer: regularizer, biasRegularizer: regularizer,
};

/** Options that all normalisations have. */
const normalization: OptionTable<NormalizationOptions> = {
  axis: orNot('number', -1), epsilon: orNot('number', 1e-3), center: orNot('boolean', true), scale: orNot('boolean', true),
  betaInitializer: initializer, gammaInitializer: initializer, betaRegularizer: regularizer, gammaRegularizer: regularizer,
};

/** Options that all recurrent layers have. */
const recurrent: OptionTable<RecurrentOptions> = {
  units: number, activation: orNot('text', 'tanh'), useBias: orNot('boolean', true), returnSequences: orNot('boolean', false),
  goBackwards: orNot('boolean', false), dropout: orNot('number', 0), recurrentDropout: orNot('number', 0), stateful: orNot('boolean', false),
  ...weighted, recurrentInitializer: initializer, recurrentRegularizer: regularizer,
};

const LAYERS: ReadonlyMap<string, LayerType> = new Map(Object.entries({
  add: layerType<LayerOptions>(add, {}),
  batchNormalization: layerType<BatchNormalizationOptions>(batchNormalization, { momentum: orNot('number', 0.99), ...normalization }),
  concatenate: layerType<ConcatenateOptions>(concatenate, { axis: orNot('number', -1) }),
  activation: layerType<ActivationOptions>(activation, { activation: { kind: 'text' } }),
  conv2d: layerType<Conv2dOptions>(conv2d, {
    filters: number, kernelSize: size2d, strides: orNot('size2d', 1), padding: orNot('text', 'valid'), activation: orNot('text', 'linear'),
    useBias: orNot('boolean', true), ...weighted,
  }),
  dense: layerType<DenseOptions>(dense, { units: number, activation: orNot('text', 'linear'), useBias: orNot('boolean', true), ...weighted }),
  dropout: layerType<DropoutOptions>(dropout, { rate: number }),
  elu: layerType<EluOptions>(elu, { alpha: orNot('number', 1) }),
  flatten: layerType<LayerOptions>(flatten, {}),
  gelu: layerType<GeluOptions>(gelu, { approximate: orNot('boolean', false) }),
  layerNormalization: layerType<NormalizationOptions>(layerNormalization, normalization),
  leakyRelu: layerType<LeakyReluOptions>(leakyRelu, { negativeSlope: orNot('number', 0.3) }),
  maxPooling2d: layerType<MaxPooling2dOptions>(maxPooling2d, {
    poolSize: orNot('size2d', 2), strides: orNot('size2d', ({ poolSize }) => poolSize!), padding: orNot('text', 'valid'),
  }),
  randomFlip: layerType<RandomFlipOptions>(randomFlip, { mode: orNot('text', 'horizontalAndVertical') }),
  relu: layerType<LayerOptions>(relu, {}),
  rescaling: layerType<RescalingOptions>(rescaling, { scale: number, offset: orNot('number', 0) }),
  simpleRNN: layerType<SimpleRnnOptions>(simpleRNN, recurrent),
  lstm: layerType<LstmOptions>(lstm, { ...recurrent, recurrentActivation: orNot('text', 'sigmoid'), unitForgetBias: orNot('boolean', true) }),
  gru: layerType<GruOptions>(gru, { ...recurrent, recurrentActivation: orNot('text', 'sigmoid'), resetAfter: orNot('boolean', true) }),
  sigmoid: layerType<LayerOptions>(sigmoid, {}),
  silu: layerType<LayerOptions>(silu, {}),
  softmax: layerType<LayerOptions>(softmax, {}),
  softplus: layerType<LayerOptions>(softplus, {}),
  tanh: layerType<LayerOptions>(tanh, {}),
}));

/** Names of all layers there are. */
export const LAYER_TYPES: readonly string[] = [...LAYERS.keys()];

const COMMON: Readonly<Record<string, Option>> = { name: { kind: 'text' }, inputShape: { kind: 'shape' }, trainable: { kind: 'boolean' } };

/** A layer of a model as JSON, every option said, so that a later change of a default changes no model in a file. */
export function layerConfig({ type, name, options, trainable, isCustom }: Layer): JsonRecord {
  const layer = isCustom ? CUSTOM : LAYERS.get(type);
  if (!layer) throw new LanewiseError('unsupported', 'a layer that has no form in JSON', { where: name, received: type });
  const config: Record<string, Json> = { type, name, ...(isCustom && { custom: true }) };
  const given = options as unknown as Readonly<Record<string, Json | undefined>>;
  if (given['inputShape'] !== undefined) config['inputShape'] = given['inputShape'];
  if (!trainable) config['trainable'] = false;
  for (const [key, { kind, optional, default: byDefault }] of Object.entries(layer.options)) {
    if (optional && given[key] === undefined) continue;
    const value = given[key] ?? (typeof byDefault === 'function' ? byDefault(config) : byDefault)!;
    config[key] = kind === 'size2d' && typeof value === 'number' ? [value, value] : value;
  }
  return config;
}

/** Layers of the reader's own by their type, for configs that name some. */
export type CustomLayers = Readonly<Record<string, CustomLayerFactory>>;

/** Such a layer has no options but those all have. */
const CUSTOM: Pick<LayerType, 'options'> = { options: {} };

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
  return layer.create(options);
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
  size2d: (value) => typeof value === 'number' || isNumbers(value),
  shape: isNumbers,
  regularizer: isRegularizer,
  initializer: isInitializer,
};
const WORDS: Readonly<Record<Kind, string>> = {
  number: 'a number', boolean: 'true or false', text: 'a text', size2d: 'a number or [rows, columns]', shape: 'a list of sizes', regularizer: 'factors l1 and l2',
  initializer: 'an initializer',
};
