/** Metrics that a model is compiled with: those of all rows, in logs, history, checkpoints and callbacks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { earlyStopping, layers, losses, metrics, sequential, sgd } from '../../src/entry.node.js';
import type { BatchLogs, CompileOptions, Metric, MetricName, Sequential, Tensor, TensorInput } from '../../src/entry.node.js';
import { isFigure } from '../../src/model/history.js';
import { metricFromConfig, requireMetric, rises } from '../../src/metrics.js';
import { METRIC_NAMES } from '../../src/metrics/metric.js';
import { assertClose } from '../reference/index.js';
import { classifier, classify, randomLabels, randomTensor, refused, rowsOf, weightsHash } from './helpers.js';

const ROWS = 23;
const x = randomTensor([ROWS, 4], 1);
const labels = randomLabels(ROWS, 3, 2);
const oneHot = { data: Float32Array.from({ length: ROWS * 3 }, (_, i) => Number(labels.data[Math.floor(i / 3)] === i % 3)), shape: [ROWS, 3] };
const bits = (columns: number): Tensor<Float32Array> => ({ data: Float32Array.from(randomTensor([ROWS, columns], 7).data, (value) => Number(value > 0)), shape: [ROWS, columns] });

const make = (units: number, activation: 'linear' | 'softmax' | 'sigmoid' = 'linear') => (): Sequential =>
  sequential([layers.dense({ units: 5, activation: 'tanh', inputShape: [4] }), layers.dense({ units, activation })], { seed: 3 });

/** 1 / (1 + e^-x) of each value, and the columns of each row as rows of their own. */
const sigmoid = ({ data, shape }: Tensor): Tensor => ({ data: Float64Array.from(data, (value) => 1 / (1 + Math.exp(-value))), shape });
const apart = ({ data }: Tensor): Tensor => ({ data, shape: [data.length, 1] });

interface Case {
  make: () => Sequential;
  loss: CompileOptions['loss'];
  y: Tensor;
  metrics: readonly (readonly [MetricName | Metric, (targets: TensorInput, predictions: Tensor) => number])[];
}

const { accuracy, f1, meanAbsoluteError, meanSquaredError, precision, r2, recall, rootMeanSquaredError, topKAccuracy } = metrics;
const average = 'weighted' as const;
const ofClasses: Case['metrics'] = [
  ['accuracy', accuracy], ['precision', precision], [recall({ average }), (t, p) => recall(t, p, { average })], [f1({ average: 'micro' }), (t, p) => f1(t, p, { average: 'micro' })],
  [topKAccuracy({ k: 2 }), (t, p) => topKAccuracy(t, p, { k: 2 })], [topKAccuracy({ k: 3, name: 'topKAccuracy_3' }), () => 1],
];
const ofValues: Case['metrics'] = [
  ['mse', meanSquaredError], ['meanSquaredError', meanSquaredError], ['mae', meanAbsoluteError], ['rootMeanSquaredError', (t, p) => Math.sqrt(meanSquaredError(t, p))],
  [rootMeanSquaredError({ name: 'rmse' }), rootMeanSquaredError], ['r2', r2],
];
const strict = precision({ threshold: 0.6, name: 'precision_strict' });
const cases: Readonly<Record<string, Case>> = {
  'class numbers and logits': { make: make(3), loss: 'sparseCategoricalCrossentropy', y: labels, metrics: ofClasses },
  'one-hot targets and a softmax': { make: make(3, 'softmax'), loss: 'categoricalCrossentropy', y: oneHot, metrics: [...ofClasses, ...ofValues] },
  'one probability': {
    make: make(1, 'sigmoid'), loss: 'binaryCrossentropy', y: bits(1),
    metrics: [['accuracy', accuracy], ['precision', precision], ['recall', recall], ['f1', f1], [strict, (t, p) => precision(t, p, { threshold: 0.6 })], ['mse', meanSquaredError]],
  },
  'one logit, with thresholds of its probability': {
    make: make(1), loss: 'binaryCrossentropy', y: bits(1),
    metrics: [['precision', (t, p) => precision(t, sigmoid(p))], [strict, (t, p) => precision(t, sigmoid(p), { threshold: 0.6 })]],
  },
  'several probabilities, each a yes or no': {
    make: make(4, 'sigmoid'), loss: 'binaryCrossentropy', y: bits(4),
    metrics: [
      ['accuracy', (t, p) => accuracy(apart(t as Tensor), apart(p))], ['recall', (t, p) => recall(apart(t as Tensor), apart(p))],
      [accuracy({ threshold: 0.45, name: 'accuracy_low' }), (t, p) => accuracy(apart(t as Tensor), apart(p), { threshold: 0.45 })],
    ],
  },
  'probabilities that are said to be some': {
    make: make(1, 'sigmoid'), loss: losses.binaryCrossentropy({ fromLogits: false }), y: bits(1), metrics: [['precision', precision], ['accuracy', accuracy]],
  },
  values: { make: make(2), loss: 'mse', y: randomTensor([ROWS, 2], 5), metrics: ofValues },
};

const nameOf = (metric: MetricName | Metric): string => (typeof metric === 'string' ? metric : metric.name);
const optimizer = sgd({ learningRate: 0.1 });

for (const [what, { make: create, loss, y, metrics: asked }] of Object.entries(cases)) {
  describe(`metrics of ${what}`, () => {
    const ready = async (): Promise<Sequential> => {
      const model = create();
      await model.compile({ optimizer, loss, metrics: asked.map(([metric]) => metric), threads: 1 });
      return model;
    };
    const expected = (targets: Tensor, predictions: Tensor): Record<string, number> =>
      Object.fromEntries(asked.map(([metric, of]) => [nameOf(metric), of(targets, predictions)]));
    const assertFigures = (logs: BatchLogs, wanted: Record<string, number>, where: string): void => {
      const found = Object.entries(logs).filter(([name]) => name !== 'loss') as [string, number][];
      assert.deepEqual(found.map(([name]) => name), Object.keys(wanted), where);
      assertClose(found.map(([, value]) => value), Object.values(wanted), 1e-6, where);
    };

    it('are those of all rows in evaluate, however they are cut into batches', async () => {
      const model = await ready();
      await model.fit(x, y, { epochs: 3, batchSize: 8 });
      const wanted = expected(y, await model.predict(x));
      for (const batchSize of [1, 5, 23, 128]) assertFigures(await model.evaluate(x, y, { batchSize }), wanted, `batches of ${batchSize}`);
      assert.ok(Object.values(wanted).some((value) => value > 0 && value < 1), 'something is right and something wrong');
      model.close();
    });

    it('in training are those of each batch, and over the epoch those of all, before each step', async () => {
      const [model, twin] = [await ready(), await ready()];
      const batches: BatchLogs[] = [];
      const { history } = await model.fit(x, y, { batchSize: 8, shuffle: false, validationData: [x, y], callbacks: { onBatchEnd: (_, logs) => void batches.push(logs) } });
      const seen: number[] = [];
      for (const [batch, start] of [0, 8, 16].entries()) {
        const count = Math.min(8, ROWS - start);
        const [inputs, targets] = [rowsOf(x, start, count), rowsOf(y, start, count)];
        const predictions = await twin.predict(inputs);
        seen.push(...predictions.data);
        const logs = await twin.trainOnBatch(inputs, targets);
        assert.deepEqual(logs, batches[batch]);
        assertFigures(logs, expected(targets, predictions), `batch ${batch}`);
      }
      const columns = seen.length / ROWS;
      const ofEpoch = Object.fromEntries(asked.map(([metric]) => [nameOf(metric), history[nameOf(metric) as MetricName]![0]!]));
      assertFigures({ loss: 0, ...ofEpoch }, expected(y, { data: Float32Array.from(seen), shape: [ROWS, columns] }), 'epoch');
      const validation = await model.evaluate(x, y);
      for (const [name, value] of Object.entries(validation)) assert.equal(history[`val${name[0]!.toUpperCase()}${name.slice(1)}` as 'valF1']![0], value, name);
      [model, twin].forEach((each) => each.close());
    });
  });
}

describe('metrics of a model', () => {
  const compiled = async (options: Partial<CompileOptions> = {}): Promise<Sequential> => {
    const model = classifier();
    await model.compile({ ...classify, ...options });
    return model;
  };

  it('change no bit of the training, for any number of threads, and lay out nothing where none looks at outputs', async () => {
    const hashes: string[] = [];
    for (const [threads, asked] of [[1, []], [1, ['accuracy']], [1, ['precision', 'f1']], [3, ['precision', 'f1']]] as const) {
      const model = await compiled({ threads, metrics: asked });
      await model.fit(x, labels, { epochs: 2, batchSize: 7 });
      hashes.push(weightsHash(model));
      const owners = (await model.profile(x, labels, { rounds: 1 })).map(({ owner }) => owner);
      assert.equal(owners.includes('metrics'), asked.includes('f1' as never));
      model.close();
    }
    assert.equal(new Set(hashes).size, 1);
  });

  it('do not look at weights', async () => {
    const model = await compiled({ metrics: ['recall', topKAccuracy({ k: 2 })] });
    const sampleWeight = Float32Array.from({ length: ROWS }, (_, row) => row % 3);
    const [plain, weighted] = [await model.evaluate(x, labels), await model.evaluate(x, labels, { sampleWeight })];
    assert.notEqual(weighted.loss, plain.loss);
    assert.deepEqual({ ...weighted, loss: plain.loss }, plain);
    model.close();
  });

  it('rise or fall by their kind, and callbacks go by them', async () => {
    const rising = METRIC_NAMES.filter((name) => rises(name));
    assert.deepEqual(rising, ['accuracy', 'topKAccuracy', 'precision', 'recall', 'f1', 'r2']);
    for (const name of ['valAccuracy', 'valF1', 'precision_strict', 'valPrecision_low', 'valR2', 'valMae_head_accuracy', 'price_precision_low']) assert.ok(rises(name), name);
    for (const name of ['loss', 'valLoss', 'valMse', 'mae_1', 'valRootMeanSquaredError', 'seconds', 'accuracy_loss', 'valF1_head_mae', 'price_r2_head_loss']) assert.ok(!rises(name), name);
    const model = await compiled({ metrics: ['f1'] });
    const { history } = await model.fit(x, labels, { epochs: 40, batchSize: 8, validationData: [x, labels], callbacks: earlyStopping({ monitor: 'valF1', patience: 3 }) });
    const values = history.valF1!;
    const best = values.indexOf(Math.max(...values));
    assert.ok(best > 0, 'it rose');
    assert.equal(values.length, Math.min(40, best + 4));
    await assert.rejects(model.fit(x, labels, { callbacks: earlyStopping({ monitor: 'recall' }) }), refused('invalid-argument', /expected loss, f1.*received recall/));
    model.close();
  });

  it('have names of their own, which figures of files are told by', () => {
    for (const name of ['loss', 'valLoss', 'seconds', 'stepMs', 'f1', 'valMse', 'topKAccuracy_3', 'valTopKAccuracy_3', 'precision_strict', 'price_loss', 'valMy head_loss', 'a/b_mae', 'x_precision_strict']) assert.ok(isFigure(name), name);
    for (const name of ['', 'epoch', 'val', 'valloss', 'Precision', 'precision-a', 'precision_a/b', '__proto__', 'constructor', 'valF2', '_loss', 'price_lost', 'x_precision-a', `f1_${'a'.repeat(62)}`]) assert.ok(!isFigure(name), name);
  });

  it('come back from their configs', () => {
    const made: readonly Metric[] = [...METRIC_NAMES.map(requireMetric), strict, topKAccuracy({ k: 3, name: 'topKAccuracy_3' }), f1({ average: 'micro' }), recall({ threshold: 0.2, average })];
    for (const { name, config } of made) {
      const again = metricFromConfig(JSON.parse(JSON.stringify(config)) as typeof config);
      assert.deepEqual([again.name, again.config], [name, config]);
    }
    assert.deepEqual(METRIC_NAMES.map((name) => requireMetric(name).config), [...METRIC_NAMES], 'a name alone where there are no options');
    for (const config of [null, 7, 'f2', { name: 'loss' }, { k: 3 }, ['f1'], { name: '__proto__' }]) assert.throws(() => metricFromConfig(config), refused('invalid-argument', /unknown metric/));
  });

  it('are refused where they are unknown, twice there, or do not suit', async () => {
    const wrong: readonly (readonly [Partial<CompileOptions>, RegExp])[] = [
      [{ metrics: ['accurracy' as 'accuracy'] }, /unknown metric.*accuracy, topKAccuracy.*"accurracy"/], [{ metrics: [null as unknown as 'f1'] }, /unknown metric/],
      [{ metrics: ['f1', f1({ average: 'micro' })] }, /two metrics have one name.*received f1\)\. Name one.*f1_2/],
      [{ metrics: ['mse'] }, /class numbers/], [{ metrics: ['r2'] }, /class numbers/], [{ loss: 'mse', metrics: ['accuracy'] }, /accuracy needs a cross-entropy/],
    ];
    const model = await compiled();
    const before = await model.evaluate(x, labels);
    for (const [options, message] of wrong) await assert.rejects(model.compile({ ...classify, ...options }), refused('invalid-argument', message));
    await assert.rejects(model.compile({ ...classify, loss: 'binaryCrossentropy', metrics: ['topKAccuracy'] }), refused('invalid-shape', /topKAccuracy.*yes or no/));
    assert.deepEqual(await model.evaluate(x, labels), before, 'and the model is as it was');
    model.close();
    for (const name of ['recall', 'precision_a b', 'precision_ä', 'loss', 'precisions'] as unknown as 'precision'[]) {
      assert.throws(() => precision({ name }), refused('invalid-argument', /cannot have this name.*precision_/), name);
    }
    assert.throws(() => topKAccuracy({ k: 0 }), refused('invalid-argument', /k is/));
    assert.throws(() => f1({ average: 'none' as 'macro' }), refused('invalid-argument', /average/));
  });
});
