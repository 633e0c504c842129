/** Callbacks that end a training or lower its rate, also across a stop; and validation by a share of the rows. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, decodeCheckpoint, earlyStopping, encodeCheckpoint, History, reduceLROnPlateau, sgd } from '../../src/entry.node.js';
import type { Callbacks, EpochLogs, FitOptions, Sequential } from '../../src/entry.node.js';
import { weightsAlone } from '../../src/io/checkpoint.js';
import { classifier, classify, randomLabels, randomTensor, refused, rowsOf, weightsHash } from './helpers.js';

const x = randomTensor([20, 4], 1);
const y = randomLabels(20, 3, 2);

/** What a callback does over epochs whose figure is given: the epoch it stops after, and the factor of the rate after each. */
async function walk(callback: Callbacks, values: readonly number[], figure: 'loss' | 'accuracy' = 'loss', from = 0): Promise<{ stopped: number | undefined; factors: number[] }> {
  const history = new History();
  const logs = (value: number): EpochLogs => ({ loss: 0, [figure]: value, seconds: 1, stepMs: 1 });
  values.slice(0, from).forEach((value, epoch) => history.push(epoch, logs(value)));
  let factor = 1;
  await callback.onTrainBegin?.({
    step: 0, epoch: from, epochs: values.length, batch: 0, batches: 1, figures: { loss: 0 }, history, keepWeights: () => undefined, restoreWeights: () => true, checkpoint: () => assert.fail(),
    scaleLearningRate: (by, minimum = 0) => void (factor = Math.max(by, minimum)),
  });
  const factors: number[] = [];
  for (let epoch = from; epoch < values.length; epoch++) {
    history.push(epoch, logs(values[epoch]!));
    const goOn = await callback.onEpochEnd?.(epoch, logs(values[epoch]!));
    factors.push(factor);
    if (goOn === false) return { stopped: epoch, factors };
  }
  return { stopped: undefined, factors };
}

describe('earlyStopping', () => {
  const cases: readonly [string, Parameters<typeof earlyStopping>[0], readonly number[], number | undefined][] = [
    ['with the first epoch without progress', {}, [3, 2, 2, 1], 2],
    ['after its patience', { patience: 2 }, [3, 2, 2.5, 2.2, 1], 3],
    ['not while there is progress', { patience: 2 }, [3, 2, 2.5, 1.9, 2, 1.8], undefined],
    ['where progress is too small', { minDelta: 0.5, patience: 1 }, [3, 2.6, 1], 1],
    ['not for a figure that is no number at first', { patience: 3 }, [NaN, 3, 2], undefined],
    ['where nothing is beyond the baseline', { baseline: 1, patience: 2 }, [3, 2, 1.5], 1],
    ['but not before its first epoch', { startFromEpoch: 3, patience: 1 }, [1, 2, 3, 4, 5], 4],
    ['where a figure ought to rise', { mode: 'max', patience: 1 }, [1, 2, 1.5], 2],
  ];
  for (const [what, options, values, stopped] of cases) {
    it(`ends ${what}`, async () => {
      for (let from = 0; from < values.length && (stopped === undefined || from <= stopped); from++) {
        assert.equal((await walk(earlyStopping({ monitor: 'loss', ...options }), values, 'loss', from)).stopped, stopped, `resumed after ${from} epochs`);
      }
    });
  }

  it('watches accuracies rise', async () => assert.equal((await walk(earlyStopping({ monitor: 'accuracy' }), [0.1, 0.2, 0.2], 'accuracy')).stopped, 2));

  it('is refused out of range, and says so where there is nothing to watch', async () => {
    for (const wrong of [{ patience: -1 }, { patience: 0.5 }, { minDelta: -1 }, { mode: 'up' as 'max' }, { startFromEpoch: -1 }]) {
      assert.throws(() => earlyStopping(wrong), refused('invalid-argument', new RegExp(Object.keys(wrong)[0]!)));
    }
    const model = classifier();
    await model.compile(classify);
    await assert.rejects(model.fit(x, y, { callbacks: earlyStopping() }), refused('invalid-argument', /valLoss.*validation/));
    model.close();
  });
});

describe('reduceLROnPlateau', () => {
  it('multiplies the rate after its patience, and then waits for a while', async () => {
    const options = { monitor: 'loss', factor: 0.5, patience: 2 } as const;
    const values = [3, 3, 3, 3, 3, 3, 2, 2, 2];
    const expected = [1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125];
    for (let from = 0; from < values.length; from++) {
      assert.deepEqual((await walk(reduceLROnPlateau(options), values, 'loss', from)).factors, expected.slice(from));
    }
    assert.deepEqual((await walk(reduceLROnPlateau({ ...options, cooldown: 2 }), values)).factors, [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]);
    assert.equal((await walk(reduceLROnPlateau({ ...options, minLearningRate: 0.3 }), values)).factors.at(-1), 0.3);
  });

  it('is refused out of range', () => {
    for (const wrong of [{ factor: 1 }, { factor: 0 }, { patience: -1 }, { cooldown: 0.5 }, { minLearningRate: -1 }]) {
      assert.throws(() => reduceLROnPlateau(wrong), refused('invalid-argument', new RegExp(Object.keys(wrong)[0]!)));
    }
  });

  it('moves the weights by the lower rate', async () => {
    const lower: Callbacks = { onTrainBegin: (run) => run.scaleLearningRate(0.25) };
    const hashes: string[] = [];
    for (const [learningRate, callbacks] of [[0.5, lower], [0.125, {}]] as const) {
      const model = classifier();
      await model.compile({ ...classify, optimizer: adam({ learningRate, weightDecay: 0.1 }) });
      await model.fit(x, y, { callbacks });
      hashes.push(weightsHash(model));
      model.close();
    }
    assert.equal(hashes[0], hashes[1]);
  });
});

describe('a run with both, stopped and resumed', () => {
  const options = (): FitOptions => ({
    epochs: 12, batchSize: 6, validationSplit: 0.25,
    callbacks: [reduceLROnPlateau({ factor: 0.5, patience: 1 }), earlyStopping({ patience: 3, restoreBestWeights: true })],
  });
  const begin = async (): Promise<Sequential> => {
    const model = classifier();
    await model.compile({ ...classify, optimizer: sgd({ learningRate: 3, momentum: 0.5 }) });
    return model;
  };
  const figures = ({ epoch, history: { loss, valLoss } }: History): unknown => ({ epoch, loss, valLoss });

  it('comes to the same end and the same best weights', async () => {
    const whole = await begin();
    const history = await whole.fit(x, y, options());
    assert.ok(history.epoch.length > 3 && history.epoch.length < 12, `${history.epoch.length} epochs: neither none without progress nor all`);
    const { loss } = await whole.evaluate(rowsOf(x, 15, 5), rowsOf(y, 15, 5));
    assert.equal(loss, Math.min(...history.history.valLoss!), 'the weights are those of the best epoch');
    for (let stop = 1; stop < history.epoch.length * 3; stop += 2) {
      const model = await begin();
      const controller = new AbortController();
      const given = options();
      const aborting = { onBatchEnd: () => void (model.step === stop && controller.abort()) };
      const callbacks = [given.callbacks!, aborting].flat() as Callbacks[];
      await assert.rejects(model.fit(x, y, { ...given, callbacks, signal: controller.signal }), { name: 'AbortError' });
      const resume = await decodeCheckpoint(await encodeCheckpoint(model.checkpoint()));
      model.close();
      const resumed = await begin();
      assert.deepEqual(figures(await resumed.fit(x, y, { ...options(), resume })), figures(history), `stopped after step ${stop}`);
      assert.equal(weightsHash(resumed), weightsHash(whole), `stopped after step ${stop}`);
      resumed.close();
    }
    whole.close();
  });

  it('keeps the best weights out of those that others read', async () => {
    const model = await begin();
    await model.fit(x, y, options());
    const { tensors } = model.checkpoint();
    assert.ok(tensors.has('kept:dense_1/kernel'));
    assert.deepEqual([...weightsAlone(tensors).keys()], model.weightSpecs.map(({ name }) => name));
    model.close();
  });
});

describe('validationSplit', () => {
  it('puts the last rows aside', async () => {
    const model = classifier();
    await model.compile(classify);
    const weights = (count: number): Float32Array => new Float32Array(count).fill(2);
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 4, validationSplit: 0.3, sampleWeight: weights(20) });
    const twin = classifier();
    await twin.compile(classify);
    const apart = await twin.fit(rowsOf(x, 0, 14), rowsOf(y, 0, 14), {
      epochs: 2, batchSize: 4, sampleWeight: weights(14), validationData: [rowsOf(x, 14, 6), rowsOf(y, 14, 6), weights(6)],
    });
    assert.deepEqual([history.loss, history.valLoss], [apart.history.loss, apart.history.valLoss]);
    assert.equal(weightsHash(model), weightsHash(twin));
    [model, twin].forEach((each) => each.close());
  });

  it('is refused where a side is empty, and beside validationData', async () => {
    const model = classifier();
    await model.compile(classify);
    for (const validationSplit of [0, 1, -0.5, NaN, 0.999]) await assert.rejects(model.fit(x, y, { validationSplit }), refused('invalid-argument', /validationSplit/));
    await assert.rejects(model.fit(x, y, { validationSplit: 0.5, validationData: [x, y] }), refused('invalid-argument', /at once/));
    model.close();
  });
});
