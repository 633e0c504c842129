/** The promise: the same seed, data and options give the same bits, on every machine and any number of threads. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectFeatures } from '../../src/entry.node.js';
import type { CompileOptions, Sequential, Tensor } from '../../src/entry.node.js';
import { cnnOptions, randomLabels, randomTensor, rnnOptions, smallCnn, smallDense, smallRectified, smallRnn, smallWinograd, weightsHash } from './helpers.js';

interface Training {
  make: (seed?: number) => Sequential;
  options: CompileOptions;
  x: Tensor;
  y: Tensor;
  batchSize: number;
  /** SHA-256 of the weights after EPOCHS epochs with seed 1. */
  golden: string;
}

const EPOCHS = 6;

// Batches of 16 of 55 rows, and of 10 of 36: the last one of an epoch is short. 24 steps in all.
const trainings: Readonly<Record<string, Training>> = {
  'a convolutional network': {
    make: smallCnn, options: cnnOptions, x: randomTensor([55, 8, 8, 1], 5), y: randomLabels(55, 5, 6), batchSize: 16,
    golden: '41cd879a41f30368cee6fe0db5792165edbae2c88a2591b85d32019974e4dbb7',
  },
  'a convolutional network by Winograd': {
    make: smallWinograd, options: cnnOptions, x: randomTensor([55, 9, 10, 1], 9), y: randomLabels(55, 5, 10), batchSize: 16,
    golden: 'b2d2115d801de6c41e5e9520134ee7b14e5f29e12fc5ec40b66eaee42d3a5a0d',
  },
  'a network of wide dense layers': {
    make: smallDense, options: cnnOptions, x: randomTensor([55, 700], 11), y: randomLabels(55, 5, 12), batchSize: 16,
    golden: '83ffaef8182fb2cc30017c446a9d69cb2e574dac489fc6560115db63ebc7d1d9',
  },
  'a network of rectified dense layers': {
    make: smallRectified, options: cnnOptions, x: randomTensor([55, 60], 13), y: randomLabels(55, 5, 14), batchSize: 16,
    golden: '892906cfa0a3571ae639bc3c43a5924affd3b91cf3fa4dedeecd7b8205e5ffe2',
  },
  'a recurrent network': {
    make: smallRnn, options: rnnOptions, x: randomTensor([36, 12, 1], 7), y: randomTensor([36, 12, 1], 8), batchSize: 10,
    golden: 'e810af2589d62f01a5d0fd063aa561ccc3e77d706c820f8405cccc0588fabde6',
  },
};

async function train({ make, options, x, y, batchSize }: Training, changes: Partial<CompileOptions> = {}, seed?: number): Promise<string> {
  const model = make(seed);
  await model.compile({ ...options, threads: 1, ...changes });
  const { history } = await model.fit(x, y, { epochs: EPOCHS, batchSize });
  assert.equal(model.step, 24);
  assert.ok(history.loss!.every(Number.isFinite) && history.loss!.at(-1)! < history.loss![0]!, 'the loss did not fall');
  const hash = weightsHash(model);
  model.close();
  return hash;
}

for (const [name, training] of Object.entries(trainings)) {
  describe(name, () => {
    it('comes to the same weights on every machine', async () => {
      assert.equal(await train(training), training.golden, 'the numbers of training have changed: if that was meant, so must this hash');
    });

    it('comes to the same weights a second time, and to others from another seed', async () => {
      assert.equal(await train(training), await train(training));
      assert.notEqual(await train(training, {}, 2), await train(training));
    });

    it('comes to the same weights on 2, 3 and 4 threads', async () => {
      const alone = await train(training);
      for (const threads of [2, 3, 4]) assert.equal(await train(training, { threads }), alone, `${threads} threads`);
    });

    it('trains in the relaxed build, on any number of threads alike', { skip: !detectFeatures().relaxedSimd && 'this engine has no relaxed SIMD' }, async () => {
      assert.equal(await train(training, { build: 'relaxed', threads: 3 }), await train(training, { build: 'relaxed' }));
    });

    it('predicts the same bits for every batch size', async () => {
      const model = training.make();
      await model.compile({ ...training.options, threads: 2 });
      const { data } = await model.predict(training.x);
      for (const batchSize of [1, 2, 7, 8, 9]) assert.deepEqual((await model.predict(training.x, { batchSize })).data, data, `batches of ${batchSize}`);
      model.close();
    });
  });
}

it('every initial weight depends on the seed, but the biases', () => {
  for (const make of [smallCnn, smallWinograd, smallRnn]) {
    const [first, again, other] = [make(1), make(1), make(2)].map((model) => model.namedWeights());
    assert.deepEqual(first, again);
    first!.forEach(({ name, tensor }, i) => {
      const same = tensor.data.every((value, at) => value === other![i]!.tensor.data[at]);
      assert.equal(same, name.endsWith('bias'), name);
    });
  }
});
