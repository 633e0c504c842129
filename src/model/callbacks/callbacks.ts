import type { Checkpoint } from '../checkpoint.js';
import type { BatchLogs, EpochLogs, History } from '../history.js';

/** A fit, as its callbacks see it: always between two steps. */
export interface TrainingRun {
  /** Training steps done since the model was compiled. */
  readonly step: number;
  /** The epoch at work, from 0; after its last step and its validation the next one. */
  readonly epoch: number;
  /** The number that the last epoch has, counted from 1. */
  readonly epochs: number;
  /** Batches of that epoch that are done. */
  readonly batch: number;
  /** Batches in an epoch; undefined with a dataset of which that is not known beforehand. */
  readonly batches: number | undefined;
  /** Loss and metrics of those batches together. */
  readonly figures: BatchLogs;
  /** Epochs that are done. */
  readonly history: History;
  /** Keeps a copy of the weights, in place of an earlier one; it is part of checkpoints. */
  keepWeights(): void;
  /** Puts that copy in the place of the weights. Whether there was one. */
  restoreWeights(): boolean;
  /** From now on the learning rate is what the optimizer says times `factor`, but not lowered below `minimum`. */
  scaleLearningRate(factor: number, minimum?: number): void;
  /** All it takes to go on from here: see `FitOptions.resume`. */
  checkpoint(): Checkpoint;
}

/** What is called in the course of a fit. Promises are waited for; an error ends the fit, which rejects with it. */
export interface Callbacks {
  onTrainBegin?(run: TrainingRun): void | Promise<void>;
  onEpochBegin?(epoch: number): void | Promise<void>;
  onBatchEnd?(batch: number, logs: BatchLogs): void | Promise<void>;
  /** Return false to stop after this epoch; callbacks that are listed later see it in their checkpoints. */
  onEpochEnd?(epoch: number, logs: EpochLogs): void | boolean | Promise<void | boolean>;
  /** Not after an error or an abort. */
  onTrainEnd?(): void | Promise<void>;
}

/**
 * What the work comes to, or the signal's reason if that comes first: a callback that never ends must not hold a fit for ever.
 * Results that are there already are not waited for.
 */
export function unlessAborted<Result>(work: Result | Promise<Result>, signal: AbortSignal | undefined): Result | Promise<Result> {
  if (!signal || !isPromise(work)) return work;
  const { promise, stop } = rejection(signal);
  return Promise.race([work, promise]).finally(stop);
}

const isPromise = <Result>(work: Result | Promise<Result>): work is Promise<Result> => typeof work === 'object' && work !== null && 'then' in work;

function rejection(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  let stop = (): void => {};
  const promise = new Promise<never>((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    stop = () => signal.removeEventListener('abort', abort);
  });
  return { promise, stop };
}
