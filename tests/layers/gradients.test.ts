/**
 * Small networks against double precision: outputs, losses, and gradients of every layer, option and loss. One step of SGD with rate 1 moves
 * the weights by their gradient, which must be the reference's, and agree with finite differences of the reference's loss.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertClose, gamma, gradientCheck, map, UNIT_ROUNDOFF, type Values } from '../reference/index.js';
import { cases } from './cases.js';
import { Network } from './network.js';
import { twins } from './twins.js';

/** Weights that finite differences are taken of, spread over all. */
const DIFFERENCES = 40;
/** Every how many cases three threads are started too. */
const THREADED = 4;

/** Every rounding of a chain, relative to the largest value at its end. */
const tolerance = (network: Network, expected: Values): number => gamma(network.roundings) * Math.max(...Array.from(expected, Math.abs));

cases.forEach(({ name, layers, ...options }, index) => {
  const make = (threads = 1): Network => new Network({ ...options, twins: layers(), threads });

  describe(name, () => {
    it('forward', async () => {
      const network = make();
      await network.compile();
      const { x, y } = network.tensors;
      const { output, loss } = network.run(network.weights, { training: false });
      const predicted = await network.model.predict(x);
      assert.deepEqual(predicted.shape, [options.batch, ...network.model.outputShape]);
      assertClose(predicted.data, output, tolerance(network, output), 'output');
      assertClose([(await network.model.evaluate(x, y)).loss], [loss], tolerance(network, [loss, 1]), 'loss');
      network.model.close();
    });

    it('backward', async () => {
      const network = make();
      const before = network.weights;
      const { loss, after } = await trained(network);
      assertClose([loss], [network.run(before, { training: true }).loss], tolerance(network, [loss, 1]), 'loss');
      const gradient = map(before, (value, i) => value - after[i]!);
      const expected = network.gradient(before);
      // a weight is rounded when its gradient is taken from it
      const limit = tolerance(network, expected);
      const limits = map(expected, (value, i) => limit + UNIT_ROUNDOFF * (Math.abs(before[i]!) + Math.abs(value)));
      assertClose(gradient, expected, limits, 'gradient');
      checkDifferences(network, before, gradient);
    });

    if (index % THREADED === 0) {
      it('the same bits on three threads', async () => assert.deepEqual(await trained(make(3)), await trained(make(1))));
    }
  });
});

/** The loss, and the weights after one step. */
async function trained(network: Network): Promise<{ loss: number; after: Float64Array }> {
  await network.compile();
  const { x, y } = network.tensors;
  const { loss } = await network.model.trainOnBatch(x, y);
  const after = network.weights;
  network.model.close();
  return { loss, after };
}

/** The gradient against central differences of the reference's loss, at some of the weights. */
function checkDifferences(network: Network, weights: Float64Array, gradient: Float64Array): void {
  const trained = network.trained.flatMap((is, index) => (is ? [index] : []));
  const count = Math.min(DIFFERENCES, trained.length);
  const chosen = Array.from({ length: count }, (_, i) => trained[Math.floor((i * trained.length) / count)]!);
  const f = (values: Float64Array): number => {
    const moved = weights.slice();
    chosen.forEach((at, i) => (moved[at] = values[i]!));
    return network.run(moved, { training: true }).loss;
  };
  gradientCheck({ f, x: chosen.map((at) => weights[at]!), gradient: chosen.map((at) => gradient[at]!) });
}

it('every layer of the library has a counterpart and a case', () => {
  const used = new Set(cases.flatMap(({ layers }) => layers().map(({ layer }) => layer.type)));
  assert.deepEqual([...used].sort(), Object.keys(twins).sort());
});
