/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonRecord;
export interface JsonRecord {
  readonly [key: string]: Json;
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
export const isRecord = (value: Json | undefined): value is JsonRecord => typeof value === 'object' && value !== null && !isList(value);

/** Only what was said: files of before an option came do not name it. */
export const said = (options: Readonly<Record<string, Json | undefined>>): JsonRecord =>
  Object.fromEntries(Object.entries(options).filter((entry): entry is [string, Json] => entry[1] !== undefined));

/** Every place where two values differ, in words: `layers[2].units is 20, not 10`. */
export function differences(found: Json | undefined, wanted: Json | undefined, place = ''): string[] {
  if (isRecord(found) && isRecord(wanted)) {
    const keys = new Set([...Object.keys(wanted), ...Object.keys(found)]);
    const own = (record: JsonRecord, key: string): Json | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);
    return [...keys].flatMap((key) => differences(own(found, key), own(wanted, key), place ? `${place}.${key}` : key));
  }
  if (isList(found) && isList(wanted) && (found.length === wanted.length || found.some(isRecord) || wanted.some(isRecord))) {
    return Array.from({ length: Math.max(found.length, wanted.length) }, (_, index) => differences(found[index], wanted[index], `${place}[${index}]`)).flat();
  }
  const [a, b] = [inWords(found), inWords(wanted)];
  return a === b ? [] : [`${place} is ${a}, not ${b}`];
}

const inWords = (value: Json | undefined): string => (value === undefined ? 'missing' : JSON.stringify(value));

/** The first hundred of many: a strange file may differ in as many places as it likes. */
export function listed(found: readonly string[]): string {
  const more = found.length - 100;
  return found.slice(0, 100).map((text) => (text.length <= 300 ? text : `${text.slice(0, 300)}…`)).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
