import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sequential, WeightInput } from '../../src/entry.node.js';
import { cnnOptions, randomLabels, randomTensor, refused, rnnOptions, smallCnn, smallRnn, weightsHash } from './helpers.js';

const models: Readonly<Record<string, (seed?: number) => Sequential>> = { 'a convolutional network': smallCnn, 'a recurrent network': smallRnn };

describe('weights', () => {
  for (const [name, make] of Object.entries(models)) {
    const options = make === smallCnn ? cnnOptions : rnnOptions;

    it(`of ${name} are set as they were got, before, while and after it is compiled`, async () => {
      const model = make(1);
      const others = make(2).getWeights();
      const check = (): void => {
        const own = model.getWeights();
        model.setWeights(others);
        assert.deepEqual(model.getWeights(), others);
        model.layers.forEach((layer) => layer.setWeights(layer.getWeights()));
        assert.deepEqual(model.getWeights(), others);
        model.setWeights(own);
        assert.deepEqual(model.getWeights(), own);
      };
      check();
      await model.compile({ ...options, threads: 1 });
      check();
      model.close();
      check();
    });

    it(`of ${name} are those of its layers, in order and by name`, () => {
      const model = make(1);
      assert.deepEqual(model.layers.flatMap((layer) => layer.getWeights()), model.getWeights());
      const names = model.layers.flatMap((layer) => layer.weights.map((weight) => `${layer.name}/${weight.name}`));
      assert.deepEqual(model.namedWeights().map((weight) => weight.name), names);
      assert.deepEqual(model.namedWeights().map(({ tensor }) => tensor), model.getWeights());
      assert.equal(model.parameterCount, model.getWeights().reduce((sum, { data }) => sum + data.length, 0));
    });

    it(`of ${name} are copies`, async () => {
      const model = make(1);
      const check = (): void => {
        const before = weightsHash(model);
        for (const { data } of model.getWeights()) data.fill(9);
        assert.equal(weightsHash(model), before);
        const given = make(2).getWeights();
        model.setWeights(given);
        for (const { data } of given) data.fill(9);
        assert.equal(weightsHash(model), weightsHash(make(2)));
      };
      check();
      await model.compile({ ...options, threads: 1 });
      check();
      model.close();
    });
  }

  it('may be set one layer at a time, with plain arrays, and no other layer changes', () => {
    const model = smallCnn();
    const before = model.getWeights();
    const dense = model.layers.find((layer) => layer.type === 'dense')!;
    const [kernel, bias] = dense.getWeights();
    dense.setWeights([Array.from(kernel!.data, (_, i) => i / 64), { data: Float64Array.from(bias!.data, (_, i) => i), shape: bias!.shape }]);
    assert.deepEqual(dense.getWeights().map(({ data }) => [data[1], data.at(-1)]), [[1 / 64, (kernel!.data.length - 1) / 64], [1, bias!.data.length - 1]]);
    const changed = model.getWeights().map(({ data }, i) => data.some((value, at) => value !== before[i]!.data[at]));
    assert.deepEqual(changed, [false, false, false, false, true, true, false, false]);
  });

  it('reach training: a model with the weights and steps of another goes the same way', async () => {
    const [x, y] = [randomTensor([12, 8, 8, 1], 1), randomLabels(12, 5, 2)];
    const [one, other] = [smallCnn(1), smallCnn(1)];
    other.setWeights(smallCnn(2).getWeights());
    for (const model of [one, other]) await model.compile({ ...cnnOptions, threads: 1 });
    other.setWeights(one.getWeights());
    for (const model of [one, other]) await model.fit(x, y);
    assert.equal(weightsHash(one), weightsHash(other));
    [one, other].forEach((model) => model.close());
  });

  it('that do not fit are refused, and nothing is changed', () => {
    const model = smallRnn();
    const own = model.getWeights();
    const before = weightsHash(model);
    const swapped = (at: number, value: WeightInput): WeightInput[] => own.map((weight, i) => (i === at ? value : weight));
    const wrong: readonly (readonly WeightInput[])[] = [
      [], own.slice(1), [...own, own[0]!],
      swapped(0, [1, 2]), swapped(own.length - 1, { data: new Float32Array(3), shape: [3] }),
      swapped(1, { data: own[1]!.data, shape: [49] }), swapped(1, { data: new Float32Array(48), shape: [7, 7] }),
    ];
    for (const weights of wrong) {
      assert.throws(() => model.setWeights(weights), refused('invalid-shape', /expected/));
      assert.equal(weightsHash(model), before);
    }
    assert.throws(() => model.layers[0]!.setWeights([own[0]!]), refused('invalid-shape', /simpleRNN_1.*expected 3, received 1/));
  });
});
