/** What the HTML report says of a run: the figures of the whole training and test sets, looked at anew. */
import { weightsSha256 } from 'lanewise';
import type { Model } from 'lanewise';
import { GARMENT_NAMES } from 'lanewise/data';
import type { ClassifierReport, NetworkReport, PredictorReport } from 'lanewise/report';
import type { EpochRecord, Settings, Task } from '../protocol.js';
import type { Dataset, Source } from './datasets.js';
import type { Observer } from './observer.js';

export interface ReportedRun {
  task: Task;
  settings: Settings;
  source: Source;
  data: Dataset;
  model: Model;
  observer: Observer;
  epochs: readonly EpochRecord[];
  /** Of training. */
  seconds: number;
}

export interface ReportSections {
  classifier?: ClassifierReport;
  predictor?: PredictorReport;
}

const PIXELS = 28 * 28;
const SIGNALS = 6;

export async function reportSections(run: ReportedRun): Promise<ReportSections> {
  return run.task === 'garments' ? { classifier: await classifier(run) } : { predictor: await predictor(run) };
}

async function network({ settings, source, model, epochs, seconds }: ReportedRun, name: string): Promise<NetworkReport> {
  const { layers, inputShape, forward, backward } = model.summary();
  const { trainRows, testRows, synthetic } = source;
  const batchSize = Math.min(settings.batchSize, trainRows);
  const operations = (samples: number): NetworkReport['operations']['batch'] => ({
    multiplications: samples * (forward.multiplications + backward.multiplications), additions: samples * (forward.additions + backward.additions),
  });
  const times = epochs.map(({ stepMs }) => stepMs).sort((a, b) => a - b);
  return {
    name, preset: settings.preset, seed: settings.seed, source: source.source, synthetic, trainSamples: trainRows, testSamples: testRows,
    batchSize, stepsPerEpoch: Math.ceil(trainRows / batchSize), epochs: epochs.length, inputShape,
    layers: layers.map(({ name: layer, type, detail, outputShape, parameters, forward: flops }) => ({ name: layer, type, detail, outputShape, parameters, ...flops })),
    operations: { batch: operations(batchSize), epoch: operations(trainRows), training: operations(epochs.length * trainRows) },
    seconds, stepMs: times[times.length >> 1] ?? NaN, weightsSha256: await weightsSha256(model.getWeights()),
  };
}

async function classifier(run: ReportedRun): Promise<ClassifierReport> {
  const { observer, data: { train }, source, epochs } = run;
  observer.refresh();
  const test = await observer.judge(0, Infinity);
  const { loss: trainLoss, accuracy: trainAccuracy = NaN } = await observer.measure(train);
  const sheet = source.thumbnails ?? new Uint8Array();
  const columns = sheet.length / PIXELS / GARMENT_NAMES.length;
  return {
    ...(await network(run, source.synthetic ? 'Garment classifier' : 'Fashion-MNIST classifier')),
    classNames: GARMENT_NAMES,
    samples: Array.from({ length: sheet.length / PIXELS }, (_, index) => ({ label: Math.floor(index / columns), pixels: sheet.slice(index * PIXELS, (index + 1) * PIXELS) })),
    history: [...epochs],
    final: { trainLoss, trainAccuracy, testLoss: test.loss, testAccuracy: test.accuracy ?? NaN },
    confusion: GARMENT_NAMES.map((_, label) => test.confusion!.slice(label * GARMENT_NAMES.length, (label + 1) * GARMENT_NAMES.length)),
    mistakes: test.mistakes!,
  };
}

async function predictor(run: ReportedRun): Promise<PredictorReport> {
  const { observer, data: { train, test }, source, settings: { horizon, dropout }, epochs } = run;
  observer.refresh();
  const [testLoss, trainLoss] = [(await observer.judge(0, Infinity)).loss, (await observer.measure(train)).loss];
  const forecasts = [];
  for (let row = 0; row < Math.min(SIGNALS, test.x.shape[0]!); row++) forecasts.push(await observer.forecast(row, horizon));
  const steps = train.x.shape[1]!;
  return {
    ...(await network(run, 'Signal predictor')),
    horizon, inputDropout: dropout, signalVariance: variance(train.x.data),
    signals: Array.from({ length: Math.min(SIGNALS, source.trainRows) }, (_, row) => ({ row, values: Float32Array.from(train.x.data.subarray(row * steps, (row + 1) * steps)) })),
    history: [...epochs],
    final: { trainLoss, testLoss },
    predictions: forecasts.map(({ row, truth, predicted }) => ({ row: source.trainRows + row, truth, predicted })),
    baselines: source.baselines(horizon).map(({ name, loss }) => ({ name, testLoss: loss })),
  };
}

function variance(values: ArrayLike<number>): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! ** 2;
  }
  return squares / values.length - (sum / values.length) ** 2;
}
