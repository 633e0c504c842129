import { requireWritable, writeFileAtomically } from '../files/whole-file.js';
import type { Callbacks, Checkpoint, History, Sequential } from '../index.js';
import { weightsSha256 } from '../io/digest.js';
import { encodeSealed } from '../io/sealed.js';
import type { NetworkName } from '../networks/preset.js';
import type { Build } from '../runtime/load.js';
import { Checkpoints, openCheckpoint } from './checkpoints.js';
import { UsageError } from './failure.js';
import { LossProbe } from './loss-probe.js';
import { DEFAULT_SEED, type EngineOptions, type TrainOptions } from './options.js';
import { createOutput } from './output/create-output.js';
import type { DoneEvent, EpochEvent, Output, StartEvent } from './output/output.js';
import { writeReport } from './report/report-file.js';
import type { Streams } from './streams.js';
import type { Run, Task, TaskOptions } from './tasks/task.js';
import { createTask } from './tasks/create-task.js';

/** `lanewise train` */
export async function train(name: NetworkName, options: TrainOptions, streams: Streams): Promise<void> {
  const { save, report, checkpoint: checkpointFile, every, resume } = options;
  if (every !== undefined && checkpointFile === undefined) throw new UsageError('--every needs --checkpoint');
  for (const file of [save, report, checkpointFile]) if (file !== undefined) await requireWritable(file);
  const { checkpoint, kept } = await openCheckpoint(name, resume);
  const { preset = kept.preset ?? 'seed', seed = kept.seed ?? DEFAULT_SEED, ...given } = options;
  const taskOptions: TaskOptions = { ...kept, ...given, preset, seed };
  const output = createOutput(options, streams);
  try {
    const task = await createTask(name, taskOptions, output);
    const checkpoints = checkpointFile === undefined ? undefined : new Checkpoints(checkpointFile, every, taskOptions, name);
    const run = await trainTask(task, options, output, { curve: report !== undefined, checkpoints, resume: checkpoint });
    if (save !== undefined) await saveWeights(save, run);
    if (report !== undefined) {
      output.status('Writing the report');
      await writeReport(report, `${task.title}, preset ${task.preset}`, [run]);
    }
    run.model.close();
    output.done({ ...run.done, ...(save !== undefined && { weights: save }), ...(report !== undefined && { report }) });
  } finally {
    output.clear();
  }
}

export interface TrainingExtras {
  /** Whether to follow the training loss without dropout, where dropout hides it. */
  curve?: boolean;
  checkpoints?: Checkpoints | undefined;
  resume?: Checkpoint | undefined;
}

/** Trains, and measures the result. */
export async function trainTask(task: Task, { threads, build }: EngineOptions, output: Output, extras: TrainingExtras = {}): Promise<Run> {
  const { name, training, compile } = task;
  const model = task.createModel();
  const { shape: [rows] } = (task.augmented ?? task.train).x;
  const stepsPerEpoch = Math.ceil(rows! / training.batchSize);
  const { epochs, batchSize, sampler } = training;
  const optimizer = training.optimizer(epochs * stepsPerEpoch);
  await model.compile({ ...compile, optimizer, threads, build });
  const start: StartEvent = {
    ...startEvent(task, model, build),
    training: { seed: task.seed, epochs, batchSize, stepsPerEpoch, optimizer: optimizer.describe(), ...(sampler && { sampler: sampler.config.name }) },
  };
  const { curve, checkpoints, resume } = extras;
  if (resume) start.resumed = { step: resume.progress.step, epoch: resume.progress.epoch + 1 };
  output.start(start, { summary: model.summary(), noun: task.noun });
  const probe = curve && task.inputDropout > 0 ? await LossProbe.create(task, build) : undefined;
  const work = (): Promise<History> => fit(task, model, output, probe, extras);
  const history = await (checkpoints ? checkpoints.guard(model, work) : work());
  probe?.close();
  output.status(`Measuring on the ${task.noun}s trained on, dropout off`);
  const { loss: trainLoss, accuracy: trainAccuracy } = await model.evaluate(task.train.x, task.train.y);
  const { valLoss = [], valAccuracy, seconds = [] } = history.history;
  const done: DoneEvent = {
    event: 'done', model: name, trainLoss, ...(trainAccuracy !== undefined && { trainAccuracy }),
    testLoss: valLoss.at(-1)!, ...(valAccuracy && { testAccuracy: valAccuracy.at(-1)! }),
    seconds: seconds.reduce((sum, value) => sum + value, 0), weightsSha256: await weightsSha256(model.getWeights()),
  };
  output.clear();
  return { task, model, build, stepsPerEpoch, history, done, cleanTrainLoss: probe?.losses ?? [] };
}

function fit(task: Task, model: Sequential, output: Output, probe: LossProbe | undefined, { checkpoints, resume }: TrainingExtras): Promise<History> {
  const { train, augmented, test, training: { epochs, batchSize, sampler, targetAccuracy = Infinity } } = task;
  let epochAtWork = 0;
  const progress: Callbacks = {
    onEpochBegin(epoch) {
      epochAtWork = epoch + 1;
    },
    onBatchEnd: (batch, { loss }) => output.step(epochAtWork, batch + 1, loss),
    async onEpochEnd(epoch, { loss, accuracy, valLoss, valAccuracy, seconds, stepMs }) {
      const event: EpochEvent = {
        event: 'epoch', model: task.name, epoch: epoch + 1, loss, ...(accuracy !== undefined && { accuracy }),
        valLoss: valLoss!, ...(valAccuracy !== undefined && { valAccuracy }), seconds, stepMs,
      };
      output.epoch(event);
      await probe?.measure(model, epoch + 1, epochs);
      return (valAccuracy ?? 0) < targetAccuracy;
    },
  };
  const { x, y } = augmented ?? train;
  return model.fit(x, y, {
    ...(augmented && { sampleWeight: augmented.sampleWeight }), ...(sampler && { sampler }),
    epochs, batchSize, validationData: [test.x, test.y], callbacks: checkpoints ? [progress, checkpoints.callbacks] : progress,
    ...(checkpoints && { signal: checkpoints.signal }), ...(resume && { resume }),
  });
}

/** What the start event says of a compiled task, whether it will be trained or not. */
export function startEvent({ name, preset, horizon, source, synthetic, train, test }: Task, model: Sequential, build: Build): StartEvent {
  return {
    event: 'start', model: name, preset, ...(horizon !== undefined && { horizon }), parameters: model.parameterCount,
    data: { source, synthetic, train: train.x.shape[0]!, test: test.x.shape[0]! }, threads: model.threads, build,
  };
}

async function saveWeights(file: string, { task: { name, preset, seed, horizon }, model }: Run): Promise<void> {
  const metadata = { format: 'lanewise', network: name, preset, seed: String(seed), ...(horizon !== undefined && { horizon: String(horizon) }) };
  await writeFileAtomically(file, await encodeSealed(model.namedWeights(), metadata));
}
