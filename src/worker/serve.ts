import { modelFromJSON } from '../io/model.js';
import type { CustomLayers } from '../layers/registry.js';
import { lossFromConfig } from '../losses.js';
import { metricFromConfig } from '../metrics.js';
import type { ModelInput, ModelTarget } from '../model/batches.js';
import type { Callbacks } from '../model/callbacks/callbacks.js';
import { samplerFromConfig } from '../model/feeds/registry.js';
import type { Model, Prediction } from '../model/model.js';
import type { CompileOptions, FitOptions } from '../model/options.js';
import { optimizerFromConfig } from '../optimizers/registry.js';
import { configure } from '../runtime/configure.js';
import { adoptKernels } from '../runtime/load.js';
import type { NumericArray, Tensor } from '../tensor/tensor.js';
import { addPiece, putBack } from './arrays.js';
import type { Begin, Channel, PostedCheckpoint, Report, ToPage, ToWorker } from './protocol.js';
import { buffersOf, made, posted, postedError, received } from './protocol.js';

/** Reports go out this often at most, in milliseconds. */
const REPORT_EVERY = 16;

export interface ServeOptions {
  /** Layers made by `customLayer`, by their type. */
  customLayers?: CustomLayers;
}

/** The worker's side of `trainInWorker`: one training. */
export function serveTraining(channel: Pick<Channel, 'post' | 'onMessage'>, { customLayers }: ServeOptions): void {
  const arrays: NumericArray[] = [];
  const tell = (message: ToPage, transfer?: readonly ArrayBuffer[]): void => channel.post(message, transfer);
  let training: ServedTraining | undefined;
  channel.onMessage((message: ToWorker) => {
    if (message.kind === 'piece') addPiece(arrays, message);
    else if (message.kind === 'begin') (training = new ServedTraining(tell, customLayers)).run(message, arrays.splice(0)).catch(() => {});
    else training?.take(message);
  });
  tell({ kind: 'ready' });
}

class ServedTraining {
  private readonly abort = new AbortController();
  private model: Model<Prediction> | undefined;
  /** While the training rests. */
  private rest: Promise<void> | undefined;
  private goOn = (): void => {};
  /** Whether it has come to its rest: it is told to in the course of a step. */
  private resting = false;
  /** Questions asked between the two. */
  private questions: { kind: 'weights' | 'checkpoint'; id: number }[] = [];
  private reports: Report[] = [];
  private reported = 0;

  constructor(
    private readonly tell: (message: ToPage, transfer?: readonly ArrayBuffer[]) => void,
    private readonly customLayers: CustomLayers | undefined,
  ) {}

  async run(begin: Begin, arrays: readonly NumericArray[]): Promise<void> {
    const back = (value: unknown): unknown => putBack(value, arrays);
    try {
      configure(begin.configuration);
      adoptKernels(begin.kernels.part, begin.kernels.module);
      const model = modelFromJSON<Prediction>(begin.model, 'trainInWorker', this.customLayers && { customLayers: this.customLayers });
      this.model = model;
      model.setWeights(back(begin.weights) as Tensor[]);
      const { optimizer, loss, lossWeights, metrics, ...compile } = begin.compile;
      const own = { loss: made(loss, lossFromConfig), ...(metrics && { metrics: made(metrics, metricFromConfig) }), ...(lossWeights && { lossWeights }) };
      await model.compile({ ...compile, ...(own as Pick<CompileOptions, 'loss'>), optimizer: optimizerFromConfig(optimizer) });
      const resume = begin.resume === undefined ? {} : { resume: received(back(begin.resume) as PostedCheckpoint) };
      const sampler = begin.sampler && { sampler: samplerFromConfig(begin.sampler) };
      const options = { ...(back(begin.fit) as FitOptions), ...resume, ...sampler, callbacks: this.callbacks(begin.batches), signal: this.abort.signal };
      const history = await model.fit(back(begin.x) as ModelInput, back(begin.y) as ModelTarget, options);
      this.flush();
      this.answerAll();
      const weights = model.getWeights();
      this.tell({ kind: 'finished', history: { epoch: history.epoch, history: history.history }, weights }, buffersOf(weights));
    } catch (error) {
      this.flush();
      this.answerAll();
      const weights = this.wholeWeights();
      this.tell({ kind: 'failed', error: postedError(error), cancelled: this.abort.signal.aborted, weights }, weights && buffersOf(weights));
    }
  }

  /** What the page says in the course of it: heard between two steps. */
  take(message: Exclude<ToWorker, { kind: 'piece' | 'begin' }>): void {
    switch (message.kind) {
      case 'pause':
        this.rest ??= new Promise((resolve) => (this.goOn = resolve));
        return;
      case 'continue':
        this.rest = undefined;
        this.resting = false;
        this.answerAll();
        return this.goOn();
      case 'cancel':
        return this.abort.abort();
      default:
        if (this.rest && !this.resting) this.questions.push(message);
        else this.answer(message);
    }
  }

  private answerAll(): void {
    for (const question of this.questions.splice(0)) this.answer(question);
  }

  private answer({ kind, id }: { kind: 'weights' | 'checkpoint'; id: number }): void {
    try {
      const model = this.model!;
      if (kind === 'checkpoint') this.tell({ kind: 'answer', id, checkpoint: posted(model.checkpoint()) });
      else {
        const weights = model.getWeights();
        this.tell({ kind: 'answer', id, weights }, buffersOf(weights));
      }
    } catch (error) {
      this.tell({ kind: 'answer', id, error: postedError(error) });
    }
  }

  private callbacks(batches: boolean): Callbacks {
    return {
      onTrainBegin: () => {
        this.tell({ kind: 'started', threads: this.model!.threads });
        return this.comeToRest();
      },
      onBatchEnd: (batch, logs) => {
        if (batches) this.reports.push({ kind: 'batch', batch, logs });
        if (this.reports.length > 0 && performance.now() - this.reported >= REPORT_EVERY) this.flush();
        return this.comeToRest();
      },
      onEpochEnd: (epoch, logs) => {
        this.reports.push({ kind: 'epoch', epoch, logs });
        this.flush();
      },
    };
  }

  private comeToRest(): Promise<void> | undefined {
    if (!this.rest) return undefined;
    this.resting = true;
    this.flush();
    this.answerAll();
    return this.rest;
  }

  private flush(): void {
    if (this.reports.length > 0) this.tell({ kind: 'reports', reports: this.reports });
    this.reports = [];
    this.reported = performance.now();
  }

  private wholeWeights(): Tensor<Float32Array>[] | undefined {
    try {
      return this.model?.getWeights();
    } catch {
      return undefined; // lost in the middle of an update
    }
  }
}
