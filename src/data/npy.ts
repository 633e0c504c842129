/**
 * Reader of NumPy's .npy files, versions 1 to 3, for the common case: little-endian numbers in C order.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { LanewiseError, type ErrorCode } from '../errors.js';
import type { NumericArray, Tensor } from '../tensor/tensor.js';
import { claimedBytes, fill } from './decode.js';

interface ElementType {
  readonly bytes: number;
  readonly decode: (view: DataView, count: number, where: string) => NumericArray;
}

/** `descr` strings as NumPy writes them. 64-bit integers become doubles, and must be exact as such. */
const ELEMENT_TYPES = new Map<string, ElementType>([
  ['<f4', { bytes: 4, decode: (view, n) => fill(new Float32Array(n), (i) => view.getFloat32(4 * i, true)) }],
  ['<f8', { bytes: 8, decode: (view, n) => fill(new Float64Array(n), (i) => view.getFloat64(8 * i, true)) }],
  ['|u1', { bytes: 1, decode: (view, n) => fill(new Uint8Array(n), (i) => view.getUint8(i)) }],
  ['<i4', { bytes: 4, decode: (view, n) => fill(new Int32Array(n), (i) => view.getInt32(4 * i, true)) }],
  ['<i8', { bytes: 8, decode: (view, n, where) => fill(new Float64Array(n), (i) => exactInt64(view, i, where)) }],
]);
const MAGIC = '\x93NUMPY';
const MAX_DIMENSIONS = 32;
const MAX_HEADER_BYTES = 1 << 16;

/**
 * Parses a whole .npy file; the result owns its data.
 * Types: f4, f8, u1, i4 (as they are) and i8 (as Float64Array).
 * @param where the file's name, for error messages
 * @throws LanewiseError `invalid-file` for a broken file, `unsupported` for big-endian numbers, Fortran order, objects,
 *   structures and other types, `invalid-data` for a 64-bit integer that a double cannot hold
 */
export function parseNpy(bytes: Uint8Array, where = 'npy data'): Tensor {
  const { text, dataStart } = readHeader(bytes, where);
  const { descr, fortranOrder, shape } = parseHeader(text, where);
  const type = elementType(descr, where);
  if (fortranOrder) {
    throw failure('unsupported', where, 'the array is in Fortran order', 'C order', 'Save numpy.ascontiguousarray(array)');
  }
  const expected = claimedBytes(shape, type.bytes);
  const received = bytes.length - dataStart;
  if (received !== expected) {
    const details = { where, expected: `${expected} bytes`, received: `${received}` };
    throw new LanewiseError('invalid-file', `the data's size does not fit shape [${shape.join(', ')}]`, details);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart, expected);
  return { data: type.decode(view, expected / type.bytes, where), shape };
}

function exactInt64(view: DataView, index: number, where: string): number {
  const integer = view.getBigInt64(8 * index, true);
  const value = Number(integer);
  if (BigInt(value) === integer) return value;
  const details = { where: `${where}, element ${index}`, expected: 'a value that a double can hold', received: `${integer}` };
  throw new LanewiseError('invalid-data', 'a 64-bit integer would lose its last digits', details);
}

/** Cuts the header's text out of the file. */
function readHeader(bytes: Uint8Array, where: string): { text: string; dataStart: number } {
  const truncated = (): LanewiseError => failure('invalid-file', where, 'the file ends inside its header');
  if (latin1(bytes.subarray(0, 6)) !== MAGIC.slice(0, bytes.length) || bytes.length === 0) {
    throw failure('invalid-file', where, 'not an .npy file', "the bytes '\\x93NUMPY' at the start");
  }
  if (bytes.length < 8) throw truncated();
  const major = bytes[6]!;
  if (major < 1 || major > 3 || bytes[7] !== 0) {
    throw failure('unsupported', where, `.npy version ${major}.${bytes[7]}`, 'version 1.0, 2.0 or 3.0');
  }
  const textStart = major === 1 ? 10 : 12;
  if (bytes.length < textStart) throw truncated();
  const view = new DataView(bytes.buffer, bytes.byteOffset, textStart);
  const textBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (textStart + textBytes > bytes.length) throw truncated();
  if (textBytes > MAX_HEADER_BYTES) throw failure('unsupported', where, 'the header is too long', `at most ${MAX_HEADER_BYTES} bytes`);
  // every header this reader accepts is ASCII, so latin-1 serves all versions
  return { text: latin1(bytes.subarray(textStart, textStart + textBytes)), dataStart: textStart + textBytes };
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

interface NpyHeader {
  descr: string;
  fortranOrder: boolean;
  shape: number[];
}

const TOKEN = /\s*(?:(?<string>'[^'\\\n]*'|"[^"\\\n]*")|(?<word>True|False)|(?<integer>0|[1-9][0-9]{0,15})(?![0-9A-Za-z.])|(?<mark>[{}():,[\]]))/y;

/**
 * Parses the header: the Python literal `{'descr': …, 'fortran_order': …, 'shape': (…), }` and white space.
 * Nothing is evaluated; anything else than exactly these three keys is refused.
 */
function parseHeader(text: string, where: string): NpyHeader {
  const tokens = tokenize(text, where);
  const { fields, next } = parseDict(tokens, where);
  if (next !== tokens.length) throw badHeader(where, 'text after the dictionary');
  const descr = fields.get('descr');
  const fortranOrder = fields.get('fortran_order');
  const shape = fields.get('shape');
  if (fields.size !== 3 || descr === undefined || fortranOrder === undefined || shape === undefined) {
    throw badHeader(where, `the keys ${[...fields.keys()].join(', ') || '(none)'}`);
  }
  if (typeof descr !== 'string') throw badHeader(where, `descr: ${String(descr)}`);
  if (typeof fortranOrder !== 'boolean') throw badHeader(where, `fortran_order: ${String(fortranOrder)}`);
  if (!Array.isArray(shape)) throw badHeader(where, `shape: ${String(shape)}`);
  if (shape.length > MAX_DIMENSIONS) throw failure('unsupported', where, 'too many dimensions', `at most ${MAX_DIMENSIONS}`);
  return { descr, fortranOrder, shape };
}

type Value = string | boolean | number[];

function tokenize(text: string, where: string): string[] {
  const body = text.trimEnd();
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < body.length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(body);
    if (match === null) throw badHeader(where, JSON.stringify(body.slice(start, start + 20)));
    tokens.push(match[0].trim());
  }
  return tokens;
}

function parseDict(tokens: readonly string[], where: string): { fields: Map<string, Value>; next: number } {
  const fields = new Map<string, Value>();
  let at = 0;
  const take = (mark: string): void => {
    if (tokens[at] !== mark) throw badHeader(where, `${tokens[at] ?? 'the end'} where '${mark}' belongs`);
    at++;
  };
  take('{');
  while (tokens[at] !== '}') {
    const key = unquote(tokens[at++]);
    if (key === undefined || fields.has(key)) throw badHeader(where, `the key ${tokens[at - 1] ?? '(none)'}`);
    take(':');
    const { value, next } = parseValue(tokens, at, where);
    fields.set(key, value);
    at = next;
    if (tokens[at] !== '}') take(',');
  }
  return { fields, next: at + 1 };
}

function parseValue(tokens: readonly string[], at: number, where: string): { value: Value; next: number } {
  const token = tokens[at];
  const string = unquote(token);
  if (string !== undefined) return { value: string, next: at + 1 };
  if (token === 'True' || token === 'False') return { value: token === 'True', next: at + 1 };
  if (token === '(') return parseTuple(tokens, at + 1, where);
  if (token === '[') throw failure('unsupported', where, 'structured types cannot be read', 'plain numbers');
  throw badHeader(where, token ?? 'the end');
}

/** A tuple of unsigned integers: (), (3,), (3, 4), (3, 4,). */
function parseTuple(tokens: readonly string[], start: number, where: string): { value: number[]; next: number } {
  const value: number[] = [];
  let at = start;
  while (tokens[at] !== ')') {
    const token = tokens[at++] ?? 'the end';
    if (!/^[0-9]+$/.test(token)) throw badHeader(where, `${token} in a shape`);
    value.push(Number(token));
    const single = value.length === 1; // (3) is a number in Python, (3,) a tuple
    if (tokens[at] === ',') at++;
    else if (tokens[at] !== ')' || single) throw badHeader(where, `${tokens[at] ?? 'the end'} in a shape`);
  }
  return { value, next: at + 1 };
}

function unquote(token: string | undefined): string | undefined {
  return token !== undefined && /^['"]/.test(token) ? token.slice(1, -1) : undefined;
}

function elementType(descr: string, where: string): ElementType {
  const type = ELEMENT_TYPES.get(descr);
  if (type !== undefined) return type;
  const summary = descr.startsWith('>')
    ? `big-endian numbers (${descr}) cannot be read`
    : descr.includes('O')
      ? 'Python objects cannot be read'
      : `the type '${descr}' cannot be read`;
  throw failure('unsupported', where, summary, [...ELEMENT_TYPES.keys()].join(', '), "Save array.astype('<f4')");
}

function badHeader(where: string, received: string): LanewiseError {
  const expected = "{'descr': …, 'fortran_order': …, 'shape': (…), }";
  return new LanewiseError('invalid-file', 'the .npy header is not what NumPy writes', { where, expected, received });
}

function failure(code: ErrorCode, where: string, summary: string, expected?: string, remedy?: string): LanewiseError {
  return new LanewiseError(code, summary, { where, ...(expected && { expected }), ...(remedy && { remedy }) });
}
