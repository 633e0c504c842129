/** A training in a worker thread comes to what `fit` comes to, and does what it is told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { adagrad, adam, adamW, customLayer, input, layers, lion, losses, metrics, model, muon, rmsprop, schedules, sequential, sgd, trainInWorker } from '../../src/entry.node.js';
import * as lanewise from '../../src/entry.node.js';
import type { BatchLogs, CompileOptions, EpochLogs, Model, Sequential, Tensor } from '../../src/entry.node.js';
import { lossFromConfig } from '../../src/losses.js';
import { optimizerFromConfig } from '../../src/optimizers/registry.js';
import { classifier, randomLabels, randomTensor, refused, smallCnn, timeless, weightsHash } from '../model/helpers.js';

const x = randomTensor([40, 8, 8, 1], 1);
const y = randomLabels(40, 5, 2);
const compile = { optimizer: adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], threads: 2 } satisfies CompileOptions;
const fit = { epochs: 3, batchSize: 16 };

async function inPlace(options = {}): Promise<{ history: unknown; weights: string }> {
  const model = smallCnn();
  await model.compile(compile);
  const history = await model.fit(x, y, { ...fit, ...options });
  model.close();
  return { history: timeless(history), weights: weightsHash(model) };
}

/** A training that goes on until it is told otherwise. */
const endless = { compile: { ...compile, threads: 1 }, fit: { epochs: 1e6, batchSize: 16 } };

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

describe('a training in a worker', () => {
  it('comes to the history and the weights of fit, and reports every batch and epoch in order', async () => {
    const expected = await inPlace({ validationData: [x, y] });
    const model = smallCnn();
    const batches: [number, BatchLogs][] = [];
    const epochs: [number, EpochLogs][] = [];
    const training = trainInWorker(model, x, y, {
      compile, fit: { ...fit, validationData: [x, y] },
      onBatchEnd: (batch, logs) => batches.push([batch, logs]), onEpochEnd: (epoch, logs) => epochs.push([epoch, logs]),
    });
    assert.deepEqual(await training.started, { threads: 2 });
    const history = await training.finished;
    assert.deepEqual(timeless(history), expected.history);
    assert.equal(weightsHash(model), expected.weights);
    assert.deepEqual(batches.map(([batch]) => batch), [0, 1, 2, 0, 1, 2, 0, 1, 2]);
    assert.ok(batches.every(([, { loss, accuracy }]) => loss > 0 && accuracy !== undefined));
    assert.deepEqual(epochs.map(([epoch]) => epoch), [0, 1, 2]);
    assert.deepEqual(epochs.map(([, { loss }]) => loss), history.history.loss);
    assert.equal(weightsHash({ getWeights: () => model.getWeights() } as Sequential), expected.weights);
    assert.deepEqual((await training.weights()).map(({ shape }) => shape), model.getWeights().map(({ shape }) => shape));
    await assert.rejects(training.checkpoint(), refused('invalid-state', /over/));
  });

  it('takes metrics along', async () => {
    const asked = { ...compile, metrics: ['accuracy', 'f1', metrics.topKAccuracy({ k: 2, name: 'topKAccuracy_2' })] } satisfies CompileOptions;
    const [here, there] = [smallCnn(), smallCnn()];
    await here.compile(asked);
    const expected = await here.fit(x, y, { ...fit, validationData: [x, y] });
    const history = await trainInWorker(there, x, y, { compile: asked, fit: { ...fit, validationData: [x, y] } }).finished;
    assert.deepEqual(timeless(history), timeless(expected));
    assert.equal(history.history.valTopKAccuracy_2!.length, 3);
    here.close();
  });

  it('takes several outputs along, with all that is said of each', async () => {
    const pair = (): Model<Tensor<Float32Array>[]> => {
      const start = input({ shape: [8, 8, 1] });
      const flat = layers.flatten().apply(start);
      const kind = layers.dense({ units: 5, name: 'kind' }).apply(flat);
      return model({ inputs: start, outputs: [kind, layers.dense({ units: 1, name: 'size' }).apply(kind)], seed: 2 });
    };
    const sizes = randomTensor([40, 1], 3);
    const counts = Float32Array.from({ length: 40 }, (_, row) => row / 40);
    const kinds = 'sparseCategoricalCrossentropy';
    for (const asked of [
      { loss: [kinds, losses.huber({ delta: 0.5 })], lossWeights: [1, 0.5], metrics: [['accuracy', metrics.topKAccuracy({ k: 2 })], 'mae'] },
      { loss: { size: losses.huber({ delta: 0.5 }), kind: kinds }, lossWeights: { size: 0.5 }, metrics: { kind: ['accuracy', metrics.topKAccuracy({ k: 2 })], size: 'mae' } },
    ] satisfies Pick<CompileOptions, 'loss' | 'lossWeights' | 'metrics'>[]) {
      const [here, there] = [pair(), pair()];
      const options = { ...fit, sampleWeight: { size: counts }, validationData: [x, { kind: y, size: sizes }] } as const;
      await here.compile({ ...compile, ...asked });
      const expected = await here.fit(x, [y, sizes], options);
      const history = await trainInWorker(there, x, { size: sizes, kind: y }, { compile: { ...compile, ...asked }, fit: options }).finished;
      here.close();
      assert.deepEqual(timeless(history), timeless(expected));
      assert.equal(history.history.valSize_mae!.length, 3);
      assert.equal(weightsHash(there), weightsHash(here));
    }
  });

  it('takes data of many pieces, of any type and layout, as they were when it began', async () => {
    const rows = 3000;
    const wide = { data: new Float64Array(rows * 400).map((_, index) => (index % 97) / 97), shape: [rows, 400] }; // 9.6 MB
    const targets = { data: Buffer.from(Array.from({ length: rows }, (_, index) => index % 3)), shape: [rows] };
    const make = (): Sequential => sequential([layers.dense({ units: 3, inputShape: [400] })]);
    const options = { compile: { ...compile, threads: 1 }, fit: { epochs: 1, batchSize: 500 } };
    const [here, there] = [make(), make()];
    await here.compile(options.compile);
    await here.fit(wide, targets, options.fit);
    const training = trainInWorker(there, wide, targets, options);
    await training.started;
    wide.data.fill(7); // no longer ours
    await training.finished;
    assert.equal(weightsHash(there), weightsHash(here));
  });

  it('rests and goes on, and shows weights that change, to the same bits', async () => {
    const expected = await inPlace({ epochs: 60 });
    const model = smallCnn();
    let reports = 0;
    const training = trainInWorker(model, x, y, { compile, fit: { ...fit, epochs: 60 }, onBatchEnd: () => reports++ });
    training.pause();
    await training.started;
    const first = await training.weights();
    assert.deepEqual(first, smallCnn().getWeights());
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(reports, 0);
    training.resume();
    training.pause();
    training.resume();
    while (reports < 9) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.notDeepEqual(await training.weights(), first);
    await training.finished;
    assert.equal(reports, 180);
    assert.equal(weightsHash(model), expected.weights);
  });

  it('that is cancelled rejects, leaves the model whole, and goes on from its checkpoint to the same bits', async () => {
    const model = smallCnn();
    let batches = 0;
    const training = trainInWorker(model, x, y, { ...endless, onBatchEnd: () => batches++ });
    while (batches < 5) await new Promise((resolve) => setTimeout(resolve, 1));
    training.pause();
    const checkpoint = await training.checkpoint();
    const weights = await training.weights();
    training.cancel();
    training.cancel();
    await assert.rejects(training.finished, isAbort);
    assert.deepEqual(model.getWeights(), weights);
    assert.deepEqual(model.getWeights().map(({ data }) => data), model.weightSpecs.map(({ name }) => checkpoint.tensors.get(name)!.data));

    const epochs = checkpoint.progress.epoch + 2;
    const resumed = smallCnn();
    await trainInWorker(resumed, x, y, { compile, fit: { ...fit, epochs, resume: checkpoint } }).finished;
    assert.equal(weightsHash(resumed), (await inPlace({ epochs })).weights);
    await model.compile(compile);
    await model.trainOnBatch(x, y);
    model.close();
  });

  it('is cancelled by a signal: before, while it rests, and in its course', async () => {
    const before = trainInWorker(smallCnn(), x, y, { ...endless, signal: AbortSignal.abort() });
    await assert.rejects(before.finished, isAbort);
    for (const rest of [true, false]) {
      const controller = new AbortController();
      const training = trainInWorker(smallCnn(), x, y, { ...endless, signal: controller.signal });
      await training.started;
      if (rest) training.pause();
      controller.abort();
      await assert.rejects(training.finished, isAbort);
    }
  });

  it('fails as fit does', async () => {
    const wrong = trainInWorker(smallCnn(), randomTensor([40, 3], 1), y, { compile, fit });
    await assert.rejects(wrong.finished, refused('invalid-shape', /expected \[rows, 8, 8, 1\]/));
    assert.deepEqual(await wrong.weights(), smallCnn().getWeights());
    const diverging = classifier();
    const initial = weightsHash(diverging);
    const hot = { ...compile, optimizer: sgd({ learningRate: 1e38 }) };
    await assert.rejects(trainInWorker(diverging, randomTensor([8, 4], 3), randomLabels(8, 3, 4), { compile: hot, fit: { epochs: 9 } }).finished, refused('not-finite'));
    assert.notEqual(weightsHash(diverging), initial);
    assert.ok(diverging.getWeights().every(({ data }) => data.every(Number.isFinite)));
  });

  it('refuses what cannot be sent', async () => {
    const rate = { ...compile, optimizer: adam({ learningRate: (step) => 1 / (step + 1) }) };
    await assert.rejects(trainInWorker(smallCnn(), x, y, { compile: rate, fit }).finished, refused('unsupported', /schedule of your own.*fit/));
    const callbacks = { ...fit, callbacks: { onEpochEnd: () => {} } };
    await assert.rejects(trainInWorker(smallCnn(), x, y, { compile, fit: callbacks }).finished, refused('invalid-argument', /no functions/));
  });

  it('ends with an error that a callback throws', async () => {
    const failure = new Error('of the callback');
    const training = trainInWorker(smallCnn(), x, y, { ...endless, onEpochEnd: () => { throw failure; } });
    await assert.rejects(training.finished, (error) => error === failure);
  });

  it('rejects if its worker dies or never comes to be', async () => {
    const dying = trainInWorker(smallCnn(), x, y, {
      compile, fit, worker: () => new Worker("require('node:worker_threads').parentPort.once('message', () => process.exit(3))", { eval: true }),
    });
    await assert.rejects(dying.finished, refused('worker-failed', /has ended/));
    const none = trainInWorker(smallCnn(), x, y, { compile, fit, worker: () => { throw new Error('no worker to be had'); } });
    await assert.rejects(none.finished, /no worker to be had/);
  });

  it('knows custom layers if its own script does', async () => {
    const make = (): Sequential => {
      const twice = customLayer({ type: 'twice', call: (value, { add }) => add(value, value) });
      return sequential([layers.dense({ units: 4, inputShape: [4] }), twice(), layers.dense({ units: 3 })]);
    };
    const [rows, targets] = [randomTensor([8, 4], 3), randomLabels(8, 3, 4)];
    await assert.rejects(trainInWorker(make(), rows, targets, { compile, fit }).finished, refused('unsupported', /custom/));
    const script = `
      import('${new URL('../../build/node/index.js', import.meta.url).href}').then(async ({ customLayer }) => {
        const { serveTrainings } = await import('${new URL('../../build/node/worker.js', import.meta.url).href}');
        serveTrainings({ customLayers: { twice: customLayer({ type: 'twice', call: (value, { add }) => add(value, value) }) } });
      });`;
    const [here, there] = [make(), make()];
    await trainInWorker(there, rows, targets, { compile, fit, worker: () => new Worker(script, { eval: true }) }).finished;
    await here.compile(compile);
    await here.fit(rows, targets, fit);
    assert.equal(weightsHash(there), weightsHash(here));
    here.close();
  });
});

describe('a loss by its config', () => {
  const all = [
    losses.huber(), losses.huber({ delta: 2 }), losses.meanSquaredError(), losses.categoricalCrossentropy({ labelSmoothing: 0.1 }),
    losses.binaryCrossentropy({ fromLogits: false }), losses.sparseCategoricalCrossentropy(), losses.meanAbsoluteError(),
  ];
  for (const loss of all) it(`is the same: ${JSON.stringify(loss.config)}`, () => assert.deepEqual(lossFromConfig(loss.config).config, loss.config));
  it('is refused if it is not in the table', () => {
    for (const config of ['constructor', { name: 'hinge' }, null, []]) assert.throws(() => lossFromConfig(config), refused('invalid-argument'));
  });
});

describe('an optimizer by its config', () => {
  const rate = schedules.oneCycle({ maxLearningRate: 0.1, totalSteps: 50 });
  const all = [
    adagrad({ initialAccumulatorValue: 0.2 }), adamW(), adamW({ weightDecay: 0 }), lion({ weightDecay: 0.1 }), muon({ excludeLayers: ['dense_2'], adamLrRatio: 0.1 }), rmsprop({ momentum: 0.5, centered: true, clipnorm: 1 }),
    sgd({ useEma: true, emaMomentum: 0.9, gradientAccumulationSteps: 3, clipvalue: 2 }), sgd({ learningRate: schedules.piecewiseConstantDecay({ boundaries: [3, 7], values: [1, 2, 3] }) }),
    sgd({ learningRate: schedules.exponentialDecay({ learningRate: 0.1, decaySteps: 5, decayRate: 0.5, staircase: true }) }),
    sgd({ learningRate: schedules.polynomialDecay({ learningRate: 0.1, decaySteps: 5, power: 2 }) }),
    sgd({ learningRate: schedules.cosineDecayRestarts({ learningRate: 0.1, firstDecaySteps: 3 }) }),
    adam(), adam({ learningRate: schedules.cosineDecay({ learningRate: 0.1, totalSteps: 9 }), beta1: 0.5, beta2: 0.7, epsilon: 1e-3, globalClipnorm: 2 }),
    sgd(), sgd({ learningRate: rate, momentum: 0.9, nesterov: true }), sgd({ learningRate: schedules.linearDecay({ learningRate: 0.1, totalSteps: 9, warmupSteps: 3 }) }),
  ];
  for (const optimizer of all) {
    it(`is the same: ${optimizer.describe()}`, () => {
      const copy = optimizerFromConfig(JSON.parse(JSON.stringify(optimizer.config(0))) as Parameters<typeof optimizerFromConfig>[0]);
      assert.deepEqual(copy.config(0), optimizer.config(0));
      assert.deepEqual(copy.slots, optimizer.slots);
      for (let step = 0; step < 12; step++) assert.equal(copy.rateAt(step), optimizer.rateAt(step));
    });
  }

  it('is to be had for all there are', () => {
    const shown = new Set(all.map(({ name }) => name));
    const there = ['adagrad', 'adam', 'adamW', 'lion', 'muon', 'rmsprop', 'sgd'].filter((name) => name in lanewise);
    assert.deepEqual([...shown].sort(), there);
    const made = Object.entries(lanewise).filter(([, value]) => typeof value === 'function' && /optimizerOf|adamOf/.test(String(value))).map(([name]) => name);
    assert.deepEqual(made.filter((name) => !shown.has(name)), []);
  });

  it('is refused if it is not in the table', () => {
    for (const name of ['constructor', 'adamX', '']) assert.throws(() => optimizerFromConfig({ name }), refused('unsupported'));
    assert.throws(() => optimizerFromConfig({ name: 'adam', learningRate: { schedule: 'custom' } }), refused('unsupported', /schedule/));
  });
});
