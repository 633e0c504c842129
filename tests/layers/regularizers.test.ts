/** Penalties on weights: in the loss, in the gradient, in JSON. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layers, modelFromJSON, regularizers, sequential, sgd } from '../../src/entry.node.js';
import type { Regularizer, Sequential, Tensor } from '../../src/entry.node.js';
import { assertClose, map, sum } from '../reference/index.js';
import { randomTensor, refused, weightsHash } from '../model/helpers.js';

const { conv2d, dense, flatten, separableConv2d, simpleRNN, lstm } = layers;
const { l1, l2, l1l2 } = regularizers;

const penaltyOf = ({ l1: a, l2: b }: Regularizer, values: Float32Array): number => sum(map(values, (w) => a * Math.abs(w) + b * w * w));

interface Case {
  /** With penalties, and without. */
  make: (regularized: boolean) => Sequential;
  /** The penalty on each of the weights. */
  penalties: readonly (Regularizer | undefined)[];
  x: Tensor;
}

const cases: Readonly<Record<string, Case>> = {
  'dense, more weights than a block': {
    make: (on) => sequential([
      dense({ units: 150, inputShape: [60], ...(on && { kernelRegularizer: l2(0.05), biasRegularizer: l1(0.1) }) }), dense({ units: 2, ...(on && { kernelRegularizer: l1l2({ l1: 0.01, l2: 0.02 }) }) }),
    ], { seed: 2 }),
    penalties: [l2(0.05), l1(0.1), l1l2({ l1: 0.01, l2: 0.02 }), undefined], x: randomTensor([5, 60], 1),
  },
  'conv2d': {
    make: (on) => sequential([conv2d({ filters: 3, kernelSize: 2, inputShape: [4, 4, 2], ...(on && { kernelRegularizer: l1(), biasRegularizer: l2() }) }), flatten(), dense({ units: 1 })], { seed: 3 }),
    penalties: [l1(), l2(), undefined, undefined], x: randomTensor([5, 4, 4, 2], 2),
  },
  'separableConv2d': {
    make: (on) => sequential([
      separableConv2d({ filters: 3, kernelSize: 2, inputShape: [4, 4, 2], ...(on && { depthwiseRegularizer: l1(), pointwiseRegularizer: l2(0.2), biasRegularizer: l2() }) }), flatten(), dense({ units: 1 }),
    ], { seed: 3 }),
    penalties: [l1(), l2(0.2), l2(), undefined, undefined], x: randomTensor([5, 4, 4, 2], 2),
  },
  'recurrent': {
    make: (on) => sequential([
      simpleRNN({ units: 3, returnSequences: true, inputShape: [4, 2], ...(on && { kernelRegularizer: l2(0.1), recurrentRegularizer: l1(0.2), biasRegularizer: l2(0.3) }) }),
      lstm({ units: 2, ...(on && { recurrentRegularizer: l2(0.4) }) }),
    ], { seed: 4 }),
    penalties: [l2(0.1), l1(0.2), l2(0.3), undefined, l2(0.4), undefined], x: randomTensor([5, 4, 2], 3),
  },
};

/** Weights before and after a step with rate 1, and the loss of the step and of an evaluation before it. */
async function step(model: Sequential, { x }: Case, threads = 1): Promise<{ before: Float32Array[]; after: Float32Array[]; loss: number; evaluated: number; hash: string }> {
  await model.compile({ optimizer: sgd({ learningRate: 1 }), loss: 'mse', threads });
  const y = randomTensor([5, ...model.outputShape], 9);
  const before = model.getWeights().map(({ data }, i) => randomTensor([data.length], 20 + i).data);
  model.setWeights(before);
  const evaluated = (await model.evaluate(x, y)).loss;
  const { loss } = await model.trainOnBatch(x, y);
  const after = model.getWeights().map(({ data }) => data);
  const hash = weightsHash(model);
  model.close();
  return { before, after, loss, evaluated, hash };
}

describe('regularizers', () => {
  for (const [name, each] of Object.entries(cases)) {
    it(`add to the loss and to the gradient: ${name}`, async () => {
      const plain = await step(each.make(false), each);
      const found = await step(each.make(true), each);
      const penalty = sum(each.penalties.map((regularizer, i) => (regularizer ? penaltyOf(regularizer, found.before[i]!) : 0)));
      assert.ok(penalty > 0.1);
      assertClose([found.loss, found.evaluated], [plain.loss + penalty, plain.evaluated + penalty], 1e-5 * (1 + penalty), 'loss');
      each.penalties.forEach((regularizer, i) => {
        const { l1: a, l2: b } = regularizer ?? { l1: 0, l2: 0 };
        // two ways to the same number, each rounded a few times
        const expected = map(plain.after[i]!, (value, at) => value - a * Math.sign(found.before[i]![at]!) - 2 * b * found.before[i]![at]!);
        assertClose(found.after[i]!, expected, map(expected, (value, at) => 4 * 2 ** -24 * (Math.abs(value) + 2 * Math.abs(found.before[i]![at]! - plain.after[i]![at]!) + 3)), `weight ${i}`);
      });
      assert.equal((await step(each.make(true), each, 4)).hash, found.hash, 'four threads');
    });
  }

  it('stand in JSON where they were given, and nowhere else', () => {
    const model = cases['recurrent']!.make(true);
    const json = model.toJSON();
    assert.equal(JSON.stringify(modelFromJSON(json)), JSON.stringify(json));
    const [first] = json['layers'] as readonly Record<string, unknown>[];
    assert.deepEqual([first!['kernelRegularizer'], first!['recurrentRegularizer']], [{ l1: 0, l2: 0.1 }, { l1: 0.2, l2: 0 }]);
    assert.doesNotMatch(JSON.stringify(cases['recurrent']!.make(false).toJSON()), /egularizer/);
    for (const wrong of [1, null, { l1: 1 }, { l1: 1, l2: '2' }, { l1: 1, l2: 2, l3: 3 }]) {
      const layersOf = json['layers'] as readonly Record<string, never>[];
      assert.throws(() => modelFromJSON({ ...json, layers: [{ ...layersOf[0], kernelRegularizer: wrong }] }), refused('invalid-file', /kernelRegularizer/));
    }
  });

  it('leave a layer alone that is not trained', async () => {
    const model = sequential([dense({ units: 2, inputShape: [3], kernelRegularizer: l2(10), trainable: false }), dense({ units: 1 })]);
    await model.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
    const twin = sequential([dense({ units: 2, inputShape: [3] }), dense({ units: 1 })]);
    await twin.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
    const [x, y] = [randomTensor([4, 3], 1), randomTensor([4, 1], 2)];
    assert.deepEqual(await model.evaluate(x, y), await twin.evaluate(x, y));
    [model, twin].forEach((each) => each.close());
  });

  it('are refused out of range', () => {
    for (const factor of [-1, NaN, Infinity, 1e300]) {
      for (const make of [l1, l2]) assert.throws(() => make(factor), refused('invalid-argument', /at least 0/));
    }
    const wrong = { kernelRegularizer: 'l2' as unknown as Regularizer };
    assert.throws(() => sequential([dense({ units: 1, inputShape: [1], ...wrong })]), refused('invalid-argument', /kernelRegularizer/));
  });
});
