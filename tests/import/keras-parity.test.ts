/** Models that Keras itself saved predict here what they predicted there; see fixtures/make_with_keras.py. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { sgd } from '../../src/entry.node.js';
import type { Tensor } from '../../src/entry.node.js';
import { importKeras } from '../../src/import/keras.js';
import type { Json } from '../../src/json.js';
import { refused } from '../model/helpers.js';
import { assertClose } from '../reference/index.js';

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

interface Predictions {
  keras: string;
  models: { name: string; inputs: { shape: number[]; data: number[] }[]; outputs: { shape: number[]; data: number[] }[] }[];
}
const { keras, models } = JSON.parse(strFromU8(read('predictions.json'))) as Predictions;

describe(`a model that Keras ${keras} saved`, () => {
  for (const { name, inputs, outputs } of models) {
    it(`predicts the same: ${name}`, async () => {
      const model = importKeras<Tensor<Float32Array> | Tensor<Float32Array>[]>(read(`${name}.keras`), name);
      await model.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
      const xs = inputs.map(({ shape, data }) => ({ shape, data: Float32Array.from(data) }));
      const found = [await model.predict(xs.length === 1 ? xs[0]! : xs)].flat();
      model.close();
      assert.deepEqual(found.map(({ shape }) => shape), outputs.map(({ shape }) => shape));
      found.forEach(({ data }, index) => assertClose(data, outputs[index]!.data, 1e-5, `output ${index}`));
    });
  }
});

interface Entry {
  class_name: string;
  config: Record<string, Json>;
  inbound_nodes: { args: Json[]; kwargs: Record<string, Json> }[];
}

/** The file with another config. */
function changed(name: string, change: (layer: (className: string, number?: number) => Entry, config: Record<string, Json>) => void): Uint8Array {
  const files = unzipSync(read(`${name}.keras`));
  const model = JSON.parse(strFromU8(files['config.json']!)) as { config: { layers: Entry[] } & Record<string, Json> };
  change((className, number = 0) => model.config.layers.filter((layer) => layer.class_name === className)[number]!, model.config);
  return zipSync({ ...files, 'config.json': strToU8(JSON.stringify(model)) });
}

describe('what has no counterpart is refused:', () => {
  const cases: Readonly<Record<string, readonly [string, RegExp, Parameters<typeof changed>[1]]>> = {
    'a mask of other numbers': ['masks', /lstm.*a mask that is not that of the input/, (layer) => (layer('NotEqual').inbound_nodes[0]!.args[1] = 3)],
    'a mask of another operation': ['masks', /a mask that is not that of the input/, (layer) => Object.assign(layer('LogicalOr'), { class_name: 'Concatenate' })],
    'a mask that is left out': ['masks', /global_average_pooling1d: a mask that is not that of the input/, (layer) => (layer('GlobalAveragePooling1D').inbound_nodes[0]!.kwargs['mask'] = null)],
    'an operation whose values are used': ['masks', /the model has what Lanewise has not: not_equal: layer NotEqual/, (layer) => {
      const { args } = layer('LSTM').inbound_nodes[0]!;
      args[0] = JSON.parse(JSON.stringify(args[0]).replace(/"keras_history":\["[^"]*"/, '"keras_history":["not_equal"')) as Json;
    }],
    'an unknown operation': ['masks', /layer LogicalAnd/, (layer) => Object.assign(layer('LogicalOr'), { class_name: 'LogicalAnd' })],
    'a number that is added': ['images', /a number in the place of a tensor.*Rescaling/, (layer) => (layer('Add').inbound_nodes[0]!.args[1] = 2)],
    'another axis': ['images', /BatchNormalization\): axis 2/, (layer) => (layer('BatchNormalization').config['axis'] = 2)],
    'an axis of Softmax': ['images', /Softmax\): axis 2/, (layer) => (layer('Softmax').config['axis'] = 2)],
    'an axis from the front where the rank is not known': ['images', /BatchNormalization\): axis 3/, (layer) => Object.assign(layer('BatchNormalization'), { build_config: null })],
    'batch renormalisation': ['images', /BatchNormalization\): renorm true/, (layer) => (layer('BatchNormalization').config['renorm'] = true)],
    'a scale for each channel': ['images', /Rescaling\): scale \[1,2,3\]/, (layer) => (layer('Rescaling').config['scale'] = [1, 2, 3])],
    'activations of steps': ['sequences', /GRU\): activation "softplus".*GRU\): recurrent_activation "gelu"/, (layer) => Object.assign(layer('GRU').config, { activation: 'softplus', recurrent_activation: 'gelu' })],
  };
  for (const [what, [name, message, change]] of Object.entries(cases)) {
    it(what, () => assert.throws(() => importKeras(changed(name, change)), refused('unsupported', message)));
  }

  it('a circle of operations', () => {
    const bytes = changed('masks', (layer) => (layer('LogicalOr').inbound_nodes[0]!.args[0] = layer('LSTM').inbound_nodes[0]!.kwargs['mask']!));
    assert.throws(() => importKeras(bytes), refused('invalid-file', /connected in a circle/));
  });
});
