/** What is alive after a call is what was alive before it, whether the call went well or not: bytes of WebAssembly's memory, engines, threads. */
import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import type { Sequential } from '../../src/entry.node.js';
import { Engine } from '../../src/runtime/engine.js';
import { platform } from '../../src/runtime/platform/platform.js';
import { cnnOptions, randomLabels, randomTensor, smallCnn } from './helpers.js';

afterEach(() => mock.restoreAll());

const x = randomTensor([20, 8, 8, 1], 1);
const y = randomLabels(20, 5, 2);
const narrow = randomTensor([20, 8, 7, 1], 1);
const holes = { ...x, data: x.data.map((value, index) => (index === 700 ? NaN : value)) };
const options = { ...cnnOptions, threads: 2 };
const aborted = AbortSignal.abort();

/** Every public call of a model, and ways in which it fails. */
const CALLS: Readonly<Record<string, (model: Sequential) => unknown>> = {
  fit: (model) => model.fit(x, y, { batchSize: 8, validationData: [x, y] }),
  'fit: wrong shape': (model) => model.fit(narrow, y),
  'fit: not a number': (model) => model.fit(holes, y, { batchSize: 8 }),
  'fit: aborted before': (model) => model.fit(x, y, { batchSize: 8, signal: aborted }),
  'fit: aborted on the way': (model) => {
    const controller = new AbortController();
    return model.fit(x, y, { batchSize: 8, signal: controller.signal, callbacks: { onBatchEnd: () => controller.abort() } });
  },
  'fit: a callback throws': (model) => model.fit(x, y, { batchSize: 8, callbacks: { onBatchEnd: () => { throw new Error('mine'); } } }),
  'fit: resume of another run': (model) => model.fit(x, y, { batchSize: 5, resume: model.checkpoint() }),
  trainOnBatch: (model) => model.trainOnBatch(x, y),
  'trainOnBatch: wrong shape': (model) => model.trainOnBatch(narrow, y),
  evaluate: (model) => model.evaluate(x, y, { batchSize: 8 }),
  'evaluate: wrong shape': (model) => model.evaluate(narrow, y),
  predict: (model) => model.predict(x, { batchSize: 8 }),
  'predict: aborted': (model) => model.predict(x, { batchSize: 8, signal: aborted }),
  profile: (model) => model.profile(x, y, { rounds: 1 }),
  checkpoint: (model) => model.checkpoint(),
  getWeights: (model) => model.getWeights(),
  setWeights: (model) => model.setWeights(model.getWeights()),
  'setWeights: too few': (model) => model.setWeights(model.getWeights().slice(1)),
  resetStates: (model) => model.resetStates(),
  summary: (model) => model.summary().toString(),
  toJSON: (model) => model.toJSON(),
  'compile: unknown loss': (model) => model.compile({ ...options, loss: 'none' as 'mse' }),
};

describe('after a call as much is alive as before', () => {
  for (const [name, call] of Object.entries(CALLS)) {
    it(name, async () => {
      const model = smallCnn();
      await model.compile(options);
      await model.fit(x, y, { batchSize: 8 }); // there is a checkpoint to take
      const outcome = async (): Promise<string> => {
        try {
          await call(model);
          return 'done';
        } catch (error) {
          return String(error);
        }
      };
      const first = await outcome(); // lays out the plans it needs
      assert.equal(first === 'done', !name.includes(':'), first);
      const reserve = mock.method(Engine.prototype, 'reserve');
      const start = mock.method(platform(), 'startWorker');
      await outcome();
      await outcome();
      assert.equal(reserve.mock.callCount(), 0, 'bytes were set aside again');
      assert.equal(start.mock.callCount(), 0, 'threads were started');
      model.close();
    });
  }

  it('compile: the engine before is closed, and one that was refused was never there', async () => {
    const model = smallCnn();
    await model.compile(options);
    const load = mock.method(Engine, 'load');
    const close = mock.method(Engine.prototype, 'close');
    await model.compile(options);
    await assert.rejects(model.compile({ ...options, loss: 'meanSquaredError', metrics: ['accuracy'] }));
    assert.deepEqual([load.mock.callCount(), close.mock.callCount()], [1, 1]);
    model.close();
    model.close(); // once more is nothing
    assert.equal(close.mock.callCount(), 2);
  });
});
