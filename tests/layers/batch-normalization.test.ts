/** What batch normalisation keeps between steps, and how it behaves outside of training. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, input, layers, model, modelFromJSON, sequential } from '../../src/entry.node.js';
import type { Layer, Model, SymbolicTensor } from '../../src/entry.node.js';
import { classify, randomLabels, randomTensor, refused, weightsHash } from '../model/helpers.js';
import { opsOf } from './ops-of.js';

const { add, batchNormalization, conv2d, dense, flatten } = layers;
const x = randomTensor([10, 6, 6, 2], 1);
const y = randomLabels(10, 4, 2);

function network(): Model {
  return sequential([
    conv2d({ filters: 4, kernelSize: 3, useBias: false, inputShape: [6, 6, 2] }), batchNormalization({ momentum: 0.8 }), layers.relu(), flatten(), dense({ units: 4 }),
  ], { seed: 1 });
}
const compiled = async (made: Model, threads = 1): Promise<Model> => {
  await made.compile({ ...classify, optimizer: adam({ learningRate: 0.01 }), threads });
  return made;
};
const moving = (made: Model): number[][] => made.namedWeights().filter(({ name }) => name.includes('moving')).map(({ tensor }) => [...tensor.data]);

describe('batch normalisation', () => {
  it('keeps moving statistics, which the optimizer does not touch and evaluation does not change', async () => {
    const made = await compiled(network());
    assert.deepEqual(moving(made), [[0, 0, 0, 0], [1, 1, 1, 1]]);
    await made.fit(x, y, { epochs: 2, batchSize: 5 });
    const after = moving(made);
    for (const [index, values] of after.entries()) for (const value of values) assert.notEqual(value, index);
    await made.evaluate(x, y);
    await made.predict(x);
    assert.deepEqual(moving(made), after);
    assert.deepEqual([...made.checkpoint().tensors.keys()].filter((name) => /moving.*\/m$/.test(name)), [], 'no slots');
    made.close();
  });

  const behind: Record<string, { next: () => Layer[]; one: boolean }> = {
    'a ReLU behind it are one': { next: () => [layers.relu()], one: true },
    'the activation of that name are one': { next: () => [layers.activation({ activation: 'relu' })], one: true },
    'another activation are two': { next: () => [layers.activation({ activation: 'tanh' })], one: false },
    'a ReLU further on are two': { next: () => [flatten(), layers.relu()], one: false },
  };
  for (const [name, { next, one }] of Object.entries(behind)) {
    it(`and ${name}`, () => {
      const stack = (): Layer[] => [conv2d({ filters: 4, kernelSize: 3, inputShape: [6, 6, 2] }), batchNormalization(), ...next()];
      for (const training of [false, true]) assert.equal(opsOf(stack(), training).includes('activationForward'), !one);
      assert.equal(opsOf(stack()).includes('activationBackward'), !one);
    });
  }

  it('and ReLU give as one what they give apart, and train alike', async () => {
    // a leaky ReLU without a slope is laid out by itself
    for (const trainable of [true, false]) {
      const stack = (relu: Layer): Model => {
        const made = sequential([
          conv2d({ filters: 5, kernelSize: 3, inputShape: [6, 6, 2] }), batchNormalization({ momentum: 0.8 }), relu, flatten(), dense({ units: 4 }),
        ], { seed: 1 });
        made.layers[1]!.trainable = trainable;
        return made;
      };
      const [one, two] = await Promise.all([compiled(stack(layers.relu())), compiled(stack(layers.leakyRelu({ negativeSlope: 0 })))]);
      await one.fit(x, y, { epochs: 3, batchSize: 5 });
      await two.fit(x, y, { epochs: 3, batchSize: 5 });
      assert.equal(weightsHash(one), weightsHash(two));
      assert.deepEqual((await one.predict(x)).data, (await two.predict(x)).data);
      for (const made of [one, two]) made.close();
    }
  });

  it('predicts each row for itself', async () => {
    const made = await compiled(network());
    await made.fit(x, y, { epochs: 3, batchSize: 4 });
    const whole = await made.predict(x);
    const one = await made.predict({ data: x.data.slice(0, 72), shape: [1, 6, 6, 2] });
    assert.deepEqual([...one.data], [...whole.data.slice(0, 4)]);
    made.close();
  });

  it('goes on from a checkpoint to the same bits, on any number of threads', async () => {
    const [straight, stopped, resumed] = await Promise.all([compiled(network(), 1), compiled(network(), 2), compiled(network(), 3)]);
    await straight.fit(x, y, { epochs: 4, batchSize: 3 });
    await stopped.fit(x, y, { epochs: 2, batchSize: 3 });
    await resumed.fit(x, y, { epochs: 4, batchSize: 3, resume: stopped.checkpoint() });
    assert.equal(weightsHash(resumed), weightsHash(straight));
    for (const made of [straight, stopped, resumed]) made.close();
  });

  it('that is not trainable takes the moving statistics and leaves them, in training too', async () => {
    const made = network();
    made.layers[1]!.trainable = false;
    await compiled(made);
    const before = moving(made);
    const first = made.layers[0]!.getWeights();
    await made.fit(x, y, { epochs: 2, batchSize: 5 });
    assert.deepEqual(moving(made), before);
    assert.notDeepEqual(made.layers[0]!.getWeights(), first, 'the gradient goes through it');
    made.close();
  });

  it('leaves its statistics alone in a step that is not finite', async () => {
    const made = await compiled(network());
    await made.fit(x, y, { batchSize: 5 });
    const before = weightsHash(made);
    await assert.rejects(made.trainOnBatch({ data: x.data.map((value) => value * 3e38), shape: x.shape }, y), refused('not-finite'));
    assert.equal(weightsHash(made), before);
    made.close();
  });

  it('refuses options out of range', () => {
    for (const options of [{ momentum: 1 }, { momentum: -0.1 }, { epsilon: 0 }, { epsilon: NaN }]) assert.throws(() => batchNormalization(options), refused('invalid-argument'));
    assert.throws(() => batchNormalization({ axis: 1 }), refused('unsupported', /last axis/));
  });
});

it('a small ResNet learns which quarter of an image is bright', async () => {
  const rows = 240;
  const images = randomTensor([rows, 12, 12, 1], 5);
  const labels = { data: Uint8Array.from({ length: rows }, (_, row) => row % 4), shape: [rows] };
  labels.data.forEach((label, row) => {
    for (let i = 0; i < 36; i++) images.data[row * 144 + (6 * (label >> 1) + Math.floor(i / 6)) * 12 + 6 * (label & 1) + (i % 6)]! += 0.8;
  });
  const unit = (from: SymbolicTensor, filters: number, strides: number): SymbolicTensor => {
    const conv = (tensor: SymbolicTensor, step: number): SymbolicTensor =>
      batchNormalization().apply(conv2d({ filters, kernelSize: 3, strides: step, padding: 'same', useBias: false }).apply(tensor));
    const inner = conv(layers.relu().apply(conv(from, strides)), 1);
    const short = strides === 1 ? from : batchNormalization().apply(conv2d({ filters, kernelSize: 1, strides, useBias: false }).apply(from));
    return layers.relu().apply(add().apply([inner, short]));
  };
  const start = input({ shape: [12, 12, 1] });
  const stem = layers.relu().apply(batchNormalization().apply(conv2d({ filters: 8, kernelSize: 3, padding: 'same', useBias: false }).apply(start)));
  const end = unit(unit(unit(stem, 8, 1), 12, 2), 16, 2);
  const made = model({ inputs: start, outputs: dense({ units: 4 }).apply(flatten().apply(end)), seed: 2 });
  assert.equal(JSON.stringify(modelFromJSON(made.toJSON())), JSON.stringify(made));
  await made.compile({ ...classify, optimizer: adam({ learningRate: 0.01 }), threads: 2 });
  const part = (from: number, count: number): [typeof images, typeof labels] => [
    { data: images.data.slice(from * 144, (from + count) * 144), shape: [count, 12, 12, 1] }, { data: labels.data.slice(from, from + count), shape: [count] },
  ];
  await made.fit(...part(0, 160), { epochs: 12, batchSize: 16 });
  const { accuracy } = await made.evaluate(...part(160, 80));
  assert.ok(accuracy! > 0.95, `accuracy ${accuracy}`);
  made.close();
});
