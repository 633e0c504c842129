/** Layers of the user's own, made of operations: gradients against finite differences in double precision, and what surrounds them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, customLayer, decodeModel, encodeModel, layers, modelFromJSON, sequential, sgd } from '../../src/entry.node.js';
import type { Layer, Sequential } from '../../src/entry.node.js';
import { randomTensor, refused, weightsHash } from '../model/helpers.js';
import { gradientCheck, map, meanSquaredError, randomArray, type Values } from '../reference/index.js';

const BATCH = 4;

const swish = customLayer({ type: 'swish', call: (x, { multiply, activation }) => multiply(x, activation(x, 'sigmoid')) });

/** (x · w + b) · σ(x · v), with b used again at the end, and a little of every other operation. */
const gated = customLayer({
  type: 'gated',
  weights: (inputShape) => [
    { name: 'kernel', shape: [inputShape.at(-1)!, 3], initializer: 'glorotUniform' }, { name: 'gate', shape: [inputShape.at(-1)!, 3], initializer: 'glorotUniform' },
    { name: 'bias', shape: [3], initializer: 'ones' },
  ],
  call(x, { matmul, add, multiply, activation, divide, subtract, scale, reshape }, [kernel, gate, bias]) {
    const open = multiply(add(matmul(x, kernel!), bias!), activation(matmul(x, gate!), 'sigmoid'));
    const even = divide(subtract(open, bias!), scale(activation(open, 'sigmoid'), 2, 1)); // open is used twice, the bias too
    return reshape(divide(multiply(even, bias!), bias!), [6]);
  },
  flops: ([time, features]) => ({ multiplications: 6 * time! * features!, additions: 6 * time! * features! }),
});

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/** Rows of x [rows, features] times w [features, 3]. */
function product(x: Values, w: Values, features: number): Float64Array {
  return Float64Array.from({ length: (x.length / features) * 3 }, (_, i) => {
    let sum = 0;
    for (let f = 0; f < features; f++) sum += x[Math.floor(i / 3) * features + f]! * w[f * 3 + (i % 3)]!;
    return sum;
  });
}

/** The network below in double precision. Weights: kernel [5, 3], gate [5, 3], bias [3]. */
function forward(x: Values, weights: Values): Float64Array {
  const all = Float64Array.from(weights);
  const [kernel, gate, bias] = [all.subarray(0, 15), all.subarray(15, 30), all.subarray(30)];
  const swished = map(x, (value) => value * sigmoid(value));
  const gates = product(swished, gate, 5);
  const open = map(product(swished, kernel, 5), (value, i) => (value + bias[i % 3]!) * sigmoid(gates[i]!));
  return map(open, (value, i) => (value - bias[i % 3]!) / (2 * sigmoid(value) + 1));
}

const network = (): Sequential => sequential([swish({ inputShape: [2, 5] }), gated()], { seed: 2 });

describe('a custom layer', () => {
  const x = randomTensor([BATCH, 2, 5], 1);
  const y = randomTensor([BATCH, 6], 2);

  it('agrees with double precision forward and backward', async () => {
    const model = network();
    model.setWeights(model.getWeights().map(({ data }, i) => randomArray(data.length, 7 + i, 0.3, 0.9)));
    const weights = (): Float64Array => Float64Array.from(model.getWeights().flatMap(({ data }) => [...data]));
    await model.compile({ optimizer: sgd({ learningRate: 1 }), loss: 'mse', threads: 1 });
    const before = weights();
    const predicted = await model.predict(x);
    forward(x.data, before).forEach((value, i) => assert.ok(Math.abs(value - predicted.data[i]!) < 1e-6));
    await model.trainOnBatch(x, y);
    const after = weights();
    const f = (values: Values): number => meanSquaredError({ predictions: forward(x.data, values), targets: y.data, rows: BATCH, columns: 6 }).loss;
    gradientCheck({ f, x: before, gradient: map(before, (value, i) => value - after[i]!) });
    model.close();
  });

  it('comes to the same bits on three threads', async () => {
    const hashes = await Promise.all([1, 3].map(async (threads) => {
      const model = network();
      await model.compile({ optimizer: adam(), loss: 'mse', threads });
      await model.fit(x, y, { epochs: 3, batchSize: 3 });
      model.close();
      return weightsHash(model);
    }));
    assert.equal(hashes[0], hashes[1]);
  });

  it('can be left untrained, and passes its gradient on', async () => {
    const model = sequential([layers.dense({ units: 5, inputShape: [2, 5] }), swish(), gated({ trainable: false, name: 'still' })]);
    await model.compile({ optimizer: adam(), loss: 'mse', threads: 1 });
    const [first, , still] = model.layers as [Layer, Layer, Layer];
    const before = [first.getWeights(), still.getWeights()];
    await model.trainOnBatch(x, y);
    assert.notDeepEqual(first.getWeights(), before[0]);
    assert.deepEqual(still.getWeights(), before[1]);
    model.close();
  });

  it('is known by its type in JSON, files and checkpoints', async () => {
    const model = network();
    const own = { customLayers: { swish, gated } };
    const back = modelFromJSON(model.toJSON(), 'config', own);
    assert.equal(JSON.stringify(back), JSON.stringify(model));
    assert.deepEqual(back.summary().layers, model.summary().layers);
    assert.equal(weightsHash(await decodeModel(await encodeModel(model), 'file', own)), weightsHash(model));
    assert.throws(() => modelFromJSON(model.toJSON()), refused('unsupported', /custom layer.*"swish".*customLayers/));
    assert.throws(() => modelFromJSON(model.toJSON(), 'x', { customLayers: { swish } }), refused('unsupported', /"gated"/));
    assert.throws(() => modelFromJSON(JSON.stringify(model).replace('"swish"', '"toString"'), 'x', own), refused('unsupported', /"toString"/));

    await model.compile({ optimizer: adam(), loss: 'mse', threads: 1 });
    await model.fit(x, y, { epochs: 2, batchSize: 3 });
    const checkpoint = model.checkpoint();
    await model.fit(x, y, { epochs: 4, batchSize: 3, resume: checkpoint });
    const again = network();
    await again.compile({ optimizer: adam(), loss: 'mse', threads: 2 });
    await again.fit(x, y, { epochs: 4, batchSize: 3, resume: checkpoint });
    assert.equal(weightsHash(again), weightsHash(model));
    for (const each of [model, again]) each.close();
  });

  it('refuses shapes that do not go together, naming the layer', () => {
    const apply = (call: Parameters<typeof customLayer>[0]['call']): unknown => sequential([customLayer({
      type: 'odd', weights: () => [{ name: 'w', shape: [2, 3], initializer: 'ones' }], call,
    })({ inputShape: [4, 3] })]);
    apply((x, { multiply }, [w]) => multiply(x, x) && x && (w ? x : x));
    assert.throws(() => apply((x, { add }, [w]) => add(x, w!)), refused('invalid-shape', /^odd_1: add.*last axes of \[4, 3\].*\[2, 3\]/));
    assert.throws(() => apply((x, { matmul }, [w]) => matmul(x, w!)), refused('invalid-shape', /matmul/));
    assert.throws(() => apply((x, { matmul }) => matmul(x, x)), refused('invalid-shape', /matmul/));
    assert.throws(() => apply((x, { reshape }) => reshape(x, [5])), refused('invalid-shape', /reshape.*12 values/));
    assert.throws(() => apply((x, { add, reshape }) => add(x, reshape(x, [12]))), refused('invalid-shape', /two of \[4, 3\]/));
    assert.throws(() => apply((_x, _ops, [w]) => w!), refused('invalid-shape', /a weight, not a value/));
    assert.throws(() => customLayer({ type: '', call: (x) => x }), refused('invalid-argument', /type/));
  });
});
