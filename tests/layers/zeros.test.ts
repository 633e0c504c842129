/** Where the products of a dense layer leave out the zeros of its input, and that their numbers are those of products that do not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layers, sequential, sgd } from '../../src/entry.node.js';
import type { Layer } from '../../src/entry.node.js';
import type { FirstLayer } from '../../src/layers/layer.js';
import { opsOf } from './ops-of.js';

const { activation, batchNormalization, conv2d, dense, dropout, flatten, maxPooling2d, relu, reshape } = layers;
const units = 32;
/** What the last product of a pass forward, or the gradient of its kernel, is made by. */
const forward = (stack: Layer[], batch = 8): string => opsOf(stack, false, batch).filter((name) => /gemm/i.test(name)).at(-1)!;
const first = { inputShape: [24] };

describe('a dense layer', () => {
  const sparse: Record<string, () => Layer[]> = {
    'behind ReLU': () => [relu(first), dense({ units })],
    'behind a dense layer with ReLU': () => [dense({ units: 9, activation: 'relu', ...first }), dense({ units })],
    'behind an activation by name': () => [activation({ activation: 'relu', ...first }), dense({ units: 4 * units })],
    'behind ReLU and another shape': () => [relu(first), reshape({ targetShape: [4, 6] }), flatten(), dense({ units })],
    'behind batch normalisation with ReLU': () => [batchNormalization(first), relu({}), dense({ units })],
    'behind a convolution with ReLU': () => [conv2d({ filters: 3, kernelSize: 3, activation: 'relu', inputShape: [5, 5, 1] }), flatten(), dense({ units })],
    'behind Winograd’s convolution with ReLU': () => [conv2d({ filters: 16, kernelSize: 3, activation: 'relu', inputShape: [5, 5, 16] }), flatten(), dense({ units })],
  };
  for (const [where, stack] of Object.entries(sparse)) {
    it(`leaves zeros out ${where}`, () => assert.equal(forward(stack()), 'sparseGemm'));
  }

  it('does so for the gradient of its kernel too, and leaves out the gradients of zeros', () => {
    const products = (rectifier: Layer): string[] =>
      opsOf([dense({ units: 24, useBias: false, ...first }), rectifier, dense({ units, useBias: false })], true, 8).filter((name) => /gemm/i.test(name));
    assert.deepEqual(products(relu({})), ['gemm', 'sparseGemm', 'sparseGemm', 'sampledGemm', 'gemm']);
    assert.deepEqual(products(layers.tanh({})), ['gemm', 'gemm', 'gemm', 'gemm', 'gemm']);
  });

  const whole: Record<string, () => Layer[]> = {
    'of the input': () => [dense({ units, ...first })],
    'behind dropout alone, whose zeros may be those of its input': () => [dropout({ rate: 0.7, ...first }), dense({ units })],
    'behind another activation': () => [activation({ activation: 'sigmoid', ...first }), dense({ units })],
    'behind pooling, which keeps the largest': () => [relu({ inputShape: [4, 6, 1] }), maxPooling2d({}), flatten(), dense({ units })],
    'where its units do not fill tiles': () => [relu(first), dense({ units: units + 8 })],
  };
  for (const [where, stack] of Object.entries(whole)) {
    it(`takes all values ${where}`, () => assert.deepEqual(opsOf(stack(), true, 8).filter((name) => /gemm/i.test(name)), ['gemm', 'gemm']));
  }

  it('takes all values of a sample or two', () => assert.equal(forward([relu(first), dense({ units })], 2), 'gemm'));
});

describe('products that leave zeros out', () => {
  it('give the bits of those that do not', async () => {
    const x = { data: Float32Array.from({ length: 9 * 24 }, (_, i) => Math.sin(7 * i)), shape: [9, 24] };
    const y = { data: new Float32Array(9 * units), shape: [9, units] };
    /** The same layers, with ReLU said or not: leaky ReLU of slope 0 is the same function. */
    const trained = async (rectifier: () => FirstLayer): Promise<unknown> => {
      const model = sequential([rectifier(), dense({ units })], { seed: 4 });
      await model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: 'mse', threads: 2 });
      for (let step = 0; step < 3; step++) await model.trainOnBatch(x, y);
      const { data } = await model.predict(x);
      model.close();
      return [data, model.getWeights().map((weight) => weight.data)];
    };
    assert.deepEqual(await trained(() => relu(first)), await trained(() => layers.leakyRelu({ negativeSlope: 0, ...first })));
  });
});
