/** Models of several outputs: against doubles, against models of one output each, and what they refuse. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, dataset, decodeCheckpoint, earlyStopping, encodeCheckpoint, input, layers, losses, model, modelFromJSON, regularizers, sgd } from '../../src/entry.node.js';
import type { CompileOptions, EpochLogs, FitOptions, Model, Tensor, WeightOptions } from '../../src/entry.node.js';
import { randomLabels, randomTensor, refused, timeless, weightsHash } from './helpers.js';

const { activation, concatenate, dense, embedding, flatten, lstm } = layers;

type Two = Model<Tensor<Float32Array>[]>;

const ROWS = 9;
const x = randomTensor([ROWS, 3], 1);
const kinds = randomLabels(ROWS, 3, 2);
const prices = randomTensor([ROWS, 1], 3);

/** [3] into a kind, one of three, and a price that is made of the kind too. */
function shop({ seed = 1, l2 = 0 } = {}): Two {
  const start = input({ shape: [3] });
  const trunk = dense({ units: 5, activation: 'tanh', name: 'trunk', ...(l2 > 0 && { kernelRegularizer: regularizers.l2(l2) }) }).apply(start);
  const kind = dense({ units: 3, activation: 'softmax', name: 'kind' }).apply(trunk);
  const price = dense({ units: 1, name: 'price' }).apply(concatenate().apply([trunk, kind]));
  return model({ inputs: start, outputs: [kind, price], seed });
}

const two = {
  optimizer: adam({ learningRate: 0.01 }), loss: ['sparseCategoricalCrossentropy', 'mse'], lossWeights: { kind: 0.3, price: 2 },
  metrics: { kind: ['accuracy', 'f1'], price: 'mae' },
} satisfies CompileOptions;

interface Reference {
  kind: number;
  price: number;
  penalty: number;
  outputs: [kinds: number[], prices: number[]];
}

/** What rows count. */
interface Counts {
  kind?: Float32Array;
  price?: Float32Array;
}

/** The shop in doubles, its weights one after the other. */
function reference(weights: ArrayLike<number>, counts: Counts = {}, l2 = 0): Reference {
  let at = 0;
  const take = (count: number): number[] => Array.from({ length: count }, () => weights[at++]!);
  const apply = (from: readonly number[], kernel: readonly number[], bias: readonly number[]): number[] =>
    bias.map((start, unit) => from.reduce((sum, value, i) => sum + value * kernel[i * bias.length + unit]!, start));
  const [w1, b1, w2, b2, w3, b3] = [take(15), take(5), take(15), take(3), take(8), take(1)];
  const result: Reference = { kind: 0, price: 0, penalty: l2 * w1.reduce((sum, w) => sum + w * w, 0), outputs: [[], []] };
  for (let row = 0; row < ROWS; row++) {
    const trunk = apply([...x.data.slice(3 * row, 3 * row + 3)], w1, b1).map(Math.tanh);
    const exps = apply(trunk, w2, b2).map(Math.exp);
    const kind = exps.map((value) => value / exps.reduce((a, b) => a + b));
    const [price] = apply([...trunk, ...kind], w3, b3);
    result.kind -= (Math.log(kind[kinds.data[row]!]!) * (counts.kind?.[row] ?? 1)) / ROWS;
    result.price += ((price! - prices.data[row]!) ** 2 * (counts.price?.[row] ?? 1)) / ROWS;
    result.outputs[0].push(...kind);
    result.outputs[1].push(price!);
  }
  return result;
}

const flat = (network: Two): number[] => network.getWeights().flatMap(({ data }) => [...data]);
const near = (actual: ArrayLike<number>, expected: ArrayLike<number>, within: number): void => {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) assert.ok(Math.abs(actual[i]! - expected[i]!) <= within, `${i}: ${actual[i]} in place of ${expected[i]}`);
};

describe('a model of two outputs, one made of the other', () => {
  const countKind = Float32Array.from({ length: ROWS }, (_, row) => (row % 3) / 2);
  const countPrice = Float32Array.from({ length: ROWS }, (_, row) => 1 + row / 4);
  const cases: [string, { lossWeights?: CompileOptions['lossWeights']; factors?: readonly [number, number]; weights?: WeightOptions; counts?: Counts; l2?: number }][] = [
    ['plain', {}],
    ['with weights of losses', { lossWeights: [0.3, 2], factors: [0.3, 2] }],
    ['with one weight, by name', { lossWeights: { price: -0.5 }, factors: [1, -0.5] }],
    ['with a loss that does not count', { lossWeights: { kind: 0 }, factors: [0, 1] }],
    ['with rows weighed, by name', { weights: { sampleWeight: { kind: countKind } }, counts: { kind: countKind } }],
    ['with rows weighed, in a list, and weights of losses', { weights: { sampleWeight: [countKind, countPrice] }, counts: { kind: countKind, price: countPrice }, lossWeights: [2, 0.1], factors: [2, 0.1] }],
    ['with rows weighed alike and a penalty', { weights: { sampleWeight: countPrice }, counts: { kind: countPrice, price: countPrice }, l2: 0.1 }],
  ];
  for (const [name, { lossWeights, factors = [1, 1], weights = {}, counts = {}, l2 = 0 }] of cases) {
    it(`has the losses and gradients of doubles: ${name}`, async () => {
      const network = shop({ l2 });
      await network.compile({ optimizer: sgd({ learningRate: 1 }), loss: ['sparseCategoricalCrossentropy', 'mse'], threads: 1, ...(lossWeights && { lossWeights }) });
      const { sampleWeight } = weights;
      const total = (values: ArrayLike<number>): number => {
        const { kind, price, penalty } = reference(values, counts, l2);
        return factors[0] * kind + factors[1] * price + penalty;
      };
      const before = flat(network);
      const exact = reference(before, counts, l2);
      const [kind, price] = await network.predict(x, { batchSize: 4 });
      assert.deepEqual([kind!.shape, price!.shape], [[ROWS, 3], [ROWS, 1]]);
      near(kind!.data, exact.outputs[0], 1e-6);
      near(price!.data, exact.outputs[1], 1e-6);

      const evaluated = await network.evaluate(x, [kinds, prices], { ...(sampleWeight !== undefined && { sampleWeight }), batchSize: ROWS });
      const logs = await network.trainOnBatch(x, [kinds, prices], weights);
      assert.deepEqual(Object.keys(logs), ['loss', 'kind_loss', 'price_loss']);
      for (const figures of [logs, evaluated]) near([figures.loss, figures.kind_loss!, figures.price_loss!], [total(before), exact.kind, exact.price], 2e-6);
      const after = flat(network);
      const step = 1e-5;
      const gradient = before.map((value, i) => {
        const moved = (by: number): number => total(before.map((each, j) => (j === i ? value + by : each)));
        return (moved(step) - moved(-step)) / (2 * step);
      });
      near(before.map((value, i) => value - after[i]!), gradient, 2e-6);
      network.close();
    });
  }

  it('comes to the same bits on any number of threads', async () => {
    const hashes = new Set<string>();
    for (const threads of [1, 2, 3, 4]) {
      const network = shop();
      await network.compile({ ...two, threads });
      await network.fit(x, [kinds, prices], { epochs: 3, batchSize: 4 });
      hashes.add(weightsHash(network));
      network.close();
    }
    assert.equal(hashes.size, 1);
  });

  it('takes its data in a list, by name or from a dataset, to the same bits', async () => {
    const results: unknown[] = [];
    const count = Float32Array.from({ length: ROWS }, (_, row) => row / 4);
    const items = Array.from({ length: ROWS }, (_, row) => ({
      xs: { data: x.data.slice(3 * row, 3 * row + 3), shape: [3] }, ys: { price: { data: prices.data.slice(row, row + 1), shape: [1] }, kind: kinds.data[row]! },
      sampleWeight: { kind: count[row]! },
    }));
    const rows = dataset.fromIterable(() => items);
    const runs: ((network: Two) => Promise<unknown>)[] = [
      (network) => network.fit(x, [kinds, prices], { epochs: 2, batchSize: 4, shuffle: false, sampleWeight: [count, undefined], validationData: [x, { kind: kinds, price: prices }] }),
      (network) => network.fit(x, { price: prices, kind: kinds }, { epochs: 2, batchSize: 4, shuffle: false, sampleWeight: { kind: count }, validationData: [x, [kinds, prices]] }),
      (network) => network.fit(rows.batch(4), { epochs: 2, validationData: dataset.fromIterable(() => items.map(({ xs, ys }) => ({ xs, ys }))).batch(128) }),
    ];
    for (const run of runs) {
      const network = shop();
      await network.compile({ ...two, threads: 1 });
      results.push(timeless([await run(network), weightsHash(network), await network.predict(dataset.fromIterable(() => items).batch(5))]));
      network.close();
    }
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(results[2], results[0]);
  });

  it('has Keras\'s keys in logs, history and evaluation, and callbacks can go by them', async () => {
    const network = shop();
    await network.compile({ ...two, threads: 1 });
    const seen: EpochLogs[] = [];
    const keys = ['loss', 'kind_loss', 'price_loss', 'kind_accuracy', 'kind_f1', 'price_mae'];
    const callbacks = [earlyStopping({ monitor: 'valKind_accuracy', patience: 50 }), earlyStopping({ monitor: 'valPrice_loss', patience: 50 }), { onEpochEnd: (_: number, logs: EpochLogs) => void seen.push(logs) }];
    const { history } = await network.fit(x, [kinds, prices], { epochs: 2, batchSize: 2, validationSplit: 0.3, callbacks });
    assert.deepEqual(Object.keys(history), [...keys, 'seconds', 'stepMs', ...keys.map((key) => `val${key[0]!.toUpperCase()}${key.slice(1)}`)]);
    assert.equal(history.valPrice_loss?.[1], seen[1]!.valPrice_loss);
    const figures = await network.evaluate(x, [kinds, prices], { batchSize: 4 });
    assert.deepEqual(Object.keys(figures), keys);
    near([figures.loss], [0.3 * figures.kind_loss! + 2 * figures.price_loss!], 1e-6);
    assert.match(network.summary().toString(), /Outputs: kind, price$/);
    network.close();
  });

  it('goes on from the middle of an epoch bit for bit, from a checkpoint in a file', async () => {
    const options: FitOptions = { epochs: 3, batchSize: 2, validationData: [x, [kinds, prices]] };
    const whole = shop();
    await whole.compile(two);
    const expected = await whole.fit(x, [kinds, prices], options);
    for (const stop of [1, 3, 7, 11]) {
      const stopped = shop();
      await stopped.compile(two);
      const abort = new AbortController();
      let steps = 0;
      const callbacks = { onBatchEnd: (): void => void (++steps === stop && abort.abort()) };
      await assert.rejects(stopped.fit(x, [kinds, prices], { ...options, callbacks, signal: abort.signal }));
      const resume = await decodeCheckpoint(await encodeCheckpoint(stopped.checkpoint()));
      stopped.close();
      const resumed = shop({ seed: 1 });
      await resumed.compile(two);
      const history = await resumed.fit(x, { price: prices, kind: kinds }, { ...options, resume });
      assert.equal(weightsHash(resumed), weightsHash(whole));
      assert.deepEqual(timeless(history), timeless(expected));
      resumed.close();

      const other = shop();
      await other.compile({ ...two, lossWeights: [0.3, 1] });
      await assert.rejects(other.fit(x, [kinds, prices], { ...options, resume }), refused('checkpoint-mismatch', /lossWeights\[1\] is 2, not 1/));
      other.close();
    }
    whole.close();
  });

  it('is the same after a round trip through JSON', async () => {
    const network = shop();
    const again = modelFromJSON<Tensor<Float32Array>[]>(JSON.stringify(network));
    assert.deepEqual(JSON.parse(JSON.stringify(again)), JSON.parse(JSON.stringify(network)));
    for (const each of [network, again]) await each.compile({ ...two, threads: 1 });
    assert.deepEqual(await again.predict(x), await network.predict(x));
    [network, again].forEach((each) => each.close());
  });
});

describe('two outputs that share nothing', () => {
  const words = { data: Int32Array.from({ length: 48 }, (_, i) => (i % 8 < 3 + (i >> 3) % 5 ? 1 + ((i * 7) % 5) : 0)), shape: [6, 8] };
  const numbers = randomTensor([6, 4], 4);
  const tags = randomLabels(48, 3, 5);
  const tagged = { data: tags.data, shape: [6, 8] };
  const values = randomTensor([6, 2], 6);
  const tagger = () => {
    const from = input({ shape: [8], name: 'words' });
    const embedded = embedding({ inputDim: 6, outputDim: 4, maskZero: true, name: 'words_in' }).apply(from);
    return { from, to: dense({ units: 3, name: 'tags' }).apply(lstm({ units: 5, returnSequences: true, name: 'reader' }).apply(embedded)) };
  };
  const valuer = () => {
    const from = input({ shape: [4], name: 'numbers' });
    return { from, to: dense({ units: 2, activation: 'sigmoid', name: 'values' }).apply(dense({ units: 7, activation: 'relu', name: 'inner' }).apply(from)) };
  };
  const one: CompileOptions = { optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy', 'precision'], threads: 2 };
  const other: CompileOptions = { optimizer: adam(), loss: losses.huber({ delta: 0.5 }), metrics: ['rmse'], threads: 2 };

  it('learn to the same bits as two models, with masks and weights of rows', async () => {
    const [a, b] = [tagger(), valuer()];
    const both = model({ inputs: [a.from, b.from], outputs: [a.to, b.to], seed: 3 });
    await both.compile({ optimizer: adam(), loss: { values: losses.huber({ delta: 0.5 }), tags: 'sparseCategoricalCrossentropy' }, metrics: [['accuracy', 'precision'], 'rmse'], threads: 2 });
    const alone = [tagger(), valuer()].map(({ from, to }) => model({ inputs: from, outputs: to, seed: 3 }));
    await alone[0]!.compile(one);
    await alone[1]!.compile(other);
    for (const each of alone) each.setWeights(each.weightSpecs.map(({ name }) => both.namedWeights().find((own) => own.name === name)!.tensor));
    const counts = Float32Array.of(1, 0, 2, 0.5, 1, 3);
    const options: FitOptions = { epochs: 3, batchSize: 4 };
    const { history } = await both.fit([words, numbers], [tagged, values], { ...options, sampleWeight: [undefined, counts] });
    const histories = [await alone[0]!.fit(words, tagged, options), await alone[1]!.fit(numbers, values, { ...options, sampleWeight: counts })];
    for (const each of alone) for (const { name, tensor } of each.namedWeights()) assert.deepEqual(both.namedWeights().find((own) => own.name === name)!.tensor, tensor, name);
    const [tagging, valuing] = histories.map((each) => each.history);
    assert.deepEqual(history.tags_accuracy, tagging!.accuracy);
    assert.deepEqual(history.tags_precision, tagging!.precision);
    assert.deepEqual(history.values_rmse, valuing!.rmse);
    near(history.tags_loss!, tagging!.loss!, 1e-12);
    near(history.values_loss!, valuing!.loss!, 1e-12);
    const together = await both.predict([words, numbers]);
    assert.deepEqual(together, [await alone[0]!.predict(words), await alone[1]!.predict(numbers)]);
    [both, ...alone].forEach((each) => each.close());
  });
});

describe('a loss that is not finite in one of two outputs', () => {
  it('stops the step before the weights, and names the step and the output', async () => {
    const network = shop();
    await network.compile({ ...two, optimizer: sgd(), threads: 2 });
    await network.trainOnBatch(x, [kinds, prices]);
    const before = weightsHash(network);
    const far = { data: prices.data.map(() => 3e38), shape: prices.shape };
    for (let again = 0; again < 2; again++) {
      await assert.rejects(network.trainOnBatch(x, [kinds, far]), refused('not-finite', /^step 1, loss: the loss of price is not finite; the weights are as before/));
    }
    const weights = network.getLayer('kind').getWeights();
    weights[0]!.data[0] = NaN;
    network.getLayer('kind').setWeights(weights);
    await assert.rejects(network.trainOnBatch(x, [kinds, prices]), refused('not-finite', /^step 1, kind: the loss of kind, price is not finite/));
    weights[0]!.data[0] = 0;
    network.getLayer('kind').setWeights(weights);
    assert.equal(network.step, 1);
    assert.notEqual(before, '');
    network.close();
  });
});

describe('a model of several outputs', () => {
  it('refuses what is not for its outputs', async () => {
    const network = shop();
    const compile = (options: object): Promise<void> => network.compile({ ...two, threads: 1, ...options });
    await assert.rejects(compile({ loss: ['mse'] }), refused('invalid-argument', /^loss: not one value for each output \(expected a list of 2, or a record: kind, price, received a list of 1\)/));
    await assert.rejects(compile({ loss: { kind: 'sparseCategoricalCrossentropy' } }), refused('invalid-argument', /^loss: .*none for price/));
    await assert.rejects(compile({ loss: { kind: 'sparseCategoricalCrossentropy', cost: 'mse' } }), refused('invalid-argument', /^loss: no output of this name.*cost/));
    await assert.rejects(compile({ loss: ['sparseCategoricalCrossentropy', 'msee'] }), refused('invalid-argument', /unknown loss/));
    await assert.rejects(compile({ loss: undefined }), refused('invalid-argument', /^loss/));
    await assert.rejects(compile({ loss: 'sparseCategoricalCrossentropy' }), refused('invalid-shape', /does not suit/));
    await assert.rejects(compile({ lossWeights: [1] }), refused('invalid-argument', /^lossWeights: .*a list of 1/));
    await assert.rejects(compile({ lossWeights: { cost: 1 } }), refused('invalid-argument', /^lossWeights: no output of this name/));
    for (const weight of [NaN, Infinity, '1', 1e300]) await assert.rejects(compile({ lossWeights: [1, weight] }), refused('invalid-argument', /^lossWeights price: a weight is out of range/));
    await assert.rejects(compile({ metrics: ['accuracy'] }), refused('invalid-argument', /^metrics: .*a list of 1/));
    await assert.rejects(compile({ metrics: { cost: 'mae' } }), refused('invalid-argument', /^metrics: no output of this name/));
    await assert.rejects(compile({ metrics: ['accuracy', 'accuracy'] }), refused('invalid-argument', /accuracy needs a cross-entropy/));

    await compile({});
    await assert.rejects(network.fit(x, kinds), refused('invalid-argument', /^training targets: not one value for each output .*received a tensor/));
    await assert.rejects(network.fit(x, [kinds]), refused('invalid-argument', /^training targets: .*a list of 1/));
    await assert.rejects(network.fit(x, [kinds, prices, prices]), refused('invalid-argument', /^training targets: .*a list of 3/));
    await assert.rejects(network.fit(x, { kind: kinds }), refused('invalid-argument', /^training targets: .*none for price/));
    await assert.rejects(network.evaluate(x, { kind: kinds, cost: prices }), refused('invalid-argument', /^evaluation targets: no output of this name.*cost/));
    await assert.rejects(network.fit(x, [prices, kinds]), refused('invalid-data', /^training targets kind, row 0: a label is out of range/));
    await assert.rejects(network.fit(x, [kinds, randomTensor([4, 1], 1)]), refused('invalid-shape', /^training price: inputs and targets differ in number/));
    await assert.rejects(network.fit(x, [kinds, prices], { classWeight: { 1: 2 } }), refused('invalid-argument', /classWeight of several outputs/));
    await assert.rejects(network.fit(x, [kinds, prices], { sampleWeight: [[1, 2]] }), refused('invalid-argument', /^training sampleWeight: .*a list of 1/));
    await assert.rejects(network.fit(x, [kinds, prices], { sampleWeight: { cost: [1] } }), refused('invalid-argument', /^training sampleWeight: no output of this name/));
    await assert.rejects(network.fit(x, [kinds, prices], { sampleWeight: { price: [1, 2] } }), refused('invalid-shape', /^training sampleWeight price/));
    network.close();
  });

  it('refuses outputs that cannot be told apart', () => {
    const start = input({ shape: [3] });
    const y = dense({ units: 2, name: 'y' }).apply(start);
    assert.throws(() => model({ inputs: start, outputs: [y, y] }), refused('invalid-argument', /model, outputs\[1\]: an output stands twice \(received y\)\. .*linear/));
    const from = input({ shape: [3] });
    assert.throws(() => model({ inputs: from, outputs: [dense({ units: 2 }).apply(from), from] }), refused('invalid-argument', /model, outputs\[1\]: an input of the model as its output/));
    const root = input({ shape: [3] });
    const z = dense({ units: 2, name: 'z' }).apply(root);
    assert.equal(model({ inputs: root, outputs: [z, activation({ activation: 'linear', name: 'z_again' }).apply(z)] }).layers.length, 2);
    const single = input({ shape: [3] });
    const listed = model({ inputs: single, outputs: [flatten({ name: 'only' }).apply(single)] });
    assert.deepEqual(listed.outputShape, [3]);
  });

  it('is for several: one output has a loss without a weight', async () => {
    const start = input({ shape: [3] });
    const network = model({ inputs: start, outputs: dense({ units: 1 }).apply(start) });
    await assert.rejects(network.compile({ optimizer: adam(), loss: 'mse', lossWeights: [2] }), refused('invalid-argument', /lossWeights of one output/));
    await assert.rejects(network.compile({ optimizer: adam(), loss: ['mse'] }), refused('invalid-argument', /unknown loss/));
    await assert.rejects(network.compile({ optimizer: adam(), loss: 'mse', metrics: { dense_1: 'mae' } }), refused('invalid-argument', /unknown metric/));
  });
});
