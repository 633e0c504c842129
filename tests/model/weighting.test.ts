/** What rows and steps count: sample weights, class weights and masks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layers, losses, metrics, sequential, sgd } from '../../src/entry.node.js';
import type { CompileOptions, Layer, Sequential, Tensor } from '../../src/entry.node.js';
import type { EmitContext } from '../../src/layers/layer.js';
import { Layer as LayerBase } from '../../src/layers/layer.js';
import type { Ref } from '../../src/plan/buffer.js';
import type { PlanTensor } from '../../src/plan/tape.js';
import type { Shape } from '../../src/tensor/shape.js';
import { assertClose } from '../reference/index.js';
import { classifier, classify, randomLabels, randomTensor, refused, rowsOf, weightsHash } from './helpers.js';

const ROWS = 9;
const x = randomTensor([ROWS, 4], 1);
const y = randomLabels(ROWS, 3, 2);
const sampleWeight = Float32Array.from({ length: ROWS }, (_, row) => (row % 4 === 1 ? 0 : 0.5 + row / 8));

async function compiled(make: () => Sequential = classifier, options: Partial<CompileOptions> = {}): Promise<Sequential> {
  const model = make();
  await model.compile({ ...classify, ...options });
  return model;
}

/** Loss of each row by itself. */
async function lossesOf(model: Sequential, inputs: Tensor, targets: Tensor): Promise<number[]> {
  const found: number[] = [];
  for (let row = 0; row < inputs.shape[0]!; row++) found.push((await model.evaluate(rowsOf(inputs, row, 1), rowsOf(targets, row, 1))).loss);
  return found;
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

describe('sampleWeight', () => {
  it('multiplies the loss of each row; the divisor is the number of rows', async () => {
    const model = await compiled();
    const rows = await lossesOf(model, x, y);
    const expected = total(rows.map((loss, row) => loss * sampleWeight[row]!)) / ROWS;
    for (const batchSize of [128, 4]) assertClose([(await model.evaluate(x, y, { batchSize, sampleWeight })).loss], [expected], 1e-6, `batches of ${batchSize}`);
    const { loss, accuracy } = await model.evaluate(x, y);
    assertClose([loss], [total(rows) / ROWS], 1e-6, 'without weights');
    assert.equal((await model.evaluate(x, y, { sampleWeight })).accuracy, accuracy, 'metrics do not look at weights');
    model.close();
  });

  it('multiplies the gradient of each row', async () => {
    const before = classifier().getWeights();
    const step = async (inputs: Tensor, targets: Tensor, weights?: Float32Array): Promise<number[]> => {
      const model = await compiled(classifier, { optimizer: sgd({ learningRate: 1 }) });
      await model.trainOnBatch(inputs, targets, weights ? { sampleWeight: weights } : {});
      const moves = model.getWeights().flatMap(({ data }, i) => [...data].map((value, j) => before[i]!.data[j]! - value));
      model.close();
      return moves;
    };
    const expected = new Float64Array(before.reduce((count, { data }) => count + data.length, 0));
    for (let row = 0; row < ROWS; row++) (await step(rowsOf(x, row, 1), rowsOf(y, row, 1))).forEach((move, i) => (expected[i]! += (move * sampleWeight[row]!) / ROWS));
    assertClose(await step(x, y, sampleWeight), expected, 1e-6, 'gradient');
  });

  it('of 1 changes no loss beyond rounding, and rows of weight 0 need no sense', async () => {
    const model = await compiled();
    const { loss } = await model.evaluate(x, y);
    assertClose([(await model.evaluate(x, y, { sampleWeight: new Float32Array(ROWS).fill(1) })).loss], [loss], 1e-6);
    const other = { data: y.data.map((label, row) => (sampleWeight[row] === 0 ? (label + 1) % 3 : label)), shape: y.shape };
    await model.fit(x, y, { epochs: 3, batchSize: 4, sampleWeight });
    const twin = await compiled();
    await twin.fit(x, other, { epochs: 3, batchSize: 4, sampleWeight });
    assert.equal(weightsHash(twin), weightsHash(model));
    [model, twin].forEach((each) => each.close());
  });

  it('goes into validation, history and checkpoints', async () => {
    const options = { epochs: 2, batchSize: 4, sampleWeight, validationData: [x, y, sampleWeight] as const };
    const whole = await compiled();
    const { history } = await whole.fit(x, y, options);
    assert.equal(history.valLoss![1], (await whole.evaluate(x, y, { sampleWeight })).loss);
    const model = await compiled();
    const controller = new AbortController();
    await assert.rejects(model.fit(x, y, { ...options, signal: controller.signal, callbacks: { onBatchEnd: (batch) => void (batch === 1 && controller.abort()) } }));
    const resume = model.checkpoint();
    assert.deepEqual((await model.fit(x, y, { ...options, resume })).history.loss, history.loss);
    assert.equal(weightsHash(model), weightsHash(whole));
    await assert.rejects(model.fit(x, y, { epochs: 2, batchSize: 4, validationData: options.validationData, resume }), refused('checkpoint-mismatch', /data\.weights/));
    [model, whole].forEach((each) => each.close());
  });

  it('is refused in another shape, out of range, and beside classWeight', async () => {
    const model = await compiled();
    for (const [weights, code, message] of [
      [new Float32Array(ROWS - 1), 'invalid-shape', /\[9\]/], [new Float32Array(ROWS).fill(-1), 'invalid-data', /at least 0/], [new Float32Array(ROWS).fill(NaN), 'invalid-data', /NaN/],
    ] as const) await assert.rejects(model.fit(x, y, { sampleWeight: weights }), refused(code, message));
    await assert.rejects(model.fit(x, y, { sampleWeight, classWeight: { 1: 2 } }), refused('invalid-argument', /at once/));
    model.close();
  });
});

describe('classWeight', () => {
  it('is the sampleWeight of each class, by number or one-hot', async () => {
    const classWeight = { 0: 2, 2: 0.25 };
    const model = await compiled();
    await model.fit(x, y, { epochs: 2, batchSize: 4, classWeight });
    const twin = await compiled();
    await twin.fit(x, y, { epochs: 2, batchSize: 4, sampleWeight: Float32Array.from(y.data, (label) => ({ 0: 2, 1: 1, 2: 0.25 })[label]!) });
    assert.equal(weightsHash(twin), weightsHash(model));
    const oneHot = { data: Float32Array.from({ length: ROWS * 3 }, (_, i) => Number(y.data[Math.floor(i / 3)] === i % 3)), shape: [ROWS, 3] };
    const dense = await compiled(classifier, { loss: 'categoricalCrossentropy' });
    await dense.fit(x, oneHot, { epochs: 2, batchSize: 4, classWeight });
    assertClose(dense.getWeights()[0]!.data, model.getWeights()[0]!.data, 1e-6);
    [model, twin, dense].forEach((each) => each.close());
  });

  it('is refused for a class that is not there and for targets that are none', async () => {
    const model = await compiled();
    for (const classWeight of [{ 3: 1 }, { [-1]: 1 }, { 0.5: 1 }]) await assert.rejects(model.fit(x, y, { classWeight }), refused('invalid-argument', /0 to 2/));
    await assert.rejects(model.fit(x, y, { classWeight: { 0: -1 } }), refused('invalid-argument', /at least 0/));
    model.close();
    const regression = await compiled(classifier, { loss: 'mse', metrics: [] });
    await assert.rejects(regression.fit(x, randomTensor([ROWS, 3], 3), { classWeight: { 0: 1 } }), refused('invalid-argument', /not classes/));
    regression.close();
  });
});

/** Two layers: one notes its input, zeros and ones, the other makes that the mask of the steps. */
function maskLayers(): [Layer & { readonly inputShapeOption: Shape }, Layer] {
  let mask: Ref | undefined;
  class Step extends LayerBase {
    readonly type = 'activation';
    readonly optionTable = {};
    constructor(private readonly last: boolean) {
      super(last ? { name: 'masked' } : { name: 'noted', inputShape: [4, 1] });
    }
    protected outputShape(inputShape: Shape): Shape {
      return inputShape;
    }
    emit(x: PlanTensor, { tape }: EmitContext): PlanTensor {
      if (this.last) return tape.withMask(x, mask);
      mask = x.ref;
      return x;
    }
  }
  return [new Step(false) as Step & { readonly inputShapeOption: Shape }, new Step(true)];
}

describe('a mask', () => {
  const [first, last] = [3, 4];
  const kept = Float32Array.of(1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1);
  const inputs = { data: kept, shape: [first, last, 1] };
  const labels = randomLabels(first * last, 3, 5);
  const make = (): Sequential => {
    const [noted, masked] = maskLayers();
    return sequential([noted, layers.dense({ units: 5, activation: 'tanh' }), layers.dense({ units: 3 }), masked], { seed: 4 });
  };
  const targetsOf = (change = 0): Tensor => ({ data: labels.data.map((label, i) => (kept[i] === 0 ? (label + change) % 3 : label)), shape: [first, last] });

  it('leaves out steps: the loss and the accuracy are those of the others', async () => {
    const model = await compiled(make);
    const { data } = await model.predict(inputs);
    const counted = [...kept.keys()].filter((i) => kept[i] === 1);
    const lossOf = (i: number): number => Math.log([0, 1, 2].reduce((sum, c) => sum + Math.exp(data[3 * i + c]!), 0)) - data[3 * i + labels.data[i]!]!;
    const expected = total(counted.map(lossOf)) / counted.length;
    const right = counted.filter((i) => data.subarray(3 * i, 3 * i + 3).indexOf(Math.max(...data.subarray(3 * i, 3 * i + 3))) === labels.data[i]).length;
    for (const batchSize of [8, 1]) {
      const found = await model.evaluate(inputs, targetsOf(), { batchSize });
      assertClose([found.loss, found.accuracy!], [expected, right / counted.length], 1e-6, `batches of ${batchSize}`);
    }
    const weights = Float32Array.from({ length: 12 }, (_, i) => 1 + (i % 3));
    const weighted = await model.evaluate(inputs, targetsOf(), { sampleWeight: { data: weights, shape: [first, last] } });
    assertClose([weighted.loss], [total(counted.map((i) => lossOf(i) * weights[i]!)) / counted.length], 1e-6, 'weighted');
    model.close();
  });

  it('leaves them out of metrics that look at outputs', async () => {
    const model = await compiled(make, { metrics: ['accuracy', metrics.accuracy({ threshold: 0.4, name: 'accuracy_outputs' }), 'precision', metrics.topKAccuracy({ k: 2 })] });
    const { data } = await model.predict(inputs);
    const counted = [...kept.keys()].filter((i) => kept[i] === 1);
    const predictions = { data: Float32Array.from(counted.flatMap((i) => [...data.subarray(3 * i, 3 * i + 3)])), shape: [counted.length, 3] };
    const targets = counted.map((i) => labels.data[i]!);
    for (const change of [0, 1, 2]) {
      const found = await model.evaluate(inputs, targetsOf(change), { batchSize: 2 });
      assert.equal(found.accuracy_outputs, found.accuracy);
      assertClose([found.accuracy_outputs!, found.precision!, found.topKAccuracy!],
        [metrics.accuracy(targets, predictions), metrics.precision(targets, predictions), metrics.topKAccuracy(targets, predictions, { k: 2 })], 1e-12);
    }
    model.close();
  });

  it('leaves them out of training: their targets do not matter', async () => {
    const hashes: string[] = [];
    for (const [change, threads] of [[0, 1], [1, 1], [2, 3]] as const) {
      const model = await compiled(make, { threads });
      const before = weightsHash(model);
      await model.fit(inputs, targetsOf(change), { epochs: 3, batchSize: 2 });
      hashes.push(weightsHash(model));
      assert.notEqual(hashes.at(-1), before);
      model.close();
    }
    assert.equal(new Set(hashes).size, 1);
  });
});

describe('a loss with options', () => {
  it('stands in checkpoints, and another one is refused', async () => {
    const oneHot = { data: Float32Array.from({ length: ROWS * 3 }, (_, i) => Number(y.data[Math.floor(i / 3)] === i % 3)), shape: [ROWS, 3] };
    const model = await compiled(classifier, { loss: losses.categoricalCrossentropy({ labelSmoothing: 0.1 }) });
    await model.fit(x, oneHot);
    const resume = model.checkpoint();
    await model.compile({ ...classify, loss: 'categoricalCrossentropy' });
    await assert.rejects(model.fit(x, oneHot, { resume }), refused('checkpoint-mismatch', /loss is .*labelSmoothing.*not "categoricalCrossentropy"/));
    model.close();
  });

  it('is refused out of range', () => {
    for (const labelSmoothing of [-0.1, 1, NaN]) {
      assert.throws(() => losses.categoricalCrossentropy({ labelSmoothing }), refused('invalid-argument', /labelSmoothing/));
      assert.throws(() => losses.sparseCategoricalCrossentropy({ labelSmoothing }), refused('invalid-argument', /labelSmoothing/));
      assert.throws(() => losses.binaryCrossentropy({ labelSmoothing }), refused('invalid-argument', /labelSmoothing/));
    }
    for (const delta of [0, -1, NaN, Infinity]) assert.throws(() => losses.huber({ delta }), refused('invalid-argument', /delta/));
  });

  it('refuses targets that are no probabilities', async () => {
    const model = await compiled(classifier, { loss: 'binaryCrossentropy' });
    await assert.rejects(model.fit(x, randomTensor([ROWS, 3], 6)), refused('invalid-data', /row 0.*from 0 to 1/));
    model.close();
  });
});
