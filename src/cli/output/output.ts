import type { DownloadProgress } from '../../data/fashion-mnist.js';
import type { ModelSummary } from '../../model/model.js';
import type { NetworkName, PresetName } from '../../networks/preset.js';
import type { Build } from '../../runtime/load.js';

export interface StartEvent {
  event: 'start';
  model: NetworkName;
  preset: PresetName;
  /** How many samples ahead is predicted. */
  horizon?: number;
  parameters: number;
  /** Rows trained on and judged by. */
  data: { source: string; synthetic: boolean; train: number; test: number };
  threads: number;
  build: Build;
  /** Absent where a trained network is evaluated. */
  training?: { seed: number; epochs: number; batchSize: number; stepsPerEpoch: number; optimizer: string; sampler?: string };
  /** Where a run goes on that was stopped: training steps done, and the epoch at work, from 1. */
  resumed?: { step: number; epoch: number };
}

/** Accuracies are fractions and for the classifier only; losses of signals are in the data's own units squared. */
export interface EpochEvent {
  event: 'epoch';
  model: NetworkName;
  /** From 1. */
  epoch: number;
  /** Mean over the epoch, with dropout. */
  loss: number;
  accuracy?: number;
  /** On the test rows. */
  valLoss: number;
  valAccuracy?: number;
  /** Wall time of the epoch's training steps. */
  seconds: number;
  /** Median wall time of a training step. */
  stepMs: number;
}

export interface DoneEvent {
  event: 'done';
  model: NetworkName;
  /** On the rows trained on, without dropout. Absent after `evaluate`. */
  trainLoss?: number;
  trainAccuracy?: number;
  testLoss: number;
  testAccuracy?: number;
  /** Wall time of all training steps; after `evaluate` that of the evaluation. */
  seconds: number;
  weightsSha256: string;
  /** Files written. */
  weights?: string;
  report?: string;
}

/** What people are shown beside the event. */
export interface StartDetails {
  summary: ModelSummary;
  /** What a sample is: `image`. */
  noun: string;
}

/** Tells what goes on: to people or to programs. */
export interface Output {
  /** Real data could not be had; told loudly, whatever the output. */
  standIn(reason: string): void;
  download(progress: DownloadProgress): void;
  start(event: StartEvent, details: StartDetails): void;
  /** A training step is done; `epoch` from 1, `step` from 1. */
  step(epoch: number, step: number, loss: number): void;
  epoch(event: EpochEvent): void;
  /** Something that takes its time has begun. */
  status(text: string): void;
  done(event: DoneEvent): void;
  /** The report of several networks was written. */
  report(file: string): void;
  /** Takes away what is drawn for the moment. */
  clear(): void;
}
