import '../../src/entry.node.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateSignals, nextSampleWindows } from '../../src/data/signals.js';
import { FASHION_MNIST_PRESETS, fashionMnistNetwork } from '../../src/networks/fashion-mnist.js';
import { PRESETS } from '../../src/networks/preset.js';
import { SIGNALS_PRESETS, signalsNetwork } from '../../src/networks/signals.js';

const shapesOf = (model: { layers: readonly { output: readonly number[] }[] }): string[] => model.layers.map(({ output }) => output.join('×'));

test('the classifier is the task’s, in every preset but the best', () => {
  for (const preset of PRESETS) {
    if (preset === 'best') continue;
    const model = fashionMnistNetwork(FASHION_MNIST_PRESETS[preset], 1);
    assert.deepEqual(shapesOf(model), ['28×28×1', '26×26×64', '13×13×64', '11×11×64', '7744', '7744', '128', '128', '10']);
    assert.equal(model.parameterCount, 1_030_218);
    assert.equal(model.summary().forward.multiplications, 5_842_432);
  }
  const { epochs, batchSize, dropout, rows, optimizer } = FASHION_MNIST_PRESETS.seed;
  assert.deepEqual({ epochs, batchSize, dropout, rows }, { epochs: 20, batchSize: 128, dropout: 0.3, rows: undefined });
  assert.match(optimizer(100).describe(), /^Adam, rate 0\.001$/);
});

test('the best classifier halves its images three times and has twice the filters each time', () => {
  const { layers, parameterCount } = fashionMnistNetwork(FASHION_MNIST_PRESETS.best, 1);
  assert.equal(layers[0]!.type, 'randomFlip');
  const convolutions = layers.filter(({ type }) => type === 'conv2d');
  assert.deepEqual(convolutions.map(({ output }) => output.join('×')), ['28×28×32', '14×14×64', '14×14×64', '7×7×128', '7×7×128', '3×3×256']);
  assert.equal(parameterCount, 9 * (32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256) + 4 * (32 + 2 * 64 + 2 * 128 + 256) + 2570);
});

test('the predictor is the task’s', () => {
  const model = signalsNetwork(SIGNALS_PRESETS.seed, { seed: 1, steps: 499, horizon: 1 });
  assert.deepEqual(shapesOf(model), ['499×20', '499×10', '499×5', '499×1']);
  assert.equal(model.parameterCount, 836);
  assert.equal(model.summary().layers.filter(({ detail }) => detail.includes('input dropout 0.2')).length, 3);
  const { epochs, batchSize, optimizer } = SIGNALS_PRESETS.seed;
  assert.deepEqual({ epochs, batchSize }, { epochs: 5000, batchSize: 32 });
  assert.match(optimizer(100).describe(), /^Adam, rate 0\.001$/);
});

test('a sample further ahead has the second form’s layers', () => {
  const model = signalsNetwork(SIGNALS_PRESETS.seed, { seed: 1, steps: 495, horizon: 5 });
  assert.deepEqual(shapesOf(model), ['495×32', '495×32', '495×64', '495×1']);
  assert.equal(model.parameterCount, 32 * 34 + 32 * 65 + 64 * 97 + 65);
});

test('the best predictor keeps to 50 recurrent units in three layers, without input dropout', () => {
  const { units, inputDropout } = SIGNALS_PRESETS.best;
  assert.equal(units.length, 3);
  assert.ok(units.reduce((sum, count) => sum + count) <= 50);
  assert.equal(inputDropout, 0);
});

test('the loss of the predictor is in the data’s own units squared', async () => {
  const { x, y } = nextSampleWindows(generateSignals({ count: 5, length: 60 }));
  for (const preset of Object.values(SIGNALS_PRESETS)) {
    const { optimizer } = preset;
    const model = signalsNetwork(preset, { seed: 3, steps: 59, horizon: 1 });
    await model.compile({ optimizer: optimizer(10), loss: 'meanSquaredError', threads: 1 });
    const { loss } = await model.evaluate(x, y);
    const { data } = await model.predict(x);
    const expected = y.data.reduce((sum, value, index) => sum + (value - data[index]!) ** 2, 0) / y.data.length;
    assert.ok(Math.abs(loss - expected) < 1e-5 * expected, `${loss} and ${expected}`);
    model.close();
  }
});

test('another seed gives other weights, another preset of the same form the same', () => {
  const first = (preset: 'quick' | 'seed', seed: number): number => fashionMnistNetwork(FASHION_MNIST_PRESETS[preset], seed).getWeights()[0]!.data[0]!;
  assert.equal(first('quick', 1), first('seed', 1));
  assert.notEqual(first('quick', 1), first('quick', 2));
});
