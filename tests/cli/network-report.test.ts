/** What a report says of the extent of a training. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { History, layers, sequential, sgd } from '../../src/entry.node.js';
import { networkReport } from '../../src/cli/report/network-report.js';
import type { Run, Task } from '../../src/cli/tasks/task.js';

describe('the report of a run', () => {
  const tensor = (rows: number) => ({ data: new Float32Array(rows * 4), shape: [rows, 4] });
  const samples = (rows: number) => ({ x: tensor(rows), y: tensor(rows) });
  const createModel = () => sequential([layers.dense({ units: 3, inputShape: [4] })], { seed: 1 });
  const task: Task = {
    name: 'fashion-mnist', title: 'Garments', noun: 'image', preset: 'fast', seed: 1, source: 'nowhere', synthetic: true, train: samples(50), test: samples(5),
    training: { epochs: 7, batchSize: 16, optimizer: () => sgd({ learningRate: 0.1 }) }, compile: { loss: 'mse' }, inputDropout: 0, createModel,
    reportSection: () => Promise.reject(new Error('not asked for')),
  };
  const history = new History([0, 1]);
  history.history.loss = [2, 1];
  history.history.stepMs = [5, 3];
  const run: Run = {
    task, model: createModel(), build: 'strict', stepsPerEpoch: 4, history, cleanTrainLoss: [],
    done: { event: 'done', model: 'fashion-mnist', testLoss: 1, seconds: 9, weightsSha256: '0' },
  };

  it('counts the epochs that were trained, not those that were planned: the target may come before', () => {
    const { epochs, stepsPerEpoch, batchSize, operations: { batch, epoch, training } } = networkReport(run);
    assert.deepEqual([epochs, stepsPerEpoch, batchSize], [2, 4, 16]);
    const { forward, backward } = run.model.summary();
    const ofSample = forward.multiplications + backward.multiplications;
    assert.deepEqual([batch, epoch, training].map(({ multiplications }) => multiplications), [16 * ofSample, 50 * ofSample, 100 * ofSample]);
  });
});
