/**
 * What a report is made from: plain data, so that anything that trains a network can write one. Numbers may be NaN or
 * infinite (a run that diverged); the report then says so.
 */
export interface ReportData {
  title: string;
  createdAt: Date;
  environment: EnvironmentReport;
  /** A report holds one or both networks. */
  classifier?: ClassifierReport | undefined;
  predictor?: PredictorReport | undefined;
}

export interface EnvironmentReport {
  /** Version of Lanewise. */
  lanewise: string;
  /** What ran it, such as `Node v20.19.0`. */
  runtime: string;
  /** Operating system and architecture, such as `linux x64`. */
  platform: string;
  /** Model of the processor. */
  cpu: string;
  cores: number;
  threads: number;
  build: 'strict' | 'relaxed';
}

/** Counts of arithmetic operations on single-precision numbers. */
export interface Operations {
  multiplications: number;
  additions: number;
}

/** One row of the architecture; the operations are those of the forward pass of one sample. */
export interface LayerReport extends Operations {
  name: string;
  /** Such as `conv2d`. */
  type: string;
  /** Options worth a reader's eye, such as `64 filters 3×3, ReLU`. */
  detail?: string | undefined;
  /** Without the batch dimension. */
  outputShape: readonly number[];
  parameters: number;
}

/** What both networks report. */
export interface NetworkReport {
  name: string;
  preset: string;
  seed: number;
  /** Where the data came from, for a reader: a folder, a file, a generator. */
  source: string;
  /** Whether the data were made by a program instead of read from the original files. */
  synthetic: boolean;
  trainSamples: number;
  /** Samples that an epoch has instead, made of those. */
  augmentedSamples?: number;
  testSamples: number;
  batchSize: number;
  stepsPerEpoch: number;
  /** Epochs trained; `history` may hold fewer. */
  epochs: number;
  /** Without the batch dimension. */
  inputShape: readonly number[];
  layers: readonly LayerReport[];
  /** Forward and backward passes of one mini-batch, of one epoch and of the whole training. */
  operations: { batch: Operations; epoch: Operations; training: Operations };
  /** Wall time of the training, in seconds. */
  seconds: number;
  /** Median wall time of a training step, in milliseconds. */
  stepMs: number;
  /** SHA-256 of the final weights, hexadecimal. */
  weightsSha256: string;
}

/** Figures of one epoch: training loss as trained (dropout on), validation loss on the test data. */
export interface EpochReport {
  /** From 1. */
  epoch: number;
  loss: number;
  valLoss: number;
  /** Wall time of the epoch. */
  seconds: number;
  /** Median wall time of a training step in this epoch. */
  stepMs: number;
}

export interface ClassifierEpoch extends EpochReport {
  /** Fractions, as all accuracies here. */
  accuracy: number;
  valAccuracy: number;
}

export interface LabelledImage {
  /** [height, width] of `inputShape`, 0 = black. */
  pixels: Uint8Array;
  label: number;
}

export interface Mistake extends LabelledImage {
  predicted: number;
  /** The probability the network gave to `predicted`. */
  probability: number;
}

export interface ClassifierReport extends NetworkReport {
  classNames: readonly string[];
  /** Training images to show; a few per class. */
  samples: readonly LabelledImage[];
  history: readonly ClassifierEpoch[];
  /** After training, dropout off. */
  final: { trainLoss: number; trainAccuracy: number; testLoss: number; testAccuracy: number };
  /** Counts on the test data: `confusion[true class][predicted class]`. */
  confusion: readonly (readonly number[])[];
  /** Wrong predictions on the test data, most confident first. */
  mistakes: readonly Mistake[];
}

export interface Signal {
  /** Row in the data, from 0. */
  row: number;
  values: ArrayLike<number>;
}

export interface Prediction {
  /** Row in the data, from 0. */
  row: number;
  /** The samples to predict, and what was predicted for them: same length, same moments. */
  truth: ArrayLike<number>;
  predicted: ArrayLike<number>;
}

/** Losses are mean squared errors, in the data's own units squared. A sample is one whole sequence. */
export interface PredictorReport extends NetworkReport {
  /** How many samples ahead the network predicts. */
  horizon: number;
  /** Dropout rate on the input of the first layer; 0 = none. */
  inputDropout: number;
  /** Variance of the training signals. */
  signalVariance: number;
  /** Some signals to show. */
  signals: readonly Signal[];
  history: readonly EpochReport[];
  /** Training loss with dropout off, at the epochs where it was measured. */
  cleanTrainLoss?: readonly { epoch: number; loss: number }[] | undefined;
  /** After training, dropout off. */
  final: { trainLoss: number; testLoss: number };
  /** Six signals of the test data. */
  predictions: readonly Prediction[];
  /** Simple predictors on the same test data, such as persistence or AR(10). */
  baselines: readonly { name: string; testLoss: number }[];
}
