import { LanewiseError } from '../errors.js';

/** A value for each output of a model, in their order or by their names. */
export type PerOutput<Value> = readonly Value[] | Readonly<Record<string, Value>>;

/** Where an output may be left out, or one value be for all. */
export interface Leniency<Value> {
  /** Whether something is for one output: then it is for all. */
  isOne: (given: Value | PerOutput<Value> | undefined) => boolean;
  /** What an output has that a record does not name; undefined is a value. */
  missing: Value;
}

export const isTensor = (given: unknown): boolean => typeof given === 'object' && given !== null && 'data' in given && 'shape' in given;

/**
 * A value for each output of a model of several, of a list in their order or a record by their names. @throws LanewiseError `invalid-argument`
 * @param where what it is
 */
export function perOutput<Value>(given: Value | PerOutput<Value> | undefined, names: readonly string[], where: string, lenient?: Leniency<Value>): readonly Value[] {
  if (lenient?.isOne(given)) return names.map(() => given as Value);
  const refused = (summary: string, received: string): LanewiseError =>
    new LanewiseError('invalid-argument', summary, { where, expected: `a list of ${names.length}, or a record: ${names.join(', ')}`, received });
  if (Array.isArray(given)) {
    if (given.length !== names.length) throw refused('not one value for each output', `a list of ${given.length}`);
    return given as readonly Value[];
  }
  if (typeof given !== 'object' || given === null || isTensor(given)) throw refused('not one value for each output', isTensor(given) ? 'a tensor' : typeof given);
  const record = given as Readonly<Record<string, Value>>;
  const unknown = Object.keys(record).find((key) => !names.includes(key));
  if (unknown !== undefined) throw refused('no output of this name', unknown);
  return names.map((name) => {
    if (Object.hasOwn(record, name)) return record[name]!;
    if (lenient) return lenient.missing;
    throw refused('nothing for an output', `none for ${name}`);
  });
}
