/** Datasets in fit, evaluate and predict: the same as arrays, exact to resume, and whole whatever the source does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset, decodeCheckpoint, encodeCheckpoint, layers, sequential } from '../../src/entry.node.js';
import type { Batch, Checkpoint, Dataset, DatasetFitOptions, Sequential } from '../../src/entry.node.js';
import { classifier, classify, cnnOptions, randomLabels, randomTensor, refused, smallCnn, timeless, weightsHash } from './helpers.js';

const x = randomTensor([10, 4], 1);
const y = randomLabels(10, 3, 2);
const rows = dataset.fromArrays(x, y);
const aborted = { name: 'AbortError' };

async function ready(): Promise<Sequential> {
  const model = classifier();
  await model.compile(classify);
  return model;
}

/** Batches, and a record of the passes that began and of those that were closed early. */
function watched(of: Dataset<Batch>): { data: Dataset<Batch>; seen: { opened: number; closed: number } } {
  const seen = { opened: 0, closed: 0 };
  const data = dataset.fromIterable(async function* () {
    let whole = false;
    seen.opened++;
    try {
      yield* of;
      whole = true;
    } finally {
      if (!whole) seen.closed++;
    }
  });
  return { data, seen };
}

describe('a dataset', () => {
  it('trains, evaluates and predicts to the same bits as arrays', async () => {
    const [one, other] = [await ready(), await ready()];
    const expected = await one.fit(x, y, { epochs: 3, batchSize: 3, shuffle: false, validationData: [x, y] });
    const history = await other.fit(rows.batch(3), { epochs: 3, validationData: rows.batch(128) });
    assert.deepEqual(timeless(history), timeless(expected));
    assert.equal(weightsHash(other), weightsHash(one));
    assert.deepEqual(await other.evaluate(rows.batch(3)), await one.evaluate(x, y, { batchSize: 3 }));
    assert.deepEqual(await other.predict(rows.batch(3)), await one.predict(x, { batchSize: 3 }));
    assert.deepEqual((await other.predict(dataset.fromArrays(x).batch(3), { steps: 2 })).shape, [6, 3]);
    assert.deepEqual(await other.evaluate(rows.batch(5), { steps: 1 }), await other.evaluate(rows.take(5).batch(5)));
    [one, other].forEach((each) => each.close());
  });

  it('weighs rows and classes as arrays do', async () => {
    const weights = { data: Float32Array.from({ length: 10 }, (_, row) => row / 5), shape: [10] };
    for (const [options, data] of [[{ sampleWeight: weights }, dataset.fromIterable(() => [{ xs: x, ys: y, sampleWeight: weights }])], [{ classWeight: { 1: 3 } }, rows.batch(10)]] as const) {
      const [one, other] = [await ready(), await ready()];
      await one.fit(x, y, { ...options, shuffle: false });
      await other.fit(data, 'classWeight' in options ? options : {});
      assert.equal(weightsHash(other), weightsHash(one));
      [one, other].forEach((each) => each.close());
    }
  });

  it('goes on through the data where stepsPerEpoch says how long an epoch is', async () => {
    const [one, other] = [await ready(), await ready()];
    const seen: number[] = [];
    const data = rows.batch(2).map((batch, { index }) => (seen.push(index), batch));
    await one.fit(data, { epochs: 4, stepsPerEpoch: 3 });
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
    await other.fit(rows.batch(2).repeat().take(12));
    assert.equal(weightsHash(one), weightsHash(other));
    await one.fit(rows.batch(2).repeat(), { epochs: 2, stepsPerEpoch: 2, validationData: rows.repeat().batch(2), validationSteps: 2 });
    await assert.rejects(one.fit(rows.batch(2).repeat()), refused('invalid-argument', /no end.*stepsPerEpoch/));
    await assert.rejects(one.fit(rows.batch(2), { validationData: rows.repeat().batch(2) }), refused('invalid-argument', /no end.*validationSteps/));
    await assert.rejects(one.evaluate(rows.repeat().batch(2)), refused('invalid-argument', /no end.*steps/));
    [one, other].forEach((each) => each.close());
  });

  it('tells a run how many batches there are, where that is known', async () => {
    const model = await ready();
    const found: (number | undefined)[] = [];
    const callbacks = { onTrainBegin: ({ batches }: { batches: number | undefined }) => void found.push(batches) };
    await model.fit(rows.batch(3), { callbacks });
    await model.fit(watched(rows.batch(3)).data, { callbacks });
    await model.fit(watched(rows.batch(3)).data, { callbacks, stepsPerEpoch: 2 });
    assert.deepEqual(found, [4, undefined, 2]);
    model.close();
  });

  it('of stateful layers is refused for fit', async () => {
    const model = sequential([layers.simpleRNN({ units: 2, stateful: true, inputShape: [3, 1] }), layers.dense({ units: 1 })]);
    await model.compile({ ...classify, loss: 'mse', metrics: [] });
    await assert.rejects(model.fit(rows.batch(2)), refused('invalid-argument', /stateful/));
    model.close();
  });
});

describe('a training on a dataset that stops', () => {
  const images = dataset.fromArrays(randomTensor([22, 8, 8, 1], 5), randomLabels(22, 5, 6));
  const recipe = (seed = 3): Dataset<Batch> => images.shuffle(7, { seed }).batch(4).prefetch(2);
  const start = async (): Promise<Sequential> => {
    const model = smallCnn();
    await model.compile({ ...cnnOptions, threads: 1 });
    return model;
  };

  /** The checkpoint of after so many steps. */
  async function stopped(step: number, options: DatasetFitOptions): Promise<Checkpoint> {
    const model = await start();
    const controller = new AbortController();
    const callbacks = { onBatchEnd: () => void (model.step === step && controller.abort()) };
    await assert.rejects(model.fit(recipe(), { ...options, callbacks, signal: controller.signal }), aborted);
    const checkpoint = await decodeCheckpoint(await encodeCheckpoint(model.checkpoint()));
    model.close();
    return checkpoint;
  }

  for (const options of [{ epochs: 3 }, { epochs: 4, stepsPerEpoch: 4 }]) {
    it(`goes on to the same bits from any step: ${JSON.stringify(options)}`, async () => {
      const validated = { ...options, validationData: images.batch(5), validationSteps: 2 };
      const whole = await start();
      const expected = await whole.fit(recipe(), validated);
      for (let step = 1; step < whole.step; step += 2) {
        const model = await start();
        const history = await model.fit(recipe(), { ...validated, resume: await stopped(step, validated) });
        assert.deepEqual(timeless(history), timeless(expected));
        assert.equal(weightsHash(model), weightsHash(whole));
        model.close();
      }
      whole.close();
    });
  }

  it('goes on with the same recipe only, and from data that are still there', async () => {
    const resume = await stopped(5, { epochs: 3 });
    const model = await start();
    const before = weightsHash(model);
    await assert.rejects(model.fit(recipe(4), { epochs: 3, resume }), refused('checkpoint-mismatch', /seed is 3, not 4/));
    await assert.rejects(model.fit(recipe(), { epochs: 3, stepsPerEpoch: 6, resume }), refused('checkpoint-mismatch', /stepsPerEpoch/));
    const vanishing = (kept: number): Dataset<Batch> => dataset.fromIterable(() => images.batch(4).take(kept));
    const other = await start();
    const controller = new AbortController();
    const callbacks = { onBatchEnd: (batch: number) => void (batch === 2 && controller.abort()) };
    await assert.rejects(other.fit(vanishing(4), { callbacks, signal: controller.signal }), aborted);
    await assert.rejects(model.fit(vanishing(2), { resume: other.checkpoint() }), refused('checkpoint-mismatch', /ended before.*at least 3 batches, received 2/));
    assert.deepEqual([weightsHash(model), model.step], [before, 0]);
    [model, other].forEach((each) => each.close());
  });
});

describe('a dataset that fails', () => {
  const failure = new Error('mine');

  it('ends the fit with its own error, closed, and leaves the model whole', async () => {
    for (const at of [0, 2]) {
      const { data, seen } = watched(rows.batch(2));
      const failing = data.map((batch, { index }) => (index === at ? Promise.reject(failure) : batch)).prefetch(1);
      const model = await ready();
      await assert.rejects(model.fit(failing), (error) => error === failure);
      assert.deepEqual([model.step, seen], [at, { opened: 1, closed: 1 }]);
      const expected = await ready();
      if (at > 0) await expected.fit(rows.take(4).batch(2));
      assert.equal(weightsHash(model), weightsHash(expected));
      await assert.rejects(model.evaluate(failing), (error) => error === failure);
      await assert.rejects(model.predict(failing), (error) => error === failure);
      assert.equal(seen.closed, 3);
      await model.fit(x, y);
      [model, expected].forEach((each) => each.close());
    }
  });

  it('as validation ends the fit too, and both are closed', async () => {
    const model = await ready();
    const [training, validation] = [watched(rows.batch(2)), watched(rows.batch(2))];
    const failing = validation.data.map((batch, { index }) => (index === 1 ? Promise.reject(failure) : batch));
    await assert.rejects(model.fit(training.data, { stepsPerEpoch: 2, validationData: failing }), (error) => error === failure);
    assert.deepEqual([training.seen.closed, validation.seen.closed], [1, 1]);
    model.close();
  });

  it('in closing is told of after a fit that went well, not in the place of its error', async () => {
    const model = await ready();
    const bad = (batches: Dataset<Batch>): Dataset<Batch> => dataset.fromIterable(() => {
      const iterator = batches[Symbol.asyncIterator]();
      return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next(), return: () => Promise.reject(failure) }) };
    });
    await assert.rejects(model.fit(bad(rows.batch(2)), { stepsPerEpoch: 2 }), (error) => error === failure);
    const first = new Error('first');
    await assert.rejects(model.fit(bad(rows.batch(2)).map(() => Promise.reject(first))), (error) => error === first);
    model.close();
  });

  it('by batches that are none is told what was expected', async () => {
    const model = await ready();
    const of = (...batches: unknown[]): Dataset<Batch> => dataset.fromIterable(() => batches as Batch[]);
    const good = { xs: x, ys: y };
    await assert.rejects(model.fit(of(good, { xs: randomTensor([10, 5], 1), ys: y })), refused('invalid-shape', /training, batch 1 inputs.*\[rows, 4\], received \[10, 5\]/));
    await assert.rejects(model.fit(of({ xs: x, ys: randomLabels(9, 3, 1) })), refused('invalid-shape', /batch 0.*10 targets, received 9/));
    await assert.rejects(model.fit(of({ xs: x, ys: { data: y.data.map(() => 7), shape: [10] } })), refused('invalid-data', /batch 0 targets, row 0/));
    await assert.rejects(model.fit(of([x, y])), refused('invalid-argument', /expected \{ xs, ys \}.*map/));
    await assert.rejects(model.fit(of(5)), refused('invalid-argument', /not a batch.*received number/));
    await assert.rejects(model.fit(rows as never), refused('invalid-shape', /batch 0/));
    await assert.rejects(model.predict(of({ ys: y })), refused('invalid-argument', /expected \{ xs \}/));
    for (const call of [() => model.fit(of()), () => model.fit(of(), { stepsPerEpoch: 2 }), () => model.evaluate(of()), () => model.predict(of())]) {
      await assert.rejects(call(), refused('invalid-data', /the dataset is empty/));
    }
    for (const option of ['batchSize', 'shuffle', 'validationSplit', 'sampleWeight']) {
      await assert.rejects(model.fit(of(good), { [option]: 1 } as never), refused('invalid-argument', new RegExp(`${option} beside a dataset`)));
    }
    await model.fit(x, y);
    model.close();
  });
});

describe('an abort', () => {
  it('is heard while a batch is waited for that never comes; the source is closed', async () => {
    const model = await ready();
    let closed = 0;
    const never = dataset.fromIterable<Batch>(() => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: () => { closed++; return new Promise(() => {}); } }),
    }));
    const operations = [never, never.map((batch) => batch), never.shuffle(2), never.prefetch(2), never.repeat(), never.take(2)];
    for (const data of operations) {
      for (const call of [(signal: AbortSignal) => model.fit(data, { signal, stepsPerEpoch: 1 }), (signal: AbortSignal) => model.evaluate(data, { signal, steps: 1 }), (signal: AbortSignal) => model.predict(data, { signal, steps: 1 })]) {
        const controller = new AbortController();
        const work = call(controller.signal);
        setTimeout(() => controller.abort(), 3);
        await assert.rejects(work, aborted);
      }
    }
    assert.equal(closed, 3 * operations.length);
    await model.fit(x, y);
    model.close();
  });

  it('between two steps closes the source; a fit that ends early does too', async () => {
    const model = await ready();
    const { data, seen } = watched(rows.batch(2));
    const controller = new AbortController();
    await assert.rejects(model.fit(data, { signal: controller.signal, callbacks: { onBatchEnd: () => controller.abort() } }), aborted);
    assert.deepEqual([model.step, seen.closed], [1, 1]);
    await model.fit(data, { stepsPerEpoch: 2, epochs: 2 });
    assert.equal(seen.closed, 2);
    model.close();
  });

  it('from a timer is heard: a fit yields to the event loop', async () => {
    const model = await ready();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    await assert.rejects(model.fit(rows.batch(2).repeat(), { stepsPerEpoch: 1e6, signal: controller.signal }), aborted);
    assert.ok(model.step > 0);
    model.close();
  });
});
