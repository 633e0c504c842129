import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LanewiseError, type ErrorCode } from '../../src/errors.js';

/** Files that are not part of the repository. Absolute, because some tests change the working folder. */
export const SHARED = resolve(import.meta.dirname, '../../../shared');
export const skipWithout = (path: string): { skip: string | false } => ({
  skip: existsSync(join(SHARED, path)) ? false : `../shared/${path} is missing: this test did not run`,
});

/** An IDX file: type byte, dimensions, elements already as bytes. */
export function idxBytes(type: number, shape: readonly number[], elements: Iterable<number>): Uint8Array {
  const header = [0, 0, type, shape.length, ...shape.flatMap((size) => [size >>> 24, size >>> 16, size >>> 8, size])];
  return Uint8Array.from([...header, ...elements].map((byte) => byte & 255));
}

/** For assert.throws and assert.rejects: a LanewiseError of this code whose message matches. */
export function refusal(code: ErrorCode, message?: RegExp): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof LanewiseError)) throw new Error('not a LanewiseError', { cause: error });
    if (error.code !== code) throw new Error(`code ${error.code} instead of ${code}: ${error.message}`);
    if (message && !message.test(error.message)) throw new Error(`message: ${error.message}`);
    if (/\n/.test(error.message)) throw new Error(`more than one line: ${error.message}`);
    return true;
  };
}

/** Runs `use` with a new empty folder, and removes it. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every entry of a folder and its subfolders that is a file. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}
