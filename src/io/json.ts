import { LanewiseError } from '../errors.js';
import type { Json } from '../json.js';

/** Objects are Maps; integers written without fraction and exponent are bigints, all other numbers are numbers. */
export type JsonValue = null | boolean | string | number | bigint | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

const MAX_DEPTH = 128;
/** A value takes up to a hundred bytes of memory, but two in the text. */
const MAX_VALUES = 2 ** 21;
/** Integers of more digits are of no use to a reader, and slow to convert. */
const MAX_DIGITS = 20;
const WHITE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;

/**
 * Reads JSON (RFC 8259) from a file nobody vouches for, where `JSON.parse` is too kind: a key that occurs twice in an object is refused, no
 * integer is rounded, 4.0 is not 4, no key (`__proto__`) has a meaning, and deep nesting or millions of values are an error
 * instead of a stack overflow or a full memory.
 * @param where the file's name, for error messages
 * @throws LanewiseError `invalid-file`
 */
export function parseJson(text: string, where: string): JsonValue {
  return new JsonParser(text, where).parse();
}

/**
 * The same as plain arrays, numbers, and objects without a prototype.
 * @throws LanewiseError `invalid-file` for numbers that a double cannot hold
 */
export function plainJson(value: JsonValue, where: string): Json {
  if (value instanceof Map) {
    const record = Object.create(null) as Record<string, Json>;
    for (const [key, item] of value as JsonObject) record[key] = plainJson(item, where);
    return record;
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => plainJson(item, where));
  if (typeof value !== 'bigint' && typeof value !== 'number') return value as null | boolean | string;
  const number = Number(value);
  if (Number.isFinite(number) && (typeof value === 'number' || Number.isSafeInteger(number))) return number;
  throw new LanewiseError('invalid-file', 'a number is out of range', { where, received: String(value) });
}

class JsonParser {
  private at = 0;
  private depth = 0;
  private values = 0;

  constructor(
    private readonly text: string,
    private readonly where: string,
  ) {}

  parse(): JsonValue {
    const value = this.value();
    if (this.at < this.text.length) throw this.error('text after the value');
    return value;
  }

  /** A value and the white space around it. */
  private value(): JsonValue {
    this.match(WHITE);
    const value = this.bareValue();
    this.match(WHITE);
    return value;
  }

  private bareValue(): JsonValue {
    if (++this.values > MAX_VALUES) throw this.error(`more than ${MAX_VALUES} values`);
    switch (this.text[this.at]) {
      case '{':
        return this.nested(() => this.object());
      case '[':
        return this.nested(() => this.array());
      case '"':
        return this.string();
      default:
        return this.wordOrNumber();
    }
  }

  private nested<Value>(read: () => Value): Value {
    if (++this.depth > MAX_DEPTH) throw this.error(`nesting deeper than ${MAX_DEPTH}`);
    this.at++;
    const value = read();
    this.depth--;
    return value;
  }

  private object(): JsonObject {
    const entries = new Map<string, JsonValue>();
    this.list('}', () => {
      this.match(WHITE);
      const key = this.string();
      if (entries.has(key)) throw this.error(`the key ${JSON.stringify(key)} for a second time`);
      this.match(WHITE);
      if (!this.take(':')) throw this.error('no colon after a key');
      entries.set(key, this.value());
    });
    return entries;
  }

  private array(): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.list(']', () => items.push(this.value()));
    return items;
  }

  private list(end: '}' | ']', item: () => void): void {
    this.match(WHITE);
    if (this.take(end)) return;
    do item();
    while (this.take(','));
    if (!this.take(end)) throw this.error(`no comma or ${end}`);
  }

  private string(): string {
    const start = this.at;
    if (!this.take('"')) throw this.error('no string');
    for (; this.text[this.at] !== '"'; this.at++) {
      if (this.text[this.at] === '\\') this.at++;
      if (this.at >= this.text.length) throw this.error('a string without an end');
    }
    this.at++;
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string; // checks and undoes the escapes
    } catch {
      throw this.error('a broken string');
    }
  }

  private wordOrNumber(): null | boolean | number | bigint {
    const word = this.match(WORD);
    if (word) return word[0] === 'null' ? null : word[0] === 'true';
    const number = this.match(NUMBER);
    if (!number) throw this.error(this.at < this.text.length ? 'no value' : 'the end');
    const [digits, fraction, exponent] = number;
    const exact = fraction === undefined && exponent === undefined && digits.length <= MAX_DIGITS && digits !== '-0';
    return exact ? BigInt(digits) : Number(digits);
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (!match) return undefined;
    this.at = pattern.lastIndex;
    return match;
  }

  private take(mark: string): boolean {
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private error(received: string): LanewiseError {
    return new LanewiseError('invalid-file', 'not valid JSON', { where: this.where, received: `${received} at character ${this.at}` });
  }
}
