/** What predictions keep of weights is renewed whenever these change, by whatever way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, layers, regularizers, sequential } from '../../src/entry.node.js';
import type { Sequential, Tensor } from '../../src/entry.node.js';
import { randomLabels, randomTensor, smallCnn, smallRnn, smallWinograd } from './helpers.js';

interface Subject {
  make: (seed?: number) => Sequential;
  x: (rows: number) => Tensor<Float32Array>;
  /** For rows of targets. */
  y: (rows: number) => Tensor;
  loss: 'sparseCategoricalCrossentropy' | 'meanSquaredError';
}

/** Convolutions, batch normalisation and a penalty on weights. */
const penalized = (seed = 1): Sequential =>
  sequential([
    layers.conv2d({ filters: 16, kernelSize: 3, padding: 'same', kernelRegularizer: regularizers.l2(0.01), inputShape: [8, 8, 1] }), layers.batchNormalization(), layers.relu(),
    layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }), layers.globalAveragePooling2d(), layers.dense({ units: 5, activation: 'softmax' }),
  ], { seed });

const images = (height: number, width: number): Pick<Subject, 'x' | 'y' | 'loss'> => ({
  x: (rows) => randomTensor([rows, height, width, 1], 7), y: (rows) => randomLabels(rows, 5, 8), loss: 'sparseCategoricalCrossentropy',
});

const subjects: Readonly<Record<string, Subject>> = {
  'plain and pooled convolutions': { make: smallCnn, ...images(8, 8) },
  'convolutions by Winograd': { make: smallWinograd, ...images(9, 10) },
  'a penalty and moving statistics': { make: penalized, ...images(8, 8) },
  'recurrent layers': {
    make: smallRnn, loss: 'meanSquaredError', x: (rows) => randomTensor([rows, 12, 1], 7), y: (rows) => randomTensor([rows, 12, 1], 8),
  },
};

describe('predictions and evaluations after weights have changed', () => {
  for (const [name, { make, x, y, loss }] of Object.entries(subjects)) {
    it(`are those of a model that never had others: ${name}`, async () => {
      const compiled = async (seed: number, useEma = false): Promise<Sequential> => {
        const model = make(seed);
        await model.compile({ optimizer: adam({ learningRate: 0.01, useEma, emaMomentum: 0.5 }), loss, threads: 1 });
        return model;
      };
      /** Outputs for whole and partial batches, and the loss. */
      const behaviour = async (model: Sequential): Promise<unknown> => [
        (await model.predict(x(12))).data, (await model.predict(x(1))).data, (await model.predict(x(12), { batchSize: 5 })).data, await model.evaluate(x(12), y(12)),
      ];
      const model = await compiled(1, true);
      const seen = new Set<string>();
      const check = async (way: string): Promise<void> => {
        const fresh = await compiled(2);
        fresh.setWeights(model.getWeights());
        const now = await behaviour(model);
        assert.deepEqual(now, await behaviour(fresh), way);
        assert.ok(!seen.has(JSON.stringify(now)), `${way}: nothing has changed`);
        seen.add(JSON.stringify(now));
        fresh.close();
      };
      await check('new');
      model.setWeights(make(3).getWeights());
      await check('all set');
      for (const layer of model.layers.filter(({ weights }) => weights.length > 0)) {
        layer.setWeights(layer.getWeights().map(({ data, shape }) => ({ data: data.map((value) => value + 0.125), shape })));
        await check(`set of ${layer.name}`);
      }
      await model.trainOnBatch(x(12), y(12));
      await check('a step of training');
      // measured with the average of the weights, but left with the weights
      const stopped = new Error('stopped');
      const stop = (): never => {
        throw stopped;
      };
      await assert.rejects(model.fit(x(12), y(12), { epochs: 1, validationData: [x(12), y(12)], callbacks: { onEpochEnd: stop } }), stopped);
      await check('a run that was stopped');
      // while a run goes on it is the average that is measured, and afterwards the average is the weights
      const during: number[] = [];
      const { history } = await model.fit(x(12), y(12), {
        epochs: 3, validationData: [x(12), y(12)], callbacks: { onEpochEnd: (_epoch, { valLoss }) => void during.push(valLoss!) },
      });
      assert.deepEqual(during, history.valLoss);
      assert.equal(new Set(during).size, 3);
      await check('trained');
      assert.equal((await model.evaluate(x(12), y(12))).loss, during[2], 'the average, measured after the run');
      model.close();
      await model.compile({ optimizer: adam(), loss, threads: 1 });
      seen.clear();
      await check('compiled anew');
      model.close();
    });
  }
});
