import type { Dataset } from '../dataset/dataset.js';
import type { Loss, LossName } from '../losses.js';
import type { Metric, MetricName } from '../metrics.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Build } from '../runtime/load.js';
import type { Threads } from '../runtime/threads.js';
import type { ModelInput, ModelTarget } from './batches.js';
import type { Callbacks } from './callbacks/callbacks.js';
import type { Checkpoint } from './checkpoint.js';
import type { Batch } from './feeds/dataset-feed.js';
import type { Sampler } from './feeds/sampler.js';
import type { PerOutput } from './per-output.js';
import type { SampleWeights, WeightOptions } from './sample-weights.js';

export interface ModelOptions {
  /** Decides initial weights, order of rows and dropout. A whole number from 0 to 2^53 - 1; default 0. */
  seed?: number;
  /** Default `sequential` or `model`. */
  name?: string;
}

export interface CompileOptions {
  optimizer: Optimizer;
  /**
   * A name, or a loss with options: `losses.categoricalCrossentropy({ labelSmoothing: 0.1 })`. Of a model of several outputs for all of them, or one for
   * each, in a list or by its name.
   */
  loss: LossName | Loss | PerOutput<LossName | Loss>;
  /** Of a model of several outputs: how much of the loss that of each one is, in a list or by its name. Default 1. The figure `NAME_loss` is without it. */
  lossWeights?: PerOutput<number>;
  /**
   * Names, or metrics with options: `metrics.topKAccuracy({ k: 3 })`. Default none. `accuracy` needs a cross-entropy: the share of rows whose class is
   * right, or with `binaryCrossentropy` of outputs. Metrics do not look at weights; steps that a mask leaves out do not count.
   * Of a model of several outputs: for each one a metric or several, in a list or by its name.
   */
  metrics?: readonly (MetricName | Metric)[] | PerOutput<MetricName | Metric | readonly (MetricName | Metric)[]>;
  /**
   * Default `'auto'`: as many as the machine has cores, up to 8; one, if the others are not to be had. The results are the same bits for any number.
   * In a browser threads need a cross-origin isolated page; elsewhere there is one, whatever is asked for.
   */
  threads?: Threads;
  /** Default `strict`. */
  build?: Build;
}

export interface FitOptions extends WeightOptions {
  /** Number of the last epoch, counted from 1: so many are trained if the first one is epoch 0. Default 1. */
  epochs?: number;
  /**
   * Number of the first epoch, counted from 0. Default 0, as in Keras. The order of rows depends on the seed and the number of the epoch alone, so
   * a second `fit` of the same model ought to go on counting: `fit(x, y, { initialEpoch: 5, epochs: 10 })` after `fit(x, y, { epochs: 5 })`.
   */
  initialEpoch?: number;
  /** Default 32. */
  batchSize?: number;
  /** Whether rows are put in a new order each epoch, one that depends on the seed and the epoch alone. Default true. */
  shuffle?: boolean;
  /** Chooses the rows of each epoch, or how they look: `infoBatch()`, `alternatingFlip()`. Default: each epoch has all of them as they are. */
  sampler?: Sampler;
  /** Evaluated after each epoch: inputs, targets and, if rows are to be weighed, what each of them counts. */
  validationData?: readonly [ModelInput, ModelTarget] | readonly [ModelInput, ModelTarget, SampleWeights];
  /** The share of the rows that is put aside for validation, the last ones as they are given. Default none. */
  validationSplit?: number;
  callbacks?: Callbacks | readonly Callbacks[];
  /** Stops the fit, which rejects with the signal's reason, within one step. The model is whole then, and `checkpoint()` may be taken of it. */
  signal?: AbortSignal;
  /** Goes on from a checkpoint that a run with the same model, optimizer, data and options left, to the same bits as if it had never stopped. */
  resume?: Checkpoint;
}

/** Of `fit` with a dataset, which says itself what a batch is and in which order they come. */
export interface DatasetFitOptions extends Pick<FitOptions, 'epochs' | 'initialEpoch' | 'classWeight' | 'callbacks' | 'signal'> {
  /**
   * Batches that make an epoch. Default: those of a pass. If it is given, an epoch begins where the one before ended, and after the last batch of a pass
   * comes the next pass, so that all data are seen.
   */
  stepsPerEpoch?: number;
  /** Evaluated after each epoch: a dataset, of which it is the first pass each time, or arrays as for `fit` of arrays. */
  validationData?: Dataset<Batch> | FitOptions['validationData'];
  /** Batches of a `validationData` that is a dataset, at most. Default: all. */
  validationSteps?: number;
  /**
   * Goes on from a checkpoint, to the same bits as if the run had never stopped: provided that the dataset gives the same again, which only its recipe
   * can be asked about (operations, sizes, seeds), not its data. The batches that were taken of the epoch are read again and left out; with
   * `stepsPerEpoch` all since epoch 0 are.
   */
  resume?: Checkpoint;
}

export interface EvaluateOptions extends PredictOptions {
  /** As for `fit`. */
  sampleWeight?: SampleWeights;
}

export interface PredictOptions {
  /** Default 128. Changes speed and memory, not the result beyond rounding. */
  batchSize?: number;
  /** Stops the call, which rejects with the signal's reason, within one batch. */
  signal?: AbortSignal;
}

export interface ProfileOptions {
  /** How often each op is timed. Default 21. */
  rounds?: number;
}
