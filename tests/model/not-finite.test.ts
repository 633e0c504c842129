/** NaN and infinity in loss or gradient: the step is refused by number and place, and nothing of it reaches weights or optimizer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, layers, muon, sequential, sgd } from '../../src/entry.node.js';
import type { Optimizer, Sequential, Tensor } from '../../src/entry.node.js';
import { cnnOptions, randomLabels, randomTensor, refused, smallCnn, smallRnn, weightsHash } from './helpers.js';

const ROWS = 6;
const good = randomTensor([ROWS, 4], 1);
const goodTargets = randomTensor([ROWS, 2], 2);
const targets: Tensor = { data: new Float32Array(ROWS * 2).fill(1e5), shape: [ROWS, 2] };

const optimizers: readonly Optimizer[] = [
  sgd({ learningRate: 1e-3 }), sgd({ learningRate: 1e-3, momentum: 0.9, nesterov: true }), adam(), adam({ globalClipnorm: 1 }), sgd({ globalClipnorm: 0.5 }), muon(),
];

/** Outputs are 0 whatever the input: the loss is finite, the gradient of the first kernel is as large as the input times the targets. */
async function ready(optimizer: Optimizer): Promise<Sequential> {
  const model = sequential([layers.dense({ units: 3, inputShape: [4] }), layers.dense({ units: 2 })], { seed: 1 });
  model.layers[0]!.setWeights([new Float32Array(12), new Float32Array(3)]);
  await model.compile({ optimizer, loss: 'mse', threads: 2 });
  return model;
}

/** Everything a further step depends on, but for the position in an epoch. */
const stateOf = (model: Sequential): unknown => [model.step, model.checkpoint().tensors];

describe('a gradient that is not finite, under a loss that is', () => {
  for (const optimizer of optimizers) {
    it(`stops before weights and optimizer change: ${optimizer.describe()}${optimizer.config(0)['globalClipnorm'] === null ? '' : ', clipped'}`, async () => {
      for (const scale of [3e38, -3e38]) {
        const model = await ready(optimizer);
        const far = { data: good.data.map((value) => Math.sign(value) * scale), shape: good.shape };
        await model.fit(good, goodTargets, { epochs: 2, shuffle: false }); // the optimizer has something to remember
        model.layers[0]!.setWeights([new Float32Array(12), new Float32Array(3)]);
        const before = stateOf(model);
        await assert.rejects(model.trainOnBatch(far, targets), refused('not-finite', /^step 2, dense_1\/kernel: the gradient is not finite.*weights are as before.*norm (NaN|Infinity)/));
        await assert.rejects(model.fit(far, targets), refused('not-finite', /^step 2, dense_1\/kernel/));
        assert.deepEqual(stateOf(model), before);
        assert.equal(model.step, 2);
        await model.trainOnBatch(good, goodTargets);
        assert.ok(model.getWeights().every(({ data }) => data.every(Number.isFinite)));
        model.close();
      }
    });
  }

  it('or is finite, but so large that its square is not: Adam would keep an infinity', async () => {
    const far = { data: good.data.map((value) => Math.sign(value) * 1e16), shape: good.shape };
    const model = await ready(adam());
    await assert.rejects(model.trainOnBatch(far, targets), refused('not-finite', /^step 0, dense_1\/kernel: .*too large.*norm \d{20,}\b/));
    const clipped = await ready(adam({ globalClipnorm: 1 }));
    await clipped.trainOnBatch(far, targets);
    assert.ok(clipped.getWeights().every(({ data }) => data.every(Number.isFinite)), 'clipped it may pass');
    [model, clipped].forEach((each) => each.close());
  });

  it('or is nearly so large: weights move, and are finite', async () => {
    const far = { data: good.data.map((value) => Math.sign(value) * 3e12), shape: good.shape };
    for (const optimizer of [adam(), muon({ momentum: 0 }), muon()]) {
      const model = await ready(optimizer);
      for (let step = 0; step < 3; step++) {
        const before = weightsHash(model);
        await model.trainOnBatch(step < 2 ? far : good, targets);
        assert.ok(model.getWeights().every(({ data }) => data.every(Number.isFinite)), `${optimizer.name}, step ${step}`);
        assert.notEqual(weightsHash(model), before);
        model.layers[0]!.setWeights([new Float32Array(12), new Float32Array(3)]);
      }
      model.close();
    }
  });

  it('or is finite, but not once it is multiplied by the learning rate', async () => {
    const model = await ready(sgd({ learningRate: 1e30 }));
    const far = { data: good.data.map((value) => Math.sign(value) * 1e6), shape: good.shape };
    await assert.rejects(model.trainOnBatch(far, targets), refused('not-finite', /learning rate/));
    assert.ok(model.getWeights().every(({ data }) => data.every(Number.isFinite)));
    model.close();
  });
});

describe('a learning rate of 1e30', () => {
  for (const [name, make, options, data] of [
    ['a convolutional network', smallCnn, cnnOptions, [randomTensor([16, 8, 8, 1], 1), randomLabels(16, 5, 2)]],
    ['a recurrent network', smallRnn, { loss: 'mse' }, [randomTensor([16, 12, 1], 1), randomTensor([16, 12, 1], 2)]],
  ] as const) {
    for (const optimizer of [sgd({ learningRate: 1e30 }), sgd({ learningRate: 1e30, momentum: 0.9 }), adam({ learningRate: 1e30 }), muon({ learningRate: 1e30 })]) {
      it(`stops ${name} with finite weights, or leaves it where no number overflows: ${optimizer.describe()}`, async () => {
        const model = make();
        await model.compile({ ...options, optimizer, threads: 1 });
        let last = weightsHash(model);
        const callbacks = { onBatchEnd: () => void (last = weightsHash(model)) };
        await model.fit(data[0], data[1], { epochs: 5, batchSize: 8, callbacks }).catch(refused('not-finite', /^step \d+, \w+/));
        assert.equal(weightsHash(model), last);
        assert.ok(model.getWeights().every(({ data: values }) => values.every(Number.isFinite)));
        model.close();
      });
    }
  }
});

describe('a loss that is not finite', () => {
  it('names the first layer whose output is not', async () => {
    const model = sequential([
      layers.dense({ units: 3, inputShape: [4] }), layers.dropout({ rate: 0.5 }), layers.dense({ units: 3, name: 'hidden' }), layers.dense({ units: 2 }),
    ], { seed: 1 });
    await model.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
    const own = model.getWeights();
    const large = (factor: number) => own.map(({ data }) => data.map((value) => value * factor));
    for (const [weights, place] of [
      [[...large(1e38).slice(0, 2), ...large(1).slice(2)], 'dense_1'], // a sum of four overflows
      [[...large(1e30).slice(0, 4), ...large(1).slice(4)], 'hidden'],
      [[...large(1e13).slice(0, 4), ...large(1e15).slice(4)], 'dense_3'],
      [large(1e9), 'loss'],
    ] as const) {
      model.setWeights(weights);
      const input = { data: good.data.map((value) => value * 10), shape: good.shape };
      const before = weightsHash(model);
      for (let again = 0; again < 2; again++) {
        await assert.rejects(model.trainOnBatch(input, goodTargets), refused('not-finite', new RegExp(`^step 0, ${place}: the loss is not finite`)));
      }
      assert.equal(weightsHash(model), before);
    }
    model.close();
  });

  it('from a weight that is not finite names the layer of the weight', async () => {
    const model = smallCnn();
    await model.compile({ ...cnnOptions, threads: 2 });
    const conv = model.layers[2]!;
    const [kernel, bias] = conv.getWeights();
    kernel!.data[5] = NaN;
    conv.setWeights([kernel!, bias!]);
    await assert.rejects(model.trainOnBatch(randomTensor([8, 8, 8, 1], 1), randomLabels(8, 5, 2)), refused('not-finite', /^step 0, conv2d_2: /));
    model.close();
  });
});
