/** Layers of several inputs and the models they make, against double precision. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { input, layers, model, modelFromJSON, sgd } from '../../src/entry.node.js';
import type { Model, Tensor } from '../../src/entry.node.js';
import { weightsHash } from '../model/helpers.js';
import { gemm, gradientCheck, map, meanSquaredError, randomArray, simpleRnnForward, type Values } from '../reference/index.js';

const BATCH = 5;

/** A network of the library beside its pass forward in double precision, from inputs [batch, …] and all weights. */
interface Twin {
  make: () => Model;
  forward: (inputs: readonly Values[], weights: readonly Values[]) => Float64Array;
}

const dense = (x: Values, [kernel, bias]: readonly Values[], units: number, f: (value: number) => number = (value) => value): Float64Array => {
  const features = kernel!.length / units;
  return map(gemm({ m: x.length / features, n: units, k: features, a: x, b: kernel! }), (value, i) => f(value + bias![i % units]!));
};
const sum = (a: Values, ...others: readonly Values[]): Float64Array => map(a, (value, i) => others.reduce((total, b) => total + b[i]!, value));
/** Rows of a, then of b, side by side: rows of a and b are `columns` long. */
const beside = (a: Values, columnsA: number, b: Values, columnsB: number): Float64Array => {
  const joined: number[] = [];
  for (let row = 0; row * columnsA < a.length; row++) {
    joined.push(...Array.from(a).slice(row * columnsA, (row + 1) * columnsA), ...Array.from(b).slice(row * columnsB, (row + 1) * columnsB));
  }
  return Float64Array.from(joined);
};

const rows: Twin = {
  make() {
    const x = input({ shape: [3, 4] });
    const z = input({ shape: [5], name: 'context' });
    const a = layers.dense({ units: 4, activation: 'tanh' }).apply(x);
    const skip = layers.add().apply([a, x, a]); // one of them twice
    const wide = layers.concatenate().apply([skip, a]); // [3, 8]
    const b = layers.dense({ units: 8 }).apply(x);
    const long = layers.concatenate({ axis: 1 }).apply([wide, b]); // [6, 8]
    const all = layers.concatenate().apply([layers.flatten().apply(long), z]); // [53]
    return model({ inputs: [x, z], outputs: layers.dense({ units: 3 }).apply(all), seed: 4 });
  },
  forward([x, z], [aKernel, aBias, bKernel, bBias, kernel, bias]) {
    const a = dense(x!, [aKernel!, aBias!], 4, Math.tanh);
    const wide = beside(sum(a, x!, a), 4, a, 4);
    const b = dense(x!, [bKernel!, bBias!], 8);
    return dense(beside(beside(wide, 24, b, 24), 48, z!, 5), [kernel!, bias!], 3);
  },
};

const lanes: Twin = {
  make() {
    const x = input({ shape: [7, 2] });
    const a = layers.simpleRNN({ units: 3, returnSequences: true }).apply(x);
    const b = layers.simpleRNN({ units: 3, returnSequences: true }).apply(a);
    const skip = layers.add().apply([a, b]);
    const wide = layers.concatenate({ axis: 2 }).apply([skip, b]); // [7, 6]
    const long = layers.concatenate({ axis: -2 }).apply([wide, wide]); // [14, 6]
    return model({ inputs: x, outputs: layers.dense({ units: 2 }).apply(long), seed: 4 });
  },
  forward([x], [aKernel, aRecurrent, aBias, bKernel, bRecurrent, bBias, kernel, bias]) {
    const sizes = { batch: BATCH, steps: 7, units: 3 };
    const a = simpleRnnForward({ ...sizes, features: 2, x: x!, kernel: aKernel!, recurrentKernel: aRecurrent!, bias: aBias! });
    const b = simpleRnnForward({ ...sizes, features: 3, x: a, kernel: bKernel!, recurrentKernel: bRecurrent!, bias: bBias! });
    const wide = beside(sum(a, b), 3, b, 3);
    return dense(beside(wide, 42, wide, 42), [kernel!, bias!], 2);
  },
};

const tensor = (data: Values, shape: readonly number[]): Tensor => ({ data: Float32Array.from(data), shape: [BATCH, ...shape] });
const size = (shape: readonly number[]): number => shape.reduce((product, each) => product * each, BATCH);

for (const [name, { make, forward }] of Object.entries({ rows, lanes })) {
  describe(`branches that meet again, in ${name}`, () => {
    const shapes = make().inputSpecs.map(({ shape }) => shape);
    const x = shapes.map((shape, index) => randomArray(size(shape), 21 + index));
    const tensors = x.map((data, index) => tensor(data, shapes[index]!));
    const inputs = tensors.length === 1 ? tensors[0]! : tensors;
    const { outputShape } = make();
    const y = randomArray(size(outputShape), 31);
    const split = (network: Model, values: Values): Float64Array[] => {
      const all = Float64Array.from(values);
      let start = 0;
      return network.weightSpecs.map(({ shape }) => all.slice(start, (start += shape.reduce((product, each) => product * each, 1))));
    };
    const ready = async ({ threads = 1, learningRate = 1 } = {}): Promise<Model> => {
      const network = make();
      network.setWeights(network.getWeights().map(({ data }, i) => randomArray(data.length, 100 + i, -0.6, 0.6)));
      await network.compile({ optimizer: sgd({ learningRate }), loss: 'mse', threads });
      return network;
    };
    const flat = (network: Model): Float64Array => Float64Array.from(network.getWeights().flatMap(({ data }) => [...data]));

    it('agree with the reference forward and backward', async () => {
      const network = await ready();
      const before = flat(network);
      const f = (weights: Values): number => {
        const predictions = forward(x, split(network, weights));
        return meanSquaredError({ predictions, targets: y, rows: BATCH, columns: predictions.length / BATCH }).loss;
      };
      const predicted = await network.predict(inputs);
      const expected = forward(x, split(network, before));
      assert.deepEqual(predicted.shape, [BATCH, ...outputShape]);
      predicted.data.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-5, `output ${i}`));
      const { loss } = await network.trainOnBatch(inputs, tensor(y, outputShape));
      assert.ok(Math.abs(loss - f(before)) < 1e-5 * Math.max(1, loss));
      const after = flat(network);
      gradientCheck({ f, x: before, gradient: map(before, (value, i) => value - after[i]!) });
      network.close();
    });

    it('give the same bits on three threads, and after a way through JSON', async () => {
      const hashes = await Promise.all([ready({ learningRate: 0.01 }), ready({ learningRate: 0.01, threads: 3 })].map(async (made) => {
        const network = await made;
        await network.fit(inputs, tensor(y, outputShape), { epochs: 3, batchSize: 2 });
        network.close();
        return weightsHash(network);
      }));
      assert.equal(hashes[0], hashes[1]);
      const network = make();
      const back = modelFromJSON(network.toJSON());
      assert.equal(JSON.stringify(back), JSON.stringify(network));
      assert.equal(weightsHash(back), weightsHash(network));
      assert.equal(back.summary().toString(), network.summary().toString());
    });
  });
}
