/** What weights begin with: the numbers each initialiser promises, the option of each weight, and the way through JSON. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initializers, input, layers, model, modelFromJSON, sequential } from '../../src/entry.node.js';
import type { Initializer } from '../../src/entry.node.js';
import { INITIALIZER_NAMES, initialize } from '../../src/initializers.js';
import { Purpose, RandomStream } from '../../src/random.js';
import { refused, weightsHash } from '../model/helpers.js';

const draw = (initializer: Initializer, shape: readonly number[], seed = 1): number[] => [...initialize(initializer, shape, new RandomStream(seed, Purpose.initialize))];
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number => {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
};
const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** [100, 300]: fans of 100 and 300. Of 30 000 values the mean and the deviation lie within 5 standard errors. */
const SHAPE = [100, 300] as const;
const COUNT = 30_000;
const spread: readonly [Initializer, { mean?: number; deviation: number; largest: number }][] = [
  ['randomNormal', { deviation: 0.05, largest: 0.05 * 5.5 }],
  [initializers.randomNormal({ mean: 3, stddev: 2 }), { mean: 3, deviation: 2, largest: 3 + 2 * 5.5 }],
  ['truncatedNormal', { deviation: 0.05 * 0.8796, largest: 0.1 }],
  ['randomUniform', { deviation: 0.1 / Math.sqrt(12), largest: 0.05 }],
  [initializers.randomUniform({ minval: 1, maxval: 2 }), { mean: 1.5, deviation: 1 / Math.sqrt(12), largest: 2 }],
  ['glorotUniform', { deviation: Math.sqrt(1 / 200), largest: Math.sqrt(6 / 400) }],
  ['glorotNormal', { deviation: Math.sqrt(1 / 200), largest: (2 * Math.sqrt(1 / 200)) / 0.8796 }],
  ['heUniform', { deviation: Math.sqrt(2 / 100), largest: Math.sqrt(6 / 100) }],
  ['heNormal', { deviation: Math.sqrt(2 / 100), largest: (2 * Math.sqrt(2 / 100)) / 0.8796 }],
  ['lecunUniform', { deviation: Math.sqrt(1 / 100), largest: Math.sqrt(3 / 100) }],
  ['lecunNormal', { deviation: Math.sqrt(1 / 100), largest: (2 * Math.sqrt(1 / 100)) / 0.8796 }],
  ['varianceScaling', { deviation: Math.sqrt(1 / 100), largest: (2 * Math.sqrt(1 / 100)) / 0.8796 }],
  [initializers.varianceScaling({ scale: 3, mode: 'fanOut', distribution: 'untruncatedNormal' }), { deviation: Math.sqrt(3 / 300), largest: 0.55 }],
];

describe('an initialiser', () => {
  for (const [initializer, expected] of spread) {
    it(`has its mean, spread and bounds: ${JSON.stringify(initializer)}`, () => {
      const values = draw(initializer, SHAPE);
      const error = (5 * expected.deviation) / Math.sqrt(COUNT);
      assert.ok(Math.abs(mean(values) - (expected.mean ?? 0)) < error, `mean ${mean(values)}`);
      assert.ok(Math.abs(deviation(values) - expected.deviation) < error, `deviation ${deviation(values)}`);
      assert.ok(largest(values) <= expected.largest * (1 + 1e-6), `largest ${largest(values)}`);
      assert.ok(largest(values) > 0.6 * expected.largest);
      assert.notDeepEqual(draw(initializer, SHAPE, 2), values, 'another seed');
    });
  }

  it('of a convolution counts its taps', () => {
    assert.ok(Math.abs(largest(draw('heUniform', [3, 3, 16, 200])) - Math.sqrt(6 / 144)) < 1e-4);
  });

  it('of constants and diagonals is exact', () => {
    assert.deepEqual(draw('zeros', [3]), [0, 0, 0]);
    assert.deepEqual(draw('ones', [2]), [1, 1]);
    assert.deepEqual(draw(initializers.constant({ value: 2.5 }), [2]), [2.5, 2.5]);
    assert.deepEqual(draw(initializers.identity({ gain: 3 }), [2, 3]), [3, 0, 0, 0, 3, 0]);
    assert.throws(() => draw('identity', [2, 2, 2]), refused('invalid-shape', /matrix/));
    assert.throws(() => draw('orthogonal', [4]), refused('invalid-shape', /matrix/));
  });

  it('that is orthogonal has columns of the length of its gain, at right angles', () => {
    const values = draw(initializers.orthogonal({ gain: 2 }), [8, 5]);
    const column = (index: number): number[] => Array.from({ length: 8 }, (_, row) => values[row * 5 + index]!);
    for (let a = 0; a < 5; a++) {
      for (let b = 0; b < 5; b++) {
        const product = column(a).reduce((sum, value, row) => sum + value * column(b)[row]!, 0);
        assert.ok(Math.abs(product - (a === b ? 4 : 0)) < 1e-6);
      }
    }
  });

  it('has a function for every name', () => assert.deepEqual(Object.keys(initializers).sort(), [...INITIALIZER_NAMES].sort()));

  it('is refused with numbers that are none', () => {
    const untyped = (value: unknown): Initializer => value as Initializer;
    for (const wrong of [untyped('heNorm'), untyped({ name: 'constant' }), untyped({ name: 'constant', value: '1' }), untyped({ name: 'toString' }), untyped(3), untyped(null),
      untyped({ name: 'constant', value: 1, more: 2 }), untyped({ name: 'heNormal' }), untyped({ name: 'varianceScaling', scale: -1, mode: 'fanIn', distribution: 'uniform' }),
      untyped({ name: 'varianceScaling', scale: 1, mode: 'fan', distribution: 'uniform' }), untyped({ name: 'varianceScaling', scale: 1, mode: 'fanIn', distribution: 'normal' })]) {
      assert.throws(() => sequential([layers.dense({ units: 2, inputShape: [3], kernelInitializer: wrong })]), refused('invalid-argument', /kernelInitializer/), JSON.stringify(wrong));
    }
    assert.throws(() => initializers.randomNormal({ stddev: NaN }), refused('invalid-argument', /stddev/));
  });
});

describe('the option of a weight', () => {
  const network = (): ReturnType<typeof sequential> => sequential([
    layers.lstm({ units: 2, inputShape: [5, 3], kernelInitializer: 'ones', recurrentInitializer: initializers.identity({ gain: 0.5 }), biasInitializer: initializers.constant({ value: 7 }) }),
    layers.dense({ units: 2, kernelInitializer: initializers.constant({ value: -1 }), biasInitializer: 'ones' }),
  ], { seed: 3 });

  it('decides what it begins with, and an LSTM keeps the ones of its forget gate', () => {
    const [kernel, recurrent, bias, dense, denseBias] = network().getWeights().map(({ data }) => [...data]);
    assert.deepEqual(new Set(kernel), new Set([1]));
    assert.deepEqual(recurrent, [0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(bias, [7, 7, 1, 1, 7, 7, 7, 7]);
    assert.deepEqual(dense, [-1, -1, -1, -1]);
    assert.deepEqual(denseBias, [1, 1]);
  });

  it('stands in JSON', () => {
    const back = modelFromJSON(network().toJSON());
    assert.equal(JSON.stringify(back), JSON.stringify(network()));
    assert.equal(weightsHash(back), weightsHash(network()));
  });

  it('of a convolution of every channel by itself says which of its kernels', () => {
    const separable = layers.separableConv2d({
      filters: 2, kernelSize: 2, depthwiseInitializer: 'ones', pointwiseInitializer: initializers.constant({ value: 3 }), biasInitializer: initializers.constant({ value: 5 }),
      inputShape: [4, 4, 1],
    });
    const made = sequential([separable, layers.depthwiseConv2d({ kernelSize: 1, depthwiseInitializer: initializers.constant({ value: 4 }), biasInitializer: 'ones' })]);
    assert.deepEqual(made.getWeights().map(({ data }) => [...data]), [[1, 1, 1, 1], [3, 3], [5, 5], [4, 4], [1, 1]]);
    assert.equal(weightsHash(modelFromJSON(made.toJSON())), weightsHash(made));
  });

  it('of a convolution works in a functional model too', () => {
    const x = input({ shape: [4, 4, 1] });
    const made = model({ inputs: x, outputs: layers.conv2d({ filters: 2, kernelSize: 3, kernelInitializer: 'heNormal', biasInitializer: initializers.constant({ value: 0.1 }) }).apply(x), seed: 5 });
    assert.deepEqual([...made.getWeights()[1]!.data], [Math.fround(0.1), Math.fround(0.1)]);
  });
});
