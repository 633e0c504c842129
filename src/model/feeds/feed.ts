import type { Json } from '../../json.js';
import { epochOrder } from '../../random.js';
import { fingerprint } from '../../tensor/fingerprint.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Rows } from '../batches.js';
import type { NamedState } from '../checkpoint.js';

/** The rows of a step: order[start] … order[start + count - 1], or without an order start … start + count - 1. */
export interface Step {
  readonly data: Rows;
  readonly order?: Uint32Array | undefined;
  readonly start: number;
  readonly count: number;
  /** Is told, after training, what each row of the output lost. */
  readonly note?: (rowLosses: Float32Array) => void;
}

export type Steps = Iterable<Step> | AsyncIterable<Step>;

/** Where a fit has its batches from. */
export interface Feed {
  /** Batches in the epoch at work; undefined if that is not known beforehand. */
  readonly batches: number | undefined;
  /** Rows of so many batches; 0 if that is not known. */
  readonly rowsIn: (batches: number) => number;
  /** The steps of an epoch from a batch on. */
  steps(epoch: number, batch: number): Steps;
  /** Makes ready for that, where it takes long or may fail. @throws LanewiseError `checkpoint-mismatch` if there is no such batch */
  seek?(epoch: number, batch: number): Promise<void>;
  /** Gives up what it holds, if that is anything. */
  close?(): Promise<void>;
  /** What it has to keep to go on from here, if that is anything. */
  readonly states?: readonly NamedState[];
  /** What tells it from other feeds. */
  readonly config: Json;
}

/** All rows as one batch. */
export const wholeOf = (data: Rows): Step => ({ data, start: 0, count: data.rows });

/** Rows in batches, in the order in which they are, or those of an order. */
export function* stepsOf(data: Rows, batchSize: number, order?: Uint32Array, first = 0): Generator<Step> {
  const { length: rows } = order ?? { length: data.rows };
  for (let start = first * batchSize; start < rows; start += batchSize) {
    yield { data, order, start, count: Math.min(batchSize, rows - start) };
  }
}

/** Arrays, in an order of each epoch that depends on a seed; without one as they are. */
export const arrayFeed = (data: Rows, batchSize: number, shuffleSeed: number | undefined): Feed => ({
  batches: Math.ceil(data.rows / batchSize),
  rowsIn: (batches) => Math.min(batches * batchSize, data.rows),
  steps: (epoch, batch) => stepsOf(data, batchSize, shuffleSeed === undefined ? undefined : epochOrder(shuffleSeed, epoch, data.rows), batch),
  config: configOf(data),
});

/** What tells rows from others. */
function configOf({ rows, inputs, targets, weights }: Rows): Json {
  const config = ({ data }: Tensor): string => `${data[Symbol.toStringTag]} ${fingerprint(data)}`;
  const each = (tensors: readonly (Tensor | undefined)[]): Json => tensors.length === 1 ? config(tensors[0]!) : tensors.map((tensor) => (tensor ? config(tensor) : null));
  return { rows, inputs: each(inputs), targets: each(targets), ...(weights && { weights: each(weights) }) };
}

/** Runs something on feeds, which are closed then; an error of the work is told before one of closing. */
export async function closing<Result>(feeds: readonly (Pick<Feed, 'close'> | undefined)[], work: () => Promise<Result>): Promise<Result> {
  const close = async (): Promise<void> => {
    for (const feed of feeds) await feed?.close?.();
  };
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
  await close();
  return result;
}
