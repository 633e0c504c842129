/** Checkpoints in files. Node only. */
import { readWholeFile } from '../data/file.js';
import { LanewiseError } from '../errors.js';
import { decodeCheckpoint, encodeCheckpoint, type StoredCheckpoint } from '../io/checkpoint.js';
import type { Callbacks, TrainingRun } from '../model/callbacks/callbacks.js';
import type { Checkpoint } from '../model/checkpoint.js';
import type { EpochLogs, Monitor } from '../model/history.js';
import { Watch } from '../model/callbacks/monitor.js';
import { requireWritable, writeFileAtomically } from './whole-file.js';

/** @throws LanewiseError `file-not-found`, `invalid-file`, `unsupported` */
export async function loadCheckpoint(file: string): Promise<StoredCheckpoint> {
  return decodeCheckpoint(await readWholeFile(file), file);
}

/** Replaces the file at once: at any moment the old or the new one is there, whole. @throws LanewiseError `write-failed`, `invalid-argument` */
export async function saveCheckpoint(file: string, checkpoint: Checkpoint, notes?: Readonly<Record<string, string>>): Promise<void> {
  await writeFileAtomically(file, await encodeCheckpoint(checkpoint, notes));
}

export interface ModelCheckpointOptions {
  filepath: string;
  /** Save after each epoch (default), or after so many steps and at the end. */
  saveFreq?: 'epoch' | number;
  /** Keep the file of the best epoch instead of the last. Needs saveFreq `'epoch'`. Default false. */
  saveBestOnly?: boolean;
  /** What the best is judged by: losses and errors should be low, other metrics high. Default `valLoss`. */
  monitor?: Monitor;
  /** Texts to store along. */
  notes?: Readonly<Record<string, string>>;
}

/** Saves checkpoints in the course of a fit. The best so far of a run that is resumed is found in its history. @throws LanewiseError `invalid-argument` */
export function modelCheckpoint(options: ModelCheckpointOptions): Callbacks {
  requireOptions(options);
  const { filepath, saveFreq = 'epoch', saveBestOnly = false, monitor = 'valLoss', notes } = options;
  let run: TrainingRun | undefined;
  let best: number | undefined;
  const save = async (): Promise<void> => {
    if (run) await saveCheckpoint(filepath, run.checkpoint(), notes);
  };
  const watch = new Watch('modelCheckpoint', monitor, 'auto', 0);
  const isBest = (logs: EpochLogs): boolean => {
    const value = watch.of(logs);
    if (!watch.better(value, best)) return false;
    best = value;
    return true;
  };
  return {
    async onTrainBegin(begun) {
      await requireWritable(filepath); // before the work, not after
      run = begun;
      best = undefined;
      for (const { value } of watch.past(begun.history)) if (watch.better(value, best)) best = value;
    },
    async onBatchEnd() {
      if (saveFreq !== 'epoch' && run && run.step % saveFreq === 0) await save();
    },
    async onEpochEnd(_epoch, logs) {
      if (saveFreq === 'epoch' && (!saveBestOnly || isBest(logs))) await save();
    },
    async onTrainEnd() {
      if (saveFreq !== 'epoch') await save();
    },
  };
}

function requireOptions({ saveFreq = 'epoch', saveBestOnly }: ModelCheckpointOptions): void {
  if (saveFreq !== 'epoch' && !(Number.isSafeInteger(saveFreq) && saveFreq >= 1)) {
    throw new LanewiseError('invalid-argument', 'saveFreq is out of range', {
      where: 'modelCheckpoint', expected: "'epoch' or a whole number of at least 1", received: String(saveFreq),
    });
  }
  if (saveBestOnly && saveFreq !== 'epoch') {
    throw new LanewiseError('invalid-argument', 'saveBestOnly judges epochs', { where: 'modelCheckpoint', expected: "saveFreq 'epoch'", received: String(saveFreq) });
  }
}
