/** Reads and writes whole files. Node only. */
import { randomUUID } from 'node:crypto';
import { access, constants, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorText } from '../data/decode.js';
import { openForReading } from '../data/idx-file.js';
import { LanewiseError } from '../errors.js';

/** @throws LanewiseError `file-not-found`, `invalid-file` */
export async function readWholeFile(file: string): Promise<Uint8Array> {
  const handle = await openForReading(file);
  try {
    return await handle.readFile();
  } catch (cause) {
    throw new LanewiseError('invalid-file', 'cannot read the file', { where: file, received: errorText(cause), cause });
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that at any moment, also after a crash or a power cut, there is either the old one or the new one, whole: to a temporary
 * name in the same folder, synced, then renamed. A failed call leaves no temporary file. A symbolic link is followed.
 * @throws LanewiseError `write-failed`
 */
export async function writeFileAtomically(file: string, contents: Uint8Array | string): Promise<void> {
  await requireWritable(file);
  const target = await realpath(file).catch(() => file); // a new file has no real path yet
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target)}.${randomUUID()}.part`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(contents);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    await syncFolder(folder);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    throw cannotWrite(file, errorText(cause), cause);
  }
}

/**
 * Tells before a long run whether its result can be stored: the folder is there and writable, and no folder or device has the file's name.
 * @throws LanewiseError `write-failed`
 */
export async function requireWritable(file: string): Promise<void> {
  const present = await stat(file).catch(() => undefined);
  if (present && !present.isFile()) throw cannotWrite(file, 'something that is not a file');
  try {
    await access(dirname(file), constants.W_OK);
  } catch (cause) {
    throw cannotWrite(file, errorText(cause), cause);
  }
}

/** Makes the new name durable, where the system lets a folder be synced (Windows does not). */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (!handle) return;
  try {
    await handle.sync();
  } catch (error) {
    if (process.platform !== 'win32') throw error;
  } finally {
    await handle.close();
  }
}

function cannotWrite(where: string, received: string, cause?: unknown): LanewiseError {
  return new LanewiseError('write-failed', 'cannot write the file', { where, received, cause });
}
