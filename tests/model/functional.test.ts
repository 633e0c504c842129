/** Models of layers connected in any way: what they refuse, what they show, and layers that are not trained. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, input, layers, model, modelFromJSON, sequential } from '../../src/entry.node.js';
import type { Layer, Model } from '../../src/entry.node.js';
import { classify, randomLabels, randomTensor, refused, weightsHash } from './helpers.js';

const { add, concatenate, conv2d, dense, flatten, maxPooling2d } = layers;

/** A skip connection around two convolutions, [6, 6, 2] into 4 classes. */
function residual(seed = 1): Model {
  const x = input({ shape: [6, 6, 2] });
  const start = conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(x);
  const inner = conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'relu', name: 'inner' }).apply(start);
  const outer = conv2d({ filters: 3, kernelSize: 3, padding: 'same', name: 'outer' }).apply(inner);
  const pooled = maxPooling2d({ poolSize: 2 }).apply(add().apply([start, outer]));
  return model({ inputs: x, outputs: dense({ units: 4 }).apply(flatten().apply(pooled)), seed, name: 'residual' });
}

describe('a functional model', () => {
  it('of layers in a row comes to the same bits as a sequential one', async () => {
    const stack = (): Layer[] => [
      conv2d({ filters: 9, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1] }), maxPooling2d({ poolSize: 2 }), flatten(),
      layers.dropout({ rate: 0.3 }), dense({ units: 5, activation: 'softmax' }),
    ];
    const x = input({ shape: [8, 8, 1] });
    const chain = sequential(stack(), { seed: 7 });
    const rebuilt = model({ inputs: x, outputs: stack().reduce((tensor, layer) => layer.apply(tensor), x), seed: 7 });
    for (const network of [chain, rebuilt]) {
      await network.compile({ ...classify, optimizer: adam() });
      await network.fit(randomTensor([10, 8, 8, 1], 1), randomLabels(10, 5, 2), { epochs: 2, batchSize: 4 });
      network.close();
    }
    assert.equal(weightsHash(rebuilt), weightsHash(chain));
  });

  it('learns', async () => {
    const network = residual();
    await network.compile({ ...classify, optimizer: adam({ learningRate: 0.01 }) });
    const { history: { loss } } = await network.fit(randomTensor([24, 6, 6, 2], 3), randomLabels(24, 4, 4), { epochs: 60, batchSize: 8 });
    assert.ok(loss!.at(-1)! < loss![0]! / 4);
    network.close();
  });

  it('shows what a layer reads where that is not the one before', () => {
    const table = residual().summary().toString();
    assert.match(table, /add_1 ← conv2d_1, outer/);
    assert.doesNotMatch(table, /inner.*←/);
  });

  it('finds its layers by name', () => {
    assert.equal(residual().getLayer('inner').type, 'conv2d');
    assert.throws(() => residual().getLayer('nothing'), refused('invalid-argument', /expected conv2d_1, inner, outer/));
  });

  it('is refused where it is not whole', () => {
    const x = input({ shape: [4] });
    const other = input({ shape: [4], name: 'other' });
    const y = dense({ units: 2 }).apply(x);
    assert.throws(() => model({ inputs: other, outputs: y }), refused('invalid-argument', /not listed/));
    assert.throws(() => model({ inputs: [x, other], outputs: y }), refused('invalid-argument', /no output depends on.*inputs\[1\]|inputs\[1\].*no output depends on/));
    assert.throws(() => model({ inputs: x, outputs: x }), refused('invalid-argument', /at least one layer/));
    const shared = dense({ units: 2 });
    shared.apply(x);
    assert.throws(() => shared.apply(other), refused('invalid-state', /one place/));
    assert.throws(() => dense({ units: 2 }).apply([x, other]), refused('invalid-shape', /takes one input/));
    assert.throws(() => add().apply([x, dense({ units: 3 }).apply(x)]), refused('invalid-shape', /expected \[4\], received \[3\]/));
    assert.throws(() => concatenate({ axis: 1 }).apply([input({ shape: [3, 2] }), input({ shape: [3, 4] })]), refused('invalid-shape', /\[·, 2\], received \[3, 4\]/));
    assert.throws(() => concatenate({ axis: 0 }), refused('invalid-argument', /axis/));
    assert.throws(() => concatenate({ axis: 3 }).apply([x, other]), refused('invalid-shape', /axis from 1 to 1/));
    assert.throws(() => model({ inputs: [x], outputs: dense({ units: 1, name: 'input_1' }).apply(x) }), refused('invalid-argument', /same name/));
    model({ inputs: x, outputs: y });
    assert.throws(() => model({ inputs: x, outputs: y }), refused('invalid-state', /one model/));
  });

  it('of several inputs wants one tensor for each, of the same number of rows', async () => {
    const a = input({ shape: [2], name: 'a' });
    const b = input({ shape: [3], name: 'b' });
    const network = model({ inputs: [a, b], outputs: dense({ units: 1 }).apply(concatenate().apply([a, b])) });
    await network.compile({ optimizer: adam(), loss: 'mse', threads: 1 });
    await assert.rejects(network.predict(randomTensor([4, 2], 1)), refused('invalid-argument', /a list of 2: a, b/));
    await assert.rejects(network.predict([randomTensor([4, 2], 1), randomTensor([5, 3], 2)]), refused('invalid-shape', /predict b.*4 rows, as a, received 5/));
    await assert.rejects(network.predict([randomTensor([4, 2], 1), randomTensor([4, 2], 2)]), refused('invalid-shape', /predict b/));
    network.close();
  });
});

describe('a layer that is not trained', () => {
  const x = randomTensor([12, 6, 6, 2], 1);
  const y = randomLabels(12, 4, 2);

  it('keeps its weights, while others learn, from the next compile on', async () => {
    const network = residual();
    network.getLayer('inner').trainable = false;
    network.getLayer('conv2d_1').trainable = false;
    await network.compile({ ...classify, optimizer: adam() });
    const weights = (name: string): unknown => network.getLayer(name).getWeights();
    const before = new Map(network.layers.map(({ name }) => [name, weights(name)]));
    await network.fit(x, y, { epochs: 2, batchSize: 5 });
    for (const name of ['inner', 'conv2d_1']) assert.deepEqual(weights(name), before.get(name));
    for (const name of ['outer', 'dense_1']) assert.notDeepEqual(weights(name), before.get(name));
    assert.deepEqual([...network.checkpoint().tensors.keys()].filter((name) => name.endsWith('/m')), ['outer/kernel/m', 'outer/bias/m', 'dense_1/kernel/m', 'dense_1/bias/m']);

    network.getLayer('inner').trainable = true;
    await network.fit(x, y);
    assert.deepEqual(weights('inner'), before.get('inner'), 'not before compile');
    await network.compile({ ...classify, optimizer: adam() });
    await network.fit(x, y);
    assert.notDeepEqual(weights('inner'), before.get('inner'));
    assert.deepEqual(weights('conv2d_1'), before.get('conv2d_1'));
    network.close();
  });

  it('lets the others learn as they would with its weights', async () => {
    const run = async (frozen: boolean): Promise<unknown> => {
      const network = residual();
      network.getLayer('inner').trainable = !frozen;
      await network.compile({ ...classify, optimizer: adam() });
      await network.trainOnBatch(x, y);
      network.close();
      return ['conv2d_1', 'outer', 'dense_1'].map((name) => network.getLayer(name).getWeights());
    };
    assert.deepEqual(await run(true), await run(false), 'the gradient goes through it');
  });

  it('costs no way back in front of the first that is trained', async () => {
    const network = sequential([
      conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 2], trainable: false }), flatten(), dense({ units: 5, trainable: false }), dense({ units: 4 }),
    ]);
    await network.compile(classify);
    const ops = (await network.profile(x, y, { rounds: 1 })).map(({ op }) => op);
    assert.equal(ops.filter((op) => op.includes('Backward') || op === 'columnSums').length, 1, String(ops)); // the bias of the last
    assert.equal(network.summary().trainableParameters, 24);
    assert.match(network.summary().toString(), /Of these trainable +24/);
    assert.equal(JSON.stringify(modelFromJSON(network.toJSON())), JSON.stringify(network));
    assert.equal(modelFromJSON(network.toJSON()).layers[0]!.trainable, false);
    network.close();
  });

  it('cannot be all there is', async () => {
    const network = sequential([dense({ units: 4, inputShape: [3], trainable: false })]);
    await network.compile(classify);
    await assert.rejects(network.fit(randomTensor([3, 3], 1), randomLabels(3, 4, 1)), refused('invalid-state', /no layer is trainable/));
    assert.ok((await network.evaluate(randomTensor([3, 3], 1), randomLabels(3, 4, 1))).loss > 0);
    network.close();
  });
});
