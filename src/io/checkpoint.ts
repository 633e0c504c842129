/**
 * Checkpoints as bytes: a sealed safetensors file with the weights under their own names (so any reader of weights can use it), the optimizer's
 * slots, the figures of the epochs so far as F64 (JSON has no NaN), and in the metadata what the run is and how far it has come.
 */
import { LanewiseError } from '../errors.js';
import type { Json } from '../json.js';
import { isRecord } from '../json.js';
import { isMetricFigure } from '../metrics.js';
import type { Checkpoint, Progress } from '../model/checkpoint.js';
import { KEPT, OF_ROWS, STATE } from '../model/checkpoint.js';
import { History, isFigure } from '../model/history.js';
import type { Tensor } from '../tensor/tensor.js';
import { parseJson, plainJson } from './json.js';
import type { NamedTensor } from './safetensors.js';
import { decodeSealed, encodeSealed } from './sealed.js';

/** A checkpoint with the notes that were stored along with it. */
export interface StoredCheckpoint extends Checkpoint {
  readonly notes: ReadonlyMap<string, string>;
}

export const CHECKPOINT_FORMAT = 'lanewise-checkpoint';
const VERSION = '1';
const KEYS = ['format', 'version', 'setup', 'progress'] as const;

/** Before the names of the figures of epochs that are done, and of metrics in the epoch at work. */
const HISTORY = 'history/';
const SUMS = 'epoch/';
const EPOCHS = 'history/epoch';
const STEP_MS = 'epoch/stepMs';

/**
 * @param notes texts of the caller's own; not under the names format, version, setup, progress and sha256
 * @throws LanewiseError `invalid-argument`
 */
export async function encodeCheckpoint({ setup, progress, tensors }: Checkpoint, notes: Readonly<Record<string, string>> = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { history: { epoch, figures }, stepMs, sums = {}, ...scalars } = progress;
  const list = (name: string, values: readonly number[]): NamedTensor => ({ name, tensor: { data: Float64Array.from(values), shape: [values.length] } });
  const stored: NamedTensor[] = [...tensors].map(([name, tensor]) => ({ name, tensor }));
  stored.push(list(EPOCHS, epoch), list(STEP_MS, stepMs));
  for (const [figure, values] of figures) stored.push(list(HISTORY + figure, values));
  for (const [metric, values] of Object.entries(sums)) stored.push(list(SUMS + metric, values));
  const metadata = { format: CHECKPOINT_FORMAT, version: VERSION, setup: JSON.stringify(setup), progress: JSON.stringify(scalars) };
  for (const key of [...KEYS, 'sha256']) {
    if (Object.hasOwn(notes, key)) throw new LanewiseError('invalid-argument', 'a note has the name of a part of the checkpoint', { received: key });
  }
  return encodeSealed(stored, { ...notes, ...metadata });
}

/**
 * @param where the file's name, for error messages
 * @throws LanewiseError `invalid-file` for what is no checkpoint or is damaged, `unsupported` for a newer format
 */
export async function decodeCheckpoint(bytes: Uint8Array, where = 'checkpoint'): Promise<StoredCheckpoint> {
  const { tensors, metadata, sealed } = await decodeSealed(bytes, where);
  if (metadata.get('format') !== CHECKPOINT_FORMAT) throw wrong(where, 'the file is not a checkpoint', `format ${CHECKPOINT_FORMAT}`, metadata.get('format') ?? 'none');
  if (metadata.get('version') !== VERSION) {
    const details = { where, expected: VERSION, received: metadata.get('version') ?? 'none', remedy: 'Use a newer version of lanewise' };
    throw new LanewiseError('unsupported', 'the checkpoint has a format that this version cannot read', details);
  }
  if (!sealed) throw wrong(where, 'the checkpoint has no digest');
  const read = (key: string): Json => plainJson(parseJson(metadata.get(key) ?? '', `${where}, ${key}`), `${where}, ${key}`);
  const rest = new Map(tensors);
  const list = (name: string): readonly number[] | undefined => {
    const tensor = rest.get(name);
    rest.delete(name);
    return tensor && numbers(tensor, name, where);
  };
  const progress = readProgress(read('progress'), [...tensors.keys()], list, where);
  const notes = new Map([...metadata].filter(([key]) => !(KEYS as readonly string[]).includes(key)));
  return { setup: read('setup'), progress, tensors: rest, notes };
}

/** Without the optimizer's slots, the figures, states of layers, what a callback keeps and what rows are chosen by. */
export function weightsAlone(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  const isSlot = (name: string): boolean => tensors.has(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
  const isBeside = (name: string): boolean => name.startsWith(KEPT) || name.startsWith(OF_ROWS) || name.includes(STATE);
  return new Map([...tensors].filter(([name, { data }]) => data instanceof Float32Array && !isSlot(name) && !isBeside(name)));
}

function numbers({ data, shape }: Tensor, name: string, where: string): readonly number[] {
  if (!(data instanceof Float64Array) || shape.length !== 1) throw wrong(where, `${name} is not a list of F64`);
  return [...data];
}

function readProgress(scalars: Json, names: readonly string[], list: (name: string) => readonly number[] | undefined, where: string): Progress {
  const place = `${where}, progress`;
  const own = (key: string): Json | undefined => (isRecord(scalars) && Object.hasOwn(scalars, key) ? scalars[key] : undefined);
  const number = (key: string, fits: (value: number) => boolean): number => {
    const value = own(key);
    if (typeof value !== 'number' || !fits(value)) throw wrong(place, `${key} is missing or out of range`, undefined, JSON.stringify(value));
    return value;
  };
  const count = (key: string): number => number(key, (value) => Number.isSafeInteger(value) && value >= 0);
  const [step, epoch, batch, lossSum, correct] = [count('step'), count('epoch'), count('batch'), number('lossSum', Number.isFinite), count('correct')];
  const weight = own('weight') === undefined ? undefined : number('weight', (value) => value >= 0 && Number.isFinite(value));
  const stopped = own('stopped') ?? false; // the first files do not say
  if (typeof stopped !== 'boolean') throw wrong(place, 'stopped is neither true nor false', undefined, JSON.stringify(stopped));
  const stepMs = list(STEP_MS) ?? [];
  if (stepMs.length !== batch) throw wrong(place, 'the number of step times is wrong', `${batch}`, `${stepMs.length}`);
  const epochs = list(EPOCHS) ?? [];
  const follow = epochs.every((value, index) => value === epoch - epochs.length + index && value >= 0);
  if (!follow) throw wrong(place, 'the epochs of the history do not lead up to the one at work', `… ${epoch - 1}`, epochs.slice(-3).join(', '));
  const history = new History([...epochs]);
  const after = (prefix: string): string[] => names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  for (const figure of after(HISTORY).filter(isFigure)) {
    const values = list(HISTORY + figure)!;
    if (values.length !== epochs.length) throw wrong(place, `the history of ${figure} has the wrong length`, `${epochs.length}`, `${values.length}`);
    history.history[figure] = [...values];
  }
  const sums = after(SUMS).filter(isMetricFigure).map((metric) => [metric, list(SUMS + metric)!] as const);
  return {
    step, epoch, batch, stopped, lossSum, correct, ...(weight !== undefined && { weight }), ...(sums.length > 0 && { sums: Object.fromEntries(sums) }), stepMs, history,
  };
}


function wrong(where: string, summary: string, expected?: string, received?: string): LanewiseError {
  return new LanewiseError('invalid-file', summary, { where, ...(expected !== undefined && { expected }), ...(received !== undefined && { received }) });
}
