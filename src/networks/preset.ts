import type { Sampler } from '../model/feeds/sampler.js';
import type { Optimizer } from '../optimizers/optimizer.js';

/** What the command trains: the classifier of garments, and the predictor of signals. */
export const NETWORKS = ['fashion-mnist', 'signals'] as const;
export type NetworkName = (typeof NETWORKS)[number];

/**
 * `seed`: as the source of the task has it. `quick`: about half a minute on two cores. `best`: the best result on unseen data, chosen on
 * training rows held out, never on test rows. `fast`: the garments only: to the accuracy of `seed` in the least time.
 */
export const PRESETS = ['seed', 'quick', 'best', 'fast'] as const;
export type PresetName = (typeof PRESETS)[number];

/** How a network is trained. */
export interface Training {
  epochs: number;
  batchSize: number;
  /** Only the first rows of the training set are used. Default: all. */
  rows?: number;
  /** Says how the rows of an epoch look; all of them must come, for the steps of the optimizer. Default: as they are. */
  sampler?: Sampler;
  /** The training ends after the first epoch that is judged at least this accurate. Default: none does. */
  targetAccuracy?: number;
  /** An optimizer for a run of so many steps (epochs × batches). */
  optimizer: (totalSteps: number) => Optimizer;
}
