import { UsageError } from '../failure.js';
import { splitRows } from '../../data/signals.js';
import type { CompileOptions, History, Sequential } from '../../index.js';
import type { NetworkName, PresetName, Training } from '../../networks/preset.js';
import type { ReportData } from '../../report/report-data.js';
import type { NumericArray, Tensor } from '../../tensor/tensor.js';
import type { Build } from '../../runtime/load.js';
import type { DoneEvent } from '../output/output.js';

export interface TaskOptions {
  preset: PresetName;
  seed: number;
  data?: string | undefined;
  epochs?: number | undefined;
  batchSize?: number | undefined;
  /** Only the first rows are trained on. */
  limit?: number | undefined;
  /** The last training rows take the place of the test rows. */
  holdout?: number | undefined;
  /** Signals only. */
  horizon?: number | undefined;
}

export interface Samples {
  x: Tensor;
  y: Tensor;
}

/** A network with its data, ready to be trained or evaluated. */
export interface Task {
  readonly name: NetworkName;
  /** For headings. */
  readonly title: string;
  /** What a sample is: `image`. */
  readonly noun: string;
  readonly preset: PresetName;
  readonly seed: number;
  /** How many samples ahead is predicted; undefined where nothing is. */
  readonly horizon?: number;
  /** Where the data came from, in words for people. */
  readonly source: string;
  /** Whether the data were made by a program. */
  readonly synthetic: boolean;
  readonly train: Samples;
  readonly test: Samples;
  /** What is trained on in place of `train`: more of the same, made of it. */
  readonly augmented?: Samples & { sampleWeight: Tensor };
  readonly training: Training;
  readonly compile: Pick<CompileOptions, 'loss' | 'metrics'>;
  /** Dropout on the input of a recurrent network: it lifts the training loss far above that of a test. */
  readonly inputDropout: number;
  createModel(): Sequential;
  reportSection(run: Run): Promise<ReportSection>;
}

export type ReportSection = Pick<ReportData, 'classifier' | 'predictor'>;

/** A task after its training. */
export interface Run {
  readonly task: Task;
  readonly model: Sequential;
  readonly build: Build;
  readonly stepsPerEpoch: number;
  readonly history: History;
  readonly done: DoneEvent;
  /** Training loss without dropout at some epochs, where it was measured. */
  readonly cleanTrainLoss: readonly { epoch: number; loss: number }[];
}

/** The preset's training with the user's changes. */
export function customize(training: Training, { epochs, batchSize }: TaskOptions): Training {
  return { ...training, epochs: epochs ?? training.epochs, batchSize: batchSize ?? training.batchSize };
}

/** Cuts training rows off: for `holdout` at the end, then all but the first `limit`. */
export function trainingRows<Data extends NumericArray>(tensor: Tensor<Data>, limit: number | undefined, holdout: number | undefined): Tensor<Data> {
  const kept = holdout === undefined ? tensor : split(tensor, holdout)[0];
  return limit === undefined || limit >= kept.shape[0]! ? kept : splitRows(kept, limit)[0];
}

/** The rows that judge: those held out, or the test rows. */
export function judgingRows<Data extends NumericArray>(train: Tensor<Data>, test: Tensor<Data>, holdout: number | undefined): Tensor<Data> {
  return holdout === undefined ? test : split(train, holdout)[1];
}

function split<Data extends NumericArray>(tensor: Tensor<Data>, holdout: number): [kept: Tensor<Data>, heldOut: Tensor<Data>] {
  const rows = tensor.shape[0]!;
  if (holdout >= rows) throw new UsageError(`--holdout ${holdout} leaves nothing of ${rows} training rows`);
  return splitRows(tensor, rows - holdout);
}
