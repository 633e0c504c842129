/** A made-up report: everything a report can hold, from a seed. */
import { Purpose, RandomStream } from '../../src/random.js';
import type {
  ClassifierReport,
  EnvironmentReport,
  LabelledImage,
  LayerReport,
  NetworkReport,
  PredictorReport,
  ReportData,
} from '../../src/report/report-data.js';

const CLASSES = ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];
const STEPS = 499;

export function makeReport(seed = 1): ReportData {
  return {
    title: 'A made-up report',
    createdAt: new Date('2025-03-04T05:06:07Z'),
    environment: makeEnvironment(),
    classifier: makeClassifier(seed),
    predictor: makePredictor(seed),
  };
}

export function makeEnvironment(): EnvironmentReport {
  return {
    lanewise: '1.2.3',
    runtime: 'Node v20.19.0',
    platform: 'linux x64',
    cpu: 'Some Processor 9000',
    cores: 4,
    threads: 3,
    build: 'strict',
  };
}

export function makeClassifier(seed = 1): ClassifierReport {
  const random = new RandomStream(seed, Purpose.split, 1);
  return {
    ...makeNetwork('Garment classifier', seed),
    trainSamples: 60_000,
    testSamples: 10_000,
    batchSize: 128,
    stepsPerEpoch: 469,
    epochs: 20,
    inputShape: [28, 28, 1],
    layers: [
      layer('conv2d_1', 'conv2d', [26, 26, 64], 640, 389_376),
      layer('max_pooling2d_1', 'maxPooling2d', [13, 13, 64], 0, 0),
      layer('conv2d_2', 'conv2d', [11, 11, 64], 36_928, 4_460_544),
      layer('flatten_1', 'flatten', [7744], 0, 0),
      layer('dense_1', 'dense', [128], 991_360, 991_232),
      layer('dense_2', 'dense', [10], 1290, 1280),
    ],
    operations: operations(2_243_493_888, 1_051_637_760_000, 21_032_755_200_000),
    classNames: CLASSES,
    samples: CLASSES.flatMap((_, label) => [makeImage(random, label), makeImage(random, label)]),
    history: Array.from({ length: 20 }, (_, index) => ({
      epoch: index + 1,
      loss: 0.5 / (index + 1),
      accuracy: 0.9 + index / 250,
      valLoss: 0.4 / (index + 1) + 0.2,
      valAccuracy: 0.88 + index / 500,
      seconds: random.uniform(30, 40),
      stepMs: random.uniform(60, 80),
    })),
    final: { trainLoss: 0.0812, trainAccuracy: 0.9765, testLoss: 0.2345, testAccuracy: 0.9258 },
    confusion: CLASSES.map((_, truth) => CLASSES.map((__, predicted) => (predicted === truth ? 900 : random.integer(30)))),
    mistakes: [3, 6].map((label) => ({ ...makeImage(random, label), predicted: 0, probability: 0.9876 })),
  };
}

export function makePredictor(seed = 1): PredictorReport {
  const random = new RandomStream(seed, Purpose.split, 2);
  const row = (): Float32Array => Float32Array.from({ length: STEPS }, () => random.normal() * 3.5);
  return {
    ...makeNetwork('Signal predictor', seed),
    trainSamples: 66,
    testSamples: 34,
    batchSize: 32,
    stepsPerEpoch: 3,
    epochs: 5000,
    inputShape: [STEPS, 1],
    layers: [
      layer('simple_rnn_1', 'simpleRNN', [STEPS, 20], 440, STEPS * 420),
      layer('simple_rnn_2', 'simpleRNN', [STEPS, 10], 310, STEPS * 300),
      layer('simple_rnn_3', 'simpleRNN', [STEPS, 5], 80, STEPS * 75),
      layer('dense_1', 'dense', [STEPS, 1], 6, STEPS * 5),
    ],
    operations: operations(38_323_200, 79_041_600, 395_208_000_000),
    horizon: 1,
    inputDropout: 0.2,
    signalVariance: 12.6,
    signals: [0, 1, 2].map((index) => ({ row: index, values: row() })),
    history: Array.from({ length: 5000 }, (_, index) => ({
      epoch: index + 1,
      loss: 2.5 + 9 / (index + 1) + random.uniform(),
      valLoss: 0.46 + 9 / (index + 1),
      seconds: 0.02,
      stepMs: 6,
    })),
    cleanTrainLoss: [1, 2500, 5000].map((epoch) => ({ epoch, loss: 0.44 + 9 / epoch })),
    final: { trainLoss: 0.4321, testLoss: 0.4678 },
    predictions: [66, 67, 68, 69, 70, 71].map((index) => ({ row: index, truth: row(), predicted: row() })),
    baselines: [
      { name: 'persistence', testLoss: 6.17 },
      { name: 'AR(4)', testLoss: 0.311 },
      { name: 'AR(10)', testLoss: 0.124 },
      { name: 'AR(20)', testLoss: 0.0893 },
    ],
  };
}

type Named = 'name' | 'preset' | 'seed' | 'source' | 'synthetic' | 'seconds' | 'stepMs' | 'weightsSha256';

function makeNetwork(name: string, seed: number): Pick<NetworkReport, Named> {
  return {
    name,
    preset: 'seed',
    seed,
    source: `the folder of the ${name}`,
    synthetic: false,
    seconds: 702,
    stepMs: 71.3,
    weightsSha256: name.length.toString(16).repeat(32),
  };
}

function layer(name: string, type: string, outputShape: number[], parameters: number, products: number): LayerReport {
  return { name, type, outputShape, parameters, multiplications: products, additions: products };
}

function operations(batch: number, epoch: number, training: number): NetworkReport['operations'] {
  const both = (products: number) => ({ multiplications: products, additions: products });
  return { batch: both(batch), epoch: both(epoch), training: both(training) };
}

function makeImage(random: RandomStream, label: number): LabelledImage {
  return { pixels: Uint8Array.from({ length: 784 }, () => random.integer(256)), label };
}
