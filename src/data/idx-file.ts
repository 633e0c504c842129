/** Reads IDX files from disk, plain or gzip-compressed, without trusting what they claim. Node only. */
import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { LanewiseError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { errorText } from './decode.js';
import { openForReading } from './file.js';
import { MAX_IDX_HEADER_BYTES, parseIdx, parseIdxHeader, wrongSize, type IdxHeader, type IdxKind } from './idx.js';

export interface IdxFileOptions {
  /** Default `any`. */
  kind?: IdxKind | undefined;
  /** Called with the shape before any element is read; throws to refuse the file. */
  checkShape?: ((shape: readonly number[]) => void) | undefined;
  /** Called with the SHA-256 (hexadecimal) of the file as it is on disk; throws to refuse it. */
  checkDigest?: ((sha256: string) => void) | undefined;
}

/** Deflate cannot shrink by more than this factor (258 bytes from 2 bits). */
const MAX_INFLATION = 1032;
/** A stated limit on the size after decompression. */
const MAX_BYTES = 2 ** 31;
const CHUNK_BYTES = 1 << 18;

/**
 * Reads one IDX file. Gzip is recognised by its first bytes, not by the file's name. Decompression stops at the size
 * that the header promises, so a small file cannot fill the memory.
 * @throws LanewiseError `file-not-found`, `invalid-file`, `unsupported` (over 2 GiB, more than 8 dimensions)
 */
export async function readIdxFile(file: string, options: IdxFileOptions = {}): Promise<Tensor> {
  const handle = await openForReading(file);
  try {
    const { size } = await handle.stat();
    const hash = createHash('sha256');
    const packed = await startsAsGzip(handle);
    const chunks = packed ? inflate(handle, hash, size, file) : fileChunks(handle, hash);
    const bytes = await collect(chunks, packed ? size * MAX_INFLATION : size, file, options);
    options.checkDigest?.(hash.digest('hex'));
    return parseIdx(bytes, { kind: options.kind, where: file });
  } finally {
    await handle.close();
  }
}

async function startsAsGzip(handle: FileHandle): Promise<boolean> {
  const start = Buffer.alloc(2);
  await handle.read(start, 0, 2, 0);
  return start[0] === 0x1f && start[1] === 0x8b;
}

async function* fileChunks(handle: FileHandle, hash: Hash): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    yield chunk;
  }
}

async function* inflate(handle: FileHandle, hash: Hash, size: number, where: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  pipeline(Readable.from(fileChunks(handle, hash)), gunzip, () => {}); // errors arrive in the loop below
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
  } catch (cause) {
    throw gzipError(cause, where);
  }
  // zlib skips zero bytes after the last member in silence
  if (gunzip.bytesWritten !== size) throw gzipError(new Error('bytes after the end of the gzip data'), where);
}

function gzipError(cause: unknown, where: string): LanewiseError {
  const endsEarly = cause instanceof Error && 'code' in cause && cause.code === 'Z_BUF_ERROR';
  const summary = endsEarly ? 'the gzip data ends early' : 'the gzip data is damaged';
  const remedy = endsEarly ? 'The download was probably cut off: fetch the file again' : 'Fetch the file again';
  return new LanewiseError('invalid-file', summary, { where, received: errorText(cause), remedy, cause });
}

/** Puts the chunks into one buffer of the size that the header promises. */
async function collect(
  chunks: AsyncIterable<Uint8Array>,
  mostBytes: number,
  where: string,
  { kind, checkShape }: IdxFileOptions,
): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array(0);
  let header: IdxHeader | undefined;
  let received = 0;
  for await (const chunk of chunks) {
    if (header === undefined) {
      bytes = Buffer.concat([bytes, chunk]);
      received = bytes.length;
      if (received < MAX_IDX_HEADER_BYTES) continue;
      header = acceptHeader(bytes, mostBytes, where, kind, checkShape);
      bytes = resize(bytes, header, where);
    } else {
      if (received + chunk.length > header.totalBytes) throw tooLong(header, where);
      bytes.set(chunk, received);
      received += chunk.length;
    }
  }
  header ??= acceptHeader(bytes, mostBytes, where, kind, checkShape);
  if (received !== header.totalBytes) throw wrongSize(header.shape, header.totalBytes, received, where);
  return bytes;
}

/** Refuses what cannot be true of a file of this size before memory is taken for it. */
function acceptHeader(
  start: Uint8Array,
  mostBytes: number,
  where: string,
  kind: IdxKind | undefined,
  checkShape: IdxFileOptions['checkShape'],
): IdxHeader {
  const header = parseIdxHeader(start, { kind, where });
  if (header.totalBytes > mostBytes) {
    throw wrongSize(header.shape, header.totalBytes, `a file that can hold at most ${mostBytes}`, where);
  }
  if (header.totalBytes > MAX_BYTES) {
    const details = { where, expected: `at most ${MAX_BYTES} bytes`, received: `${header.totalBytes}` };
    throw new LanewiseError('unsupported', 'the IDX file is too large', details);
  }
  checkShape?.(header.shape);
  return header;
}

function resize(start: Uint8Array, header: IdxHeader, where: string): Uint8Array {
  if (start.length > header.totalBytes) throw tooLong(header, where);
  const bytes = new Uint8Array(header.totalBytes);
  bytes.set(start);
  return bytes;
}

function tooLong(header: IdxHeader, where: string): LanewiseError {
  return wrongSize(header.shape, header.totalBytes, 'more', where);
}
