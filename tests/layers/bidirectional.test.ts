/** What a bidirectional layer does beside its arithmetic: names, places, states, options. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeCheckpoint, encodeCheckpoint, initializers, input, layers, model, modelFromJSON, sequential, sgd } from '../../src/entry.node.js';
import type { Model, RecurrentLayer, Tensor } from '../../src/entry.node.js';
import { randomTensor, refused, weightsHash } from '../model/helpers.js';

const { bidirectional, dense, gru, lstm, simpleRNN } = layers;
const compile = (network: Model, threads = 1): Promise<void> => network.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'mse', threads });
const untyped = <Value>(value: unknown): Value => value as Value;

describe('the weights of both directions', () => {
  const both = () => bidirectional({ layer: gru({ units: 2, kernelInitializer: initializers.constant({ value: 0.5 }), recurrentRegularizer: { l1: 0, l2: 0.1 }, name: 'lost' }), inputShape: [4, 3] });

  it('have the names of their places, and stand one behind the other', () => {
    const layer = both();
    const network = sequential([layer, dense({ units: 1 })], { seed: 1 });
    assert.deepEqual(network.weightSpecs.map(({ name }) => name), [
      ...['forward', 'backward'].flatMap((place) => ['kernel', 'recurrentKernel', 'bias'].map((weight) => `bidirectional_1/${place}/${weight}`)), 'dense_1/kernel', 'dense_1/bias',
    ]);
    assert.deepEqual([layer.forwardLayer.name, layer.backwardLayer.name, layer.backwardLayer.goBackwards], ['bidirectional_1/forward', 'bidirectional_1/backward', true]);
    const [kernel, recurrentKernel] = layer.getWeights();
    assert.ok(kernel!.data.every((value) => value === 0.5));
    assert.notDeepEqual(recurrentKernel, layer.getWeights()[4], 'drawn anew for the other direction');
    assert.deepEqual(layer.weights.map(({ regularizer }) => regularizer?.l2), [undefined, 0.1, undefined, undefined, 0.1, undefined]);
  });

  it('are read and set by direction, too', () => {
    const layer = both();
    sequential([layer], { seed: 1 });
    assert.throws(() => both().forwardLayer.getWeights(), refused('invalid-state', /bidirectional\/forward.*not part of a model/));
    const before = layer.getWeights();
    const given = layer.backwardLayer.getWeights().map(({ data, shape }) => ({ data: data.map((value) => value + 1), shape }));
    layer.backwardLayer.setWeights(given);
    assert.deepEqual(layer.getWeights(), [...before.slice(0, 3), ...given]);
    assert.throws(() => layer.forwardLayer.setWeights([]), refused('invalid-shape', /wrong number of weights/));
    assert.deepEqual(layer.getWeights(), [...before.slice(0, 3), ...given]);
  });

  it('are counted with both directions, and are not trained where the layer or a direction is not', async () => {
    const counts = (network: Model): readonly number[] => [network.summary().parameters, network.summary().trainableParameters];
    const one = sequential([gru({ units: 2, inputShape: [4, 3] })]).summary();
    const whole = sequential([both()]).summary();
    assert.deepEqual([whole.parameters, whole.forward.multiplications, whole.forward.additions], [2 * one.parameters, 2 * one.forward.multiplications, 2 * one.forward.additions]);
    assert.equal(whole.layers[0]!.detail, 'concat of gru: 2 units, tanh');
    const frozen = both();
    frozen.trainable = false;
    assert.deepEqual(counts(sequential([frozen])), [one.parameters * 2, 0]);
    const half = bidirectional({ layer: gru({ units: 2 }), backwardLayer: gru({ units: 2, goBackwards: true, trainable: false }), inputShape: [4, 3] });
    const network = sequential([half], { seed: 2 });
    assert.deepEqual(counts(network), [one.parameters * 2, one.parameters]);
    assert.deepEqual(counts(modelFromJSON(network.toJSON())), counts(network));
    const before = half.getWeights();
    await compile(network);
    await network.trainOnBatch(randomTensor([3, 4, 3], 1), randomTensor([3, 4], 2));
    const after = half.getWeights();
    network.close();
    assert.deepEqual(after.map((weight, index) => weight.data.some((value, i) => value !== before[index]!.data[i])), [true, true, true, false, false, false]);
  });

  it('of two layers are apart in one model, whatever layer both were made of', () => {
    const shared = gru({ units: 2, returnSequences: true });
    const x = input({ shape: [4, 3] });
    const first = bidirectional({ layer: shared });
    const network = model({ inputs: x, outputs: bidirectional({ layer: shared }).apply(first.apply(x)) });
    assert.deepEqual(network.weightSpecs.map(({ name }) => name.split('/').slice(0, 2).join('/')).filter((name, index) => index % 3 === 0), [
      'bidirectional_1/forward', 'bidirectional_1/backward', 'bidirectional_2/forward', 'bidirectional_2/backward',
    ]);
    assert.throws(() => first.apply(x), refused('invalid-state', /bidirectional_1: a layer has one place/));
    assert.throws(() => first.forwardLayer.apply(x), refused('invalid-state', /bidirectional_1\/forward: a layer has one place/));
    assert.doesNotThrow(() => shared.apply(x));
  });
});

describe('a stateful layer in both directions', () => {
  const make = (): { network: Model; layer: ReturnType<typeof bidirectional> } => {
    const layer = bidirectional({ layer: lstm({ units: 3, stateful: true, returnSequences: true }), backwardLayer: gru({ units: 2, stateful: true, returnSequences: true, goBackwards: true }), inputShape: [4, 2] });
    return { network: sequential([layer, dense({ units: 1 })], { seed: 4 }), layer };
  };
  const x = randomTensor([10, 4, 2], 1);
  const y = randomTensor([10, 4, 1], 2);

  it('keeps the states of each: as two layers, one of which goes backwards', async () => {
    const { network, layer } = make();
    const alone = [lstm({ units: 3, stateful: true, inputShape: [4, 2] }), gru({ units: 2, stateful: true, goBackwards: true, inputShape: [4, 2] })] as const;
    const models = alone.map((each) => sequential([each]));
    models[0]!.setWeights(layer.forwardLayer.getWeights());
    models[1]!.setWeights(layer.backwardLayer.getWeights());
    for (const each of [network, ...models]) await compile(each);
    for (let round = 0; round < 3; round++) {
      for (const each of [network, ...models]) await each.predict(x, { batchSize: 5 });
      const states = (each: RecurrentLayer): Tensor[] => each.getStates();
      assert.deepEqual([states(layer.forwardLayer), states(layer.backwardLayer)], [states(alone[0]), states(alone[1])]);
    }
    layer.resetStates();
    assert.ok([layer.forwardLayer, layer.backwardLayer].every((each) => each.getStates().every(({ data }) => data.every((value) => value === 0))));
    [network, ...models].forEach((each) => each.close());
    assert.throws(() => layer.resetStates(), refused('invalid-state', /bidirectional_1\/forward.*not compiled/));
  });

  it('goes on from a checkpoint, to the same bits on any number of threads', async () => {
    const fit = { batchSize: 5, epochs: 3, shuffle: false };
    const hashes = new Set<string>();
    for (const threads of [1, 2, 3]) {
      const { network } = make();
      await compile(network, threads);
      await network.fit(x, y, fit);
      hashes.add(weightsHash(network));
      network.close();
    }
    const [{ network: stopped }, { network: resumed }] = [make(), make()];
    for (const each of [stopped, resumed]) await compile(each);
    await stopped.fit(x, y, { ...fit, epochs: 2 });
    const checkpoint = await decodeCheckpoint(await encodeCheckpoint(stopped.checkpoint()));
    assert.deepEqual([...checkpoint.tensors.keys()].filter((name) => name.includes('/state/')).sort(), ['bidirectional_1/backward/state/h', 'bidirectional_1/forward/state/c', 'bidirectional_1/forward/state/h']);
    await resumed.fit(x, y, { ...fit, resume: checkpoint });
    hashes.add(weightsHash(resumed));
    [stopped, resumed].forEach((each) => each.close());
    assert.equal(hashes.size, 1);
  });
});

describe('what is no layer in both directions', () => {
  const refuses = (make: () => unknown, code: 'invalid-argument' | 'invalid-shape', words: RegExp): void => assert.throws(make, refused(code, words));

  it('is refused when it is made', () => {
    for (const none of [undefined, null, 3, 'gru', {}, dense({ units: 2 }), bidirectional({ layer: gru({ units: 2 }) })]) {
      refuses(() => bidirectional({ layer: untyped(none), name: 'mine' }), 'invalid-argument', /mine: layer is not a recurrent layer .*simpleRNN, gru or lstm/);
    }
    refuses(() => bidirectional({ layer: gru({ units: 2 }), backwardLayer: untyped(null) }), 'invalid-argument', /backwardLayer is not a recurrent layer.*null/);
    refuses(() => bidirectional({ layer: gru({ units: 2, inputShape: [4, 1] }) }), 'invalid-argument', /layer has an inputShape.*Give it to bidirectional/);
    for (const mode of [null, 'max', 3]) refuses(() => bidirectional({ layer: gru({ units: 2 }), mergeMode: untyped(mode) }), 'invalid-argument', /mergeMode .*concat, sum, mul, ave.*two outputs/);
  });

  it('is refused where its directions do not go together', () => {
    const pair = (forward: object, backward: object, mergeMode: 'concat' | 'sum' = 'concat'): unknown =>
      bidirectional({ layer: gru({ units: 2, ...forward }), backwardLayer: simpleRNN({ units: 2, ...backward }), mergeMode });
    refuses(() => pair({}, {}), 'invalid-argument', /the same way .*goBackwards: true/);
    refuses(() => pair({ goBackwards: true }, { goBackwards: true }), 'invalid-argument', /the same way .*goBackwards: false/);
    refuses(() => pair({ returnSequences: true }, { goBackwards: true }), 'invalid-argument', /returnSequences of both layers differ/);
    refuses(() => pair({}, { goBackwards: true, stateful: true }), 'invalid-argument', /stateful of both layers differ/);
    refuses(() => pair({}, { goBackwards: true, units: 3 }, 'sum'), 'invalid-argument', /units of both layers differ/);
    assert.doesNotThrow(() => pair({}, { goBackwards: true, units: 3 }));
  });

  it('is refused by the direction that does not take its input, and may be applied to another', () => {
    const layer = bidirectional({ layer: gru({ units: 2 }) });
    refuses(() => layer.apply(input({ shape: [4] })), 'invalid-shape', /bidirectional\/forward: wrong rank.*\[time, features\]/);
    assert.deepEqual(layer.apply(input({ shape: [4, 1] })).shape, [4]);
  });
});
