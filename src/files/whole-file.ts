/** Writes whole files. Node only. */
import { randomUUID } from 'node:crypto';
import promises, { constants } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorText } from '../data/decode.js';
import { LanewiseError } from '../errors.js';

/** What is used of the file system: tests put another one in its place. */
export type FileSystem = Pick<typeof promises, 'access' | 'open' | 'readdir' | 'realpath' | 'rename' | 'rm' | 'stat'>;

/** The last write to each file that is under way. */
const underWay = new Map<string, Promise<void>>();

/**
 * Writes a file so that at any moment, also after a crash or a power cut, there is either the old one or the new one, whole: to a temporary
 * name in the same folder, synced, then renamed. A failed call leaves no temporary file. A symbolic link is followed, permissions are kept.
 * Calls for the same file take their turn: what is given last is there in the end.
 * @throws LanewiseError `write-failed`
 */
export async function writeFileAtomically(file: string, contents: Uint8Array | string, fs: FileSystem = promises): Promise<void> {
  const key = resolve(file);
  const turn = (underWay.get(key) ?? Promise.resolve()).catch(() => {}).then(() => replaceFile(file, contents, fs));
  underWay.set(key, turn);
  try {
    await turn;
  } finally {
    if (underWay.get(key) === turn) underWay.delete(key);
  }
}

async function replaceFile(file: string, contents: Uint8Array | string, fs: FileSystem): Promise<void> {
  const mode = await requireWritable(file, fs);
  const target = await fs.realpath(file).catch(() => file); // a new file has no real path yet
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target)}.${randomUUID()}.part`);
  try {
    const handle = await fs.open(temporary, 'wx', mode);
    try {
      await handle.writeFile(contents);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, target);
    await syncFolder(folder, fs);
    await removeLeftovers(folder, basename(target), fs).catch(() => {}); // the file is stored all the same
  } catch (cause) {
    await fs.rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    throw cannotWrite(file, errorText(cause), cause);
  }
}

/** No write takes longer: a temporary file that was not touched for so long, in milliseconds, is one of a process that was killed. */
const ABANDONED_MS = 3_600_000;

/** Removes temporary files of this file that processes left which were killed while they wrote. */
async function removeLeftovers(folder: string, name: string, fs: FileSystem): Promise<void> {
  const [before, after] = [`.${name}.`, '.part'];
  for (const entry of await fs.readdir(folder)) {
    if (!entry.startsWith(before) || !entry.endsWith(after) || !UUID.test(entry.slice(before.length, -after.length))) continue;
    const path = join(folder, entry);
    if (Date.now() - (await fs.stat(path)).mtimeMs > ABANDONED_MS) await fs.rm(path, { force: true });
  }
}
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * Tells before a long run whether its result can be stored: the folder is there and writable, and no folder or device has the file's name.
 * @returns the permissions that the file should have: those of the one that is there
 * @throws LanewiseError `write-failed`
 */
export async function requireWritable(file: string, fs: FileSystem = promises): Promise<number> {
  const present = await fs.stat(file).catch(() => undefined);
  if (present && !present.isFile()) throw cannotWrite(file, 'something that is not a file');
  try {
    await fs.access(dirname(file), constants.W_OK);
  } catch (cause) {
    throw cannotWrite(file, errorText(cause), cause);
  }
  return present ? present.mode & 0o777 : 0o666;
}

/** Makes the new name durable, where a folder can be synced: not on Windows, nor if it may be written but not read. */
async function syncFolder(folder: string, fs: FileSystem): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES') return undefined;
    throw error;
  });
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function cannotWrite(where: string, received: string, cause?: unknown): LanewiseError {
  return new LanewiseError('write-failed', 'cannot write the file', { where, received, cause });
}
