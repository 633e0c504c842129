import type { JsonRecord } from '../../json.js';
import type { Shape } from '../../tensor/shape.js';
import type { Rows } from '../batches.js';
import type { Feed } from './feed.js';

/** How rows come in batches. */
export interface Batching {
  batchSize: number;
  /** Whether each epoch has them in an order of its own. */
  shuffle: boolean;
  seed: number;
  /** Those of the model, with the shape of a sample. */
  outputs: readonly { readonly shape: Shape }[];
}

/** Decides which rows an epoch trains on, how they look and what they count: see `infoBatch` and `alternatingFlip`. */
export interface Sampler {
  /** What tells it from others. */
  readonly config: JsonRecord & { readonly name: string };
  /** How many of so many rows an epoch trains on, if the run begins with epoch 0: what the steps of a schedule go by. */
  rowsIn(epoch: number, rows: number): number;
  /** The batches of a run. @throws LanewiseError `invalid-argument` for outputs that it cannot serve @internal */
  feed(data: Rows, batching: Batching): Feed;
}
