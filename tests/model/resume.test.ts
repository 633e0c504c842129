/** A training that stops and goes on comes to the same bits as one that never stopped. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { adagrad, adam, adamW, decodeCheckpoint, encodeCheckpoint, layers, lion, metrics, muon, rmsprop, schedules, sequential, sgd } from '../../src/entry.node.js';
import type { Callbacks, Checkpoint, CompileOptions, FitOptions, Sequential, Tensor } from '../../src/entry.node.js';
import { classifier, classify, cnnOptions, randomLabels, randomTensor, refused, rnnOptions, smallCnn, smallRnn, weightsHash } from './helpers.js';

interface Training {
  make: () => Sequential;
  options: CompileOptions;
  x: Tensor;
  y: Tensor;
  fit: FitOptions;
}

const EPOCHS = 3;
const x = randomTensor([10, 4], 1);
const y = randomLabels(10, 3, 2);
const oneHot = { data: Float32Array.from({ length: 30 }, (_, i) => Number(y.data[Math.floor(i / 3)] === i % 3)), shape: [10, 3] };
const small = (optimizer: CompileOptions['optimizer']): Training =>
  ({ make: classifier, options: { ...classify, optimizer }, x, y, fit: { epochs: EPOCHS, batchSize: 3, validationData: [x, y] } });

// The last batch of an epoch is short in each.
const trainings: Readonly<Record<string, Training>> = {
  'a convolutional network with dropout': {
    make: smallCnn, options: { ...cnnOptions, threads: 1 }, x: randomTensor([55, 8, 8, 1], 5), y: randomLabels(55, 5, 6), fit: { epochs: EPOCHS, batchSize: 16 },
  },
  'a recurrent network with dropout and clipping': {
    make: smallRnn, options: { ...rnnOptions, threads: 1 }, x: randomTensor([36, 12, 1], 7), y: randomTensor([36, 12, 1], 8), fit: { epochs: EPOCHS, batchSize: 10 },
  },
  'plain descent': small(sgd({ learningRate: 0.1 })),
  'momentum and a cosine': small(sgd({ learningRate: schedules.cosineDecay({ learningRate: 0.5, totalSteps: 12, warmupSteps: 3 }), momentum: 0.9, nesterov: true })),
  'Adam and a cycle': small(adam({ learningRate: schedules.oneCycle({ maxLearningRate: 0.1, totalSteps: 12 }) })),
  'RMSprop, centered, with momentum': small(rmsprop({ learningRate: 0.02, momentum: 0.5, centered: true, clipvalue: 0.3 })),
  'Adagrad and clipping': small(adagrad({ learningRate: 0.1, clipnorm: 0.2 })),
  'Lion and decay': small(lion({ learningRate: 0.01, weightDecay: 0.1 })),
  'Muon, and Adam for the output': small(muon({ learningRate: 0.02, excludeLayers: ['dense_2'] })),
  'Muon, an average and accumulated gradients': small(muon({ useEma: true, emaMomentum: 0.6, gradientAccumulationSteps: 3, clipnorm: 0.5 })),
  'AdamW, an average and accumulated gradients': small(adamW({ learningRate: 0.05, useEma: true, emaMomentum: 0.6, gradientAccumulationSteps: 3 })),
  'a schedule of the user': small(sgd({ learningRate: (step) => 1 / (step + 2) })),
  'metrics that look at outputs': {
    ...small(adam()),
    options: {
      ...classify, loss: 'categoricalCrossentropy',
      metrics: ['precision', 'accuracy', metrics.recall({ average: 'weighted' }), metrics.topKAccuracy({ k: 2, name: 'topKAccuracy_2' }), 'r2', 'rmse', 'mae'],
    },
    y: oneHot, fit: { epochs: EPOCHS, batchSize: 3, validationData: [x, oneHot] },
  },
};

/** Figures of a history but for times. */
const figures = ({ epoch, history }: Awaited<ReturnType<Sequential['fit']>>): unknown => ({ epoch, ...history, seconds: undefined, stepMs: undefined });

async function begin({ make, options }: Training, changes: Partial<CompileOptions> = {}): Promise<Sequential> {
  const model = make();
  await model.compile({ ...options, ...changes });
  return model;
}

/** Trains until `stop` says so, and gives the checkpoint as it would come back from a file. */
async function interrupted(training: Training, stop: (controller: AbortController, model: Sequential) => Callbacks): Promise<Checkpoint> {
  const model = await begin(training);
  const controller = new AbortController();
  const fit = model.fit(training.x, training.y, { ...training.fit, signal: controller.signal, callbacks: stop(controller, model) });
  await assert.rejects(fit, { name: 'AbortError' });
  const checkpoint = model.checkpoint();
  model.close();
  return decodeCheckpoint(await encodeCheckpoint(checkpoint));
}

const stopAfterStep = (step: number) => (controller: AbortController, model: Sequential): Callbacks =>
  ({ onBatchEnd: () => void (model.step === step && controller.abort()) });

for (const [name, training] of Object.entries(trainings)) {
  describe(`${name}, stopped and resumed`, () => {
    const batches = Math.ceil(training.x.shape[0]! / training.fit.batchSize!);

    it('at every step comes to the weights, the optimizer and the figures of a run that did not stop', async () => {
      const whole = await begin(training);
      const history = await whole.fit(training.x, training.y, training.fit);
      const last = whole.checkpoint();
      for (let step = 1; step <= EPOCHS * batches; step++) {
        const checkpoint = await interrupted(training, stopAfterStep(step));
        assert.deepEqual([checkpoint.progress.step, checkpoint.progress.epoch * batches + checkpoint.progress.batch], [step, step]);
        const model = await begin(training, { threads: 1 + (step % 3) });
        const resumed = await model.fit(training.x, training.y, { ...training.fit, resume: checkpoint });
        assert.equal(weightsHash(model), weightsHash(whole), `stopped after step ${step}`);
        assert.deepEqual(figures(resumed), figures(history), `stopped after step ${step}`);
        assert.deepEqual(model.checkpoint().tensors, last.tensors);
        assert.equal(model.step, EPOCHS * batches);
        model.close();
      }
      whole.close();
    });

    it('between two epochs, and more than once', async () => {
      const whole = await begin(training);
      const history = await whole.fit(training.x, training.y, training.fit);
      let checkpoint = await interrupted(training, (controller) => ({ onEpochEnd: (epoch) => void (epoch === 0 && controller.abort()) }));
      assert.deepEqual([checkpoint.progress.epoch, checkpoint.progress.batch], [1, 0]);
      for (let more = 0; more < 2; more++) {
        const model = await begin(training);
        const controller = new AbortController();
        const callbacks = { onBatchEnd: () => controller.abort() };
        await assert.rejects(model.fit(training.x, training.y, { ...training.fit, resume: checkpoint, signal: controller.signal, callbacks }), { name: 'AbortError' });
        checkpoint = model.checkpoint();
        model.close();
      }
      assert.equal(checkpoint.progress.step, batches + 2);
      const model = await begin(training);
      assert.deepEqual(figures(await model.fit(training.x, training.y, { ...training.fit, resume: checkpoint })), figures(history));
      assert.equal(weightsHash(model), weightsHash(whole));
      [model, whole].forEach((each) => each.close());
    });
  });
}

describe('a checkpoint', () => {
  const training = trainings['Adam and a cycle']!;
  const { fit } = training;

  it('of a run that is done is where a longer one begins', async () => {
    const longer = { ...small(adam()), fit: { ...fit, epochs: 5 } };
    const whole = await begin(longer);
    await whole.fit(x, y, longer.fit);
    const model = await begin(longer);
    await model.fit(x, y, fit);
    const checkpoint = model.checkpoint();
    const history = await model.fit(x, y, { ...longer.fit, resume: checkpoint });
    assert.deepEqual(history.epoch, [0, 1, 2, 3, 4]);
    assert.equal(weightsHash(model), weightsHash(whole));
    const before = weightsHash(model);
    assert.deepEqual((await model.fit(x, y, { ...longer.fit, resume: model.checkpoint() })).epoch, [0, 1, 2, 3, 4]);
    assert.equal(weightsHash(model), before, 'there was nothing left to do');
    [model, whole].forEach((each) => each.close());
  });

  it('of a run that a callback stopped stays stopped', async () => {
    const model = await begin(training);
    const taken: Checkpoint[] = [];
    const note: Callbacks = { onEpochEnd: () => void taken.push(model.checkpoint()) };
    const history = await model.fit(x, y, { ...fit, callbacks: [{ onEpochEnd: (epoch) => epoch < 1 }, note] });
    assert.deepEqual(history.epoch, [0, 1]);
    assert.deepEqual(taken.map(({ progress }) => progress.stopped), [false, true]);
    const before = weightsHash(model);
    const resume = await decodeCheckpoint(await encodeCheckpoint(taken[1]!));
    assert.deepEqual((await model.fit(x, y, { ...fit, resume })).epoch, [0, 1]);
    assert.equal(weightsHash(model), before);
    const resumed = await begin(training);
    await resumed.fit(x, y, { ...fit, resume: taken[0]!, callbacks: { onEpochEnd: (epoch) => epoch < 1 } });
    assert.equal(weightsHash(resumed), before);
    [model, resumed].forEach((each) => each.close());
  });

  it('is a snapshot: what follows does not change it', async () => {
    const model = await begin(training);
    let taken: Checkpoint | undefined;
    let bytes: Uint8Array | undefined;
    await model.fit(x, y, {
      ...fit,
      callbacks: {
        onBatchEnd: async (batch) => {
          if (taken || batch !== 1) return;
          taken = model.checkpoint();
          bytes = await encodeCheckpoint(taken);
        },
      },
    });
    assert.deepEqual(await encodeCheckpoint(taken!), bytes);
    model.close();
  });

  it('may be taken after a callback failed', async () => {
    const whole = await begin(training);
    await whole.fit(x, y, fit);
    const model = await begin(training);
    const failure = new Error('mine');
    const callbacks = { onBatchEnd: (batch: number) => { if (batch === 2) throw failure; } };
    await assert.rejects(model.fit(x, y, { ...fit, callbacks }), (error) => error === failure);
    await model.fit(x, y, { ...fit, resume: model.checkpoint() });
    assert.equal(weightsHash(model), weightsHash(whole));
    [model, whole].forEach((each) => each.close());
  });

  it('is refused where nothing was trained, or the model is closed', async () => {
    const model = classifier();
    assert.throws(() => model.checkpoint(), refused('invalid-state', /compile/));
    await model.compile(classify);
    await model.trainOnBatch(x, y);
    assert.throws(() => model.checkpoint(), refused('invalid-state', /fit first/));
    await model.fit(x, y);
    model.checkpoint();
    await model.compile(classify);
    assert.throws(() => model.checkpoint(), refused('invalid-state', /fit first/));
    model.close();
    assert.throws(() => model.checkpoint(), refused('invalid-state', /compile/));
  });

  const reshaped = ({ tensors, ...rest }: Checkpoint, change: (tensors: Map<string, Tensor>) => void): Checkpoint => {
    const changed = new Map(tensors);
    change(changed);
    return { ...rest, tensors: changed };
  };

  it('of another run is refused with all differences, and nothing is changed', async () => {
    const base = trainings['momentum and a cosine']!;
    const checkpoint = await interrupted(base, stopAfterStep(5));
    const other = (layersOf: Parameters<typeof sequential>[0], seed = 1): (() => Sequential) => () => sequential(layersOf, { seed });
    const momentum = (options: Parameters<typeof sgd>[0]): Partial<CompileOptions> => ({
      optimizer: sgd({ learningRate: schedules.cosineDecay({ learningRate: 0.5, totalSteps: 12, warmupSteps: 3 }), momentum: 0.9, nesterov: true, ...options }),
    });
    interface Change {
      make?: () => Sequential;
      options?: Partial<CompileOptions>;
      fit?: FitOptions;
      data?: readonly [Tensor, Tensor];
      checkpoint?: Checkpoint;
      message: RegExp;
    }
    const { dense } = layers;
    const changes: readonly Change[] = [
      { make: other([dense({ units: 7, activation: 'tanh', inputShape: [4] }), dense({ units: 3 })]), message: /layers\[0\]\.units is 6, not 7; dense_1\/kernel should be \[4, 7\]/ },
      { make: other([dense({ units: 3, inputShape: [4] }), dense({ units: 3, activation: 'tanh' })]), message: /layers\[0\]\.activation is "tanh", not "linear".*layers\[1\]\.activation is "linear", not "tanh".*dense_2\/kernel/ },
      { make: other([dense({ units: 6, activation: 'tanh', inputShape: [4] })]), message: /layers\[1\] is .* not missing.*dense_2\/bias\/velocity \[3\] has no place/ },
      { make: other([dense({ units: 6, activation: 'tanh', inputShape: [4] }), dense({ units: 3 })], 2), message: /seed is 1, not 2/ },
      { options: momentum({ momentum: 0.8 }), message: /optimizer\.momentum is 0\.9, not 0\.8/ },
      { options: momentum({ learningRate: 0.5, globalClipnorm: 1 }), message: /optimizer\.learningRate is \{"schedule":"cosineDecay".*not 0\.5; optimizer\.globalClipnorm is null, not 1/ },
      { options: { optimizer: adam() }, message: /optimizer\.name is "sgd", not "adam".*dense_1\/kernel\/m \[4, 6\] is missing.*dense_1\/kernel\/velocity \[4, 6\] has no place/ },
      { options: momentum({ learningRate: schedules.cosineDecay({ learningRate: 0.5, totalSteps: 16, warmupSteps: 3 }) }), message: /learningRate\.totalSteps is 12, not 16/ },
      { options: { metrics: [] }, message: /metrics is \["accuracy"\], not \[\]/ },
      { fit: { batchSize: 5, shuffle: false }, message: /batchSize is 3, not 5; shuffle is true, not false/ },
      { fit: { validationData: [x, randomLabels(10, 3, 3)] }, message: /validation\.targets is "Uint8Array [0-9a-f]{16}", not "Uint8Array [0-9a-f]{16}"/ },
      { data: [randomTensor([10, 4], 3), y], message: /data\.inputs is/ },
      { data: [x, { data: Float32Array.from(y.data), shape: y.shape }], message: /data\.targets is "Uint8Array .*not "Float32Array/ },
      { data: [randomTensor([12, 4], 1), randomLabels(12, 3, 2)], message: /data\.rows is 10, not 12/ },
      { checkpoint: reshaped(checkpoint, (tensors) => tensors.delete('dense_1/bias')), message: /: dense_1\/bias \[6\] is missing\./ },
      { checkpoint: reshaped(checkpoint, (tensors) => tensors.set('more', x)), message: /: more \[10, 4\] has no place\./ },
      { checkpoint: reshaped(checkpoint, (tensors) => tensors.set('dense_1/bias/velocity', { data: new Float32Array(6), shape: [2, 3] })), message: /: dense_1\/bias\/velocity should be \[6\], not \[2, 3\]\./ },
      { checkpoint: reshaped(checkpoint, (tensors) => tensors.set('dense_1/bias', { data: new Float64Array(6), shape: [6] })), message: /dense_1\/bias should be F32/ },
      { checkpoint: { ...checkpoint, progress: { ...checkpoint.progress, batch: 9 } }, message: /batch is 9, of 4 in an epoch/ },
    ];
    for (const change of changes) {
      const model = await begin({ ...base, make: change.make ?? base.make }, change.options);
      await model.fit(x, y);
      const before = model.checkpoint();
      const data = change.data ?? [x, y];
      const fitOptions = { ...base.fit, ...change.fit, resume: change.checkpoint ?? checkpoint };
      await assert.rejects(model.fit(data[0], data[1], fitOptions), refused('checkpoint-mismatch', change.message));
      assert.deepEqual(model.checkpoint(), before);
      model.close();
    }
  });

  it('whose metrics have counted something else is refused', async () => {
    const counting = trainings['metrics that look at outputs']!;
    const checkpoint = await interrupted(counting, stopAfterStep(6));
    assert.deepEqual(Object.keys(checkpoint.progress.sums!), ['precision', 'recall', 'topKAccuracy_2', 'r2', 'rmse', 'mae']);
    const { sums } = checkpoint.progress;
    const damaged = (changed: Record<string, readonly number[]> | undefined): Checkpoint => ({ ...checkpoint, progress: { ...checkpoint.progress, sums: changed } });
    const fewer = Object.fromEntries(Object.entries(sums!).filter(([name]) => name !== 'precision'));
    const model = await begin(counting);
    for (const [resume, message] of [
      [damaged(undefined), /precision has counted 0 numbers, not 9; recall/], [damaged(fewer), /: precision has counted 0 numbers, not 9\./], [damaged({ ...sums, r2: [1, 2] }), /r2 has counted 2 numbers, not 12/],
    ] as const) await assert.rejects(model.fit(x, oneHot, { ...counting.fit, resume }), refused('checkpoint-mismatch', message));
    await model.compile({ ...counting.options, metrics: ['accuracy', metrics.topKAccuracy({ k: 2 })] });
    await assert.rejects(model.fit(x, oneHot, { ...counting.fit, resume: checkpoint }), refused('checkpoint-mismatch', /metrics/));
    model.close();
  });

  it('of a user\'s schedule is refused where the rates were others', async () => {
    const checkpoint = await interrupted(trainings['a schedule of the user']!, stopAfterStep(7));
    for (const [learningRate, fits] of [[(step: number) => 1 / (2 + step), true], [(step: number) => 1 / (step + 2.5), false], [0.5, false]] as const) {
      const model = await begin(small(sgd({ learningRate })));
      const resumed = model.fit(x, y, { ...fit, resume: checkpoint });
      if (fits) await resumed;
      else await assert.rejects(resumed, refused('checkpoint-mismatch', /optimizer\.learningRate/));
      model.close();
    }
  });

  it('does not care how a layer\'s options were said', async () => {
    const checkpoint = await interrupted({ ...training, make: classifier }, stopAfterStep(2));
    const make = (): Sequential => sequential([
      layers.dense({ units: 6, activation: 'tanh', inputShape: [4], name: 'dense_1', useBias: true }), layers.dense({ units: 3, activation: 'linear' }),
    ], { seed: 1, name: 'other' });
    const model = await begin({ ...training, make });
    await model.fit(x, y, { ...fit, resume: checkpoint });
    model.close();
  });
});

describe('initialEpoch', () => {
  it('begins at any epoch directly: five epochs at once are two and then three', async () => {
    const whole = await begin(small(adam()));
    const history = await whole.fit(x, y, { epochs: 5, batchSize: 3 });
    const model = await begin(small(adam()));
    await model.fit(x, y, { epochs: 2, batchSize: 3 });
    const { epoch, history: { loss } } = await model.fit(x, y, { initialEpoch: 2, epochs: 5, batchSize: 3 });
    assert.deepEqual(epoch, [2, 3, 4]);
    assert.deepEqual(loss, history.history.loss!.slice(2));
    assert.equal(weightsHash(model), weightsHash(whole));
    [model, whole].forEach((each) => each.close());
  });

  it('is refused out of range, and beside resume', async () => {
    const model = await begin(small(adam()));
    for (const initialEpoch of [-1, 0.5, NaN, 3, 4]) {
      await assert.rejects(model.fit(x, y, { initialEpoch, epochs: 3 }), refused('invalid-argument', /initialEpoch.*below epochs \(3\)/));
    }
    await model.fit(x, y);
    await assert.rejects(model.fit(x, y, { initialEpoch: 0, resume: model.checkpoint() }), refused('invalid-argument', /resume/));
    model.close();
  });

  it('goes into checkpoints: a run that began later resumes too', async () => {
    const whole = await begin(small(adam()));
    const later = { initialEpoch: 2, epochs: 5, batchSize: 3 };
    const history = await whole.fit(x, y, later);
    const model = await begin(small(adam()));
    const controller = new AbortController();
    const callbacks = { onBatchEnd: () => void (model.step === 6 && controller.abort()) };
    await assert.rejects(model.fit(x, y, { ...later, callbacks, signal: controller.signal }));
    const resume = await decodeCheckpoint(await encodeCheckpoint(model.checkpoint()));
    assert.deepEqual(figures(await model.fit(x, y, { epochs: 5, batchSize: 3, resume })), figures(history));
    assert.equal(weightsHash(model), weightsHash(whole));
    [model, whole].forEach((each) => each.close());
  });
});

it('a checkpoint that an older version wrote is gone on from', async () => {
  const bytes = readFileSync(new URL('../io/fixtures/checkpoint-1.safetensors', import.meta.url));
  const model = await begin(trainings['Adam and a cycle']!);
  const { epoch, history } = await model.fit(x, y, { ...trainings['Adam and a cycle']!.fit, resume: await decodeCheckpoint(bytes) });
  assert.deepEqual(epoch, [0, 1, 2]);
  assert.ok(history.loss!.every(Number.isFinite));
  assert.equal(model.step, 12);
  model.close();
});
