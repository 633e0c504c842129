/** The closed table of Keras's layers and options: what each is called here. What is not in it is not guessed. */
import type { Json, JsonRecord } from '../json.js';
import { isRecord } from '../json.js';
import { STEP_ACTIVATIONS } from '../layers/activations.js';

/** A name here, and what becomes of the value; undefined for a value that has no counterpart. */
type Option = string | { readonly to: string; readonly convert: (value: Json, context: Context) => Json | undefined } | LayerOption;
/** A layer within: what is said of it in Keras but settled by the layer around it. */
interface LayerOption {
  readonly layer: string;
  readonly settled?: readonly string[];
}

/** What wrote the config, as far as it matters. */
export interface KerasSource {
  /** Whether its hard sigmoid is 0.2·x + ½, as in TensorFlow.js and in Keras before version 3, and not x/6 + ½. */
  readonly oldHardSigmoid: boolean;
}

/** What else a value may depend on. */
interface Context extends KerasSource {
  /** Of the layer's input, with the batch, where the file says it. */
  readonly rank: number | undefined;
}

export interface KerasLayer {
  /** The layer's type here. */
  readonly type: string;
  /** Options with a counterpart. A null stands for the default. */
  readonly options?: Readonly<Record<string, Option>>;
  /** Options without one, and the values that mean the same as nothing; or of one with a counterpart, the values that have one. */
  readonly only?: Readonly<Record<string, readonly Json[] | ((value: Json, context: Context) => boolean)>>;
  /** Options that must be said, since the default was not always the same. */
  readonly needed?: readonly string[];
  /** Where the weights are within the layer's group of an HDF5 file. */
  readonly group?: string;
  /** The same of layers within it, by what they are called here. */
  readonly partGroups?: Readonly<Record<string, string>>;
}


const ACTIVATIONS: ReadonlyMap<string, string> = new Map(Object.entries({
  linear: 'linear', relu: 'relu', leaky_relu: 'leakyRelu', elu: 'elu', gelu: 'gelu', silu: 'silu', swish: 'silu', softplus: 'softplus', tanh: 'tanh',
  sigmoid: 'sigmoid', softmax: 'softmax',
}));

/** A name, or what Keras 3 writes for a function of its own: `{ class_name: 'function', config: 'relu' }`. */
function activationName(value: Json, { oldHardSigmoid }: KerasSource): Json | undefined {
  const name = isRecord(value) && value['class_name'] === 'function' ? value['config'] : value;
  if (name === 'hard_sigmoid' || name === 'hardSigmoid') return oldHardSigmoid ? 'hardSigmoidTfjs' : 'hardSigmoid';
  return typeof name === 'string' ? ACTIVATIONS.get(name) : undefined;
}
const activation: Option = { to: 'activation', convert: activationName };

/** The same of those that a recurrent layer can apply at each step. */
const stepActivation = (to: string): Option => ({
  to,
  convert(value, context) {
    const name = activationName(value, context);
    return (STEP_ACTIVATIONS as readonly Json[]).includes(name ?? null) ? name : undefined;
  },
});

const factor = (value: Json | undefined): number | undefined => (value === undefined ? 0 : typeof value === 'number' ? value : undefined);

/** `{ class_name: 'L2', config: { l2: 0.01 } }`, the same as L1 or L1L2, or a name alone, which stands for factors of 0.01. */
function penalty(value: Json): Json | undefined {
  const { class_name: name, config } = isRecord(value) ? value : { class_name: value, config: { l1: 0.01, l2: 0.01 } };
  if (typeof name !== 'string' || !isRecord(config ?? null)) return undefined;
  const kind = name.toLowerCase();
  if (kind !== 'l1' && kind !== 'l2' && kind !== 'l1l2') return undefined;
  const { l1, l2 } = config as JsonRecord;
  const factors = { l1: kind === 'l2' ? 0 : factor(l1), l2: kind === 'l1' ? 0 : factor(l2) };
  return factors.l1 === undefined || factors.l2 === undefined ? undefined : { l1: factors.l1, l2: factors.l2 };
}
const regularizer = (to: string): Option => ({ to, convert: penalty });

const CHANNELS_LAST = { data_format: ['channels_last', null] } as const;
const WEIGHTED = {
  use_bias: 'useBias', activation, kernel_regularizer: regularizer('kernelRegularizer'), bias_regularizer: regularizer('biasRegularizer'),
} as const;
const NORMALIZED = { beta_regularizer: regularizer('betaRegularizer'), gamma_regularizer: regularizer('gammaRegularizer') } as const;
const RECURRENT_OPTIONS = {
  units: 'units', ...WEIGHTED, activation: stepActivation('activation'), recurrent_regularizer: regularizer('recurrentRegularizer'), dropout: 'dropout', recurrent_dropout: 'recurrentDropout', return_sequences: 'returnSequences', go_backwards: 'goBackwards',
} as const;
const recurrentActivation = stepActivation('recurrentActivation');
/** `unroll` and `implementation` say how, not what is calculated. */
const RECURRENT_ONLY = { return_state: [false, null], stateful: [false, null], zero_output_for_mask: [false, null], time_major: [false, null] } as const;
const recurrent = (type: string, options: KerasLayer['options'] = {}): KerasLayer =>
  ({ type, options: { ...RECURRENT_OPTIONS, ...options }, needed: Object.keys(options), only: RECURRENT_ONLY, group: 'cell/vars' });

/** A bidirectional layer has zeros in steps that a mask leaves out, whatever is said of the layers within. */
const OF_MASKED_STEPS = ['zero_output_for_mask'];

/** The last axis, -1, if it is that; one counted from the front is not known to be where the file does not say what the input is. */
function lastAxis(value: Json, { rank }: Context): -1 | undefined {
  const axis = Array.isArray(value) && value.length === 1 ? (value as readonly Json[])[0] : value;
  return axis === -1 || (rank !== undefined && axis === rank - 1) ? -1 : undefined;
}
const isLastAxis = (value: Json, context: Context): boolean => lastAxis(value, context) !== undefined;

const numberAs = (to: string): Option => ({ to, convert: (value) => (typeof value === 'number' ? value : undefined) });

/** A size of one axis, also as a list of it. */
const single = (to: string): Option => ({ to, convert: (value) => (Array.isArray(value) && value.length === 1 ? (value as readonly Json[])[0] : value) });

/** Options of a convolution of every channel by itself; older versions write some of the convolution they come from. */
const DEPTHWISE = {
  options: {
    kernel_size: 'kernelSize', strides: 'strides', padding: 'padding', dilation_rate: 'dilationRate', depth_multiplier: 'depthMultiplier', use_bias: 'useBias', activation,
    depthwise_regularizer: regularizer('depthwiseRegularizer'), bias_regularizer: regularizer('biasRegularizer'),
  },
  only: { ...CHANNELS_LAST, groups: [1, null], rank: [2] },
} as const;

const pooling2d = (type: string): KerasLayer => ({ type, options: { pool_size: 'poolSize', strides: 'strides', padding: 'padding' }, only: CHANNELS_LAST });
const pooling1d = (type: string): KerasLayer =>
  ({ type, options: { pool_size: single('poolSize'), strides: single('strides'), padding: 'padding' }, only: CHANNELS_LAST });
const globalPooling = (type: string): KerasLayer => ({ type, options: { keepdims: 'keepDims' }, only: CHANNELS_LAST });

/** Keras writes the size that is left open as -1, TensorFlow.js as null. */
const openAsMinusOne = (value: Json): Json => (Array.isArray(value) ? value.map((size: Json) => size ?? -1) : value);

const horizontalAndVertical = (value: Json): Json => (value === 'horizontal_and_vertical' ? 'horizontalAndVertical' : value);

/** What does not matter without another option. */
const ANY = (): boolean => true;

const BILINEAR = { ...CHANNELS_LAST, interpolation: ['bilinear', null] } as const;

const LAYERS: Readonly<Record<string, KerasLayer>> = {
  Activation: { type: 'activation', options: { activation } },
  Add: { type: 'add' },
  BatchNormalization: {
    type: 'batchNormalization', options: { axis: { to: 'axis', convert: lastAxis }, momentum: 'momentum', epsilon: 'epsilon', center: 'center', scale: 'scale', ...NORMALIZED },
    only: { renorm: [false, null], renorm_clipping: ANY, renorm_momentum: ANY, synchronized: [false, null], virtual_batch_size: [null], fused: [true, false, null] },
  },
  Bidirectional: {
    type: 'bidirectional', options: { layer: { layer: 'layer', settled: OF_MASKED_STEPS }, backward_layer: { layer: 'backwardLayer', settled: OF_MASKED_STEPS }, merge_mode: 'mergeMode' },
    only: { merge_mode: ['concat', 'sum', 'mul', 'ave'] }, partGroups: { forward: 'forward_layer', backward: 'backward_layer' },
  },
  Concatenate: { type: 'concatenate', options: { axis: 'axis' } },
  Conv1D: {
    type: 'conv1d',
    options: {
      filters: 'filters', kernel_size: single('kernelSize'), strides: single('strides'), padding: 'padding', dilation_rate: single('dilationRate'), groups: 'groups', ...WEIGHTED,
    },
    only: { ...CHANNELS_LAST, rank: [1] },
  },
  Conv2D: {
    type: 'conv2d', options: { filters: 'filters', kernel_size: 'kernelSize', strides: 'strides', padding: 'padding', dilation_rate: 'dilationRate', groups: 'groups', ...WEIGHTED },
    only: { ...CHANNELS_LAST, rank: [2] },
  },
  Dense: { type: 'dense', options: { units: 'units', ...WEIGHTED }, only: { lora_rank: [null], quantization_config: [null] } },
  DepthwiseConv2D: { type: 'depthwiseConv2d', ...DEPTHWISE },
  Dropout: { type: 'dropout', options: { rate: 'rate' }, only: { noise_shape: [null] } },
  Embedding: {
    type: 'embedding', options: { input_dim: 'inputDim', output_dim: 'outputDim', mask_zero: 'maskZero', embeddings_regularizer: regularizer('embeddingsRegularizer') },
    only: { lora_rank: [null], quantization_config: [null] },
  },
  GRU: recurrent('gru', { recurrent_activation: recurrentActivation, reset_after: 'resetAfter' }),
  LayerNormalization: {
    type: 'layerNormalization', options: { axis: { to: 'axis', convert: lastAxis }, epsilon: 'epsilon', center: 'center', scale: 'scale', ...NORMALIZED },
    only: { rms_scaling: [false, null] },
  },
  LSTM: recurrent('lstm', { recurrent_activation: recurrentActivation, unit_forget_bias: 'unitForgetBias' }),
  ELU: { type: 'elu', options: { alpha: 'alpha' } },
  LeakyReLU: { type: 'leakyRelu', options: { negative_slope: 'negativeSlope', alpha: 'negativeSlope' } },
  ReLU: { type: 'relu', only: { max_value: [null], negative_slope: [0, null], threshold: [0, null] } },
  Softmax: { type: 'softmax', only: { axis: isLastAxis } },
  Flatten: { type: 'flatten', only: CHANNELS_LAST },
  Masking: { type: 'masking', options: { mask_value: 'maskValue' } },
  RandomRotation: { type: 'randomRotation', options: { factor: 'factor', fill_mode: 'fillMode', fill_value: 'fillValue' }, only: BILINEAR },
  RandomTranslation: {
    type: 'randomTranslation', options: { height_factor: 'heightFactor', width_factor: 'widthFactor', fill_mode: 'fillMode', fill_value: 'fillValue' }, only: BILINEAR,
  },
  AveragePooling1D: pooling1d('averagePooling1d'),
  AveragePooling2D: pooling2d('averagePooling2d'),
  GlobalAveragePooling1D: globalPooling('globalAveragePooling1d'),
  GlobalAveragePooling2D: globalPooling('globalAveragePooling2d'),
  GlobalMaxPooling1D: globalPooling('globalMaxPooling1d'),
  GlobalMaxPooling2D: globalPooling('globalMaxPooling2d'),
  MaxPooling1D: pooling1d('maxPooling1d'),
  MaxPooling2D: pooling2d('maxPooling2d'),
  RandomFlip: { type: 'randomFlip', options: { mode: { to: 'mode', convert: horizontalAndVertical } }, only: CHANNELS_LAST },
  Rescaling: { type: 'rescaling', options: { scale: numberAs('scale'), offset: numberAs('offset') } },
  SeparableConv2D: { type: 'separableConv2d', options: { filters: 'filters', ...DEPTHWISE.options, pointwise_regularizer: regularizer('pointwiseRegularizer') }, only: DEPTHWISE.only },
  Reshape: { type: 'reshape', options: { target_shape: { to: 'targetShape', convert: openAsMinusOne } } },
  SimpleRNN: recurrent('simpleRNN'),
  TimeDistributed: { type: 'timeDistributed', options: { layer: { layer: 'layer' } }, partGroups: { layer: 'layer' } },
  ZeroPadding2D: { type: 'zeroPadding2d', options: { padding: 'padding' }, only: CHANNELS_LAST },
};

/** By Keras's name of the class. */
export const KERAS_LAYERS: ReadonlyMap<string, KerasLayer> = new Map(Object.entries(LAYERS));

/** Say how, not what, a layer calculates, or how its weights began. */
const IRRELEVANT: readonly string[] = ['name', 'trainable', 'batch_input_shape', 'batch_shape', 'input_dtype', 'input_length', 'seed', 'implementation', 'unroll', 'sparse', 'ragged', 'optional', 'build_config'];
const isIrrelevant = (key: string): boolean => IRRELEVANT.includes(key) || key.endsWith('_initializer');
/** Change the loss or the weights after a step, not what is predicted. */
const isForTraining = (key: string): boolean => key.endsWith('_regularizer') || key.endsWith('_constraint');

const TRAINING = 'which matters in training (inferenceOnly leaves it out)';

const isFloat32 = (value: Json): boolean => {
  const name = isRecord(value) && isRecord(value['config'] ?? null) ? (value['config'] as JsonRecord)['name'] : value;
  return name === 'float32' || name === null;
};

/** What stands of a layer in the file. */
interface KerasConfig {
  readonly config: JsonRecord;
  /** What it was built for: `{ input_shape: [null, 28, 28, 1] }`. Keras 3 only. */
  readonly build_config?: Json | undefined;
}

function rankOf(buildConfig: Json = null): number | undefined {
  const shape = isRecord(buildConfig) ? buildConfig['input_shape'] : undefined;
  return Array.isArray(shape) ? shape.length : undefined;
}

/**
 * A layer's options here. Whatever has no counterpart is added to `problems`, in words.
 * @param inferenceOnly whether regularizers and constraints may be left out
 */
export function convertOptions(
  { config, build_config: buildConfig }: KerasConfig, { type, options = {}, only = {}, needed = [] }: KerasLayer,
  { inferenceOnly, ...source }: KerasSource & { inferenceOnly: boolean }, problems: string[],
): JsonRecord {
  const context = { ...source, rank: rankOf(buildConfig) };
  const result: Record<string, Json> = { type };
  for (const [key, value] of Object.entries(config)) {
    const option = Object.hasOwn(options, key) ? options[key] : undefined;
    const allowed = Object.hasOwn(only, key) ? only[key]! : ANY;
    const isAllowed = typeof allowed === 'function' ? allowed(value, context) : allowed.some((one) => shown(one) === shown(value));
    if (!isAllowed) problems.push(`${key} ${shown(value)}`);
    else if (option !== undefined) {
      if (value === null) continue;
      if (typeof option === 'object' && 'layer' in option) {
        result[option.layer] = convertLayer(value, option, { inferenceOnly, ...source }, (problem) => problems.push(`${key} ${problem}`));
        continue;
      }
      const converted = typeof option === 'string' ? value : option.convert(value, context);
      if (converted === undefined) {
        if (!isForTraining(key)) problems.push(`${key} ${shown(value)}`);
        else if (!inferenceOnly) problems.push(`${key} ${shown(value)}, ${TRAINING}`);
      } else result[typeof option === 'string' ? option : option.to] = converted;
    } else if (key === 'dtype') {
      if (!isFloat32(value)) problems.push(`${key} ${shown(value)}`);
    } else if (Object.hasOwn(only, key)) continue;
    else if (isForTraining(key)) {
      if (value !== null && !inferenceOnly) problems.push(`${key}, ${TRAINING}`);
    } else if (!isIrrelevant(key)) problems.push(`option ${shown(key)}`);
  }
  problems.push(...needed.filter((key) => !Object.hasOwn(config, key)).map((key) => `no ${key}`));
  if (config['trainable'] === false) result['trainable'] = false;
  return result;
}

/** The config of a layer within another: Keras writes its class and config, as of any layer. */
function convertLayer(value: Json, { settled = [] }: LayerOption, source: KerasSource & { inferenceOnly: boolean }, report: (problem: string) => void): JsonRecord {
  const { class_name: className, config, build_config = null } = isRecord(value) ? value : {};
  const rule = typeof className === 'string' ? KERAS_LAYERS.get(className) : undefined;
  if (!rule || !isRecord(config)) {
    report(shown(className ?? value));
    return {};
  }
  const problems: string[] = [];
  const options = Object.fromEntries(Object.entries(config).filter(([key]) => !settled.includes(key)));
  const converted = convertOptions({ config: options, build_config }, rule, source, problems);
  for (const problem of problems) report(`(${className as string}): ${problem}`);
  return converted;
}

const shown = (value: Json): string => JSON.stringify(value).slice(0, 100);
