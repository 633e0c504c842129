import type { Lines } from '../../runtime/platform/platform.js';
import { platform } from '../../runtime/platform/platform.js';
import { count, duration, fixed } from '../../text.js';
import type { BatchLogs, EpochLogs } from '../history.js';
import type { Callbacks, TrainingRun } from './callbacks.js';

export interface ProgressOptions {
  /** Takes the lines, in the place of the terminal or the console; no bar is drawn then. */
  print?: (line: string) => void;
}

/** Characters of a bar. */
const WIDTH = 20;
/** A bar is drawn this often at most, in milliseconds. */
const EVERY = 100;

/**
 * Shows how a fit comes on: on a terminal a bar for each epoch with its steps, the time that is left, and the loss and metrics of the epoch so far;
 * elsewhere, in a pipe or a browser's console, one line an epoch.
 */
export const progress = ({ print }: ProgressOptions = {}): Callbacks => showProgress(print ? { print } : platform().lines());

/** `progress` on the given lines, by a clock in milliseconds. */
export function showProgress(lines: Lines, clock = (): number => performance.now()): Callbacks {
  let run: TrainingRun | undefined;
  let [first, begun, drawn, done] = [0, 0, -Infinity, 0];
  return {
    onTrainBegin(given) {
      run = given;
    },
    onEpochBegin(epoch) {
      [first, begun, drawn, done] = [run!.batch, clock(), -Infinity, run!.batch];
      if (lines.draw) lines.print(heading(epoch, run!));
    },
    onBatchEnd() {
      const { batch, batches } = run!;
      done = batch;
      const now = clock();
      if (!lines.draw || (now - drawn < EVERY && batch !== batches)) return;
      drawn = now;
      const each = (now - begun) / (batch - first);
      const left = batches === undefined ? '' : `, ${duration((each * (batches - batch)) / 1000)} left`;
      lines.draw(`${bar(batch, batches)} ${stepTime(each)}${left} - ${inWords(run!.figures)}`);
    },
    onEpochEnd(epoch, logs) {
      const { batches = done } = run!;
      const times = `${duration(logs.seconds)}, ${stepTime(logs.stepMs)}`;
      lines.print(lines.draw ? `${bar(batches, batches)} ${times} - ${inWords(logs)}` : `${heading(epoch, run!)}: ${count(batches, 'step')}, ${times} - ${inWords(logs)}`);
    },
  };
}

const heading = (epoch: number, { epochs }: TrainingRun): string => `Epoch ${epoch + 1}/${epochs}`;

/** How many are to come, may not be known. */
function bar(batch: number, batches: number | undefined): string {
  if (batches === undefined) return `${batch}/?`;
  const full = Math.floor((WIDTH * batch) / batches);
  return `${String(batch).padStart(String(batches).length)}/${batches} ${'━'.repeat(full)}${'─'.repeat(WIDTH - full)}`;
}

const stepTime = (milliseconds: number): string => `${milliseconds < 10 ? milliseconds.toPrecision(2) : milliseconds.toFixed(0)} ms/step`;

/** `loss 0.4206, accuracy 0.8782`. */
const inWords = (logs: BatchLogs | EpochLogs): string =>
  (Object.entries(logs) as [string, number][]).filter(([name]) => name !== 'seconds' && name !== 'stepMs').map(([name, value]) => `${name} ${fixed(value)}`).join(', ');
