/** Opens files, and reads whole ones. Node only. */
import { open, type FileHandle } from 'node:fs/promises';
import { LanewiseError } from '../errors.js';
import { errorText } from './decode.js';

/** Opens a regular file. @throws LanewiseError `file-not-found` */
export async function openForReading(file: string): Promise<FileHandle> {
  try {
    const handle = await open(file, 'r');
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (cause) {
    throw new LanewiseError('file-not-found', 'cannot open the file', { where: file, received: errorText(cause), cause });
  }
  throw new LanewiseError('file-not-found', 'not a file', { where: file });
}

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
