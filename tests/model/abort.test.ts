/** Signals: a call that is told to stop does so within one step, and leaves a model that is whole. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Callbacks, FitOptions, Sequential } from '../../src/entry.node.js';
import { classifier, classify, randomLabels, randomTensor, weightsHash } from './helpers.js';

const x = randomTensor([10, 4], 1);
const y = randomLabels(10, 3, 2);
const aborted = { name: 'AbortError' };

async function ready(): Promise<Sequential> {
  const model = classifier();
  await model.compile(classify);
  return model;
}

/** The weights after a number of steps in batches of 3. */
async function weightsAfter(steps: number): Promise<string> {
  const model = await ready();
  let hash = weightsHash(model);
  const callbacks = { onBatchEnd: () => void (model.step === steps && (hash = weightsHash(model))) };
  await model.fit(x, y, { epochs: 3, batchSize: 3, callbacks });
  model.close();
  return hash;
}

describe('an abort', () => {
  it('before the fit stops it before its first step', async () => {
    const model = await ready();
    const [before, seen] = [weightsHash(model), [] as string[]];
    const callbacks = { onTrainBegin: () => void seen.push('train'), onEpochBegin: () => void seen.push('epoch'), onTrainEnd: () => void seen.push('end') };
    await assert.rejects(model.fit(x, y, { signal: AbortSignal.abort(), callbacks }), aborted);
    assert.deepEqual([weightsHash(model), model.step, seen], [before, 0, []]);
    await assert.rejects(model.evaluate(x, y, { signal: AbortSignal.abort() }), aborted);
    await assert.rejects(model.predict(x, { signal: AbortSignal.abort() }), aborted);
    await model.fit(x, y);
    model.close();
  });

  it('at every step leaves the weights of that step, usable and saveable', async () => {
    for (let step = 1; step <= 12; step++) {
      const model = await ready();
      const controller = new AbortController();
      const callbacks = { onBatchEnd: () => void (model.step === step && controller.abort()) };
      await assert.rejects(model.fit(x, y, { epochs: 3, batchSize: 3, signal: controller.signal, callbacks }), aborted);
      assert.equal(model.step, step);
      assert.equal(weightsHash(model), await weightsAfter(step));
      assert.equal(model.checkpoint().progress.step, step);
      await model.predict(x);
      await model.fit(x, y);
      model.close();
    }
  });

  it('from a timer stops a long fit while it runs', async () => {
    const model = await ready();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    await assert.rejects(model.fit(x, y, { epochs: 1e9, signal: controller.signal }), aborted);
    assert.ok(model.step > 0);
    model.close();
  });

  it('after the fit does nothing, nor does a second one', async () => {
    const model = await ready();
    const controller = new AbortController();
    await model.fit(x, y, { signal: controller.signal });
    controller.abort();
    controller.abort();
    await assert.rejects(model.fit(x, y, { signal: controller.signal }), aborted);
    assert.equal(model.step, 1);
    model.close();
  });

  it('rejects with the reason that it has', async () => {
    const model = await ready();
    const reason = new Error('enough');
    await assert.rejects(model.fit(x, y, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
    model.close();
  });

  it('during validation leaves the epoch open: its steps are done, its figures are not', async () => {
    const model = await ready();
    const controller = new AbortController();
    const options = { batchSize: 3, epochs: 1, validationData: [x, y] } satisfies FitOptions;
    const callbacks = { onBatchEnd: (batch: number) => { if (batch === 3) queueMicrotask(() => queueMicrotask(() => controller.abort())); } };
    await assert.rejects(model.fit(x, y, { ...options, callbacks, signal: controller.signal }), aborted);
    const { epoch, batch, history } = model.checkpoint().progress;
    assert.deepEqual([epoch, batch, history.epoch], [0, 4, []]);
    const resumed = await model.fit(x, y, { ...options, resume: model.checkpoint() });
    const whole = await ready();
    const { history: figures } = await whole.fit(x, y, options);
    assert.deepEqual([resumed.history.loss, resumed.history.valLoss], [figures.loss, figures.valLoss]);
    [model, whole].forEach((each) => each.close());
  });
});

describe('a callback that never ends', () => {
  const never = (): Promise<void> => new Promise(() => {});

  for (const hook of ['onTrainBegin', 'onEpochBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'] as const satisfies readonly (keyof Callbacks)[]) {
    it(`does not keep an abort from being heard: ${hook}`, async () => {
      const model = await ready();
      const controller = new AbortController();
      const fit = model.fit(x, y, { signal: controller.signal, callbacks: { [hook]: never } });
      setTimeout(() => controller.abort(), 10);
      await assert.rejects(fit, aborted);
      await model.fit(x, y);
      model.close();
    });
  }
});

describe('several callbacks', () => {
  it('are called one after the other, each waited for, and any of them may stop the fit', async () => {
    const model = await ready();
    const seen: string[] = [];
    const watcher = (name: string, stop: boolean): Callbacks => ({
      onTrainBegin: ({ step, epoch, batch }) => void seen.push(`${name} begin ${step} ${epoch} ${batch}`),
      onEpochEnd: async (epoch) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        seen.push(`${name} ${epoch}`);
        return !stop;
      },
      onTrainEnd: () => void seen.push(`${name} end`),
    });
    await model.fit(x, y, { epochs: 9, callbacks: [watcher('a', true), watcher('b', false)] });
    assert.deepEqual(seen, ['a begin 0 0 0', 'b begin 0 0 0', 'a 0', 'b 0', 'a end', 'b end']);
    model.close();
  });

  it('of which one fails: the error passes through once, the others are not called', async () => {
    const model = await ready();
    const failure = new Error('mine');
    let calls = 0;
    const callbacks = [{ onBatchEnd: () => Promise.reject(failure) }, { onBatchEnd: () => void calls++, onTrainEnd: () => void calls++ }];
    await assert.rejects(model.fit(x, y, { callbacks }), (error) => error === failure);
    assert.equal(calls, 0);
    await model.fit(x, y);
    model.close();
  });
});
