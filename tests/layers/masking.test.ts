/** Embeddings and masks: a sequence with steps that are left out is the sequence without them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { input, layers, model, modelFromJSON, sequential, sgd } from '../../src/entry.node.js';
import type { JsonRecord, Layer, Model, SymbolicTensor, Tensor } from '../../src/entry.node.js';
import { randomLabels, randomTensor, refused, weightsHash } from '../model/helpers.js';
import { assertClose } from '../reference/index.js';

const { activation, add, bidirectional, concatenate, dense, dropout, embedding, gru, lstm, masking, rescaling, simpleRNN } = layers;
const [ROWS, FEATURES, VALUE] = [6, 2, 0.5];

/** [rows, long.length, features]: the steps of `short` in the places of `true`, the mask's value in others. */
function spread({ data }: Tensor, counts: readonly boolean[]): Tensor<Float32Array> {
  const short = counts.filter(Boolean).length;
  const result = new Float32Array(ROWS * counts.length * FEATURES).fill(VALUE);
  for (let row = 0; row < ROWS; row++) {
    let next = 0;
    counts.forEach((isStep, t) => {
      if (!isStep) return;
      for (let f = 0; f < FEATURES; f++) result[(row * counts.length + t) * FEATURES + f] = data[(row * short + next) * FEATURES + f]!;
      next++;
    });
  }
  return { data: result, shape: [ROWS, counts.length, FEATURES] };
}

const places: Readonly<Record<string, readonly boolean[]>> = {
  'at the end': [true, true, true, false, false], 'at the start': [false, true, true, true], 'in the middle': [true, false, false, true, false, true],
};
const recurrent: Readonly<Record<string, () => Layer>> = {
  simpleRNN: () => simpleRNN({ units: 4 }), lstm: () => lstm({ units: 4 }), gru: () => gru({ units: 4 }), 'gru, reset before': () => gru({ units: 4, resetAfter: false }),
  'lstm backwards': () => lstm({ units: 4, goBackwards: true }), 'gru in both directions': () => bidirectional({ layer: gru({ units: 4 }), mergeMode: 'mul' }),
  'lstm in both directions, backwards first': () => bidirectional({ layer: lstm({ units: 4, goBackwards: true }) }),
};

/** Layers that hand a mask on. */
const between = (): Layer[] => [rescaling({ scale: 2 }), dense({ units: 3 }), activation({ activation: 'tanh' }), dropout({ rate: 0 }), gru({ units: 3, returnSequences: true })];

/** Predictions, then the weights after a step. */
async function outcome(network: Model, x: Tensor | readonly Tensor[], y: Tensor): Promise<number[]> {
  await network.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: 'mse', threads: 1 });
  const { data } = await network.predict(x);
  await network.trainOnBatch(x, y);
  const weights = network.getWeights().flatMap((weight) => [...weight.data]);
  network.close();
  return [...data, ...weights];
}

describe('masking', () => {
  const short = randomTensor([ROWS, 3, FEATURES], 1);
  const y = randomTensor([ROWS, 1], 2);
  for (const [name, make] of Object.entries(recurrent)) {
    for (const [place, counts] of Object.entries(places)) {
      it(`leaves out steps ${place}: ${name}`, async () => {
        const stack = (steps: number): Layer[] => [masking({ maskValue: VALUE, inputShape: [steps, FEATURES] }), ...between(), make(), dense({ units: 1 })];
        const expected = await outcome(sequential(stack(3), { seed: 5 }), short, y);
        assertClose(await outcome(sequential(stack(counts.length), { seed: 5 }), spread(short, counts), y), expected, 1e-6, 'predictions and weights');
      });
    }
  }

  describe('before both directions', () => {
    const counts = [false, true, true, false, true, false];
    const stack = (steps: number, goBackwards: boolean, behind: readonly Layer[]): Model => sequential([
      masking({ maskValue: VALUE, inputShape: [steps, FEATURES] }), bidirectional({ layer: gru({ units: 3, returnSequences: true, goBackwards }), mergeMode: 'mul' }), ...behind,
    ], { seed: 7 });

    for (const goBackwards of [false, true]) {
      it(`leaves zeros in their sequences${goBackwards ? ', the first one backwards' : ''}`, async () => {
        const sequences = (network: Model, x: Tensor): Promise<number[]> => outcome(network, x, randomTensor([ROWS, x.shape[1]!, 3], 3)).then((all) => all.slice(0, ROWS * x.shape[1]! * 3));
        const found = await sequences(stack(6, goBackwards, []), spread(short, counts));
        const expected = await sequences(stack(3, goBackwards, []), short);
        const places = goBackwards ? [...counts].reverse() : counts;
        for (let row = 0; row < ROWS; row++) {
          const steps = places.map((_, t) => found.slice((row * 6 + t) * 3, (row * 6 + t) * 3 + 3));
          assertClose(steps.filter((_, t) => places[t]).flat(), expected.slice(row * 9, row * 9 + 9), 1e-6, `row ${row}`);
          assert.deepEqual(steps.filter((_, t) => !places[t]).flat(), new Array(9).fill(0));
        }
      });
    }

    it('is handed on to layers behind', async () => {
      const behind = (): Layer[] => [bidirectional({ layer: lstm({ units: 3 }) }), dense({ units: 1 })];
      assertClose(await outcome(stack(6, false, behind()), spread(short, counts), y), await outcome(stack(3, false, behind()), short, y), 1e-6);
    });
  });

  describe('of two inputs', () => {
    type Join = (sides: readonly SymbolicTensor[]) => SymbolicTensor;
    const joins: Readonly<Record<string, Join>> = { 'are added': (sides) => add().apply(sides), 'are side by side': (sides) => concatenate().apply(sides) };
    const network = (steps: readonly number[], join: Join, masked = [true, true]): Model => {
      const inputs = steps.map((count, side) => input({ shape: [count, FEATURES], name: `input${side}` }));
      const sides = inputs.map((x, side) => dense({ units: 3 }).apply(masked[side] ? masking({ maskValue: VALUE }).apply(x) : x));
      const result = model({ inputs, outputs: dense({ units: 1 }).apply(gru({ units: 3 }).apply(join(sides))) });
      result.setWeights(result.getWeights().map(({ shape }, index) => randomTensor(shape, index)));
      return result;
    };
    const withStep = ({ data, shape }: Tensor<Float32Array>, step: number, value: number): Tensor<Float32Array> =>
      ({ data: data.map((own, index) => (Math.floor(index / FEATURES) % shape[1]! === step ? value : own)), shape });
    const [a, b] = [randomTensor([ROWS, 4, FEATURES], 3), randomTensor([ROWS, 4, FEATURES], 4)];
    const counts = [true, true, true, false, true];

    for (const [name, join] of Object.entries(joins)) {
      it(`that ${name} leaves out the steps that both leave out`, async () => {
        const expected = await outcome(network([4, 4], join), [withStep(a, 2, 0), withStep(b, 1, 0)], y); // where one leaves a step out it is zeros
        const found = await outcome(network([5, 5], join), [withStep(spread(a, counts), 2, VALUE), withStep(spread(b, counts), 1, VALUE)], y);
        assertClose(found, expected, 1e-6, 'predictions and weights');
      });

      it(`that ${name} leaves out none if one of them has no mask`, async () => {
        const expected = await outcome(network([4, 4], join, [false, false]), [withStep(a, 2, 0), b], y);
        assertClose(await outcome(network([4, 4], join, [true, false]), [withStep(a, 2, VALUE), b], y), expected, 1e-6, 'predictions and weights');
      });
    }

    it('one after the other leaves out the steps of each', async () => {
      const join: Join = (sides) => concatenate({ axis: 1 }).apply(sides);
      for (const masked of [[true, true], [false, true]]) {
        const expected = await outcome(network([4, 4], join, [false, false]), [a, b], y);
        assertClose(await outcome(network([masked[0] ? 5 : 4, 5], join, masked), [masked[0] ? spread(a, counts) : a, spread(b, counts)], y), expected, 1e-6, 'predictions and weights');
      }
    });
  });
});

describe('embedding', () => {
  const ids = { data: Uint8Array.of(3, 1, 2, 0, 0, 1, 1, 0, 2, 3, 3, 2), shape: [3, 4] };
  const labels = randomLabels(12, 3, 7);
  const make = (maskZero = true): Model => sequential([
    embedding({ inputDim: 4, outputDim: 20, maskZero, inputShape: [4] }), lstm({ units: 5, returnSequences: true }), dense({ units: 3, activation: 'softmax' }),
  ], { seed: 8 });
  const compiled = async (threads = 1, maskZero = true): Promise<Model> => {
    const network = make(maskZero);
    await network.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], threads });
    return network;
  };
  const targets = (change = 0): Tensor => ({ data: labels.data.map((value, i) => (ids.data[i] === 0 ? (value + change) % 3 : value)), shape: [3, 4] });

  it('that masks 0 leaves these steps out of the loss and the metrics', async () => {
    const network = await compiled();
    const { data } = await network.predict(ids);
    const counted = [...ids.data.keys()].filter((i) => ids.data[i] !== 0);
    const loss = counted.reduce((sum, i) => sum - Math.log(data[3 * i + labels.data[i]!]!), 0) / counted.length;
    const right = counted.filter((i) => Math.max(...data.subarray(3 * i, 3 * i + 3)) === data[3 * i + labels.data[i]!]).length;
    const found = await network.evaluate(ids, targets());
    assertClose([found.loss, found.accuracy!], [loss, right / counted.length], 1e-6);
    network.close();
  });

  it('gives the same bits on every number of threads, whatever the targets of steps that are left out', async () => {
    const hashes = new Set<string>();
    for (const threads of [1, 2, 3, 4]) {
      const network = await compiled(threads);
      await network.fit(ids, targets(threads % 3), { epochs: 4, batchSize: 2 });
      hashes.add(weightsHash(network));
      network.close();
    }
    assert.equal(hashes.size, 1);
  });

  it('refuses what is no number of its table, before any weight changes', async () => {
    const network = await compiled(1, false);
    const before = weightsHash(network);
    for (const bad of [4, -1, 0.5, 2 ** 24]) {
      const x = { data: Float32Array.from(ids.data, (id, i) => (i === 9 ? bad : id)), shape: ids.shape };
      const message = /row 2.*a whole number from 0 to 3, received/;
      await assert.rejects(network.fit(x, targets(), { batchSize: 1 }), refused('invalid-data', message));
      await assert.rejects(network.evaluate(x, targets()), refused('invalid-data', message));
      await assert.rejects(network.predict(x), refused('invalid-data', message));
    }
    assert.equal(weightsHash(network), before);
    network.close();
  });

  it('reads an input of the model, of which the smallest table says what may be in it', () => {
    assert.throws(() => sequential([dense({ units: 2, inputShape: [3] }), embedding({ inputDim: 4, outputDim: 2 })]), refused('invalid-argument', /an input of the model.*dense_1/));
    const x = input({ shape: [4] });
    const scaled = rescaling({ scale: 9, name: 'scaled' }).apply(x);
    const onScaled = { name: 'embedding', type: 'embedding', inputDim: 4, outputDim: 2, inputs: ['scaled'] };
    assert.throws(() => embedding({ inputDim: 4, outputDim: 2 }).apply([scaled]), refused('invalid-argument', /an input of the model.*scaled/));
    const { layers: list, ...others } = model({ inputs: x, outputs: scaled }).toJSON() as { layers: JsonRecord[] };
    assert.throws(() => modelFromJSON({ ...others, layers: [...list, onScaled], outputs: ['embedding'] }), refused('invalid-argument', /an input of the model.*scaled/));
    const both = layers.concatenate().apply([embedding({ inputDim: 9, outputDim: 2 }).apply(x), embedding({ inputDim: 5, outputDim: 3 }).apply(x)]);
    assert.deepEqual(model({ inputs: x, outputs: both }).inputSpecs, [{ name: 'input_1', shape: [4], indices: 5 }]);
    assert.deepEqual(both.shape, [4, 5]);
  });
});
