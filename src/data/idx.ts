/**
 * Reader of IDX, the format of MNIST and its successors: two zero bytes, a type byte, the number of dimensions, the
 * dimensions as unsigned 32-bit integers, then the elements in row-major order; all big-endian.
 * http://yann.lecun.com/exdb/mnist/ ("The IDX file format")
 */
import { LanewiseError } from '../errors.js';
import type { NumericArray, Tensor } from '../tensor/tensor.js';
import { claimedBytes, fill } from './decode.js';

/** What the caller needs: `images` are u8 of rank 3, `labels` u8 of rank 1, `any` is any type and rank. */
export type IdxKind = 'images' | 'labels' | 'any';

export interface IdxOptions {
  /** Default `any`. */
  kind?: IdxKind | undefined;
  /** The file's name, for error messages. */
  where?: string | undefined;
}

export interface IdxHeader {
  readonly element: IdxElement;
  readonly shape: readonly number[];
  /** Bytes before the first element. */
  readonly headerBytes: number;
  /** Bytes of the whole file, header included. */
  readonly totalBytes: number;
}

interface IdxElement {
  readonly name: string;
  readonly bytes: number;
  readonly decode: (view: DataView, count: number) => NumericArray;
}

/** A stated limit: files of more dimensions are refused. */
export const MAX_IDX_DIMENSIONS = 8;
/** So many bytes hold every header that is not refused. */
export const MAX_IDX_HEADER_BYTES = 4 + 4 * MAX_IDX_DIMENSIONS;

const ELEMENTS = new Map<number, IdxElement>([
  [0x08, { name: 'u8', bytes: 1, decode: (view, count) => new Uint8Array(view.buffer, view.byteOffset, count) }],
  [0x09, { name: 'i8', bytes: 1, decode: (view, count) => new Int8Array(view.buffer, view.byteOffset, count) }],
  [0x0b, { name: 'i16', bytes: 2, decode: (view, count) => fill(new Int16Array(count), (i) => view.getInt16(2 * i)) }],
  [0x0c, { name: 'i32', bytes: 4, decode: (view, count) => fill(new Int32Array(count), (i) => view.getInt32(4 * i)) }],
  [0x0d, { name: 'f32', bytes: 4, decode: (view, count) => fill(new Float32Array(count), (i) => view.getFloat32(4 * i)) }],
  [0x0e, { name: 'f64', bytes: 8, decode: (view, count) => fill(new Float64Array(count), (i) => view.getFloat64(8 * i)) }],
]);

/**
 * Parses a whole IDX file. Everything is checked, against the number of bytes that are there, before anything is
 * allocated. One-byte elements (u8, i8) are a view of `bytes`, not a copy.
 * @throws LanewiseError `invalid-file`, `unsupported` (more than 8 dimensions)
 */
export function parseIdx(bytes: Uint8Array, options: IdxOptions = {}): Tensor {
  const { element, shape, headerBytes, totalBytes } = parseIdxHeader(bytes, options);
  if (bytes.length !== totalBytes) throw wrongSize(shape, totalBytes, bytes.length, options.where);
  const view = new DataView(bytes.buffer, bytes.byteOffset + headerBytes, totalBytes - headerBytes);
  return { data: element.decode(view, view.byteLength / element.bytes), shape };
}

/**
 * Parses and checks the header alone.
 * @param start the first bytes of the file: `MAX_IDX_HEADER_BYTES` of them, or the whole file if it is shorter
 */
export function parseIdxHeader(start: Uint8Array, { kind = 'any', where }: IdxOptions = {}): IdxHeader {
  const element = parseMagic(start, where);
  const rank = start[3]!;
  checkKind(kind, element, rank, where);
  const headerBytes = 4 + 4 * rank;
  if (start.length < headerBytes) {
    throw invalid('the IDX header is cut short', where, `${headerBytes} bytes`, `${start.length} bytes`);
  }
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const totalBytes = headerBytes + claimedBytes(shape, element.bytes);
  if (totalBytes === Infinity) {
    throw invalid('the IDX header claims an impossible size', where, 'less than 2^53 bytes', `shape [${shape.join(', ')}]`);
  }
  return { element, shape, headerBytes, totalBytes };
}

function parseMagic(start: Uint8Array, where: string | undefined): IdxElement {
  if (start.length < 4) throw invalid('too short for an IDX file', where, 'at least 4 bytes', `${start.length} bytes`);
  const element = ELEMENTS.get(start[2]!);
  if (start[0] !== 0 || start[1] !== 0 || element === undefined) {
    const magic = Array.from(start.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw invalid(notIdx(start), where, '00 00, a type byte 08 09 0b 0c 0d 0e and the number of dimensions', magic);
  }
  return element;
}

/** Names the mistakes that are easy to make, where the first bytes give them away. */
function notIdx(start: Uint8Array): string {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'not an IDX file but gzip data (one layer of gzip is undone in files)';
  if (start[0] === 0x50 && start[1] === 0x4b) return 'not an IDX file but a zip archive';
  if (start[2] === 0 && start[3] === 0) return 'not an IDX file (or one with swapped bytes)';
  return 'not an IDX file';
}

function checkKind(kind: IdxKind, element: IdxElement, rank: number, where: string | undefined): void {
  const received = `${element.name} of ${rank} dimensions`;
  if (kind !== 'any') {
    const expectedRank = kind === 'images' ? 3 : 1;
    if (element.name !== 'u8' || rank !== expectedRank) {
      const expected = `u8 of ${expectedRank} dimension${expectedRank === 1 ? '' : 's'}`;
      throw invalid(`the IDX file does not hold ${kind}`, where, expected, received);
    }
  } else if (rank === 0) {
    throw invalid('the IDX file has no dimensions', where, 'at least 1', received);
  } else if (rank > MAX_IDX_DIMENSIONS) {
    const details = { expected: `at most ${MAX_IDX_DIMENSIONS}`, received, ...(where !== undefined && { where }) };
    throw new LanewiseError('unsupported', 'the IDX file has too many dimensions', details);
  }
}

/** The error for a file that holds more or fewer bytes than its header says. */
export function wrongSize(shape: readonly number[], totalBytes: number, received: number | string, where?: string): LanewiseError {
  const summary = `the IDX file's size does not fit its shape [${shape.join(', ')}]`;
  return invalid(summary, where, `${totalBytes} bytes`, typeof received === 'number' ? `${received} bytes` : received);
}

function invalid(summary: string, where: string | undefined, expected: string, received: string): LanewiseError {
  return new LanewiseError('invalid-file', summary, { expected, received, ...(where !== undefined && { where }) });
}
