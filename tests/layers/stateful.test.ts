/** Layers that keep their states from batch to batch. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeCheckpoint, encodeCheckpoint, layers, sequential, sgd } from '../../src/entry.node.js';
import type { RecurrentLayer, Sequential, Tensor } from '../../src/entry.node.js';
import { weightsAlone } from '../../src/io/checkpoint.js';
import { assertClose, gamma } from '../reference/index.js';
import { randomTensor, refused, rowsOf, weightsHash } from '../model/helpers.js';

type Kind = 'simpleRNN' | 'lstm' | 'gru';
const kinds: Readonly<Record<Kind, typeof layers.simpleRNN>> = { simpleRNN: layers.simpleRNN, lstm: layers.lstm, gru: layers.gru };
const KINDS = Object.keys(kinds) as Kind[];

const STEPS = 3;
/** Two recurrent layers, the second of which gives its last output. */
function network(kind: Kind, stateful: boolean, steps = STEPS): { model: Sequential; first: RecurrentLayer; second: RecurrentLayer } {
  const first = kinds[kind]({ units: 5, returnSequences: true, stateful, recurrentDropout: 0, inputShape: [steps, 2] });
  const second = kinds[kind]({ units: 3, stateful });
  return { model: sequential([first, second, layers.dense({ units: 1 })], { seed: 4 }), first, second };
}
const compile = (model: Sequential, threads = 1): Promise<void> => model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'mse', threads });

/** Steps `from` … of sequences. */
function part({ data, shape: [rows, steps, features] }: Tensor, from: number, count: number): Tensor {
  const values = Float32Array.from({ length: rows! * count * features! }, (_, i) => {
    const n = Math.floor(i / (count * features!));
    return data[n * steps! * features! + from * features! + (i % (count * features!))]!;
  });
  return { data: values, shape: [rows!, count, features!] };
}

for (const kind of KINDS) {
  describe(`a stateful ${kind}`, () => {
    for (const batch of [1, 4, 6, 9]) {
      it(`gives for halves of sequences what another gives for the whole, batch ${batch}`, async () => {
        const whole = network(kind, false, 2 * STEPS).model;
        const { model } = network(kind, true);
        model.setWeights(whole.getWeights());
        await Promise.all([compile(whole), compile(model)]);
        const x = randomTensor([batch, 2 * STEPS, 2], 1);
        const expected = await whole.predict(x);
        await model.predict(part(x, 0, STEPS));
        assert.deepEqual(await model.predict(part(x, STEPS, STEPS)), expected);
        model.resetStates();
        await model.predict(part(x, 0, STEPS));
        assert.deepEqual(await model.predict(part(x, STEPS, STEPS)), expected, 'after a reset');
        [whole, model].forEach((each) => each.close());
      });
    }

    it('starts from given states, and tells them', async () => {
      const { model, first, second } = network(kind, true);
      await compile(model);
      assert.deepEqual(first.getStates(), []);
      const x = randomTensor([6, STEPS, 2], 2);
      await model.predict(x);
      const [states, outputs] = [[first.getStates(), second.getStates()], await model.predict(x)];
      assert.deepEqual(states[0]!.map(({ shape }) => shape), kind === 'lstm' ? [[6, 5], [6, 5]] : [[6, 5]]);
      first.resetStates(states[0]);
      second.resetStates(states[1]!.map(({ data }) => data));
      assert.deepEqual(first.getStates(), states[0]);
      assert.deepEqual(await model.predict(x), outputs);
      first.resetStates();
      assert.ok(first.getStates().every(({ data }) => data.every((value) => value === 0)));
      assert.ok(second.getStates().some(({ data }) => data.some((value) => value !== 0)));
      model.close();
    });

    it('trains on from there, by gradients of the batch alone', async () => {
      const { model, first, second } = network(kind, true);
      await compile(model);
      const [x, y] = [randomTensor([5, STEPS, 2], 3), randomTensor([5, 1], 4)];
      await model.predict(x);
      const states = [first.getStates(), second.getStates()];
      const weights = model.getWeights();
      /** The loss of some weights, from those states. */
      const lossOf = async (values: readonly Tensor[]): Promise<number> => {
        model.setWeights(values);
        first.resetStates(states[0]);
        second.resetStates(states[1]);
        return (await model.evaluate(x, y)).loss;
      };
      first.resetStates(states[0]);
      second.resetStates(states[1]);
      await model.trainOnBatch(x, y);
      assert.notDeepEqual(first.getStates(), states[0]);
      const after = model.getWeights();
      for (const [index, { data, shape }] of weights.entries()) {
        for (const at of [0, data.length >> 1, data.length - 1]) {
          const shifted = (by: number): Tensor[] => weights.map((weight, i) => (i === index ? { data: data.map((value, j) => (j === at ? value + by : value)), shape } : weight));
          const h = 2 ** -6;
          const [up, down] = [await lossOf(shifted(h)), await lossOf(shifted(-h))];
          const gradient = (data[at]! - after[index]!.data[at]!) / 0.1;
          // float32 losses differ by rounding, and a difference over 2h by the third derivative
          assertClose([gradient], [(up - down) / (2 * h)], 4 * h * h + (gamma(200) * Math.max(up, 1)) / h, `weight ${index}, ${at}`);
        }
      }
      model.close();
    });

    it('has the same bits on any number of threads', async () => {
      const run = async (threads: number): Promise<string> => {
        const { model } = network(kind, true);
        await compile(model, threads);
        await model.fit(randomTensor([18, STEPS, 2], 5), randomTensor([18, 1], 6), { batchSize: 9, epochs: 2, shuffle: false });
        const hash = weightsHash(model);
        model.close();
        return hash;
      };
      const hashes = await Promise.all([1, 2, 3].map(run));
      assert.equal(new Set(hashes).size, 1);
    });
  });
}

describe('stateful layers', () => {
  const x = randomTensor([12, STEPS, 2], 7);
  const y = randomTensor([12, 1], 8);

  it('refuse batches of another size, until the states are reset', async () => {
    const { model } = network('lstm', true);
    await compile(model);
    await assert.rejects(model.fit(x, y, { batchSize: 5 }), refused('invalid-shape', /multiple of 5 rows, received 12/));
    await assert.rejects(model.predict(x, { batchSize: 8 }), refused('invalid-shape', /multiple of 8/));
    await model.fit(x, y, { batchSize: 4 });
    await assert.rejects(model.evaluate(x, y, { batchSize: 6 }), refused('invalid-shape', /lstm_1.*4 rows, as before.*resetStates/s));
    await assert.rejects(model.trainOnBatch(rowsOf(x, 0, 3), rowsOf(y, 0, 3)), refused('invalid-shape'));
    model.resetStates();
    await model.evaluate(x, y, { batchSize: 6 });
    model.close();
  });

  it('refuse states that are none of theirs', async () => {
    const { model, first } = network('lstm', true);
    const refuses = (states: Parameters<RecurrentLayer['resetStates']>[0], code: 'invalid-shape' | 'invalid-data' | 'invalid-state', words: RegExp): void =>
      assert.throws(() => first.resetStates(states), refused(code, words));
    refuses(undefined, 'invalid-state', /not compiled/);
    await compile(model);
    const state = randomTensor([12, 5], 1);
    refuses([state], 'invalid-shape', /expected 2: h, c/);
    refuses([state, randomTensor([12, 4], 1)], 'invalid-shape', /state c.*\[12, 5\]/);
    refuses([state, { data: state.data.map(() => NaN), shape: [12, 5] }], 'invalid-data', /NaN/);
    await model.predict(x, { batchSize: 12 });
    refuses([randomTensor([4, 5], 1), randomTensor([4, 5], 1)], 'invalid-shape', /\[12, 5\]/);
    model.close();
    refuses(undefined, 'invalid-state', /not compiled/);
    const plain = layers.gru({ units: 2 });
    assert.throws(() => plain.resetStates(), refused('invalid-state', /keeps no states.*stateful: true/s));
  });

  it('keep their states in a step that is not finite, and while ops are timed', async () => {
    const { model, first } = network('gru', true);
    await compile(model);
    await model.predict(x, { batchSize: 12 });
    const states = first.getStates();
    await assert.rejects(model.trainOnBatch(x, { data: y.data.map(() => 3e38), shape: [12, 1] }), refused('not-finite'));
    assert.deepEqual(first.getStates(), states);
    await model.profile(x, y, { rounds: 2 });
    assert.deepEqual(first.getStates(), states);
    model.close();
  });

  it('go on from a checkpoint with the states they had', async () => {
    const fit = { batchSize: 4, epochs: 2, shuffle: false };
    const begin = async (): Promise<Sequential> => {
      const { model } = network('lstm', true);
      await compile(model);
      return model;
    };
    const straight = await begin();
    await straight.fit(x, y, fit);
    const stopped = await begin();
    const controller = new AbortController();
    await assert.rejects(stopped.fit(x, y, { ...fit, signal: controller.signal, callbacks: { onBatchEnd: () => void (stopped.step === 2 && controller.abort()) } }));
    const checkpoint = await decodeCheckpoint(await encodeCheckpoint(stopped.checkpoint()));
    assert.deepEqual([...checkpoint.tensors.keys()].filter((name) => name.includes('state')).sort(), ['lstm_1/state/c', 'lstm_1/state/h', 'lstm_2/state/c', 'lstm_2/state/h']);
    assert.deepEqual([...weightsAlone(checkpoint.tensors).keys()], straight.weightSpecs.map(({ name }) => name));
    const resumed = await begin();
    await resumed.fit(x, y, { ...fit, resume: checkpoint });
    assert.equal(weightsHash(resumed), weightsHash(straight));
    [straight, stopped, resumed].forEach((each) => each.close());
  });
});
