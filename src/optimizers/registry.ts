/** The closed table of optimizers, for those that are told by their configs: each registers here, in one line. */
import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import { isRecord } from '../json.js';
import { adagrad } from './adagrad.js';
import { adam, adamW } from './adam.js';
import { cosineDecayRestarts, exponentialDecay, piecewiseConstantDecay, polynomialDecay } from './decays.js';
import { lion } from './lion.js';
import { muon } from './muon.js';
import type { Optimizer } from './optimizer.js';
import { rmsprop } from './rmsprop.js';
import type { Schedule } from './learning-rate.js';
import { cosineDecay, linearDecay, oneCycle } from './schedules.js';
import { sgd } from './sgd.js';

/** The options of a config are those of the function that made it: `config()` says all of them. */
const made = <Options, Result>(make: (options: Options) => Result) => (options: object): Result => make(options as Options);

const OPTIMIZERS: Readonly<Record<string, (options: object) => Optimizer>> = {
  adagrad: made(adagrad),
  adam: made(adam),
  adamW: made(adamW),
  lion: made(lion),
  muon: made(muon),
  rmsprop: made(rmsprop),
  sgd: made(sgd),
};

const SCHEDULES: Readonly<Record<string, (options: object) => Schedule>> = {
  cosineDecay: made(cosineDecay),
  cosineDecayRestarts: made(cosineDecayRestarts),
  exponentialDecay: made(exponentialDecay),
  linearDecay: made(linearDecay),
  oneCycle: made(oneCycle),
  piecewiseConstantDecay: made(piecewiseConstantDecay),
  polynomialDecay: made(polynomialDecay),
};

/**
 * The optimizer of a config that `config()` gave.
 * @throws LanewiseError `unsupported` for one that is not in the table, such as one with a schedule of the user's own
 */
export function optimizerFromConfig({ name, ...config }: JsonRecord): Optimizer {
  const options = Object.entries(config).flatMap(([key, value]) => {
    if (value === null) return []; // an option that is not set
    return [[key, isRecord(value) && 'schedule' in value ? scheduleFromConfig(value) : value] as const];
  });
  return lookUp(OPTIMIZERS, name, 'optimizer')({ ...NOT_SAID, ...Object.fromEntries(options), ...('emaMomentum' in config && { useEma: true }) });
}

/** Of options that a config names only if they are not so. */
const NOT_SAID = { weightDecay: 0 };

function scheduleFromConfig({ schedule, ...options }: JsonRecord): Schedule {
  return lookUp(SCHEDULES, schedule, 'schedule')(options);
}

function lookUp<Entry>(table: Readonly<Record<string, Entry>>, name: Json | undefined, kind: string): Entry {
  if (typeof name === 'string' && Object.hasOwn(table, name)) return table[name]!;
  throw new LanewiseError('unsupported', `${kind === 'schedule' ? 'a' : 'an'} ${kind} that cannot be told by its config`, {
    where: kind, expected: Object.keys(table).join(', '), received: JSON.stringify(name) ?? 'none',
  });
}

