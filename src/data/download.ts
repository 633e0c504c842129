/** Downloads a file whose size and SHA-256 are known. Node only. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LanewiseError } from '../errors.js';
import { errorText } from './decode.js';

export interface DownloadRequest {
  readonly url: string;
  /** Where the file shall be; its folder is made if need be. */
  readonly target: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Gives up when so long nothing arrives, in milliseconds; for the answer and between any two parts of it. */
  readonly stallTimeout: number;
  /** Called after each part with the bytes received so far. */
  readonly onProgress?: ((received: number) => void) | undefined;
}

/**
 * Downloads to a temporary name in the target's folder, checks size and SHA-256, and renames: the target is either
 * whole and right or not there. A failed download leaves no temporary file.
 * @throws LanewiseError `network-failed`; what `onProgress` throws
 */
export async function download(request: DownloadRequest): Promise<void> {
  const folder = dirname(request.target);
  const temporary = join(folder, `.${basename(request.target)}.${randomUUID()}.part`);
  try {
    const file = await disk(request, async () => {
      await mkdir(folder, { recursive: true });
      return open(temporary, 'wx');
    });
    try {
      await receive(request, file);
      await disk(request, () => file.sync());
    } finally {
      await file.close();
    }
    await disk(request, () => rename(temporary, request.target));
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    throw error;
  }
}

async function receive(request: DownloadRequest, file: FileHandle): Promise<void> {
  const hash = createHash('sha256');
  let received = 0;
  for await (const chunk of parts(request)) {
    received += chunk.length;
    if (received > request.bytes) break;
    hash.update(chunk);
    await disk(request, () => file.writeFile(chunk));
    request.onProgress?.(received);
  }
  if (received !== request.bytes) {
    const found = received > request.bytes ? 'more' : `${received}`;
    throw failed(request, 'the downloaded file has the wrong size', `${request.bytes} bytes`, found);
  }
  const sha256 = hash.digest('hex');
  if (sha256 !== request.sha256) {
    throw failed(request, 'the downloaded file has the wrong SHA-256', request.sha256, sha256);
  }
}

/** The body of the answer. Every fault of the network becomes a LanewiseError here. */
async function* parts(request: DownloadRequest): AsyncGenerator<Uint8Array> {
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort(new Error(`nothing received for ${request.stallTimeout / 1000} s`));
  }, request.stallTimeout);
  try {
    // the archives are gzip files: undoing gzip on the way would break their checksums
    const headers = { 'accept-encoding': 'identity' };
    const response = await network(request, () => fetch(request.url, { signal: stalled.signal, headers }));
    if (!response.ok || response.body === null) {
      throw failed(request, 'the server refused the download', 'HTTP status 200', `${response.status}`);
    }
    const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
    for (;;) {
      timer.refresh();
      const { done, value } = await network(request, () => reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    stalled.abort(); // closes the connection if the body was not read to its end
  }
}

async function network<T>(request: DownloadRequest, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    // fetch says only "fetch failed" and keeps the reason in `cause`
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw failed(request, 'the download failed', undefined, errorText(reason), error);
  }
}

async function disk<T>(request: DownloadRequest, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new LanewiseError('network-failed', 'the download cannot be stored', {
      where: request.target,
      received: errorText(error),
      cause: error,
    });
  }
}

/** Makes the new name durable, where the system lets a folder be synced. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // Windows cannot: the file itself is safe, and would only be downloaded again
  }
}

function failed(request: DownloadRequest, summary: string, expected: string | undefined, received: string, cause?: unknown) {
  return new LanewiseError('network-failed', summary, {
    where: request.url,
    ...(expected !== undefined && { expected }),
    received,
    cause,
  });
}
