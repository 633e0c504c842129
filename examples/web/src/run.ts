/** A run as it is kept and compared: its settings, its curves and where it stands. */
import type { Baseline, EpochRecord, ModelInfo, Settings, Task } from './protocol.js';
import { newTrack, type Track } from './lib/track.js';

export interface Run {
  id: string;
  /** Counted from 1, for each task. */
  number: number;
  task: Task;
  settings: Settings;
  /** Where the data came from. */
  data: string;
  info: ModelInfo;
  baselines: Baseline[];
  train: Track;
  test: Track;
  epochs: EpochRecord[];
  step: number;
  epoch: number;
  batch: number;
  samplesPerSecond: number;
  seconds: number;
  /** The last look at the test data. */
  testLoss: number;
  testAccuracy: number;
  trainLoss: number;
  done: boolean;
  /** Whether its curve is drawn beside that of the present run. */
  shown: boolean;
  /** Began with the weights of this run, or of a file. */
  from?: string;
}

export function newRun(task: Task, number: number, settings: Settings, data: string, info: ModelInfo, baselines: Baseline[]): Run {
  return {
    id: `${task} ${Date.now().toString(36)} ${number}`, number, task, settings, data, info, baselines,
    train: newTrack(), test: newTrack(), epochs: [], step: 0, epoch: 0, batch: 0, samplesPerSecond: 0, seconds: 0,
    testLoss: NaN, testAccuracy: NaN, trainLoss: NaN, done: false, shown: false,
  };
}

/** What `from` says of weights that a file brought. */
export const FILE = 'file';

export const totalSteps = ({ info, settings }: Run): number => info.stepsPerEpoch * settings.epochs;

/** Colours of runs beside the present one go round. */
export const COLOURS = ['--run-1', '--run-2', '--run-3', '--run-4', '--run-5'] as const;
export const runColour = ({ number }: Run): (typeof COLOURS)[number] => COLOURS[number % COLOURS.length]!;
