/** Checkpoints of the command line: what is kept of its options, and how a run is brought to a good end. */
import { loadCheckpoint, modelCheckpoint, saveCheckpoint } from '../files/checkpoint-file.js';
import { LanewiseError } from '../errors.js';
import type { Callbacks, Sequential } from '../index.js';
import type { StoredCheckpoint } from '../io/checkpoint.js';
import { PRESETS, type NetworkName } from '../networks/preset.js';
import { Interrupted } from './failure.js';
import { COUNT_LIMIT } from './options.js';
import type { TaskOptions } from './tasks/task.js';

/** Options whose value a run keeps when it is resumed. Not the path of the data: no file may say what other file is opened. */
const COUNTS = ['epochs', 'batchSize', 'limit', 'holdout', 'horizon'] as const;
type KeptOptions = Partial<Pick<TaskOptions, 'preset' | 'seed' | (typeof COUNTS)[number]>>;

function notesOf(network: NetworkName, options: TaskOptions): Record<string, string> {
  const notes: Record<string, string> = { network, preset: options.preset, seed: String(options.seed) };
  for (const key of COUNTS) if (options[key] !== undefined) notes[key] = String(options[key]);
  return notes;
}

/** @throws LanewiseError `invalid-file` */
function keptOptions({ notes }: StoredCheckpoint, network: NetworkName, file: string): KeptOptions {
  const wrong = (key: string, expected: string): LanewiseError =>
    new LanewiseError('invalid-file', `the checkpoint's ${key} is not what it should be`, { where: file, expected, received: notes.get(key) ?? 'none' });
  if (notes.get('network') !== network) throw wrong('network', network);
  const preset = PRESETS.find((name) => name === notes.get('preset'));
  if (!preset) throw wrong('preset', PRESETS.join(', '));
  const whole = (key: string, least: number, most: number): number => {
    const value = /^[0-9]{1,16}$/.test(notes.get(key) ?? '') ? Number(notes.get(key)) : NaN;
    if (value >= least && value <= most) return value;
    throw wrong(key, `a whole number from ${least} to ${most}`);
  };
  const counts = COUNTS.filter((key) => notes.has(key)).map((key) => [key, whole(key, 1, COUNT_LIMIT)] as const);
  return { preset, seed: whole('seed', 0, Number.MAX_SAFE_INTEGER), ...Object.fromEntries(counts) };
}

export interface Resumed {
  checkpoint: StoredCheckpoint | undefined;
  kept: KeptOptions;
}

/** The checkpoint to go on from, if one was named. */
export async function openCheckpoint(network: NetworkName, file: string | undefined): Promise<Resumed> {
  if (file === undefined) return { checkpoint: undefined, kept: {} };
  const checkpoint = await loadCheckpoint(file);
  return { checkpoint, kept: keptOptions(checkpoint, network, file) };
}

/** Checkpoints a run as it was asked to, and stops it at the first Ctrl-C (or SIGTERM) so that it can be gone on with. */
export class Checkpoints {
  private readonly controller = new AbortController();
  private readonly notes: Record<string, string>;

  constructor(
    private readonly file: string,
    private readonly every: number | undefined,
    private readonly options: TaskOptions,
    private readonly network: NetworkName,
  ) {
    this.notes = notesOf(network, options);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get callbacks(): Callbacks {
    return modelCheckpoint({ filepath: this.file, saveFreq: this.every ?? 'epoch', notes: this.notes });
  }

  /** Trains, and turns an interruption into a checkpoint. A second signal finds no listener here and ends the process. */
  async guard<Result>(model: Sequential, training: () => Promise<Result>): Promise<Result> {
    let signal: NodeJS.Signals | undefined;
    const stop = (name: NodeJS.Signals): void => {
      signal = name;
      this.controller.abort();
    };
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
    try {
      return await training();
    } catch (error) {
      if (!signal || error !== this.signal.reason) throw error;
      const checkpoint = model.checkpoint();
      await saveCheckpoint(this.file, checkpoint, this.notes);
      const { step, epoch } = checkpoint.progress;
      throw new Interrupted(`interrupted after step ${step}, in epoch ${epoch + 1}; go on with: ${this.command}`, signal === 'SIGINT' ? 130 : 143);
    } finally {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
    }
  }

  private get command(): string {
    const file = quoted(this.file);
    const data = this.options.data === undefined ? [] : ['--data', quoted(this.options.data)];
    const every = this.every === undefined ? [] : ['--every', String(this.every)];
    return ['lanewise train', this.network, ...data, '--resume', file, '--checkpoint', file, ...every].join(' ');
  }
}

/** For a shell. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
