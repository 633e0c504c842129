/** Several steps of each optimizer on a small network, against the reference's optimizers fed with the reference's gradients. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, sgd } from '../../src/entry.node.js';
import type { Optimizer } from '../../src/entry.node.js';
import { adamStep, clipByGlobalNorm, sgdStep } from '../reference/index.js';
import { assertSteps, network, type Reference } from './optimizer-steps.js';

/** Of the rate: far above the error of a gradient in float32, far below what another formula would give. */
const TOLERANCE = 1e-4;

function sgdReference(options: { rate: (step: number) => number; momentum?: number; nesterov?: boolean }): Reference {
  let velocity: Float64Array | undefined;
  let step = 0;
  return (weights, gradients) => {
    const next = sgdStep({ weights, gradients, learningRate: options.rate(step++), ...options, ...(velocity && { velocity }) });
    velocity = next.velocity;
    return next.weights;
  };
}

function adamReference(options: { learningRate?: number; beta1?: number; beta2?: number; epsilon?: number } = {}): Reference {
  let memory: { m?: Float64Array; v?: Float64Array } = {};
  let step = 0;
  return (weights, gradients) => {
    const { weights: next, ...rest } = adamStep({ weights, gradients, step: ++step, ...options, ...memory });
    memory = rest;
    return next;
  };
}

const clipped = (reference: Reference, norm: number): Reference => (weights, gradients, move) => reference(weights, clipByGlobalNorm([gradients], norm)[0]!, move);

const halving = (step: number): number => 0.5 / 2 ** step;

const cases: Readonly<Record<string, { optimizer: Optimizer; reference: () => Reference; rate: number }>> = {
  'sgd': { optimizer: sgd({ learningRate: 0.5 }), reference: () => sgdReference({ rate: () => 0.5 }), rate: 0.5 },
  'sgd by default': { optimizer: sgd(), reference: () => sgdReference({ rate: () => 0.01 }), rate: 0.01 },
  'sgd with momentum': { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), reference: () => sgdReference({ rate: () => 0.1, momentum: 0.9 }), rate: 0.1 },
  "sgd with Nesterov's momentum": {
    optimizer: sgd({ learningRate: 0.1, momentum: 0.8, nesterov: true }),
    reference: () => sgdReference({ rate: () => 0.1, momentum: 0.8, nesterov: true }), rate: 0.1,
  },
  'sgd with a schedule': { optimizer: sgd({ learningRate: halving }), reference: () => sgdReference({ rate: halving }), rate: 0.5 },
  'sgd with clipping': { optimizer: sgd({ learningRate: 1, globalClipnorm: 0.01 }), reference: () => clipped(sgdReference({ rate: () => 1 }), 0.01), rate: 1 },
  'sgd with clipping far away': { optimizer: sgd({ learningRate: 0.5, globalClipnorm: 1e6 }), reference: () => sgdReference({ rate: () => 0.5 }), rate: 0.5 },
  'adam by default': { optimizer: adam(), reference: () => adamReference(), rate: 1e-3 },
  'adam with everything': {
    optimizer: adam({ learningRate: 0.02, beta1: 0.7, beta2: 0.9, epsilon: 1e-3 }),
    reference: () => adamReference({ learningRate: 0.02, beta1: 0.7, beta2: 0.9, epsilon: 1e-3 }), rate: 0.02,
  },
  'adam with clipping': {
    optimizer: adam({ learningRate: 0.02, epsilon: 0.01, globalClipnorm: 0.05 }),
    reference: () => clipped(adamReference({ learningRate: 0.02, epsilon: 0.01 }), 0.05), rate: 0.02,
  },
  'adam without memory': { optimizer: adam({ beta1: 0, beta2: 0 }), reference: () => adamReference({ beta1: 0, beta2: 0 }), rate: 1e-3 },
};

describe('an optimizer', () => {
  for (const [name, { optimizer, reference, rate }] of Object.entries(cases)) {
    it(`takes the steps of the reference: ${name}`, () => assertSteps(optimizer, reference(), (weight) => TOLERANCE * rate + 2 ** -24 * Math.abs(weight)));
  }

  it('with a rate of 0 changes nothing', async () => {
    for (const optimizer of [sgd({ learningRate: 0, momentum: 0.9 }), adam({ learningRate: 0 })]) {
      const small = network();
      await small.model.compile({ optimizer, loss: 'mse', threads: 1 });
      const before = small.weights;
      await small.model.fit(small.tensors.x, small.tensors.y, { epochs: 3 });
      assert.deepEqual(small.weights, before);
      small.model.close();
    }
  });
});
