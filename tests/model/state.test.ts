/** Calls out of order, at once, and after a failure. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, layers, sequential, sgd } from '../../src/entry.node.js';
import type { CompileOptions, Optimizer, Sequential, Tensor } from '../../src/entry.node.js';
import { classifier, classify, randomLabels, randomTensor, refused, timeless, weightsHash } from './helpers.js';

const x = randomTensor([10, 4], 1);
const y = randomLabels(10, 3, 2);

async function ready(optimizer: Optimizer = classify.optimizer): Promise<Sequential> {
  const model = classifier();
  await model.compile({ ...classify, optimizer });
  return model;
}

/** Every call that needs a compiled model. */
const calls: Readonly<Record<string, (model: Sequential) => Promise<unknown>>> = {
  fit: (model) => model.fit(x, y),
  evaluate: (model) => model.evaluate(x, y),
  predict: (model) => model.predict(x),
  trainOnBatch: (model) => model.trainOnBatch(x, y),
};

describe('a model that is not compiled', () => {
  for (const [name, call] of Object.entries(calls)) {
    it(`refuses ${name}`, async () => {
      const model = classifier();
      await assert.rejects(call(model), refused('invalid-state', /compile/));
      await model.compile(classify);
      await call(model);
      model.close();
      await assert.rejects(call(model), refused('invalid-state', /compile/));
    });
  }

  it('has no threads, but weights', () => {
    const model = classifier();
    assert.throws(() => model.threads, refused('invalid-state'));
    assert.equal(model.getWeights().length, 4);
    model.close();
  });
});

describe('a model at work', () => {
  for (const [first, begin] of Object.entries(calls)) {
    for (const [second, call] of Object.entries(calls)) {
      it(`refuses ${second} during ${first}, which goes on undisturbed`, async () => {
        const [alone, model] = [await ready(), await ready()];
        const expected = await begin(alone);
        const working = begin(model);
        await assert.rejects(call(model), refused('invalid-state', /at work/));
        assert.deepEqual(timeless(await working), timeless(expected));
        assert.equal(weightsHash(model), weightsHash(alone));
        await call(model);
        [alone, model].forEach((each) => each.close());
      });
    }
  }

  it('refuses compile and setWeights', async () => {
    const model = await ready();
    const working = model.fit(x, y);
    await assert.rejects(model.compile(classify), refused('invalid-state', /at work/));
    assert.throws(() => model.setWeights(classifier().getWeights()), refused('invalid-state', /at work/));
    await working;
    model.close();
  });

  it('that is being compiled refuses to be compiled a second time', async () => {
    const model = classifier();
    const working = model.compile(classify);
    await assert.rejects(model.compile(classify), refused('invalid-state', /at work/));
    await working;
    await model.fit(x, y);
    model.close();
  });

  it('that is closed stops, and keeps the weights of its last whole step', async () => {
    const model = await ready();
    let weights = '';
    const working = model.fit(x, y, {
      batchSize: 2, epochs: 100,
      callbacks: {
        onBatchEnd: (batch) => {
          if (batch < 3) return;
          weights = weightsHash(model);
          model.close();
        },
      },
    });
    await assert.rejects(working, refused('invalid-state'));
    assert.equal(weightsHash(model), weights);
    await model.compile(classify);
    await model.fit(x, y);
    model.close();
  });
});

describe('compile', () => {
  it('a second time keeps the weights and begins the optimizer anew', async () => {
    const model = await ready(adam());
    await model.fit(x, y, { epochs: 3 });
    const weights = weightsHash(model);
    await model.compile({ ...classify, optimizer: adam() });
    assert.equal(weightsHash(model), weights);
    assert.equal(model.step, 0);
    const fresh = classifier();
    fresh.setWeights(model.getWeights());
    await fresh.compile({ ...classify, optimizer: adam() });
    for (const each of [model, fresh]) await each.fit(x, y, { epochs: 2 });
    assert.equal(weightsHash(model), weightsHash(fresh));
    [model, fresh].forEach((each) => each.close());
  });

  it('after close keeps the weights', async () => {
    const model = await ready();
    await model.fit(x, y);
    const weights = weightsHash(model);
    model.close();
    model.close();
    assert.equal(weightsHash(model), weights);
    await model.compile(classify);
    assert.equal(weightsHash(model), weights);
    model.close();
  });

  it('that is refused leaves the model as it was', async () => {
    const model = await ready();
    await model.fit(x, y);
    const before = await model.predict(x);
    await assert.rejects(model.compile({ ...classify, threads: 0 }), refused('invalid-argument'));
    await assert.rejects(model.compile({ ...classify, loss: 'mse' }), refused('invalid-argument', /accuracy/));
    for (const optimizer of [undefined, 'adam']) {
      await assert.rejects(model.compile({ ...classify, optimizer } as unknown as CompileOptions), refused('invalid-argument', /no optimizer.*adam\(\)/));
    }
    assert.deepEqual(await model.predict(x), before);
    assert.equal(model.step, 1);
    model.close();
  });

  it('for a loss that does not suit the output leaves the model as it was', async () => {
    const model = sequential([layers.dense({ units: 1, inputShape: [4] })]);
    await model.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
    await assert.rejects(model.compile({ optimizer: sgd(), loss: 'sparseCategoricalCrossentropy', threads: 1 }), refused('invalid-shape'));
    await model.predict(x);
    model.close();
  });
});

describe('a loss that is not finite', () => {
  const far: Tensor = { data: Float32Array.from(x.data, (value) => value * 1e25), shape: x.shape };
  const zeros: Tensor = { data: new Float32Array(10), shape: [10, 1] };

  for (const optimizer of [sgd({ learningRate: 1 }), sgd({ learningRate: 1, momentum: 0.9, nesterov: true }), adam(), adam({ globalClipnorm: 1 })]) {
    it(`stops before the weights change: ${optimizer.describe()}`, async () => {
      const model = sequential([layers.dense({ units: 1, inputShape: [4] })]);
      await model.compile({ optimizer, loss: 'mse', threads: 1 });
      await model.trainOnBatch(x, zeros);
      const { step } = model;
      const weights = weightsHash(model);
      for (const call of [() => model.trainOnBatch(far, zeros), () => model.fit(far, zeros, { epochs: 3 })]) {
        await assert.rejects(call(), refused('not-finite', /step 1.*loss is not finite.*learning rate/));
        assert.equal(weightsHash(model), weights);
        assert.equal(model.step, step);
      }
      const twin = sequential([layers.dense({ units: 1, inputShape: [4] })]);
      await twin.compile({ optimizer, loss: 'mse', threads: 1 });
      await twin.trainOnBatch(x, zeros);
      for (const each of [model, twin]) await each.trainOnBatch(x, zeros);
      assert.equal(weightsHash(model), weightsHash(twin), 'the optimizer remembers a step that was not taken');
      [model, twin].forEach((each) => each.close());
    });
  }

  it('is met at once with a learning rate far too high, in the middle of an epoch', async () => {
    const model = sequential([layers.dense({ units: 3, inputShape: [4] }), layers.dense({ units: 1 })]);
    await model.compile({ optimizer: sgd({ learningRate: 1e15 }), loss: 'mse', threads: 2 });
    let last = weightsHash(model);
    const fit = model.fit(x, zeros, { batchSize: 2, epochs: 10, callbacks: { onBatchEnd: () => void (last = weightsHash(model)) } });
    await assert.rejects(fit, refused('not-finite'));
    assert.equal(weightsHash(model), last);
    assert.ok(model.getWeights().every(({ data }) => data.every(Number.isFinite)));
    model.close();
  });
});
