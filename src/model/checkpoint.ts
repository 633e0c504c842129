import type { Json } from '../json.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { History } from './history.js';

/** Everything a training depends on, at the border of two steps. A run that goes on from here comes to the same bits as one that never stopped. */
export interface Checkpoint {
  /** Layers, seed, optimizer, loss, data and the options of `fit`: a run that differs in any of them cannot go on from here. */
  readonly setup: Json;
  readonly progress: Progress;
  /** Weights and, for each of them, the optimizer's slots: `dense_1/kernel`, `dense_1/kernel/m`; states of stateful layers: `lstm_1/state/h`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Before the names of the weights that a callback keeps. */
export const KEPT = 'kept:';

/** Before the names of what rows are chosen by. */
export const OF_ROWS = 'rows:';

/** Between the name of a layer and that of a state that it keeps. */
export const STATE = '/state/';

export interface Progress {
  /** Training steps since the optimizer began: what schedules and dropout go by. */
  readonly step: number;
  /** The epoch at work, from 0, or the next one. */
  readonly epoch: number;
  /** Batches of it that are done. */
  readonly batch: number;
  /** Whether a callback has ended the training before its last epoch. */
  readonly stopped: boolean;
  /** Losses of their rows, summed, and how many of their rows were right. */
  readonly lossSum: number;
  readonly correct: number;
  /** Samples that these are of; undefined in the files of before rows could be masked: all of them. */
  readonly weight?: number | undefined;
  /** What the metrics that look at outputs have counted in those batches, by the names of their figures; undefined if there are none. */
  readonly sums?: Readonly<Record<string, readonly number[]>> | undefined;
  /** Wall time of each of those batches. */
  readonly stepMs: readonly number[];
  /** The epochs before. */
  readonly history: History;
}

export interface NamedTensor<Data extends Tensor = Tensor> {
  name: string;
  tensor: Data;
}

/** Something that lasts from step to step, beside the weights. */
export interface NamedState {
  readonly name: string;
  readonly shape: Shape;
  readonly read: () => Tensor<Float32Array>;
  readonly write: (values: Tensor) => void;
}

/** Every way in which tensors are not those wanted, in words. */
export function tensorDifferences(wanted: readonly { name: string; shape: Shape }[], found: ReadonlyMap<string, Tensor>): string[] {
  const names = new Set(wanted.map(({ name }) => name));
  const extra = [...found].filter(([name]) => !names.has(name)).map(([name, { shape }]) => `${name} ${formatShape(shape)} has no place`);
  return [...wanted.flatMap(({ name, shape }) => tensorDifference(name, shape, found.get(name))), ...extra];
}

function tensorDifference(name: string, shape: Shape, found: Tensor | undefined): string[] {
  if (!found) return [`${name} ${formatShape(shape)} is missing`];
  if (!sameShape(found.shape, shape)) return [`${name} should be ${formatShape(shape)}, not ${formatShape(found.shape)}`];
  return found.data instanceof Float32Array ? [] : [`${name} should be F32`];
}
