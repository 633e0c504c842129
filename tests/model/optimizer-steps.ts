import assert from 'node:assert/strict';
import type { Optimizer } from '../../src/entry.node.js';
import { Network } from '../layers/network.js';
import { twins } from '../layers/twins.js';
import { assertClose, globalNorm, map, type Values } from '../reference/index.js';

/** An optimizer of the reference: from weights, gradient and the number of moves before to new weights, with a memory of its own. */
export type Reference = (weights: Values, gradients: Values, move: number) => Float64Array;

/** Kernel [3, 5], bias [5], kernel [5, 2], bias [2]. */
export const network = (): Network =>
  new Network({ twins: [twins.dense({ units: 5, activation: 'tanh', inputShape: [3] }), twins.dense({ units: 2 })], batch: 6, loss: 'mse' });

const STEPS = 8;

/** Fails unless several steps of an optimizer on the small network are those of the reference, fed with the reference's gradients. */
export async function assertSteps(optimizer: Optimizer, reference: Reference, limitOf: (weight: number) => number): Promise<void> {
  const small = network();
  await small.model.compile({ optimizer, loss: 'mse', threads: 1 });
  const { x, y } = small.tensors;
  for (let index = 0; index < STEPS; index++) {
    const before = small.weights;
    const gradient = small.gradient(before);
    assert.ok(globalNorm([gradient]) > 0.05, 'the gradient ought to be large enough to be clipped');
    await small.model.trainOnBatch(x, y);
    assertClose(small.weights, reference(before, gradient, index), map(before, limitOf), `step ${index}`);
  }
  small.model.close();
}
