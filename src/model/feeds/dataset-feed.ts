import type { Dataset } from '../../dataset/dataset.js';
import type { Stream } from '../../dataset/stream.js';
import { LanewiseError } from '../../errors.js';
import { requirePositiveInteger } from '../../options.js';
import type { Tensor } from '../../tensor/tensor.js';
import { newFloats } from '../../tensor/tensor.js';
import type { ModelInput, ModelTarget, Rows } from '../batches.js';
import { unlessAborted } from '../callbacks/callbacks.js';
import type { SampleWeights } from '../sample-weights.js';
import type { Feed, Step } from './feed.js';
import { wholeOf } from './feed.js';

/** Told by what it has and not by its class, so that a program that reads no dataset does not ship one. */
export const isDataset = <Item>(given: Dataset<Item> | object | undefined): given is Dataset<Item> => typeof given === 'object' && given !== null && 'open' in given;

/** A batch, as a dataset gives it to `fit` and `evaluate`. */
export interface Batch {
  /** As `fit` takes them. */
  readonly xs: ModelInput;
  readonly ys: ModelTarget;
  readonly sampleWeight?: SampleWeights | undefined;
}

/** Of `evaluate` and `predict` with a dataset. */
export interface DatasetOptions {
  /** Batches, at most. Default: all. */
  steps?: number;
  /** Stops the call, which rejects with the signal's reason, within one batch. */
  signal?: AbortSignal;
}

export interface ReadOptions {
  /** Batches that make an epoch, whatever a pass has; undefined: an epoch is a pass. */
  stepsPerEpoch?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Gives the event loop its turn, if that is due. */
  rest: () => Promise<void>;
  where: string;
}

/**
 * Reads batches of a dataset. An epoch is a pass of its own; or, of `stepsPerEpoch` batches, begins where the one before ended, and passes follow one
 * another. Either way epoch and batch alone say which data come next.
 */
export class DatasetReader<Item extends object> {
  private pass = 0;
  /** Batches that were taken of this pass. */
  private taken = 0;
  private stream: Stream<Item> | undefined;
  /** The epoch and the batch that come next. */
  private next: readonly [epoch: number, batch: number] | undefined;

  constructor(readonly dataset: Dataset<Item>, readonly options: ReadOptions) {}

  /** Goes to a batch of an epoch, past all that come before. @throws LanewiseError `checkpoint-mismatch` if there are not so many */
  async seek(epoch: number, batch: number): Promise<void> {
    if (this.next?.[0] === epoch && this.next[1] === batch) return;
    await this.close();
    const { stepsPerEpoch, where, signal, rest } = this.options;
    this.pass = stepsPerEpoch === undefined ? epoch : 0;
    const before = stepsPerEpoch === undefined ? batch : epoch * stepsPerEpoch + batch;
    for (let i = 0; i < before; i++) {
      signal?.throwIfAborted();
      if (!(await this.take())) {
        throw new LanewiseError('checkpoint-mismatch', 'the dataset ended before the place where the training stopped', {
          where, expected: `at least ${before} batches`, received: `${i}`,
        });
      }
      await rest();
    }
    this.next = [epoch, batch];
  }

  /** The batches of an epoch from one on, each with its number. */
  async *batches(epoch: number, first: number): AsyncGenerator<[batch: Item, number: number]> {
    const { stepsPerEpoch = Infinity, signal } = this.options;
    await this.seek(epoch, first);
    for (let batch = first; batch < stepsPerEpoch; batch++) {
      const item = await this.take();
      if (!item) return;
      this.next = [epoch, batch + 1];
      yield [item, batch];
    }
    signal?.throwIfAborted();
    this.next = [epoch + 1, 0];
  }

  /** The next batch; of passes that follow one another, after the last of one the first of the next. */
  private async take(): Promise<Item | undefined> {
    const { stepsPerEpoch, where, signal } = this.options;
    for (;;) {
      this.stream ??= this.dataset.open(this.pass);
      const found = await unlessAborted(this.stream.next(), signal);
      if (found) {
        this.taken++;
        return found.item;
      }
      const { taken } = this;
      await this.close();
      if (taken === 0) throw new LanewiseError('invalid-data', 'the dataset is empty', { where, expected: 'at least one batch', received: 'none' });
      if (stepsPerEpoch === undefined) return undefined;
      this.pass++;
    }
  }

  /** Ends the pass. */
  async close(): Promise<void> {
    const { stream } = this;
    [this.stream, this.taken, this.next] = [undefined, 0, undefined];
    if (stream) await unlessAborted(stream.close(), this.options.signal);
  }
}

/** The batches of a dataset as steps of a model. `check` makes rows of a batch, or throws. */
export function datasetFeed(dataset: Dataset<Batch>, options: ReadOptions, check: (batch: Batch, where: string) => Rows): Feed {
  const { stepsPerEpoch, where } = options;
  const reader = new DatasetReader(dataset, options);
  return {
    batches: stepsPerEpoch ?? dataset.size,
    rowsIn: () => 0,
    async *steps(epoch, first): AsyncGenerator<Step> {
      for await (const [batch, number] of reader.batches(epoch, first)) yield wholeOf(check(batch, `${where}, batch ${number}`));
    },
    seek: (epoch, batch) => reader.seek(epoch, batch),
    close: () => reader.close(),
    config: { dataset: dataset.config, stepsPerEpoch: stepsPerEpoch ?? null },
  };
}

/** Refuses what is no batch of this kind, such as a list in the place of a record. @throws LanewiseError `invalid-argument` */
export function requireBatch<Item extends object>(batch: Item, fields: readonly (keyof Item & string)[], where: string): Item {
  const given: unknown = batch;
  if (typeof given === 'object' && given !== null && fields.every((field) => field in given)) return batch;
  throw new LanewiseError('invalid-argument', 'not a batch', {
    where, expected: `{ ${fields.join(', ')} }`, received: typeof given === 'object' && given !== null ? `{ ${Object.keys(given).slice(0, 5).join(', ')} }` : typeof given,
    remedy: 'Give it this form with map',
  });
}

/** @throws LanewiseError `invalid-argument` for options that the dataset itself decides about */
export function requireNoneOf(options: Readonly<Record<string, unknown>>, names: readonly string[], where: string): void {
  const found = names.find((name) => options[name] !== undefined);
  if (found === undefined) return;
  throw new LanewiseError('invalid-argument', `${found} beside a dataset`, { where, remedy: 'Make it part of the dataset: batch, shuffle, take and skip, or sampleWeight beside xs and ys' });
}

/** The first batches, if there is a limit. @throws LanewiseError `invalid-argument` if there is none and no end either */
export function limited<Item>(dataset: Dataset<Item>, count: number | undefined, option: string, where: string): Dataset<Item> {
  if (count !== undefined) return dataset.take(requirePositiveInteger(count, option, where));
  if (dataset.size !== Infinity) return dataset;
  throw new LanewiseError('invalid-argument', 'the dataset has no end', { where, remedy: `Say with ${option} how many batches to take` });
}

/** Rows of several tensors in one. @throws LanewiseError `out-of-memory` */
export function joined(tensors: readonly Tensor<Float32Array>[], where: string): Tensor<Float32Array> {
  const data = newFloats(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0), where);
  let [at, rows] = [0, 0];
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
    rows += tensor.shape[0]!;
  }
  return { data, shape: [rows, ...tensors[0]!.shape.slice(1)] };
}
