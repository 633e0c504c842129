/** Files that Keras 3 writes; see fixtures/make.py. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { layers, sequential } from '../../src/entry.node.js';
import type { FirstLayer, Layer, Model, Tensor } from '../../src/entry.node.js';
import { importKeras, importKerasWeights } from '../../src/import/keras.js';
import { KERAS_LAYERS } from '../../src/import/keras-layers.js';
import type { Json } from '../../src/json.js';
import { LAYER_TYPES } from '../../src/layers/registry.js';
import { refused } from '../model/helpers.js';

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

/** What make.py put into weight number `number`. */
const sines = (number: number, length: number): number[] => Array.from({ length }, (_, index) => Math.fround(Math.sin(number + index)));

/** Layers and weights in the order of the file. */
function assertWeights(model: Model, names: readonly string[]): void {
  names.forEach((name, number) => {
    const { data } = model.namedWeights().find((weight) => weight.name === name)!.tensor;
    data.forEach((value, index) => assert.ok(Math.abs(value - sines(number, data.length)[index]!) < 1e-6, `${name}[${index}] is ${value}`));
  });
  assert.equal(model.getWeights().length, names.length);
}

const CNN_WEIGHTS = ['conv2d_7/kernel', 'conv2d_7/bias', 'conv2d_8/kernel', 'conv2d_8/bias', 'logits/kernel', 'logits/bias'];

const gates = (place: string): string[] => ['kernel', 'recurrentKernel', 'bias'].map((weight) => `${place}/${weight}`);
const WRAPPERS_WEIGHTS = ['both/forward', 'both/backward', 'unlike/forward', 'unlike/backward'].flatMap(gates);

/** A model file with another config, or with other files. */
function changed(name: string, change: (config: { config: { layers: { config: Record<string, Json> }[] } & Record<string, Json> } & Record<string, Json>) => void): Uint8Array {
  const files = unzipSync(fixture(name));
  const config = JSON.parse(strFromU8(files['config.json']!)) as Parameters<typeof change>[0];
  change(config);
  return zipSync({ ...files, 'config.json': strToU8(JSON.stringify(config)) });
}

/** A layer without weights, as Keras 3 writes it. */
const bare = (class_name: string, config: Record<string, Json>): { class_name: string; config: Record<string, Json> } =>
  ({ class_name, config: { trainable: true, dtype: 'float32', ...config } });

describe('a .keras file', () => {
  it('of layers in a row', () => {
    const model = importKeras(fixture('cnn.keras'), 'cnn.keras');
    assert.equal(model.name, 'cnn');
    assert.deepEqual(model.layers.map(({ name, type }) => [name, type]), [
      ['rescaling', 'rescaling'], ['conv2d_7', 'conv2d'], ['max_pooling2d_3', 'maxPooling2d'], ['conv2d_8', 'conv2d'], ['flatten', 'flatten'],
      ['dropout', 'dropout'], ['logits', 'dense'],
    ]);
    assert.deepEqual([model.inputShape, model.outputShape], [[8, 8, 1], [3]]);
    assertWeights(model, CNN_WEIGHTS);
  });

  it('of branches, in whatever order they are listed', () => {
    const model = importKeras(fixture('branches.keras'));
    assert.deepEqual(model.getLayer('sum').inputs, [[5, 4], [5, 4]]);
    assert.deepEqual(model.outputShape, [2]);
    assertWeights(model, [
      'rnn_a/kernel', 'rnn_a/recurrentKernel', 'rnn_a/bias', 'wide/kernel', 'wide/bias', 'rnn_b/kernel', 'rnn_b/recurrentKernel', 'rnn_b/bias',
    ]);
  });

  it('of several outputs, in their order', () => {
    const model = importKeras<Tensor<Float32Array>[]>(changed('branches.keras', ({ config }) => Object.assign(config, { output_layers: [['sum', 0, 0], ['rnn_b', 0, 0]] })));
    assert.deepEqual(model.toJSON()['outputs'], ['sum', 'rnn_b']);
    assert.deepEqual(model.summary().outputs, ['sum', 'rnn_b']);
    assert.equal(model.getWeights().length, 8);
  });

  it('of convolutions over images and sequences', () => {
    const model = importKeras(fixture('convolutions.keras'));
    assert.deepEqual(Object.fromEntries(model.layers.map((layer) => [layer.name, [layer.type, layer.output, layer.describe()]])), {
      dilated: ['conv2d', [4, 6, 6], '6 filters 3×2, valid, dilation 2×1, 2 groups'],
      depthwise: ['depthwiseConv2d', [3, 5, 12], '2×2, valid, multiplier 2'],
      separable: ['separableConv2d', [2, 3, 5], '5 filters 3×3, same, strides 2×2'],
      flat: ['flatten', [30], ''],
      causal: ['conv1d', [9, 4], '4 filters 3, causal, dilation 2'],
      flat_1: ['flatten', [36], ''],
      joined: ['concatenate', [66], 'axis -1'],
    });
    assertWeights(model, [
      'dilated/kernel', 'dilated/bias', 'causal/kernel', 'causal/bias', 'depthwise/depthwiseKernel', 'depthwise/bias', 'separable/depthwiseKernel',
      'separable/pointwiseKernel', 'separable/bias',
    ]);
  });

  it('of layers that hold others', () => {
    const model = importKeras(fixture('wrappers.keras'));
    assert.deepEqual(model.layers.map(({ name, type, output }) => [name, type, output]), [['both', 'bidirectional', [6, 3]], ['unlike', 'bidirectional', [4]]]);
    assert.deepEqual(model.layers.map((layer) => layer.describe()), [
      'sum of lstm: 3 units, tanh, sequences, input dropout 0.2; lstm: 3 units, tanh, sequences, backwards, input dropout 0.2',
      'concat of simpleRNN: 2 units, relu, input dropout 0.2; gru: 2 units, tanh, backwards, input dropout 0.2',
    ]);
    assertWeights(model, WRAPPERS_WEIGHTS);
  });

  it('of layers of steps', () => {
    const model = importKeras(fixture('film.keras'));
    assert.deepEqual(model.layers.map((layer) => [layer.name, layer.describe(), layer.output]), [
      ['each', 'conv2d: 4 filters 3×3, valid, relu', [3, 4, 4, 4]], ['row', 'flatten', [3, 64]], ['last', 'dense: 2 units, softmax', [3, 2]],
    ]);
    assertWeights(model, ['each/layer/kernel', 'each/layer/bias', 'last/layer/kernel', 'last/layer/bias']);
  });

  it('whose layers within others have what has no counterpart', () => {
    const broken = (change: (both: Record<string, Json>) => void): Uint8Array => changed('wrappers.keras', ({ config: { layers: list } }) => change(list[1]!.config));
    const within = (both: Record<string, Json>): Record<string, Json> => (both['layer'] as { config: Record<string, Json> }).config;
    const cases: readonly [RegExp, (both: Record<string, Json>) => void][] = [
      [/both \(Bidirectional\): merge_mode null; both \(Bidirectional\): layer \(LSTM\): return_state true/, (both) => Object.assign(both, { merge_mode: null, layer: { ...(both['layer'] as object), config: { ...within(both), return_state: true } } })],
      [/both \(Bidirectional\): layer "Lambda"/, (both) => Object.assign(both['layer'] as object, { class_name: 'Lambda' })],
      [/both \(Bidirectional\): layer 3/, (both) => Object.assign(both, { layer: 3 })],
      [/both \(Bidirectional\): layer "__proto__"/, (both) => Object.assign(both['layer'] as object, { class_name: '__proto__' })],
    ];
    for (const [message, change] of cases) assert.throws(() => importKeras(broken(change)), refused('unsupported', message));
    const deep = (depth: number): string => `${'{"class_name":"Bidirectional","config":{"layer":'.repeat(depth)}1${'}}'.repeat(depth)}`;
    const { 'config.json': config, ...others } = unzipSync(broken((both) => Object.assign(both, { layer: 'nested' })));
    const nested = zipSync({ ...others, 'config.json': strToU8(strFromU8(config!).replace('"nested"', deep(100_000))) });
    assert.throws(() => importKeras(nested), refused('invalid-file', /nesting deeper/));
  });

  it('whose entries are deflated', () => assertWeights(importKeras(changed('cnn.keras', () => {})), CNN_WEIGHTS));

  it('with everything that has no counterpart in one list', () => {
    const bytes = changed('cnn.keras', ({ config: { layers: list } }) => {
      list[2]!.config['data_format'] = 'channels_first';
      list[2]!.config['activation'] = 'hard_shrink';
      list[2]!.config['surprise'] = 1;
      Object.assign(list[4]!, { class_name: 'Lambda' });
    });
    assert.throws(() => importKeras(bytes, 'a.keras'), refused('unsupported',
      /^a\.keras, config\.json: .*: conv2d_7 \(Conv2D\): data_format "channels_first"; conv2d_7 \(Conv2D\): activation "hard_shrink"; conv2d_7 \(Conv2D\): option "surprise"; conv2d_8: layer Lambda/));
  });

  it('with the hard sigmoid of its version of Keras', () => {
    const imported = (version: string | undefined): unknown => {
      const bytes = unzipSync(changed('cnn.keras', ({ config: { layers: list } }) => Object.assign(list[2]!.config, { activation: 'hard_sigmoid' })));
      const { 'metadata.json': metadata, ...others } = bytes;
      const files = version === undefined ? others : { ...others, 'metadata.json': strToU8(JSON.stringify({ ...JSON.parse(strFromU8(metadata!)) as object, keras_version: version })) };
      return (importKeras(zipSync(files)).getLayer('conv2d_7').options as { activation?: unknown }).activation;
    };
    assert.deepEqual([imported('2.15.0'), imported('3.8.0'), imported(undefined)], ['hardSigmoidTfjs', 'hardSigmoid', 'hardSigmoid']);
  });

  it('with regularizers', () => {
    const penalty = (name: string, config: object): object => ({ module: 'keras.regularizers', class_name: name, config });
    const withOptions = (options: object): Uint8Array => changed('cnn.keras', ({ config: { layers: list } }) => Object.assign(list[2]!.config, options));
    const penalties = (options: object): unknown[] => {
      const weights = importKeras(withOptions(options)).layers[1]!.weights;
      return weights.map(({ regularizer }) => regularizer);
    };
    assert.deepEqual(penalties({ kernel_regularizer: penalty('L2', { l2: 0.02 }), bias_regularizer: penalty('L1L2', { l1: 0.5, l2: 0.25 }) }), [{ l1: 0, l2: 0.02 }, { l1: 0.5, l2: 0.25 }]);
    assert.deepEqual(penalties({ kernel_regularizer: 'l1' }), [{ l1: 0.01, l2: 0 }, undefined]);
  });

  it('with penalties and constraints of other kinds, only for inference', () => {
    for (const other of [
      { kernel_regularizer: { class_name: 'OrthogonalRegularizer', config: { factor: 0.01, mode: 'rows' } } }, { kernel_regularizer: { class_name: 'L2', config: { l2: 'much' } } },
      { kernel_constraint: { class_name: 'MaxNorm', config: { max_value: 2, axis: 0 } } },
    ]) {
      const bytes = changed('cnn.keras', ({ config: { layers: list } }) => Object.assign(list[2]!.config, other));
      assert.throws(() => importKeras(bytes), refused('unsupported', /conv2d_7 \(Conv2D\): kernel_(regularizer|constraint).*, which matters in training/));
      assertWeights(importKeras(bytes, 'a.keras', { inferenceOnly: true }), CNN_WEIGHTS);
    }
  });

  it('with layers that only move values', () => {
    const model = importKeras(changed('cnn.keras', ({ config: { layers: list } }) => list.splice(
      1, 0, bare('ZeroPadding2D', { name: 'zeros', padding: [[1, 0], [0, 1]], data_format: 'channels_last' }), bare('Reshape', { name: 'rows', target_shape: [27, -1] }),
      bare('Reshape', { name: 'square', target_shape: [9, 9, 1] }),
    )));
    assert.deepEqual(model.layers.slice(0, 3).map(({ name, type, output }) => [name, type, output]), [
      ['zeros', 'zeroPadding2d', [9, 9, 1]], ['rows', 'reshape', [27, 3]], ['square', 'reshape', [9, 9, 1]],
    ]);
    assertWeights(model, CNN_WEIGHTS);
  });

  it('with poolings', () => {
    const windows = { padding: 'same', data_format: 'channels_last' };
    const model = importKeras(changed('cnn.keras', ({ config: { layers: list } }) => list.push(
      bare('Reshape', { name: 'a', target_shape: [3, 1, 1] }), bare('AveragePooling2D', { name: 'b', pool_size: [2, 1], strides: [1, 1], ...windows }),
      bare('MaxPooling2D', { name: 'c', pool_size: [1, 1], strides: [1, 1], ...windows }), bare('Reshape', { name: 'd', target_shape: [3, -1] }),
      bare('MaxPooling1D', { name: 'e', pool_size: [2], strides: [2], ...windows }), bare('AveragePooling1D', { name: 'f', pool_size: [3], strides: [1], ...windows }),
      bare('GlobalAveragePooling1D', { name: 'g', data_format: 'channels_last', keepdims: true }),
      bare('GlobalMaxPooling1D', { name: 'h', data_format: 'channels_last', keepdims: false }), bare('Reshape', { name: 'i', target_shape: [1, 1, -1] }),
      bare('GlobalMaxPooling2D', { name: 'j', data_format: 'channels_last', keepdims: true }), bare('GlobalAveragePooling2D', { name: 'k', data_format: 'channels_last', keepdims: false }),
    )));
    assert.deepEqual(model.layers.slice(7).map(({ type, output }) => [type, output]), [
      ['reshape', [3, 1, 1]], ['averagePooling2d', [3, 1, 1]], ['maxPooling2d', [3, 1, 1]], ['reshape', [3, 1]], ['maxPooling1d', [2, 1]], ['averagePooling1d', [2, 1]],
      ['globalAveragePooling1d', [1, 1]], ['globalMaxPooling1d', [1]], ['reshape', [1, 1, 1]], ['globalMaxPooling2d', [1, 1, 1]], ['globalAveragePooling2d', [1]],
    ]);
    assertWeights(model, CNN_WEIGHTS);
  });

  it('with layers that are not trained', () => {
    const model = importKeras(changed('cnn.keras', ({ config: { layers: list } }) => Object.assign(list[2]!.config, { trainable: false })));
    assert.deepEqual(model.layers.map(({ trainable }) => trainable), [true, false, true, true, true, true, true]);
  });

  it('refuses other archives', () => {
    const { 'model.weights.h5': weights, 'config.json': config } = unzipSync(fixture('cnn.keras')) as { 'model.weights.h5': Uint8Array; 'config.json': Uint8Array };
    assert.throws(() => importKeras(new Uint8Array(0), 'a.keras'), refused('invalid-file', /a\.keras: not a zip archive/));
    assert.throws(() => importKeras(weights), refused('invalid-file', /not a zip archive/));
    assert.throws(() => importKeras(zipSync({ 'config.json': config })), refused('invalid-file', /has no model\.weights\.h5/));
    assert.throws(() => importKeras(zipSync({ 'config.json': Uint8Array.of(0xff), 'model.weights.h5': weights })), refused('invalid-file', /UTF-8/));
    assert.throws(() => importKeras(zipSync({ 'config.json': config, 'model.weights.h5': new Uint8Array(500) })), refused('invalid-file', /not an HDF5 file/));
  });

  it('refuses sizes that are not true before it takes memory for them', () => {
    const bytes = zipSync({ ...unzipSync(fixture('cnn.keras')) }, { level: 9 });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let entry = view.getUint32(bytes.length - 6, true); // the central directory
    const sizes: number[] = [];
    for (; view.getUint32(entry, true) === 0x02014b50; entry += 46 + view.getUint16(entry + 28, true)) sizes.push(entry + 24);
    for (const at of sizes.slice(1)) {
      const copy = Uint8Array.from(bytes);
      new DataView(copy.buffer).setUint32(at, 0xfffffff0, true);
      assert.throws(() => importKeras(copy), refused('invalid-file', /impossible size .*4294967280 bytes/));
    }
  });

  it('refuses layers in a circle, used twice, or that are not there', () => {
    const node = (name: string): Json => ({ args: [{ class_name: '__keras_tensor__', config: { keras_history: [name, 0, 0] } }], kwargs: {} });
    const broken = (inbound: Json[]): Uint8Array => changed('branches.keras', ({ config: { layers: list } }) => Object.assign(list[4]!, { inbound_nodes: inbound }));
    assert.throws(() => importKeras(broken([node('rnn_b')])), refused('invalid-file', /in a circle/));
    assert.throws(() => importKeras(broken([node('x'), node('x')])), refused('unsupported', /wide: a layer that is used in several places/));
    assert.throws(() => importKeras(broken([node('__proto__')])), refused('invalid-file', /wide: no layer of this name .*__proto__/));
  });
});

describe('a .weights.h5 file', () => {
  const cnn = (filters = 2): Model => sequential([
    layers.rescaling({ scale: 0.5, inputShape: [8, 8, 1] }), layers.conv2d({ filters: 4, kernelSize: 3 }), layers.maxPooling2d(),
    layers.conv2d({ filters, kernelSize: 2 }), layers.flatten(), layers.dense({ units: 3 }),
  ]);

  it('fits the same layers of any names', () => {
    const model = cnn();
    importKerasWeights(model, fixture('cnn.weights.h5'));
    assertWeights(model, ['conv2d_1/kernel', 'conv2d_1/bias', 'conv2d_2/kernel', 'conv2d_2/bias', 'dense_1/kernel', 'dense_1/bias']);
  });

  it('fits layers that hold others, and is refused for those that do not', () => {
    const { bidirectional, gru, lstm, simpleRNN } = layers;
    const both = (): Layer & FirstLayer => bidirectional({ layer: lstm({ units: 3, returnSequences: true }), mergeMode: 'sum', inputShape: [6, 4] });
    const unlike = (): Layer => bidirectional({ layer: simpleRNN({ units: 2 }), backwardLayer: gru({ units: 2, goBackwards: true }), name: 'last' });
    const model = sequential([both(), unlike()]);
    importKerasWeights(model, fixture('wrappers.weights.h5'));
    assertWeights(model, ['bidirectional_1/forward', 'bidirectional_1/backward', 'last/forward', 'last/backward'].flatMap(gates));
    assert.throws(() => importKerasWeights(sequential([both()]), fixture('wrappers.weights.h5')), refused('invalid-shape', /layers\/bidirectional_1 belongs to no layer/));
    const other = sequential([both(), bidirectional({ layer: gru({ units: 2 }) })]);
    assert.throws(() => importKerasWeights(other, fixture('wrappers.weights.h5')), refused('invalid-shape', /bidirectional_1\/forward_layer\/cell\/vars\/0 has shape \[3, 2\], not \[3, 6\]/));
  });

  it('is refused for others, with all differences, and the model is as before', () => {
    const model = cnn(3);
    const before = model.getWeights();
    assert.throws(() => importKerasWeights(model, fixture('cnn.weights.h5')), refused('invalid-shape',
      /layers\/conv2d_1\/vars\/0 has shape \[2, 2, 4, 2\], not \[2, 2, 4, 3\]; layers\/conv2d_1\/vars\/1 has shape \[2\], not \[3\]; layers\/dense\/vars\/0/));
    assert.deepEqual(model.getWeights(), before);
    const short = sequential([layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 1] })]);
    assert.throws(() => importKerasWeights(short, fixture('cnn.weights.h5')), refused('invalid-shape', /layers\/conv2d_1 belongs to no layer; layers\/dense belongs to no layer/));
    const deep = sequential([layers.dense({ units: 8, inputShape: [8] }), layers.dense({ units: 3 })]);
    assert.throws(() => importKerasWeights(deep, fixture('cnn.weights.h5')), refused('invalid-shape', /layers\/dense_1\/vars has 0 weights, not 2/));
  });

  it('is not guessed for a model with branches', () => {
    assert.throws(() => importKerasWeights(importKeras(fixture('branches.keras')), fixture('cnn.weights.h5')), refused('unsupported', /branches.*as \.keras/));
  });

  it('cut off anywhere is refused', () => {
    const bytes = fixture('cnn.weights.h5');
    const model = cnn();
    const before = model.getWeights();
    for (let length = 0; length < bytes.length; length += 97) {
      assert.throws(() => importKerasWeights(model, bytes.subarray(0, length)), (error: unknown) => refused((error as { code: 'invalid-file' }).code)(error));
    }
    assert.deepEqual(model.getWeights(), before);
  });
});

it('every layer is imported, or known not to be', () => {
  const known = new Set([...KERAS_LAYERS.values()].map(({ type }) => type));
  const activationsOnly = ['gelu', 'sigmoid', 'silu', 'softplus', 'tanh']; // in Keras an Activation layer says which
  assert.deepEqual(LAYER_TYPES.filter((type) => !known.has(type)).sort(), [...activationsOnly, 'randomErasing'].sort()); // Keras's draws otherwise
});
