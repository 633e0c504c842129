/**
 * The safetensors format (https://github.com/huggingface/safetensors): the length of the header (u64, little-endian), the header (JSON), then
 * the tensors' bytes without a gap. Pure: bytes in, bytes out.
 */
import { LanewiseError, type ErrorCode } from '../errors.js';
import type { NamedTensor } from '../model/checkpoint.js';
import { formatShape } from '../tensor/shape.js';
import type { NumericArray, Tensor } from '../tensor/tensor.js';
import { parseJson, type JsonObject, type JsonValue } from './json.js';

export type { NamedTensor };

export interface Safetensors {
  /** In the order of the file's header. Names are as they stand in the file, whatever that is: never to be used as a path. */
  tensors: ReadonlyMap<string, Tensor>;
  metadata: ReadonlyMap<string, string>;
}

interface DataType {
  bytes: number;
  view(buffer: ArrayBuffer): NumericArray;
}

/** The element types that a typed array of JavaScript can hold. */
const DATA_TYPES: ReadonlyMap<string, DataType> = new Map<string, DataType>([
  ['F32', { bytes: 4, view: (buffer) => new Float32Array(buffer) }],
  ['F64', { bytes: 8, view: (buffer) => new Float64Array(buffer) }],
  ['I8', { bytes: 1, view: (buffer) => new Int8Array(buffer) }],
  ['I16', { bytes: 2, view: (buffer) => new Int16Array(buffer) }],
  ['I32', { bytes: 4, view: (buffer) => new Int32Array(buffer) }],
  ['U8', { bytes: 1, view: (buffer) => new Uint8Array(buffer) }],
  ['U16', { bytes: 2, view: (buffer) => new Uint16Array(buffer) }],
  ['U32', { bytes: 4, view: (buffer) => new Uint32Array(buffer) }],
]);

const METADATA = '__metadata__';
/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

/**
 * Puts tensors into the bytes of a file, in the order given. The header is padded with spaces so that the data begin at a multiple of 8.
 * @throws LanewiseError `invalid-argument` for a name that occurs twice, is reserved or is not well-formed text
 */
export function encodeSafetensors(tensors: readonly NamedTensor[], metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
  const fields = new Map<string, unknown>(Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : []);
  let end = 0;
  for (const { name, tensor } of tensors) {
    const begin = end;
    end += tensor.data.byteLength;
    const wrong = name === METADATA ? 'is reserved' : fields.has(name) ? 'occurs twice' : /\p{Cs}/u.test(name) ? 'is not well-formed text' : '';
    if (wrong) throw new LanewiseError('invalid-argument', `a tensor's name ${wrong}`, { received: JSON.stringify(name) });
    fields.set(name, { dtype: elementType(tensor), shape: tensor.shape, data_offsets: [begin, end] });
  }
  const json = `{${[...fields].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const header = new TextEncoder().encode(json);
  const dataStart = Math.ceil((LENGTH_BYTES + header.length) / 8) * 8;
  const bytes = new Uint8Array(dataStart + end).fill(0x20, 0, dataStart);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - LENGTH_BYTES), true);
  bytes.set(header, LENGTH_BYTES);
  let at = dataStart;
  for (const { tensor: { data } } of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** The format's name for what a tensor is made of. @throws LanewiseError `invalid-argument` */
export function elementType({ data }: Tensor): string {
  for (const [name, type] of DATA_TYPES) if (type.view(new ArrayBuffer(0)).constructor === data.constructor) return name;
  throw new LanewiseError('invalid-argument', 'the data cannot be stored', { where: 'safetensors', received: typeof data });
}

interface Entry {
  name: string;
  type: DataType;
  shape: readonly number[];
  begin: number;
  end: number;
}

/**
 * Reads the bytes of a file; the tensors own their data. Everything that the format forbids is refused; values are not looked at, so NaN and
 * infinities pass bit for bit.
 * @param where the file's name, for error messages
 * @throws LanewiseError `invalid-file`, or `unsupported` for element types that JavaScript has no array for
 */
export function decodeSafetensors(bytes: Uint8Array, where = 'safetensors data'): Safetensors {
  const { header, dataStart } = readHeader(bytes, where);
  const entries: Entry[] = [];
  let metadata: ReadonlyMap<string, string> = new Map<string, string>();
  for (const [name, value] of header) {
    if (name === METADATA) metadata = readMetadata(value, where);
    else entries.push(readEntry(name, value, where));
  }
  checkLayout(entries, bytes.length - dataStart, where);
  const tensors = new Map<string, Tensor>();
  for (const { name, type, shape, begin, end } of entries) {
    const copy = new Uint8Array(end - begin); // the format promises no alignment
    copy.set(bytes.subarray(dataStart + begin, dataStart + end));
    tensors.set(name, { data: type.view(copy.buffer), shape });
  }
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array, where: string): { header: JsonObject; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) throw failure(where, 'the file ends inside its header', `at least ${LENGTH_BYTES} bytes`, `${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) throw failure(where, 'the header is too long: not a safetensors file', `at most ${MAX_HEADER_BYTES} bytes`, `${length}`);
  const dataStart = LENGTH_BYTES + Number(length);
  if (dataStart > bytes.length) throw failure(where, 'the file ends inside its header', `${dataStart} bytes`, `${bytes.length}`);
  const header = parseJson(decodeUtf8(bytes.subarray(LENGTH_BYTES, dataStart), where), `${where}, header`);
  if (!isObject(header)) throw failure(where, 'the header is not a JSON object');
  return { header, dataStart };
}

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new LanewiseError('invalid-file', 'the header is not UTF-8 text', { where, cause });
  }
}

function readMetadata(value: JsonValue, where: string): ReadonlyMap<string, string> {
  const wrong = (): LanewiseError => failure(where, `${METADATA} is not a map of texts to texts`);
  if (!isObject(value)) throw wrong();
  const texts = new Map<string, string>();
  for (const [key, text] of value) {
    if (typeof text !== 'string') throw wrong();
    texts.set(key, text);
  }
  return texts;
}

function readEntry(name: string, value: JsonValue, file: string): Entry {
  const where = `${file}, tensor ${JSON.stringify(name)}`;
  if (!isObject(value)) throw failure(where, 'the entry is not an object');
  const dtype = value.get('dtype');
  if (typeof dtype !== 'string') throw failure(where, 'dtype is missing or not a text');
  const type = DATA_TYPES.get(dtype);
  if (!type) throw failure(where, `dtype ${JSON.stringify(dtype)} cannot be read`, [...DATA_TYPES.keys()].join(', '), undefined, 'unsupported');
  const shape = unsignedIntegers(value.get('shape'));
  if (!shape) throw failure(where, 'shape is missing or not a list of unsigned integers');
  const [begin, end, ...more] = unsignedIntegers(value.get('data_offsets')) ?? [];
  if (begin === undefined || end === undefined || more.length > 0 || begin > end) {
    throw failure(where, 'data_offsets are missing or wrong', 'two unsigned integers, begin and end');
  }
  const expected = byteLength(shape, type.bytes);
  if (end - begin !== expected) throw failure(where, `the data do not fit ${dtype} ${formatShape(shape)}`, `${expected} bytes`, `${end - begin}`);
  return { name, type, shape, begin, end };
}

/** Infinity where a double cannot count the elements or bytes, also when a later size is 0. */
function byteLength(shape: readonly number[], elementBytes: number): number {
  let bytes = elementBytes;
  for (const size of shape) {
    bytes *= size;
    if (bytes > Number.MAX_SAFE_INTEGER) return Infinity;
  }
  return bytes;
}

function unsignedIntegers(value: JsonValue | undefined): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value as readonly JsonValue[];
  const fits = (item: JsonValue): item is bigint => typeof item === 'bigint' && item >= 0n && item <= Number.MAX_SAFE_INTEGER;
  return items.every(fits) ? items.map(Number) : undefined;
}

/** The tensors must fill the data from the first byte to the last, without a hole or an overlap; empty ones lie at a border. */
function checkLayout(entries: readonly Entry[], dataBytes: number, where: string): void {
  let last = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== last) throw failure(`${where}, tensor ${JSON.stringify(name)}`, `there is ${begin > last ? 'a hole' : 'an overlap'} before its data`, `begin ${last}`, `${begin}`);
    last = end;
  }
  if (last !== dataBytes) throw failure(where, last > dataBytes ? 'the file is cut off' : 'bytes after the last tensor', `${last} bytes of data`, `${dataBytes}`);
}

const isObject = (value: JsonValue): value is JsonObject => value instanceof Map;

function failure(where: string, summary: string, expected?: string, received?: string, code: ErrorCode = 'invalid-file'): LanewiseError {
  return new LanewiseError(code, summary, { where, ...(expected !== undefined && { expected }), ...(received !== undefined && { received }) });
}
