/** What a layer of steps does beside its arithmetic: names, masks, threads, options. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customLayer, input, layers, model, modelFromJSON, sequential, sgd } from '../../src/entry.node.js';
import type { Layer, Model } from '../../src/entry.node.js';
import { randomTensor, refused, weightsHash } from '../model/helpers.js';

const { add, conv2d, dense, embedding, flatten, gru, timeDistributed } = layers;
const untyped = <Value>(value: unknown): Value => value as Value;
const swish = customLayer({ type: 'swish', call: (x, { multiply, activation }) => multiply(x, activation(x, 'sigmoid')) });

async function trained(network: Model, x: ReturnType<typeof randomTensor>, threads = 1): Promise<string> {
  await network.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'mse', threads });
  await network.fit(x, randomTensor([x.shape[0]!, ...network.outputShape], 9), { epochs: 2, batchSize: 4 });
  const hash = weightsHash(network);
  network.close();
  return hash;
}

describe('a layer of steps', () => {
  it('has the weights of the layer within, counted once, and its work at each step', () => {
    const one = sequential([conv2d({ filters: 8, kernelSize: 3, inputShape: [6, 6, 2] })]).summary();
    const network = sequential([timeDistributed({ layer: conv2d({ filters: 8, kernelSize: 3, name: 'lost' }), inputShape: [5, 6, 6, 2] })], { seed: 1 });
    const { parameters, forward, layers: [row] } = network.summary();
    assert.deepEqual([parameters, forward.multiplications, forward.additions], [one.parameters, 5 * one.forward.multiplications, 5 * one.forward.additions]);
    assert.equal(row!.detail, `conv2d: ${one.layers[0]!.detail}`);
    assert.deepEqual(network.weightSpecs.map(({ name }) => name), ['timeDistributed_1/layer/kernel', 'timeDistributed_1/layer/bias']);
    assert.deepEqual(modelFromJSON(network.toJSON()).toJSON(), network.toJSON());
  });

  it('comes to the same bits on any number of threads', async () => {
    const make = (): Model => sequential([timeDistributed({ layer: conv2d({ filters: 8, kernelSize: 3, activation: 'relu' }), inputShape: [3, 6, 6, 2] }), timeDistributed({ layer: flatten() }), gru({ units: 3 })], { seed: 2 });
    const hashes = await Promise.all([1, 2, 3, 4].map((threads) => trained(make(), randomTensor([9, 3, 6, 6, 2], 1), threads)));
    assert.equal(new Set(hashes).size, 1);
  });

  it('gathers gradients within it and before it, where several read one value', async () => {
    const network = (each: () => Layer): Model => {
      const x = dense({ units: 3 }).apply(input({ shape: [4, 2] }));
      const source = x.inputs[0]!;
      return model({ inputs: source, outputs: dense({ units: 1 }).apply(add().apply([x, each().apply(x)])), seed: 5 });
    };
    const x = randomTensor([8, 4, 2], 3);
    const [wrapped, plain] = [network(() => timeDistributed({ layer: swish() })), network(() => swish())];
    for (const each of [wrapped, plain]) await trained(each, x);
    const [a, b] = [wrapped, plain].map((each) => each.getWeights().flatMap(({ data }) => [...data])) as [number[], number[]];
    a.forEach((value, i) => assert.ok(Math.abs(value - b[i]!) < 1e-6, `${value} and ${b[i]!}: their sums differ in order alone`));
  });

  it('hands a mask of the steps on', async () => {
    const network = (each: (inner: Layer) => Layer): Model =>
      sequential([embedding({ inputDim: 4, outputDim: 3, maskZero: true, inputShape: [6] }), each(dense({ units: 3 })), gru({ units: 2 })], { seed: 6 });
    const { data, shape } = randomTensor([8, 6], 4);
    const x = { data: data.map((value) => Math.floor(2 + 2 * value)), shape };
    const [wrapped, plain] = [network((inner) => timeDistributed({ layer: inner })), network((inner) => inner)];
    plain.setWeights(wrapped.getWeights());
    assert.equal(await trained(wrapped, x), await trained(plain, x));
  });

  it('sees to layers of the reader’s own in a file', () => {
    const config = sequential([timeDistributed({ layer: swish(), inputShape: [4, 2] })]).toJSON();
    assert.throws(() => modelFromJSON(config), refused('unsupported', /custom layer/));
    assert.deepEqual(modelFromJSON(config, 'config', { customLayers: { swish } }).toJSON(), config);
  });
});

describe('what does not go through steps one by one', () => {
  it('is refused when it is made', () => {
    const refuses = (layer: unknown, code: 'invalid-argument' | 'invalid-state' | 'unsupported', words: RegExp): void =>
      assert.throws(() => timeDistributed({ layer: untyped(layer), name: 'mine' }), refused(code, words));
    for (const none of [undefined, null, 3, 'gru', {}]) refuses(none, 'invalid-argument', /mine: layer is not a layer/);
    refuses(dense({ units: 2, inputShape: [3] }), 'invalid-argument', /has an inputShape.*dense with \[3\].*with the time before it/);
    refuses(layers.batchNormalization(), 'unsupported', /batchNormalization.*by itself/);
    refuses(embedding({ inputDim: 3, outputDim: 2 }), 'unsupported', /embedding.*by itself/);
    refuses(gru({ units: 2, stateful: true }), 'unsupported', /gru.*without stateful/);
    refuses(layers.bidirectional({ layer: gru({ units: 2, stateful: true }) }), 'unsupported', /bidirectional.*without stateful/);
    const twice = dense({ units: 2 });
    timeDistributed({ layer: twice });
    refuses(twice, 'invalid-state', /one place in one model.*timeDistributed\/layer/);
  });

  it('is refused when it is applied, and may be applied to another', () => {
    const layer = timeDistributed({ layer: conv2d({ filters: 2, kernelSize: 3 }) });
    assert.throws(() => layer.apply(input({ shape: [4] })), refused('invalid-shape', /wrong rank.*\[time, …\]/));
    assert.throws(() => layer.apply(input({ shape: [4, 5, 5] })), refused('invalid-shape', /timeDistributed\/layer: wrong rank/));
    assert.deepEqual(layer.apply(input({ shape: [4, 5, 5, 1] })).shape, [4, 3, 3, 2]);
    const used = dense({ units: 2 });
    used.apply(input({ shape: [3] }));
    assert.throws(() => timeDistributed({ layer: used }).apply(input({ shape: [4, 3] })), refused('invalid-state', /one place in one model/));
  });
});
