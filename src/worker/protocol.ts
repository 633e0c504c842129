/** What a page and the worker that trains for it say to each other. All of it can be posted. */
import { LanewiseError } from '../errors.js';
import type { ErrorCode } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import type { Checkpoint, Progress } from '../model/checkpoint.js';
import { History } from '../model/history.js';
import type { BatchLogs, EpochLogs } from '../model/history.js';
import type { CompileOptions } from '../model/options.js';
import type { Build } from '../runtime/build.js';
import type { Part } from '../runtime/load.js';
import type { Configuration } from '../runtime/configure.js';
import type { Threads } from '../runtime/threads.js';
import type { NumericArray, Tensor } from '../tensor/tensor.js';

/** The other end of a line. */
export interface Channel {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: never) => void): void;
  /** The worker has ended without having been asked to. */
  onFailure(listener: (cause: unknown) => void): void;
  terminate(): void;
}

/** A part of an array: arrays come before what they belong to, in pieces, so that no copy keeps a page from its work. */
export interface Piece {
  kind: 'piece';
  array: number;
  length: number;
  at: number;
  data: NumericArray;
}

/** In the place of an array. */
export interface ArrayRef {
  array: number;
}

/** The configs of losses or metrics in the place of these, wherever they stand: in lists, or in records by the names of outputs. */
export type Configured = { config: Json } | readonly Configured[] | { byName: Readonly<Record<string, Configured>> };

/** @param isMade whether something is a loss or a metric, and not a record of such */
export function configured<Made extends { readonly config: Json }>(given: unknown, isMade: (given: object) => given is Made): Configured {
  if (typeof given !== 'object' || given === null) return { config: given as Json };
  if (Array.isArray(given)) return given.map((each) => configured(each, isMade));
  if (isMade(given)) return { config: given.config };
  return { byName: Object.fromEntries(Object.entries(given).map(([name, each]) => [name, configured(each, isMade)])) };
}

/** Losses or metrics as they were given. */
export function made<Made>(given: Configured, fromConfig: (config: Json) => Made): unknown {
  if (Array.isArray(given)) return (given as readonly Configured[]).map((each) => made(each, fromConfig));
  if ('config' in given) return fromConfig(given.config);
  return Object.fromEntries(Object.entries((given as { byName: Readonly<Record<string, Configured>> }).byName).map(([name, each]) => [name, made(each, fromConfig)]));
}

export interface Begin {
  kind: 'begin';
  model: JsonRecord;
  weights: unknown;
  kernels: { part: Part; module: WebAssembly.Module };
  configuration: Configuration;
  compile: { optimizer: JsonRecord; loss: Configured; lossWeights: CompileOptions['lossWeights']; metrics: Configured | undefined; threads: Threads; build: Build };
  x: unknown;
  y: unknown;
  /** Options of `fit` that are plain values, with arrays taken out. */
  fit: unknown;
  resume: unknown;
  /** The config of what chooses rows. */
  sampler: JsonRecord | undefined;
  /** Whether batches are to be reported. */
  batches: boolean;
}

export type ToWorker = Piece | Begin | { kind: 'pause' | 'continue' | 'cancel' } | { kind: 'weights' | 'checkpoint'; id: number };

export type Report = { kind: 'batch'; batch: number; logs: BatchLogs } | { kind: 'epoch'; epoch: number; logs: EpochLogs };

export type ToPage =
  | { kind: 'ready' }
  | { kind: 'started'; threads: number }
  | { kind: 'reports'; reports: readonly Report[] }
  | { kind: 'answer'; id: number; weights?: readonly Tensor<Float32Array>[]; checkpoint?: PostedCheckpoint; error?: PostedError }
  | { kind: 'finished'; history: PostedHistory; weights: readonly Tensor<Float32Array>[] }
  /** `weights`: as before the step that failed, if they are whole. */
  | { kind: 'failed'; error: PostedError; cancelled: boolean; weights: readonly Tensor<Float32Array>[] | undefined };

export type PostedHistory = Pick<History, 'epoch' | 'history'>;
export interface PostedCheckpoint {
  setup: Json;
  progress: Omit<Progress, 'history'> & { history: PostedHistory };
  tensors: readonly (readonly [string, Tensor])[];
}

export const posted = ({ setup, progress, tensors }: Checkpoint): PostedCheckpoint => {
  const { epoch, history } = progress.history;
  return { setup, progress: { ...progress, history: { epoch, history } }, tensors: [...tensors] };
};

export const receivedHistory = ({ epoch, history }: PostedHistory): History => new History(epoch, history);

export const received = ({ setup, progress, tensors }: PostedCheckpoint): Checkpoint =>
  ({ setup, progress: { ...progress, history: receivedHistory(progress.history) }, tensors: new Map(tensors) });

/** Buffers of tensors that are given away. */
export const buffersOf = (tensors: readonly Tensor[]): ArrayBuffer[] => tensors.map(({ data }) => data.buffer as ArrayBuffer);

export interface PostedError {
  name: string;
  message: string;
  code?: ErrorCode;
  summary?: string;
  where?: string | undefined;
  expected?: string | undefined;
  received?: string | undefined;
  remedy?: string | undefined;
}

export function postedError(error: unknown): PostedError {
  if (error instanceof LanewiseError) {
    const { name, message, code, summary, where, expected, received, remedy } = error;
    return { name, message, code, summary, where, expected, received, remedy };
  }
  return error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) };
}

export function receivedError({ name, message, code, summary, where, expected, received, remedy }: PostedError): Error {
  if (code !== undefined) {
    const details = Object.entries({ where, expected, received, remedy }).filter(([, value]) => value !== undefined);
    return new LanewiseError(code, summary!, Object.fromEntries(details));
  }
  return Object.assign(new Error(message), { name });
}
