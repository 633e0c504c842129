import { epochOrder } from '../random.js';
import type { Dataset } from './batches.js';
import type { BatchLogs, EpochLogs, History } from './history.js';
import { valName } from './history.js';
import type { Callbacks } from './callbacks.js';
import { unlessAborted } from './callbacks.js';
import type { Executor } from './executor.js';
import type { Run } from './run.js';

export interface FitSetup {
  executor: Executor;
  run: Run;
  data: Dataset;
  validation: Dataset | undefined;
  /** Number of the last epoch, plus one. */
  epochs: number;
  batchSize: number;
  /** The order of rows in an epoch is that of this seed; undefined leaves rows as they are. */
  shuffleSeed: number | undefined;
  callbacks: readonly Callbacks[];
  signal: AbortSignal | undefined;
}

/** Rows of validation that are run at a time. */
const VALIDATION_BATCH = 128;

/** Trains from where the run stands to the end of the last epoch. */
export async function fit(setup: FitSetup): Promise<History> {
  const { executor, run, validation, epochs, callbacks, signal } = setup;
  const call = async (hook: (each: Callbacks) => void | Promise<void>): Promise<void> => {
    for (const each of callbacks) await unlessAborted(hook(each), signal);
  };
  signal?.throwIfAborted();
  await call((each) => each.onTrainBegin?.(run));
  while (run.epoch < epochs && !run.stopped) {
    const { epoch } = run;
    await call((each) => each.onEpochBegin?.(epoch));
    await trainEpoch(setup, (batch, batchLogs) => call((each) => each.onBatchEnd?.(batch, batchLogs)));
    const logs: EpochLogs = run.logs;
    if (validation) {
      const figures = await executor.measureAverage(validation, VALIDATION_BATCH, signal);
      for (const [name, value] of Object.entries(figures) as [keyof BatchLogs, number][]) logs[valName(name)] = value;
    }
    run.endEpoch(logs);
    for (const each of callbacks) if ((await unlessAborted(each.onEpochEnd?.(epoch, logs), signal)) === false) run.stopped = true;
  }
  if (executor.keepsAverage && !executor.program.averaged) executor.program.exchangeAverage();
  await call((each) => each.onTrainEnd?.());
  return run.history;
}

/** The steps of the epoch that are left. */
async function trainEpoch(
  { executor, run, data, batchSize, shuffleSeed, signal }: FitSetup, onBatchEnd: (batch: number, logs: BatchLogs) => Promise<void>,
): Promise<void> {
  const order = shuffleSeed === undefined ? undefined : epochOrder(shuffleSeed, run.epoch, data.rows);
  while (run.batch < run.batches) {
    signal?.throwIfAborted();
    const { batch } = run;
    const start = batch * batchSize;
    const count = Math.min(batchSize, data.rows - start);
    const begin = performance.now();
    const result = executor.trainStep(data, order, start, count);
    run.add(result, performance.now() - begin);
    await onBatchEnd(batch, executor.meter.batchFigures(result));
    await executor.rest();
  }
  signal?.throwIfAborted();
}
