/** How fit goes through the rows, and what it says about it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, layers, sequential, sgd } from '../../src/entry.node.js';
import type { EpochLogs, FitOptions, Sequential } from '../../src/entry.node.js';
import { epochOrder } from '../../src/random.js';
import { assertClose, relativeTolerances } from '../reference/index.js';
import { classifier, classify, cnnOptions, randomLabels, randomTensor, rowsOf, smallCnn, weightsHash } from './helpers.js';

const x = randomTensor([10, 4], 1);
const y = randomLabels(10, 3, 2);

async function ready(options: Partial<typeof classify> = {}): Promise<Sequential> {
  const model = classifier();
  await model.compile({ ...classify, ...options });
  return model;
}

/** The weights after some training. */
async function after(train: (model: Sequential) => Promise<unknown>): Promise<string> {
  const model = await ready();
  await train(model);
  model.close();
  return weightsHash(model);
}

describe('an epoch', () => {
  it('is one step for each batch, the last one short', async () => {
    const byHand = await after(async (model) => {
      for (const [start, count] of [[0, 4], [4, 4], [8, 2]] as const) await model.trainOnBatch(rowsOf(x, start, count), rowsOf(y, start, count));
      assert.equal(model.step, 3);
    });
    assert.equal(await after((model) => model.fit(x, y, { batchSize: 4, shuffle: false })), byHand);
  });

  it('is one step of all rows if the batch is larger than the set', async () => {
    const one = await after((model) => model.trainOnBatch(x, y));
    for (const batchSize of [10, 11, 1000]) assert.equal(await after((model) => model.fit(x, y, { batchSize, shuffle: false })), one);
  });

  it('weighs the losses of its batches by their rows', async () => {
    const model = await ready({ optimizer: sgd({ learningRate: 0 }) });
    const whole = await model.evaluate(x, y);
    for (const batchSize of [1, 3, 4, 10]) {
      const { history } = await model.fit(x, y, { batchSize });
      assertClose(history.loss!, [whole.loss], 1e-6, `loss in batches of ${batchSize}`);
      assert.deepEqual(history.accuracy, [whole.accuracy]);
    }
    model.close();
  });

  it('takes the rows in the order of its seed and number', async () => {
    const model = await ready({ optimizer: sgd({ learningRate: 0 }) });
    const own: number[] = [];
    for (let row = 0; row < 10; row++) own.push((await model.evaluate(rowsOf(x, row, 1), rowsOf(y, row, 1))).loss);
    const seen: number[] = [];
    await model.fit(x, y, { epochs: 3, batchSize: 1, callbacks: { onBatchEnd: (_batch, { loss }) => void seen.push(loss) } });
    const orders = [0, 1, 2].map((epoch) => [...epochOrder(1, epoch, 10)]);
    assert.deepEqual(seen, orders.flat().map((row) => own[row]!));
    assert.notDeepEqual(orders[0], orders[1]);
    assert.deepEqual([...orders[2]!].sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    model.close();
  });

  it('goes on where the last one ended: two fits of an epoch without shuffle are one of two', async () => {
    const options = { batchSize: 3, shuffle: false };
    const twice = await after(async (model) => [await model.fit(x, y, options), await model.fit(x, y, options)]);
    assert.equal(await after((model) => model.fit(x, y, { ...options, epochs: 2 })), twice);
  });
});

describe('validation', () => {
  it('gives what evaluate gives after the epoch, and changes nothing', async () => {
    const validationData = [randomTensor([7, 4], 3), randomLabels(7, 3, 4)] as const;
    const plain = await after((model) => model.fit(x, y, { epochs: 3 }));
    const watched = await after(async (model) => {
      const evaluated: unknown[] = [];
      const logged: unknown[] = [];
      const { history } = await model.fit(x, y, {
        epochs: 3, validationData,
        callbacks: { onEpochEnd: (_epoch, logs) => void logged.push({ loss: logs.valLoss, accuracy: logs.valAccuracy }) },
      });
      evaluated.push(await model.evaluate(...validationData));
      assert.deepEqual(logged.at(-1), evaluated[0]);
      assert.equal(history.valLoss!.length, 3);
      assert.equal(history.valAccuracy!.length, 3);
    });
    assert.equal(watched, plain);
  });

  it('does without dropout, as evaluate and predict do', async () => {
    const model = sequential([layers.dropout({ rate: 0.9, inputShape: [4] }), layers.dense({ units: 3 })]);
    await model.compile({ ...classify, optimizer: sgd({ learningRate: 0 }) });
    const { loss, accuracy } = await model.evaluate(x, y);
    const { history } = await model.fit(x, y, { validationData: [x, y] });
    assert.deepEqual([history.valLoss![0], history.valAccuracy![0]], [loss, accuracy]);
    assert.notEqual(history.loss![0], loss);
    model.close();
  });
});

describe('evaluate', () => {
  it('gives the mean over all rows for every batch size', async () => {
    const model = await ready();
    const whole = await model.evaluate(x, y);
    for (const batchSize of [1, 3, 7, 100]) {
      const { loss, accuracy } = await model.evaluate(x, y, { batchSize });
      assertClose([loss], [whole.loss], 1e-6, 'loss');
      assert.equal(accuracy, whole.accuracy);
    }
    const { data } = await model.predict(x);
    const right = [...y.data].filter((label, row) => {
      const logits = [...data.subarray(row * 3, row * 3 + 3)];
      return logits.indexOf(Math.max(...logits)) === label;
    });
    assert.equal(whole.accuracy, right.length / 10);
    model.close();
  });

  it('says nothing of accuracy unless asked', async () => {
    const model = classifier();
    await model.compile({ optimizer: sgd(), loss: 'sparseCategoricalCrossentropy', threads: 1 });
    assert.deepEqual(Object.keys(await model.evaluate(x, y)), ['loss']);
    assert.deepEqual(Object.keys(await model.trainOnBatch(x, y)), ['loss']);
    assert.deepEqual(Object.keys((await model.fit(x, y)).history).sort(), ['loss', 'seconds', 'stepMs']);
    model.close();
  });
});

describe('trainOnBatch', () => {
  it('gives the loss before the step', async () => {
    const model = await ready();
    const before = await model.evaluate(x, y);
    const step = await model.trainOnBatch(x, y);
    assert.deepEqual(step, before);
    assert.ok((await model.evaluate(x, y)).loss < before.loss);
    assert.equal(model.step, 1);
    model.close();
  });
});

describe('callbacks', () => {
  async function fit(options: FitOptions): Promise<unknown[]> {
    const model = await ready();
    const events: unknown[] = [];
    const history = await model.fit(x, y, {
      epochs: 4, batchSize: 4, ...options,
      callbacks: {
        onEpochBegin: (epoch) => void events.push(`begin ${epoch}`),
        onBatchEnd: (batch) => void events.push(`batch ${batch}`),
        onEpochEnd: (epoch) => void events.push(`end ${epoch}`),
        ...options.callbacks,
      },
    });
    model.close();
    return [...events, history.epoch];
  }

  const epoch = (number: number): string[] => [`begin ${number}`, 'batch 0', 'batch 1', 'batch 2', `end ${number}`];

  it('come in order', async () => assert.deepEqual(await fit({ epochs: 2 }), [...epoch(0), ...epoch(1), [0, 1]]));

  it('stop after an epoch by false, and only by false', async () => {
    const stop = await fit({ callbacks: { onEpochEnd: (number) => Promise.resolve(number < 1) } });
    assert.deepEqual(stop.at(-1), [0, 1]);
    for (const result of [true, undefined]) assert.deepEqual((await fit({ callbacks: { onEpochEnd: () => result } })).at(-1), [0, 1, 2, 3]);
  });

  it('are waited for', async () => {
    let working = 0;
    const slow = async (): Promise<void> => {
      assert.equal(working++, 0, 'two at once');
      await new Promise((resolve) => setTimeout(resolve, 2));
      working--;
    };
    await fit({ epochs: 2, callbacks: { onEpochBegin: slow, onBatchEnd: slow, onEpochEnd: slow } });
    assert.equal(working, 0);
  });

  for (const name of ['onEpochBegin', 'onBatchEnd', 'onEpochEnd'] as const) {
    it(`that fail end the fit with their own error, and leave the model usable: ${name}`, async () => {
      const model = await ready();
      const failure = new Error('mine');
      for (const fail of [() => Promise.reject(failure), () => { throw failure; }]) {
        await assert.rejects(model.fit(x, y, { callbacks: { [name]: fail } }), (error) => error === failure);
        await model.fit(x, y);
      }
      model.close();
    });
  }

  it('get the figures that the history keeps', async () => {
    const model = await ready();
    const logs: EpochLogs[] = [];
    const { history } = await model.fit(x, y, { epochs: 3, validationData: [x, y], callbacks: { onEpochEnd: (_epoch, log) => void logs.push(log) } });
    for (const figure of ['loss', 'accuracy', 'valLoss', 'valAccuracy', 'seconds', 'stepMs'] as const) {
      assert.deepEqual(history[figure], logs.map((log) => log[figure]));
    }
    assert.ok(logs.every(({ seconds, stepMs }) => seconds > 0 && stepMs > 0 && stepMs <= 1000 * seconds * (1 + Number.EPSILON * 4)));
    model.close();
  });
});

describe('training', () => {
  it('learns XOR', async () => {
    const model = sequential([layers.dense({ units: 8, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 2 })], { seed: 3 });
    await model.compile({ ...classify, optimizer: adam({ learningRate: 0.1 }) });
    const inputs = [[0, 0], [0, 1], [1, 0], [1, 1]];
    const labels = [0, 1, 1, 0];
    await model.fit(inputs, labels, { epochs: 100, batchSize: 4 });
    const { loss, accuracy } = await model.evaluate(inputs, labels);
    assert.equal(accuracy, 1);
    assert.ok(loss < 0.05, `loss ${loss}`);
    model.close();
  });

  it('lets timers run', async () => {
    const model = smallCnn();
    await model.compile({ ...cnnOptions, threads: 1 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const start = performance.now();
    while (performance.now() - start < 150) await model.fit(randomTensor([64, 8, 8, 1], 1), randomLabels(64, 5, 2), { epochs: 50, batchSize: 8 });
    clearInterval(timer);
    assert.ok(ticks >= 3, `${ticks} ticks in ${performance.now() - start} ms`);
    model.close();
  });

  it('is not led astray by the lanes of a group that hold no sequence', async () => {
    // silent as long as the input is -10; without one the state doubles at each step and overflows
    const model = sequential([layers.simpleRNN({ units: 1, activation: 'relu', inputShape: [200, 1] }), layers.dense({ units: 1 })]);
    const weights = [[1], [2], [1], [1], [0]];
    model.setWeights(weights);
    await model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: 'mse', threads: 1 });
    await model.trainOnBatch({ data: new Float32Array(200).fill(-10), shape: [1, 200, 1] }, [[1]]);
    assert.deepEqual(model.getWeights().map(({ data }) => [...data]), [...weights.slice(0, 4), [1]]);
    model.close();
  });

  it('of a model without weights is a loss', async () => {
    const model = sequential([layers.activation({ activation: 'relu', inputShape: [2] })]);
    await model.compile({ optimizer: adam({ globalClipnorm: 1 }), loss: 'mse', threads: 1 });
    assert.deepEqual(await model.trainOnBatch([[-3, 2]], [[0, 0]]), { loss: 2 });
    assert.deepEqual(await model.evaluate([[-3, 2]], [[0, 0]]), { loss: 2 });
    model.close();
  });

  it('of a linear model comes to the least-squares solution', async () => {
    const model = sequential([layers.dense({ units: 1, inputShape: [3] })]);
    await model.compile({ optimizer: sgd({ learningRate: 0.3, momentum: 0.5 }), loss: 'mse', threads: 1 });
    const inputs = randomTensor([40, 3], 9);
    const targets = Float32Array.from({ length: 40 }, (_, row) => 2 * inputs.data[3 * row]! - inputs.data[3 * row + 1]! + 0.5);
    await model.fit(inputs, { data: targets, shape: [40, 1] }, { epochs: 200, batchSize: 40 });
    const [kernel, bias] = model.getWeights();
    const exact = [2, -1, 0, 0.5];
    assertClose([...kernel!.data, ...bias!.data], exact, relativeTolerances(exact, 1e-4, 1e-4), 'weights');
    model.close();
  });
});
