import type { Optimizer } from '../optimizers/optimizer.js';

/**
 * `seed`: as the source of the task has it. `quick`: about half a minute on two cores. `best`: the best result on unseen data, chosen on
 * training rows held out, never on test rows.
 */
export const PRESETS = ['seed', 'quick', 'best'] as const;
export type PresetName = (typeof PRESETS)[number];

/** How a network is trained. */
export interface Training {
  epochs: number;
  batchSize: number;
  /** Only the first rows of the training set are used. Default: all. */
  rows?: number;
  /** An optimizer for a run of so many steps (epochs × batches). */
  optimizer: (totalSteps: number) => Optimizer;
}
