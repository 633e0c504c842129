import { weightsSha256 } from '../io/digest.js';
import { requireWritable, writeFileAtomically } from '../files/whole-file.js';
import { encodeSafetensors } from '../io/safetensors.js';
import type { Sequential } from '../model/sequential.js';
import type { Build } from '../runtime/load.js';
import { LossProbe } from './loss-probe.js';
import type { EngineOptions, TrainOptions } from './options.js';
import { createOutput, type DoneEvent, type EpochEvent, type Output, type StartEvent } from './output/output.js';
import { writeReport } from './report/report-file.js';
import type { Streams } from './streams.js';
import type { NetworkName, Run, Task } from './tasks/task.js';
import { createTask } from './tasks/create-task.js';

/** `lanewise train` */
export async function train(name: NetworkName, options: TrainOptions, streams: Streams): Promise<void> {
  const { save, report } = options;
  for (const file of [save, report]) if (file !== undefined) await requireWritable(file);
  const output = createOutput(options, streams);
  try {
    const task = await createTask(name, options, output);
    const run = await trainTask(task, options, output, report !== undefined);
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

/** Trains, and measures the result. @param curve whether to follow the training loss without dropout, where dropout hides it */
export async function trainTask(task: Task, { threads, build }: EngineOptions, output: Output, curve: boolean): Promise<Run> {
  const { name, training, compile } = task;
  const model = task.createModel();
  const stepsPerEpoch = Math.ceil(task.train.x.shape[0]! / training.batchSize);
  const { epochs, batchSize } = training;
  const optimizer = training.optimizer(epochs * stepsPerEpoch);
  await model.compile({ ...compile, optimizer, threads, build });
  output.start(
    { ...startEvent(task, model, build), training: { seed: task.seed, epochs, batchSize, stepsPerEpoch, optimizer: optimizer.describe() } },
    { summary: model.summary(), noun: task.noun },
  );
  const probe = curve && task.inputDropout > 0 ? await LossProbe.create(task, build) : undefined;
  const history = await fit(task, model, output, probe);
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

function fit(task: Task, model: Sequential, output: Output, probe: LossProbe | undefined): Promise<Run['history']> {
  const { train: { x, y }, test, training: { epochs, batchSize } } = task;
  let epochAtWork = 0;
  return model.fit(x, y, {
    epochs, batchSize, validationData: [test.x, test.y],
    callbacks: {
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
      },
    },
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
  await writeFileAtomically(file, encodeSafetensors(model.namedWeights(), metadata));
}
