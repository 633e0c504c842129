/** Epochs that leave out rows that are learned already. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, dataset, infoBatch, input, layers, model as functional, sequential, trainInWorker } from '../../src/entry.node.js';
import type { Callbacks, CompileOptions, FitOptions, Sampler, Sequential, Tensor, TrainingRun } from '../../src/entry.node.js';
import { weightsAlone } from '../../src/io/checkpoint.js';
import type { Feed, Step } from '../../src/model/feeds/feed.js';
import { epochOrder } from '../../src/random.js';
import { assertClose } from '../reference/index.js';
import { classifier, classify, randomLabels, randomTensor, refused, rowsOf, stoppedAfter, timeless, weightsHash } from './helpers.js';

const ROWS = 40;
const BATCH = 7;
const x = randomTensor([ROWS, 4], 1);
const y = randomLabels(ROWS, 3, 2);
const compile = { ...classify, optimizer: adam({ learningRate: 0.02 }) } satisfies CompileOptions;

async function begin(changes: Partial<CompileOptions> = {}): Promise<Sequential> {
  const model = classifier();
  await model.compile({ ...compile, ...changes });
  return model;
}

const feedOf = (sampler: Sampler, batching = {}, weights?: Tensor): Feed =>
  sampler.feed(
    { rows: ROWS, inputs: [x], targets: [y], ...(weights && { weights: [weights] }) }, { batchSize: BATCH, shuffle: true, seed: 5, outputs: [{ shape: [3] }], ...batching },
  );

/** Takes an epoch; each row loses what `loss` says. */
async function take(feed: Feed, epoch: number, loss: (row: number) => number): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const step of feed.steps(epoch, 0)) {
    steps.push(step);
    step.note!(Float32Array.from({ length: step.count }, (_, i) => loss(step.order![step.start + i]!)));
  }
  return steps;
}
const rowsIn = (steps: readonly Step[]): number[] => steps.flatMap(({ order, start, count }) => [...order!.subarray(start, start + count)]);
const weightsIn = (steps: readonly Step[]): number[] => {
  const { data } = steps[0]!.data.weights![0]!;
  return rowsIn(steps).map((row) => data[row]!);
};
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
/** With the defaults 30 of the 40 rows are easy, and 18 of these are left out. */
const isEasy = (row: number): boolean => row % 4 !== 1;
const lossOf = (row: number): number => (isEasy(row) ? row / 100 : 3 + row);

describe('infoBatch', () => {
  it('has all rows in the first epoch and from `until` on, and between a number that is known beforehand', async () => {
    const sampler = infoBatch({ until: 3 });
    assert.deepEqual([0, 1, 2, 3, 4].map((epoch) => sampler.rowsIn(epoch, ROWS)), [40, 22, 22, 40, 40]);
    const model = await begin();
    const batches: (number | undefined)[] = [];
    let run: TrainingRun | undefined;
    const callbacks: Callbacks = { onTrainBegin: (begun) => void (run = begun), onBatchEnd: (batch) => void (batch === 0 && batches.push(run!.batches)) };
    let steps = 0;
    await model.fit(x, y, { epochs: 5, batchSize: BATCH, sampler, callbacks: [callbacks, { onBatchEnd: () => void steps++ }] });
    assert.deepEqual(batches, [6, 4, 4, 6, 6]);
    assert.equal(steps, 26);
    batches.length = 0;
    await model.fit(x, y, { initialEpoch: 1, epochs: 4, batchSize: BATCH, sampler, callbacks, validationSplit: 0.1 });
    assert.deepEqual(batches, [6, 3, 6], 'a run of its own knows nothing of its rows at first: 36, 36 - 16, 36 of them');
    model.close();
  });

  it('keeps all hard rows, and other easy ones each epoch, in the order of the epoch', async () => {
    const feed = feedOf(infoBatch());
    const first = await take(feed, 0, lossOf);
    assert.deepEqual(rowsIn(first), [...epochOrder(5, 0, ROWS)]);
    assert.deepEqual(new Set(weightsIn(first)), new Set([1]));
    const seen = new Set<string>();
    for (let epoch = 1; epoch < 9; epoch++) {
      const rows = rowsIn(await take(feed, epoch, lossOf));
      assert.equal(rows.length, 22);
      assert.equal(rows.filter((row) => !isEasy(row)).length, 10);
      assert.deepEqual(rows, [...epochOrder(5, epoch, ROWS)].filter((row) => rows.includes(row)));
      seen.add(rows.filter(isEasy).sort((a, b) => a - b).join());
    }
    assert.equal(seen.size, 8);
  });

  it('weighs rows so that they count as much as if none were left out', async () => {
    const feed = feedOf(infoBatch({ easyShare: 0.75, dropShare: 0.6 }));
    await take(feed, 0, lossOf);
    const EPOCHS = 400;
    const total = new Float64Array(ROWS);
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      const steps = await take(feed, epoch, lossOf);
      const weights = weightsIn(steps);
      assertClose([sum(weights)], [22], 1e-6, 'their mean is 1');
      rowsIn(steps).forEach((row, place) => (total[row]! += weights[place]! / EPOCHS));
    }
    // a row of weight 1.375 with probability 0.4: over 400 epochs its mean strays by 0.034
    for (const [row, mean] of total.entries()) assert.ok(isEasy(row) ? Math.abs(mean - 0.55) < 0.15 : Math.abs(mean - 0.55) < 1e-6, `row ${row}: ${mean}`);
    assertClose([sum(total.filter((_, row) => isEasy(row))) / 30], [0.55], 1e-6, 'all easy rows together');
  });

  it('goes by what rows lost last; those that were left out keep what they had', async () => {
    const feed = feedOf(infoBatch({ easyShare: 0.5, dropShare: 0.5 }));
    await take(feed, 0, (row) => row); // easy are rows 0 to 19
    const left = await take(feed, 1, (row) => 100 - row); // the ones that stay of these are now the hardest of all
    const out = Array.from({ length: ROWS }, (_, row) => row).filter((row) => !rowsIn(left).includes(row));
    assert.deepEqual([out.length, out.every((row) => row < 20)], [10, true]);
    const easyNow = new Set([...out, ...Array.from({ length: 10 }, (_, i) => 39 - i)]);
    const next = rowsIn(await take(feed, 2, (row) => row));
    assert.ok(Array.from({ length: ROWS }, (_, row) => row).filter((row) => !next.includes(row)).every((row) => easyNow.has(row)));
  });

  it('weighs on top of weights that rows have, and takes the losses of a sequence together', async () => {
    const own = { data: Float32Array.from({ length: ROWS * 2 }, (_, i) => 1 + (i % 5)), shape: [ROWS, 2] };
    const feed = feedOf(infoBatch({ easyShare: 0.5, dropShare: 0.5 }), { outputs: [{ shape: [2, 3] }], shuffle: false }, own);
    for await (const step of feed.steps(0, 0)) {
      assert.deepEqual(step.data.weights![0]!.shape, [ROWS, 2]);
      step.note!(Float32Array.from({ length: step.count * 2 }, (_, i) => (i % 2 === 0 ? 5 : step.start + (i >> 1)))); // 5 and its number
    }
    const steps = await take(feed, 1, () => 0);
    const rows = rowsIn(steps);
    assert.deepEqual(rows, [...rows].sort((a, b) => a - b));
    assert.deepEqual(rows.filter((row) => row >= 20), Array.from({ length: 20 }, (_, i) => 20 + i));
    const { data } = steps[0]!.data.weights![0]!;
    for (const row of rows) for (const at of [2 * row, 2 * row + 1]) assertClose([data[at]!], [own.data[at]! * (row < 20 ? 1.5 : 0.75)], 1e-6, `row ${row}`);
  });

  it('trains on what it says: as steps by hand of the rows, weighed by the losses before each step', async () => {
    const sampler = infoBatch({ easyShare: 0.6, dropShare: 0.5 });
    const [trained, byHand] = [await begin(), await begin()];
    const history = await trained.fit(x, y, { epochs: 4, batchSize: BATCH, sampler });
    const losses = new Float64Array(ROWS);
    const counts: Set<number>[] = [];
    for (let epoch = 0; epoch < 4; epoch++) {
      const easy = [...losses.keys()].sort((a, b) => losses[a]! - losses[b]!).slice(0, 24);
      // which of the easy rows are drawn is the library's choice: all the hard ones are there, and twelve of the others
      const order = epoch === 0 ? [...epochOrder(byHand.seed, 0, ROWS)] : await chosen(epoch);
      counts.push(new Set(order));
      if (epoch > 0) assert.deepEqual([...losses.keys()].filter((row) => !order.includes(row)).filter((row) => !easy.includes(row)), []);
      for (let start = 0; start < order.length; start += BATCH) {
        const rows = order.slice(start, start + BATCH);
        const pick = (of: Tensor): Tensor => {
          const size = of.data.length / ROWS;
          return { data: Float32Array.from(rows.flatMap((row) => [...of.data.subarray(row * size, (row + 1) * size)])), shape: [rows.length, ...of.shape.slice(1)] };
        };
        const weights = Float32Array.from(rows, (row) => (epoch === 0 ? 1 : easy.includes(row) ? 1.4 : 0.7));
        for (const row of rows) losses[row] = (await byHand.evaluate(rowsOf(x, row, 1), rowsOf(y, row, 1))).loss;
        await byHand.trainOnBatch(pick(x), pick(y), { sampleWeight: weights });
      }
    }
    assert.deepEqual(counts.map(({ size }) => size), [40, 28, 28, 28]);
    assert.equal(weightsHash(byHand), weightsHash(trained));
    assert.equal(history.epoch.length, 4);

    /** The rows of an epoch: which batches a copy of the run takes. */
    async function chosen(epoch: number): Promise<number[]> {
      const feed = sampler.feed({ rows: ROWS, inputs: [x], targets: [y] }, { batchSize: BATCH, shuffle: true, seed: byHand.seed, outputs: [{ shape: [3] }] });
      for (const state of feed.states!) state.write({ data: Float32Array.from(losses), shape: [ROWS] });
      const rows: number[] = [];
      for await (const { order, start, count } of feed.steps(epoch, 0)) rows.push(...order!.subarray(start, start + count));
      return rows;
    }
    [trained, byHand].forEach((model) => model.close());
  });

  const fit = { epochs: 4, batchSize: BATCH, sampler: infoBatch({ until: 3 }), validationData: [x, y] } satisfies FitOptions;

  it('stopped at any step and resumed, comes to the bits of a run that did not stop', async () => {
    const whole = await begin();
    const history = await whole.fit(x, y, fit);
    const last = whole.checkpoint();
    assert.deepEqual([...last.tensors.keys()].filter((name) => name.startsWith('rows:')), ['rows:loss', 'rows:lossBefore']);
    assert.deepEqual([...weightsAlone(last.tensors).keys()], whole.weightSpecs.map(({ name }) => name));
    for (let step = 1; step <= last.progress.step; step++) {
      const model = await begin();
      const resume = await stoppedAfter(step, model, (changes) => model.fit(x, y, { ...fit, ...changes }));
      const resumed = await begin({ threads: 1 + (step % 3) });
      assert.deepEqual(timeless(await resumed.fit(x, y, { ...fit, resume })), timeless(history), `stopped after step ${step}`);
      assert.equal(weightsHash(resumed), weightsHash(whole), `stopped after step ${step}`);
      assert.deepEqual(resumed.checkpoint().tensors, last.tensors);
      resumed.close();
    }
    whole.close();
  });

  it('is part of what a run must have in common with its checkpoint', async () => {
    const model = await begin();
    await model.fit(x, y, { ...fit, epochs: 1 });
    const resume = model.checkpoint();
    await assert.rejects(model.fit(x, y, { ...fit, sampler: infoBatch(), resume }), refused('checkpoint-mismatch', /until/));
    await assert.rejects(model.fit(x, y, { epochs: 4, batchSize: BATCH, validationData: [x, y], resume }), refused('checkpoint-mismatch', /sampler/));
    model.close();
  });

  it('works in a worker, to the same bits', async () => {
    const [here, there] = [await begin(), classifier()];
    const history = await here.fit(x, y, fit);
    assert.deepEqual(timeless(await trainInWorker(there, x, y, { compile, fit }).finished), timeless(history));
    assert.equal(weightsHash(there), weightsHash(here));
    const own = { ...infoBatch(), config: { name: 'mine' } };
    await assert.rejects(trainInWorker(there, x, y, { compile, fit: { ...fit, sampler: own } }).finished, refused('unsupported', /sampler/));
    here.close();
  });

  it('refuses shares and epochs out of range, models of several outputs or with states, and datasets', async () => {
    for (const options of [{ easyShare: 1 }, { easyShare: -0.1 }, { dropShare: 1 }, { dropShare: NaN }, { until: -1 }, { until: 1.5 }]) {
      assert.throws(() => infoBatch(options), refused('invalid-argument', new RegExp(Object.keys(options)[0]!)));
    }
    const features = input({ shape: [4] });
    const twice = functional({ inputs: features, outputs: [layers.dense({ units: 3, activation: 'softmax' }).apply(features), layers.dense({ units: 3, activation: 'softmax' }).apply(features)] });
    await twice.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', threads: 1 });
    await assert.rejects(twice.fit(x, [y, y], { sampler: infoBatch() }), refused('invalid-argument', /one output/));
    twice.close();
    const stateful = sequential([layers.lstm({ units: 2, stateful: true, inputShape: [2, 2] }), layers.dense({ units: 1 })], { seed: 1 });
    await stateful.compile({ optimizer: adam(), loss: 'mse', threads: 1 });
    const series = [randomTensor([4, 2, 2], 1), randomTensor([4, 1], 2)] as const;
    await assert.rejects(stateful.fit(...series, { batchSize: 2, shuffle: false, sampler: infoBatch() }), refused('invalid-argument', /stateful/));
    stateful.close();
    const model = await begin();
    const rows = dataset.fromArrays(x, y).batch(4);
    await assert.rejects(model.fit(rows, { sampler: infoBatch() } as object), refused('invalid-argument', /sampler/));
    model.close();
  });

  it('leaves out nothing where a share is 0, and of very few rows', async () => {
    const plain = await begin();
    await plain.fit(x, y, { epochs: 3, batchSize: BATCH });
    for (const options of [{ easyShare: 0 }, { dropShare: 0 }]) {
      const model = await begin();
      await model.fit(x, y, { epochs: 3, batchSize: BATCH, sampler: infoBatch(options) });
      model.namedWeights().forEach(({ name, tensor }, index) => assertClose(tensor.data, plain.getWeights()[index]!.data, 1e-5, name));
      model.close();
    }
    plain.close();
    const tiny = sequential([layers.dense({ units: 1, inputShape: [4] })], { seed: 1 });
    await tiny.compile({ optimizer: adam(), loss: 'mse', threads: 1 });
    const { epoch } = await tiny.fit(rowsOf(x, 0, 1), { data: Float32Array.of(1), shape: [1, 1] }, { epochs: 3, sampler: infoBatch() });
    assert.deepEqual(epoch, [0, 1, 2]);
    tiny.close();
  });
});
