/** One network in training: prepares it, runs `fit`, and looks at it now and then on the way. */
import { decodeCheckpoint, decodeModel, encodeCheckpoint, LanewiseError, modelFromJSON } from 'lanewise';
import type { BatchLogs, Checkpoint, EpochLogs, Model, TrainingRun } from 'lanewise';
import { createNetwork, createOptimizer } from '../networks.js';
import type { Answers, EpochRecord, Message, ModelInfo, Settings, Task } from '../protocol.js';
import type { Dataset, Source } from './datasets.js';
import { Observer } from './observer.js';
import { reportSections, type ReportSections } from './report.js';

/** Progress is told so often, in milliseconds: about once a frame. */
const TELL_EVERY = 30;
/** The network is looked at so often, in milliseconds, or seldomer where looking takes long. */
const LOOK_EVERY: Readonly<Record<Task, number>> = { garments: 300, signals: 100 };
/** Looking may take this part of the time. */
const LOOK_SHARE = 0.15;
/** Test rows of a look between epochs: enough to know an accuracy to within a hundredth. */
const LOOK_ROWS = 2000;

interface Prepared {
  settings: Settings;
  data: Dataset;
  model: Model;
  observer: Observer;
  /** From where `fit` goes on. */
  resume: Checkpoint | undefined;
  stepsPerEpoch: number;
}

/** What the page has before its eyes. */
export interface Focus {
  picture: Uint8Array | undefined;
  row: number;
}

export class Trainer {
  private prepared: Prepared | undefined;
  private readonly focus: Focus = { picture: undefined, row: 0 };
  private stop: AbortController | undefined;
  private fitting: Promise<void> | undefined;
  private paused: { until: Promise<void>; release: () => void } | undefined;
  /** Looks come one after another. */
  private looking: Promise<void> = Promise.resolve();

  private losses: number[] = [];
  private accuracies: number[] = [];
  private lastTold = 0;
  private nextLook = 0;
  private clock = 0;
  private seconds = 0;
  private speed = 0;
  private lastJudged: EpochRecord | undefined;

  constructor(
    private readonly task: Task,
    private readonly post: (message: Message) => void,
  ) {}

  /** Makes the network of the settings, or of a file's bytes. A run that is at work ends. */
  async prepare(source: Source, wanted: Settings, bytes?: Uint8Array, keepWeights = false): Promise<Answers['prepare']> {
    const stored = bytes && (await readFile(bytes)); // a bad file ends no run
    await this.end();
    const settings = stored?.settings ?? wanted;
    const data = source.rows(settings.horizon);
    const model = stored?.model ?? createNetwork(this.task, settings, data.train.x.shape[1]!);
    const before = this.prepared;
    if (stored?.weights) setNamedWeights(model, stored.weights);
    else if (keepWeights && before && sameShapes(before.model, model)) model.setWeights(before.model.getWeights());
    const stepsPerEpoch = Math.ceil(source.trainRows / settings.batchSize);
    await model.compile({
      optimizer: createOptimizer(this.task, settings, settings.epochs * stepsPerEpoch),
      ...(this.task === 'garments' ? { loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] } : { loss: 'meanSquaredError' }),
      threads: settings.threads || 'auto',
    });
    const observer = await Observer.create(this.task, model, data.test, model.threads);
    before?.observer.close();
    before?.model.close();
    const goesOn = stored?.checkpoint && stored.notes['data'] === dataNote(source);
    const resume = goesOn ? stored.checkpoint : undefined;
    this.prepared = { settings, data, model, observer, resume, stepsPerEpoch };
    this.seconds = resume ? Number(stored?.notes['seconds'] ?? 0) : 0;
    this.speed = 0;
    const progress = resume?.progress;
    this.look(progress?.step ?? 0, LOOK_ROWS).catch(() => undefined);
    return {
      info: describe(model, stepsPerEpoch), step: progress?.step ?? 0, epoch: progress?.epoch ?? 0,
      baselines: source.baselines(settings.horizon), notes: resume ? { ...stored?.notes } : { settings: JSON.stringify(settings) },
    };
  }

  /** Begins, or goes on after a pause. */
  train(): void {
    if (this.paused) {
      this.paused.release();
      this.paused = undefined;
      this.clock = performance.now();
    } else if (!this.fitting) {
      this.fitting = this.fit().finally(() => (this.fitting = undefined));
    }
  }

  /** Holds the run before its next step. */
  pause(): void {
    if (!this.fitting || this.paused) return;
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => (release = resolve));
    this.paused = { until, release };
  }

  /** What the page shows. The network is looked at anew, with the weights it has. */
  show(focus: Partial<Focus>): void {
    Object.assign(this.focus, focus);
    if (!this.prepared) return;
    this.exclusively(async ({ observer, settings }) => {
      observer.refresh();
      await this.showFocus(observer, settings);
    }).catch(() => undefined);
  }

  /** A test picture, another one each time. */
  sample(): Answers['sample'] {
    const { test: { x, y } } = this.requirePrepared().data;
    const row = Math.floor(Math.random() * y.data.length);
    const size = x.data.length / y.data.length;
    return { pixels: Uint8Array.from(x.data.subarray(row * size, (row + 1) * size)), label: y.data[row]! };
  }

  /** The run as bytes: weights, optimizer, figures so far. */
  async save(source: Source, notes: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
    const { model, settings, resume } = this.requirePrepared();
    const checkpoint = model.step === 0 && resume ? resume : model.checkpoint();
    return encodeCheckpoint(checkpoint, {
      ...notes, model: JSON.stringify(model), settings: JSON.stringify(settings), data: dataNote(source), seconds: String(this.seconds),
    });
  }

  /** What a report says of the run. While it is made, the run waits. */
  async report(source: Source, epochs: readonly EpochRecord[]): Promise<ReportSections> {
    let sections: ReportSections = {};
    await this.exclusively(async ({ settings, data, model, observer }) => {
      sections = await reportSections({ task: this.task, settings, source, data, model, observer, epochs, seconds: this.seconds });
    });
    return sections;
  }

  private async end(): Promise<void> {
    this.stop?.abort(new DOMException('another run begins', 'AbortError'));
    this.paused?.release();
    this.paused = undefined;
    await this.fitting;
    await this.looking.catch(() => undefined);
  }

  private async fit(): Promise<void> {
    const { settings, data, model, resume } = this.requirePrepared();
    this.stop = new AbortController();
    const { signal } = this.stop;
    let run: TrainingRun | undefined;
    this.clock = performance.now();
    this.nextLook = this.clock;
    try {
      await model.fit(data.train.x, data.train.y, {
        epochs: settings.epochs, batchSize: settings.batchSize, signal, ...(resume && { resume }),
        callbacks: {
          onTrainBegin: (begun) => void (run = begun),
          onBatchEnd: (_, logs) => this.afterBatch(run!, logs),
          onEpochEnd: (epoch, logs) => this.afterEpoch(run!, epoch, logs),
        },
      });
      this.tell(run!);
      await this.look(run!.step, Infinity);
      this.post({ type: 'stopped', reason: 'done' });
    } catch (error) {
      if (signal.aborted) return;
      this.post({ type: 'stopped', reason: 'failed', error: error instanceof Error ? error.message : String(error) });
    }
  }

  private async afterBatch(run: TrainingRun, { loss, accuracy }: BatchLogs): Promise<void> {
    const now = performance.now();
    const { settings } = this.requirePrepared();
    const took = (now - this.clock) / 1000;
    this.seconds += took;
    const speed = settings.batchSize / took;
    this.speed = this.speed === 0 ? speed : this.speed + (speed - this.speed) * Math.min(1, took / 0.5); // over half a second or so
    this.losses.push(loss);
    if (accuracy !== undefined) this.accuracies.push(accuracy);
    if (now - this.lastTold > TELL_EVERY) this.tell(run);
    if (now > this.nextLook) await this.look(run.step, LOOK_ROWS);
    if (this.paused) {
      this.tell(run);
      await this.look(run.step, LOOK_ROWS); // what is shown is what there is
      this.post({ type: 'stopped', reason: 'paused' });
      await this.paused.until;
    }
    this.clock = performance.now();
  }

  private async afterEpoch(run: TrainingRun, epoch: number, { loss, accuracy = NaN, seconds, stepMs }: EpochLogs): Promise<void> {
    this.tell(run);
    if (this.task === 'garments') await this.look(run.step, Infinity);
    const { valLoss = NaN, valAccuracy = NaN } = this.lastJudged ?? {};
    this.post({ type: 'epoch', record: { epoch: epoch + 1, loss, accuracy, valLoss, valAccuracy, seconds, stepMs } });
    this.clock = performance.now();
  }

  private tell(run: TrainingRun): void {
    const { step, epoch, batch } = run;
    const { losses: loss, accuracies: accuracy, speed: samplesPerSecond, seconds } = this;
    this.post({ type: 'progress', progress: { step, epoch, batch, loss, accuracy, samplesPerSecond, seconds } });
    this.losses = [];
    this.accuracies = [];
    this.lastTold = performance.now();
  }

  /** Judges the network on test rows and shows what it makes of the page's picture or signal. */
  private async look(step: number, rows: number): Promise<void> {
    const began = performance.now();
    await this.exclusively(async ({ observer, settings }) => {
      observer.refresh();
      const judgement = await observer.judge(step, rows);
      this.lastJudged = { ...NO_RECORD, valLoss: judgement.loss, valAccuracy: judgement.accuracy ?? NaN };
      this.post({ type: 'judgement', judgement });
      await this.showFocus(observer, settings);
    });
    const now = performance.now();
    this.nextLook = now + Math.max(LOOK_EVERY[this.task], (now - began) / LOOK_SHARE);
  }

  private async showFocus(observer: Observer, { horizon }: Settings): Promise<void> {
    if (this.task === 'signals') this.post({ type: 'forecast', forecast: await observer.forecast(this.focus.row, horizon) });
    else if (this.focus.picture) this.post({ type: 'sight', sight: await observer.look(this.focus.picture) });
  }

  private exclusively(work: (prepared: Prepared) => Promise<void>): Promise<void> {
    const { looking } = this;
    const begin = async (): Promise<void> => {
      if (this.prepared) await work(this.prepared);
    };
    return (this.looking = looking.then(begin, begin));
  }

  private requirePrepared(): Prepared {
    if (!this.prepared) throw new LanewiseError('invalid-state', 'no network is ready', { remedy: 'Wait for the data' });
    return this.prepared;
  }
}

const NO_RECORD: EpochRecord = { epoch: 0, loss: NaN, accuracy: NaN, valLoss: NaN, valAccuracy: NaN, seconds: 0, stepMs: 0 };

/** Data with the same note are the same data. */
const dataNote = ({ source, trainRows, testRows }: Source): string => `${source}, ${trainRows} + ${testRows}`;

interface StoredRun {
  model?: Model;
  settings?: Settings;
  weights?: Checkpoint['tensors'];
  checkpoint?: Checkpoint;
  notes: Record<string, string>;
}

/** A run that this page saved, or a model. @throws LanewiseError */
async function readFile(bytes: Uint8Array): Promise<StoredRun> {
  const isCheckpoint = new TextDecoder().decode(bytes.subarray(0, 1 << 16)).includes('lanewise-checkpoint');
  if (!isCheckpoint) return { model: await decodeModel(bytes, 'file'), notes: {} };
  const checkpoint = await decodeCheckpoint(bytes, 'file');
  const notes = Object.fromEntries(checkpoint.notes);
  const { settings, model } = notes;
  if (settings === undefined || model === undefined) {
    throw new LanewiseError('invalid-file', 'the checkpoint was not saved by this page', { remedy: 'Use a model file, or one that this page saved' });
  }
  return { model: modelFromJSON(model), settings: JSON.parse(settings) as Settings, weights: checkpoint.tensors, checkpoint, notes };
}

function setNamedWeights(model: Model, tensors: Checkpoint['tensors']): void {
  const weights = model.weightSpecs.map(({ name }) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new LanewiseError('invalid-file', 'a weight is missing', { where: name });
    return tensor;
  });
  model.setWeights(weights);
}

const sameShapes = (a: Model, b: Model): boolean => JSON.stringify(a.weightSpecs) === JSON.stringify(b.weightSpecs);

function describe(model: Model, stepsPerEpoch: number): ModelInfo {
  const { layers, inputShape, parameters, forward, backward } = model.summary();
  return {
    layers: layers.map(({ name, type, detail, outputShape, parameters: own }) => ({ name, type, detail, outputShape, parameters: own })),
    inputShape, parameters, stepsPerEpoch, threads: model.threads,
    flopsPerSample: forward.multiplications + forward.additions + backward.multiplications + backward.additions,
  };
}
