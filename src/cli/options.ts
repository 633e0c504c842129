/** The options that commands share, and how their values are read. */
import { InvalidArgumentError, Option } from 'commander';
import type { Build, Threads } from '../index.js';
import { PRESETS, type PresetName } from '../networks/preset.js';
import { BUILDS } from '../runtime/load.js';

/** What the networks are trained with unless another seed is given. */
export const DEFAULT_SEED = 1;

export interface EngineOptions {
  threads: Threads;
  build: Build;
}

export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
}

export interface DataOptions {
  data?: string;
  horizon?: number;
}

export interface TrainOptions extends EngineOptions, OutputOptions, DataOptions {
  preset?: PresetName;
  seed?: number;
  epochs?: number;
  batchSize?: number;
  limit?: number;
  holdout?: number;
  report?: string;
  save?: string;
  checkpoint?: string;
  every?: number;
  resume?: string;
}

export interface EvaluateOptions extends EngineOptions, OutputOptions, DataOptions {
  weights: string;
  preset?: PresetName;
}

export interface DemoOptions extends EngineOptions, OutputOptions {
  report: string;
  short?: boolean;
}

export const COUNT_LIMIT = 2 ** 31 - 1;

export const threadsOption = (): Option =>
  new Option('--threads <auto|n>', 'threads to use; the results are the same bits for any number')
    .argParser((text) => (text === 'auto' ? text : parseWhole(text, 1, 64, 'auto or ')))
    .default('auto');

export const buildOption = (): Option =>
  new Option('--build <name>', 'strict: the same bits on every machine; relaxed: may be faster').choices(BUILDS).default('strict');

export const presetOption = (): Option =>
  new Option('--preset <name>', 'seed: as the source of the task; quick: half a minute; best: best on unseen data; fast: garments to 92.5 % in the least time').choices(PRESETS);

/** An option that takes a whole number from 1 (or `least`). */
export const countOption = (flags: string, description: string, least = 1, most = COUNT_LIMIT): Option =>
  new Option(flags, description).argParser((text) => parseWhole(text, least, most));

function parseWhole(text: string, least: number, most: number, other = ''): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new InvalidArgumentError(`Expected ${other}a whole number from ${least} to ${most}.`);
}
