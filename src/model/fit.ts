import { LanewiseError } from '../errors.js';
import { requirePositiveInteger } from '../options.js';
import type { Callbacks } from './callbacks/callbacks.js';
import { unlessAborted } from './callbacks/callbacks.js';
import type { Checkpoint } from './checkpoint.js';
import type { Executor } from './executor.js';
import type { Feed } from './feeds/feed.js';
import type { BatchLogs, EpochLogs, History } from './history.js';
import { valName } from './history.js';
import type { Run } from './run.js';

export interface FitSetup {
  executor: Executor;
  run: Run;
  feed: Feed;
  validation: Feed | undefined;
  /** Number of the last epoch, plus one. */
  epochs: number;
  callbacks: readonly Callbacks[];
  signal: AbortSignal | undefined;
}

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
      const figures = await executor.measureAverage(validation.steps(0, 0), signal);
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
async function trainEpoch({ executor, run, feed, signal }: FitSetup, onBatchEnd: (batch: number, logs: BatchLogs) => Promise<void>): Promise<void> {
  for await (const step of feed.steps(run.epoch, run.batch)) {
    signal?.throwIfAborted();
    const { batch } = run;
    const begin = performance.now();
    const result = executor.trainStep(step);
    run.add(result, performance.now() - begin);
    await onBatchEnd(batch, executor.objective.batchFigures(result));
    await executor.rest();
  }
  signal?.throwIfAborted();
}

/** @throws LanewiseError `invalid-argument` */
export function requireEpochs({ initialEpoch, epochs = 1, resume }: { initialEpoch?: number; epochs?: number; resume?: Checkpoint }): void {
  requirePositiveInteger(epochs, 'epochs', 'fit');
  if (initialEpoch === undefined) return;
  if (resume) throw new LanewiseError('invalid-argument', 'resume says where to begin: initialEpoch cannot', { where: 'fit' });
  if (Number.isInteger(initialEpoch) && initialEpoch >= 0 && initialEpoch < epochs) return;
  throw new LanewiseError('invalid-argument', 'initialEpoch is out of range', {
    where: 'fit', expected: `a whole number from 0 to below epochs (${epochs})`, received: String(initialEpoch),
  });
}
