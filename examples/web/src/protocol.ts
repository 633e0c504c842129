/** What the page and its training worker say to each other. */
import type { ClassifierReport, PredictorReport } from 'lanewise/report';

export type Task = 'garments' | 'signals';

/** What can be set before a run. */
export interface Settings {
  preset: string;
  /** Garments: filters of the first and second convolution, units of the dense layer. Signals: units of three recurrent layers. 0: not there. */
  sizes: readonly [number, number, number];
  epochs: number;
  batchSize: number;
  learningRate: number;
  /** Whether the rate rises and falls in the course of the run instead of staying where it is. */
  oneCycle: boolean;
  dropout: number;
  /** 0: as many as there are cores. */
  threads: number;
  seed: number;
  /** Signals: how many samples ahead is predicted. */
  horizon: number;
}

/** A file that was dropped or fetched, with its gzip undone if it had one. */
export interface DataFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Where data come from. Files: four of IDX (or two, of which a part is held out), or one npy of signals. */
export type DataSource = { kind: 'generated' } | { kind: 'files'; from: string; files: readonly DataFile[] };

export interface DataInfo {
  source: string;
  synthetic: boolean;
  trainRows: number;
  testRows: number;
  /** Garments: some training images of each class, [10 × columns, 28, 28]. */
  thumbnails?: Uint8Array;
}

export interface LayerInfo {
  name: string;
  type: string;
  detail: string;
  outputShape: readonly number[];
  parameters: number;
}

/** What is known of a network before it is trained. */
export interface ModelInfo {
  layers: readonly LayerInfo[];
  inputShape: readonly number[];
  parameters: number;
  /** Floating-point operations of one sample, forward and backward. */
  flopsPerSample: number;
  threads: number;
  stepsPerEpoch: number;
}

/** Batches since the last message. */
export interface Progress {
  /** Training steps done, counted from the first of the run. */
  step: number;
  epoch: number;
  batch: number;
  /** One value for each batch. */
  loss: number[];
  accuracy: number[];
  samplesPerSecond: number;
  /** Seconds of training so far. */
  seconds: number;
}

/** What the network makes of the test data at some step. */
export interface Judgement {
  step: number;
  rows: number;
  loss: number;
  accuracy?: number;
  /** Counts, [10 true][10 predicted]. */
  confusion?: number[];
  /** Wrong answers, surest first. */
  mistakes?: Mistake[];
  /** Whether all test rows were used. */
  whole: boolean;
}

export interface Mistake {
  pixels: Uint8Array;
  label: number;
  predicted: number;
  probability: number;
}

/** What the network makes of one picture. */
export interface Sight {
  probabilities: Float32Array;
  /** First convolution. filters: [size, size, count]; maps: [height, width, count]. */
  filters: Float32Array;
  filterSize: number;
  maps: Float32Array;
  mapSize: number;
  count: number;
}

/** What the network makes of one signal: truth and prediction for the same moments. */
export interface Forecast {
  row: number;
  horizon: number;
  truth: Float32Array;
  predicted: Float32Array;
}

/** What simple predictors reach on the same test signals. */
export interface Baseline {
  name: string;
  loss: number;
}

/** One epoch, as a report lists it. */
export interface EpochRecord {
  epoch: number;
  loss: number;
  accuracy: number;
  valLoss: number;
  valAccuracy: number;
  seconds: number;
  stepMs: number;
}

export type Command =
  | { type: 'data'; source: DataSource }
  /** Makes the network ready; with bytes it goes on from a checkpoint, or begins with the weights of a model. */
  | { type: 'prepare'; settings: Settings; bytes?: Uint8Array<ArrayBuffer>; keepWeights?: boolean }
  | { type: 'train' }
  | { type: 'pause' }
  | { type: 'look'; picture?: Uint8Array; row?: number }
  | { type: 'sample' }
  | { type: 'save'; notes: Record<string, string> }
  | { type: 'report'; epochs: readonly EpochRecord[] };

export type Message =
  | { type: 'progress'; progress: Progress }
  | { type: 'judgement'; judgement: Judgement }
  | { type: 'sight'; sight: Sight }
  | { type: 'forecast'; forecast: Forecast }
  | { type: 'epoch'; record: EpochRecord }
  | { type: 'stopped'; reason: 'paused' | 'done' | 'failed'; error?: string };

/** What a command is answered with. */
export interface Answers {
  data: DataInfo;
  prepare: { info: ModelInfo; step: number; epoch: number; baselines: Baseline[]; notes: Record<string, string> };
  train: null;
  pause: null;
  look: null;
  sample: { pixels: Uint8Array; label: number };
  save: { checkpoint: Uint8Array<ArrayBuffer> };
  report: { classifier?: ClassifierReport; predictor?: PredictorReport };
}

export type Request = { id: number; command: Command };
export type Reply = { id: number; answer: Answers[keyof Answers] } | { id: number; error: string };
