/** Models that Keras itself trained for some batches have the same losses and weights here; see fixtures/make_training_with_keras.py. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { adagrad, adam, adamW, layers, lion, losses, regularizers, rmsprop, sequential, sgd } from '../../src/entry.node.js';
import type { Loss, Optimizer } from '../../src/entry.node.js';

const OPTIMIZERS = { SGD: sgd, Adam: adam, AdamW: adamW, RMSprop: rmsprop, Adagrad: adagrad, Lion: lion } as const;
const LOSSES = { SparseCategoricalCrossentropy: losses.sparseCategoricalCrossentropy, CategoricalCrossentropy: losses.categoricalCrossentropy } as const;

interface Case {
  name: string;
  optimizer: keyof typeof OPTIMIZERS;
  options: Record<string, number | boolean>;
  loss: keyof typeof LOSSES;
  lossOptions: Record<string, number>;
  penalty: { l1: number; l2: number } | null;
  oneHot: boolean;
  sampleWeight: number[] | null;
  classWeight: Record<number, number> | null;
  losses: number[];
  weights: number[][];
}
interface Training {
  keras: string;
  x: number[];
  classes: number[];
  start: number[][];
  cases: Case[];
}
const { keras, x, classes, start, cases } = JSON.parse(readFileSync(new URL('fixtures/training.json', import.meta.url), 'utf8')) as Training;

const rows = classes.length;
const inputs = { shape: [rows, 3], data: Float32Array.from(x) };
const oneHot = { shape: [rows, 4], data: Float32Array.from(classes.flatMap((is) => [0, 1, 2, 3].map((index) => Number(index === is)))) };
const labels = { shape: [rows], data: Float32Array.from(classes) };

const norm = (values: readonly number[]): number => Math.hypot(...values);

describe(`a model that Keras ${keras} trained`, () => {
  for (const { name, optimizer, options, loss, lossOptions, penalty, ...rest } of cases) {
    it(`is trained the same: ${name}`, async () => {
      const model = sequential([
        layers.dense({ units: 4, activation: 'tanh', inputShape: [3], ...(penalty && { kernelRegularizer: regularizers.l1l2(penalty) }) }),
        layers.dense({ units: 4, activation: 'softmax' }),
      ]);
      model.setWeights(model.getWeights().map(({ shape }, index) => ({ shape, data: Float32Array.from(start[index]!) })));
      const made: Optimizer = OPTIMIZERS[optimizer](options);
      const lossMade: Loss = LOSSES[loss](lossOptions);
      await model.compile({ optimizer: made, loss: lossMade, threads: 1 });
      const { sampleWeight, classWeight } = rest;
      const weights = { ...(sampleWeight && { sampleWeight: Float32Array.from(sampleWeight) }), ...(classWeight && { classWeight }) };
      for (const [step, expected] of rest.losses.entries()) {
        const { loss: found } = await model.trainOnBatch(inputs, rest.oneHot ? oneHot : labels, weights);
        assert.ok(Math.abs(found - expected) < 1e-5 * expected, `the loss of step ${step} is ${found}, in Keras ${expected}`);
      }
      const trained = model.getWeights();
      model.close();
      trained.forEach(({ data }, index) => {
        const expected = rest.weights[index]!;
        const change = norm(expected.map((value, at) => value - start[index]![at]!));
        const difference = norm(expected.map((value, at) => value - data[at]!));
        assert.ok(change > 1e-3 && difference < 1e-4 * change + 1e-6, `weight ${index} differs by ${difference}, having changed by ${change}`);
      });
    });
  }
});
