import type { Flops } from '../../layers/layer.js';
import type { EpochReport, NetworkReport } from '../../report/report-data.js';
import type { Run } from '../tasks/task.js';

/** What the reports of both networks have in common. */
export function networkReport({ task, model, stepsPerEpoch, history, done }: Run): NetworkReport {
  const { title, preset, seed, source, synthetic, train, augmented, test, training: { batchSize } } = task;
  const { inputShape, layers, forward, backward } = model.summary();
  const rows = (augmented ?? train).x.shape[0]!;
  const { length: epochs } = history.epoch; // fewer than planned where the run has ended before
  const operations = (samples: number): Flops => ({
    multiplications: samples * (forward.multiplications + backward.multiplications),
    additions: samples * (forward.additions + backward.additions),
  });
  return {
    name: title, preset, seed, source, synthetic, trainSamples: train.x.shape[0]!, ...(augmented && { augmentedSamples: rows }), testSamples: test.x.shape[0]!,
    batchSize: Math.min(batchSize, rows), stepsPerEpoch, epochs, inputShape,
    layers: layers.map(({ name, type, detail, outputShape, parameters, forward: flops }) => ({ name, type, detail, outputShape, parameters, ...flops })),
    operations: { batch: operations(Math.min(batchSize, rows)), epoch: operations(rows), training: operations(epochs * rows) },
    seconds: done.seconds, stepMs: median(history.history.stepMs ?? []), weightsSha256: done.weightsSha256,
  };
}

/** The figures of epoch `index` (from 0) that both networks have. */
export function epochReport({ history: { history } }: Run, index: number): EpochReport {
  const at = (values: readonly number[] | undefined): number => values?.[index] ?? NaN;
  return { epoch: index + 1, loss: at(history.loss), valLoss: at(history.valLoss), seconds: at(history.seconds), stepMs: at(history.stepMs) };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
