import { LanewiseError } from '../errors.js';
import type { JsonRecord } from '../json.js';
import type { Loss } from '../losses.js';
import type { Metric } from '../metrics.js';
import type { Checkpoint } from '../model/checkpoint.js';
import { kernelsOf } from '../model/graph.js';
import type { BatchLogs, EpochLogs, History } from '../model/history.js';
import type { ModelInput, ModelTarget } from '../model/batches.js';
import type { Model, Prediction } from '../model/model.js';
import type { CompileOptions, FitOptions } from '../model/options.js';
import { configured } from '../runtime/configure.js';
import { loadKernels, partFor } from '../runtime/load.js';
import { platform } from '../runtime/platform/platform.js';
import type { NumericArray, Tensor } from '../tensor/tensor.js';
import { piecesOf, takeOut } from './arrays.js';
import type { Begin, Channel, Report, ToPage, ToWorker } from './protocol.js';
import { configured as withConfigs, posted, received, receivedError, receivedHistory } from './protocol.js';

export interface TrainingOptions {
  /** As for `model.compile`. A schedule of the learning rate must be one of ours: a function cannot be sent. */
  compile: CompileOptions;
  /** As for `model.fit`. */
  fit?: Omit<FitOptions, 'callbacks' | 'signal'>;
  /** Called after each batch, here, in packets some 60 times a second: the training does not wait for it. */
  onBatchEnd?: (batch: number, logs: BatchLogs) => void;
  /** Called after each epoch, here; the training does not wait for it. */
  onEpochEnd?: (epoch: number, logs: EpochLogs) => void;
  /** Cancels the training. */
  signal?: AbortSignal;
}

/** A training in a worker. */
export interface Training {
  /** When the data have been handed over and the first step begins. Until then what they lie in must stay as it is. */
  readonly started: Promise<{ threads: number }>;
  /**
   * When the training is over and the model has its weights. Rejects as `fit` does, with an AbortError after `cancel()`; the model has the weights
   * of the last whole step then.
   */
  readonly finished: Promise<History>;
  readonly paused: boolean;
  /** Stops after the step at work, until `resume`; `weights` and `checkpoint` that are asked for then are those of where it stopped. */
  pause(): void;
  resume(): void;
  /** Ends the training after the step at work. */
  cancel(): void;
  /** The weights as they are between two steps, in the order of `model.getWeights()`. */
  weights(): Promise<readonly Tensor<Float32Array>[]>;
  /** All it takes to go on from here: see `FitOptions.resume`. @throws LanewiseError `invalid-state` before the first step and after the end */
  checkpoint(): Promise<Checkpoint>;
}

type Answer = Extract<ToPage, { kind: 'answer' }>;

/** Trains a model over a channel. The model has its new weights when it is finished. */
export function startTraining(open: () => Promise<Channel>, model: Model<Prediction>, x: ModelInput, y: ModelTarget, options: TrainingOptions): Training {
  return new RemoteTraining(open, model, x, y, options);
}

class RemoteTraining implements Training {
  paused = false;
  private readonly start = deferred<{ threads: number }>();
  private readonly end = deferred<History>();
  readonly started = this.start.promise;
  readonly finished = this.end.promise;
  private channel: Channel | undefined;
  private over = false;
  private cancelled = false;
  private readonly asked = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  private asks = 0;
  private readonly onAbort = (): void => this.cancel();

  constructor(
    open: () => Promise<Channel>,
    private readonly model: Model<Prediction>, x: ModelInput, y: ModelTarget,
    private readonly options: TrainingOptions,
  ) {
    this.started.catch(() => {}); // `finished` tells
    if (options.signal?.aborted) this.cancel();
    options.signal?.addEventListener('abort', this.onAbort);
    this.begin(open, x, y).catch((error: Error) => this.fail(error));
  }

  pause(): void {
    this.paused = true;
    this.tell({ kind: 'pause' });
  }

  resume(): void {
    this.paused = false;
    this.tell({ kind: 'continue' });
  }

  cancel(): void {
    if (this.over) return;
    this.cancelled = true;
    this.finished.catch(() => {}); // who cancels need not hear of it
    this.tell({ kind: 'cancel' });
  }

  async weights(): Promise<readonly Tensor<Float32Array>[]> {
    return this.over ? this.model.getWeights() : (await this.ask('weights')).weights!;
  }

  async checkpoint(): Promise<Checkpoint> {
    return received((await this.ask('checkpoint')).checkpoint!);
  }

  private async begin(open: () => Promise<Channel>, x: ModelInput, y: ModelTarget): Promise<void> {
    const { model, options: { compile, fit: { resume, sampler, ...fit } = {}, onBatchEnd } } = this;
    const { optimizer, loss, lossWeights, metrics, threads = 'auto', build = 'strict' } = compile;
    const arrays: NumericArray[] = [];
    const [xOut, yOut, fitOut, resumeOut] = [x, y, fit, resume && posted(resume)].map((value) => takeOut(value, arrays));
    const config = model.toJSON();
    const all = kernelsOf(model.graph);
    const kernels = { part: partFor(build, all), module: await loadKernels(build, all) };
    this.requireWanted();
    const channel = await open();
    this.channel = channel;
    channel.onMessage((message: ToPage) => this.hear(message));
    channel.onFailure((cause) => this.fail(new LanewiseError('worker-failed', 'the worker that trains has ended', { received: String(cause), cause })));
    const weights = takeOut(model.getWeights(), arrays);
    for (const [index, array] of arrays.entries()) {
      for (const piece of piecesOf(array, index)) {
        this.requireWanted();
        channel.post(piece, [piece.data.buffer as ArrayBuffer]);
        await platform().yieldToEventLoop();
      }
    }
    this.requireWanted();
    const begin: Begin = {
      kind: 'begin', model: config, weights, kernels, configuration: configurationOf(), x: xOut, y: yOut, fit: fitOut, resume: resumeOut, sampler: sampler?.config,
      compile: { optimizer: sendable(optimizer.config(0)), loss: withConfigs(loss, isLoss), lossWeights, metrics: metrics && withConfigs(metrics, isMetric), threads, build }, batches: onBatchEnd !== undefined,
    };
    try {
      channel.post(begin);
    } catch (cause) {
      throw new LanewiseError('invalid-argument', 'an option cannot be sent to a worker', { where: 'trainInWorker', cause, remedy: 'Give no functions but onEpochEnd and onBatchEnd' });
    }
    if (this.paused) this.tell({ kind: 'pause' });
  }

  private requireWanted(): void {
    if (this.cancelled) throw aborted();
  }

  private hear(message: ToPage): void {
    try {
      this.take(message);
    } catch (error) {
      this.fail(error as Error); // of a callback
    }
  }

  private take(message: ToPage): void {
    switch (message.kind) {
      case 'ready':
        return;
      case 'started':
        return this.start.resolve({ threads: message.threads });
      case 'reports':
        return message.reports.forEach((report) => this.tellUser(report));
      case 'answer': {
        const { resolve, reject } = this.asked.get(message.id)!;
        this.asked.delete(message.id);
        return message.error ? reject(receivedError(message.error)) : resolve(message);
      }
      case 'finished':
        this.model.setWeights(message.weights);
        this.close();
        return this.end.resolve(receivedHistory(message.history));
      case 'failed':
        if (message.weights) this.model.setWeights(message.weights);
        return this.fail(message.cancelled ? aborted() : receivedError(message.error));
    }
  }

  private tellUser(report: Report): void {
    if (report.kind === 'batch') this.options.onBatchEnd?.(report.batch, report.logs);
    else this.options.onEpochEnd?.(report.epoch, report.logs);
  }

  private tell(message: ToWorker): void {
    this.channel?.post(message);
  }

  private ask(kind: 'weights' | 'checkpoint'): Promise<Answer> {
    return this.started.then(() => {
      if (this.over) throw new LanewiseError('invalid-state', 'the training is over', { where: kind });
      return new Promise<Answer>((resolve, reject) => {
        const id = this.asks++;
        this.asked.set(id, { resolve, reject });
        this.tell({ kind, id });
      });
    });
  }

  private fail(error: Error): void {
    this.close();
    this.start.reject(error);
    this.end.reject(error);
  }

  private close(): void {
    this.over = true;
    this.channel?.terminate();
    this.options.signal?.removeEventListener('abort', this.onAbort);
    for (const { reject } of this.asked.values()) reject(new LanewiseError('invalid-state', 'the training is over'));
    this.asked.clear();
  }
}

const aborted = (): DOMException => new DOMException('The training was cancelled', 'AbortError');

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void; reject: (error: Error) => void } {
  let settle!: [(value: Value) => void, (error: Error) => void];
  const promise = new Promise<Value>((resolve, reject) => (settle = [resolve, reject]));
  return { promise, resolve: settle[0], reject: settle[1] };
}

const isLoss = (given: object): given is Loss => 'emit' in given && typeof given.emit === 'function';
const isMetric = (given: object): given is Metric => 'add' in given && typeof given.add === 'function';

/** What workers of the worker need; the kernels are sent along. */
function configurationOf(): Begin['configuration'] {
  const { workerUrl } = configured();
  return workerUrl === undefined ? {} : { workerUrl: new URL(workerUrl, location.href).href };
}

/** @throws LanewiseError `unsupported` */
function sendable(config: JsonRecord): JsonRecord {
  const { learningRate } = config;
  if (typeof learningRate === 'object' && (learningRate as JsonRecord)['schedule'] === 'custom') {
    throw new LanewiseError('unsupported', 'a schedule of your own cannot be sent to a worker', {
      where: 'trainInWorker', remedy: 'Use one of schedules, or train where you are with fit',
    });
  }
  return config;
}
