/** Memory that is not to be had: one typed error, the model as it was, and the next call works. */
import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { adam, layers, sequential } from '../../src/entry.node.js';
import type { CompileOptions, Sequential } from '../../src/entry.node.js';
import { cnnOptions, randomLabels, randomTensor, refused, smallCnn, weightsHash } from './helpers.js';

afterEach(() => mock.restoreAll());

const x = randomTensor([40, 8, 8, 1], 1);
const y = randomLabels(40, 5, 2);
/** Enough that memory has to grow for it. */
const large = (): Sequential => sequential([layers.dense({ units: 700, inputShape: [8, 8, 1] }), layers.flatten(), layers.dense({ units: 5 })], { seed: 1 });
const options = { ...cnnOptions, optimizer: adam(), threads: 1 } satisfies CompileOptions;

/** Makes the Nth request for memory from now on fail, and those after it too if `lasting`. Gives the number of requests so far. */
function failAt(nth: number, lasting: boolean): () => number {
  let calls = 0;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own memory
  const { grow } = WebAssembly.Memory.prototype;
  mock.method(WebAssembly.Memory.prototype, 'grow', function (this: WebAssembly.Memory, pages: number) {
    calls++;
    if (calls === nth || (lasting && calls > nth)) throw new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded');
    return grow.call(this, pages);
  });
  return () => calls;
}

describe('an allocation that fails', () => {
  for (const lasting of [false, true]) {
    it(`${lasting ? 'from the Nth on' : 'at the Nth, once'}: compile, fit, evaluate and predict reject, and change nothing`, async () => {
      const work: Readonly<Record<string, (model: Sequential) => Promise<unknown>>> = {
        compile: (model) => model.compile(options),
        fit: (model) => model.fit(x, y, { batchSize: 32, shuffle: false }),
        evaluate: (model) => model.evaluate(x, y, { batchSize: 40 }),
        predict: (model) => model.predict(x, { batchSize: 39 }),
      };
      const whole = large();
      await whole.compile(options);
      await whole.fit(x, y, { batchSize: 32, shuffle: false });
      for (const [name, call] of Object.entries(work)) {
        let failures = 0;
        for (let nth = 1; ; nth++) {
          const model = large();
          if (name !== 'compile') await model.compile(options);
          const before = [weightsHash(model), model.step];
          const calls = failAt(nth, lasting);
          const failed = await call(model).then(() => false, refused('out-of-memory', /bytes more than/));
          mock.restoreAll();
          if (failed) {
            failures++;
            // a fit may have done whole steps before a batch of another size asked for more
            if (model.step === 0) assert.deepEqual([weightsHash(model), model.step], before, `${name}, allocation ${nth}`);
            await (name === 'compile' ? model.compile(options) : model.predict(x, { batchSize: 1 }));
            if (model.step === 0) {
              await model.fit(x, y, { batchSize: 32, shuffle: false });
              assert.equal(weightsHash(model), weightsHash(whole));
            }
          }
          model.close();
          if (calls() < nth) break;
        }
        assert.ok(failures > 0, `${name} asked for no memory`);
      }
      whole.close();
    });
  }

  it('in the middle of an epoch leaves a run that can be gone on with', async () => {
    const whole = large();
    await whole.compile(options);
    const fit = { batchSize: 32, epochs: 2 };
    await whole.fit(x, y, fit);
    const model = large();
    await model.compile(options);
    const callbacks = { onBatchEnd: () => void failAt(1, true) }; // the short batch at the end needs a plan of its own
    const failed = await model.fit(x, y, { ...fit, callbacks }).then(() => false, refused('out-of-memory'));
    mock.restoreAll();
    assert.ok(failed, 'the short batch asked for no memory');
    assert.equal(model.step, 1);
    await model.fit(x, y, { ...fit, resume: model.checkpoint() });
    assert.equal(weightsHash(model), weightsHash(whole));
    [model, whole].forEach((each) => each.close());
  });
});

describe('sizes that overflow 32 bits', () => {
  const shapes = [[2 ** 15, 2 ** 15 + 1], [2 ** 16, 2 ** 15], [2 ** 16, 2 ** 16], [2 ** 30 + 1, 4], [2 ** 31 - 1, 2 ** 31 - 1]] as const;
  for (const [features, units] of shapes) {
    it(`are refused before anything is allocated: ${features} × ${units}`, () => {
      const before = process.memoryUsage().rss;
      const make = (): Sequential => sequential([layers.dense({ units, inputShape: [features] })]);
      assert.throws(make, refused('out-of-memory', /^dense_1\/kernel: .*at most 4 GiB/));
      assert.ok(process.memoryUsage().rss - before < 64 << 20);
    });
  }

  it('also of a batch whose values do not fit', async () => {
    const model = sequential([layers.conv2d({ filters: 2 ** 20, kernelSize: 1, inputShape: [64, 64, 1], useBias: false })]);
    await model.compile({ optimizer: adam(), loss: 'mse', threads: 1 });
    const before = weightsHash(model);
    for (const rows of [1, 2]) await assert.rejects(model.predict(randomTensor([rows, 64, 64, 1], 1)), refused('out-of-memory'));
    assert.equal(weightsHash(model), before);
    model.close();
  });
});

it('small models share the machine: many at once, closed or dropped, need no more than the last', async () => {
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 200; i++) {
    const model = smallCnn();
    await model.compile({ ...cnnOptions, threads: 1 });
    await model.fit(x, y);
    model.close();
  }
  assert.ok(process.memoryUsage().rss - before < 300 << 20, `${process.memoryUsage().rss - before} bytes more`);
});
