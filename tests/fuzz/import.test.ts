/** The readers of other libraries' files under seeded mutation, in addition to the inputs of fuzz.test.ts. */
import { readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import type { ErrorCode } from '../../src/entry.node.js';
import { layers, sequential } from '../../src/entry.node.js';
import { importKeras, importKerasWeights } from '../../src/import/keras.js';
import { importTfjs } from '../../src/import/tfjs.js';
import { fuzz, type Target } from './run.js';

const CODES: readonly ErrorCode[] = ['invalid-file', 'unsupported', 'invalid-argument', 'invalid-shape', 'out-of-memory'];
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../import/fixtures/${name}`, import.meta.url)));

/** The archive's bytes, its config, or its weights are changed. */
function kerasTarget(): Target {
  const files = ['cnn.keras', 'branches.keras'].map(fixture);
  const parts = files.map((file) => unzipSync(file) as Record<'config.json' | 'model.weights.h5', Uint8Array>);
  const configs = parts.map((part) => strFromU8(part['config.json']));
  return {
    share: 0.03, codes: CODES,
    next(mutator) {
      if (mutator.chance(0.2)) {
        const bytes = mutator.bytes(mutator.pick(files), files);
        return { read: () => importKeras(bytes, 'fuzz'), show: () => base64(bytes) };
      }
      const part = mutator.pick(parts);
      const text = mutator.text(strFromU8(part['config.json']), configs);
      const bytes = zipSync({ ...part, 'config.json': strToU8(text) }, { level: 0 });
      return { read: () => importKeras(bytes, 'fuzz'), show: () => text };
    },
  };
}

function hdf5Target(): Target {
  const file = fixture('cnn.weights.h5');
  const model = sequential([
    layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 1] }), layers.maxPooling2d(), layers.conv2d({ filters: 2, kernelSize: 2 }), layers.flatten(),
    layers.dense({ units: 3 }),
  ]);
  return {
    share: 0.03, codes: CODES,
    next(mutator) {
      const bytes = mutator.bytes(file, [file]);
      return { read: () => importKerasWeights(model, bytes, 'fuzz'), show: () => base64(bytes) };
    },
  };
}

function tfjsTarget(): Target {
  const layer = (className: string, name: string, config: object): object => ({ class_name: className, config: { name, trainable: true, ...config } });
  const weight = (name: string, shape: number[]): object => ({ name, shape, dtype: 'float32' });
  const json = (modelTopology: object, weights: object[]): string =>
    JSON.stringify({ modelTopology, format: 'layers-model', weightsManifest: [{ paths: ['./model.weights.bin'], weights }] });
  const row = { class_name: 'Sequential', config: { name: 'row', layers: [
    layer('Conv2D', 'conv2d_Conv2D1', { filters: 2, kernel_size: [2, 2], strides: [1, 1], activation: 'relu', use_bias: true, batch_input_shape: [null, 4, 4, 1], kernel_regularizer: null }),
    layer('Flatten', 'flatten_Flatten1', { data_format: 'channels_last' }), layer('Dense', 'dense_Dense1', { units: 3, activation: 'softmax' }),
  ] } };
  const node = (className: string, name: string, config: object, from: string[]): object =>
    ({ ...layer(className, name, config), name, inbound_nodes: from.length > 0 ? [from.map((input) => [input, 0, 0, {}])] : [] });
  const graph = { class_name: 'Model', config: { name: 'graph', layers: [
    node('InputLayer', 'x', { batch_input_shape: [null, 4, 2] }, []), node('SimpleRNN', 'rnn', { units: 3, return_sequences: true, dropout: 0 }, ['x']),
    node('Add', 'sum', {}, ['rnn', 'rnn']),
  ], input_layers: [['x', 0, 0]], output_layers: [['sum', 0, 0]] } };
  const texts = [
    json(row, [weight('conv2d_Conv2D1/kernel', [2, 2, 1, 2]), weight('conv2d_Conv2D1/bias', [2]), weight('dense_Dense1/kernel', [18, 3]), weight('dense_Dense1/bias', [3])]),
    json(graph, [weight('rnn/kernel', [2, 3]), weight('rnn/recurrent_kernel', [3, 3]), weight('rnn/bias', [3])]),
  ];
  const bins = [new Uint8Array(4 * 67), new Uint8Array(4 * 18)];
  return {
    share: 0.06, codes: CODES,
    next(mutator) {
      const index = mutator.below(2);
      const text = mutator.text(texts[index]!, texts);
      return { read: () => importTfjs(text, mutator.chance(0.95) ? bins[index]! : []), show: () => text };
    },
  };
}

await describe('mutated files of others', () => fuzz({ keras: kerasTarget(), hdf5: hdf5Target(), tfjs: tfjsTarget() }, 50));
