import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readWholeFile } from '../../src/data/file.js';
import { requireWritable, writeFileAtomically } from '../../src/files/whole-file.js';
import { refusal, withFolder } from '../data/helpers.js';

test('writes a new file and replaces an old one, and leaves nothing else', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'a.bin');
    await writeFileAtomically(file, Uint8Array.of(1, 2, 3));
    assert.deepEqual(new Uint8Array(await readWholeFile(file)), Uint8Array.of(1, 2, 3));
    await writeFileAtomically(file, 'é');
    assert.equal(await readFile(file, 'utf8'), 'é');
    assert.deepEqual(await readdir(folder), ['a.bin']);
  }));

test('a reader that has the old file open keeps the whole old file', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'a');
    await writeFile(file, 'old');
    const { open } = await import('node:fs/promises');
    const handle = await open(file);
    await writeFileAtomically(file, 'new contents');
    assert.equal(await handle.readFile('utf8'), 'old');
    await handle.close();
  }));

test('follows a symbolic link', () =>
  withFolder(async (folder) => {
    const [file, link] = [join(folder, 'file'), join(folder, 'link')];
    await writeFile(file, 'old');
    await symlink(file, link);
    await writeFileAtomically(link, 'new');
    assert.equal(await readFile(file, 'utf8'), 'new');
    assert.deepEqual((await readdir(folder)).sort(), ['file', 'link']);
  }));

test('refuses a folder, a device and a place that is not there, and says so before the work', () =>
  withFolder(async (folder) => {
    await mkdir(join(folder, 'sub'));
    for (const target of [join(folder, 'sub'), join(folder, 'none', 'a'), ...(process.platform === 'win32' ? [] : ['/dev/null'])]) {
      await assert.rejects(requireWritable(target), refusal('write-failed', /cannot write the file/));
      await assert.rejects(writeFileAtomically(target, 'x'), refusal('write-failed', /cannot write the file/));
    }
    assert.deepEqual(await readdir(folder), ['sub']);
    await requireWritable(join(folder, 'new'));
  }));

test('a failed write leaves the old file and no temporary one', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'a');
    await writeFile(file, 'old');
    // contents that fail while they are written
    await assert.rejects(writeFileAtomically(file, 5 as unknown as string), refusal('write-failed', /a: cannot write the file/));
    assert.equal(await readFile(file, 'utf8'), 'old');
    assert.deepEqual(await readdir(folder), ['a']);
  }));

test('removes what a killed process left long ago, and nothing else', () =>
  withFolder(async (folder) => {
    const old = '.a.01234567-89ab-4def-8123-456789abcdef.part';
    const kept = ['.a.01234567-89ab-4def-8123-456789abcdee.part', '.b.01234567-89ab-4def-8123-456789abcdef.part', '.a.mine.part', 'a.part'];
    for (const name of [old, ...kept]) await writeFile(join(folder, name), '');
    const yesterday = Date.now() / 1000 - 86_400;
    for (const name of [old, ...kept.slice(1)]) await utimes(join(folder, name), yesterday, yesterday); // the first of the others is being written
    await writeFileAtomically(join(folder, 'a'), 'new');
    assert.deepEqual((await readdir(folder)).sort(), [...kept, 'a'].sort());
  }));

test('a folder that forbids it', { skip: process.getuid?.() === 0 ? 'root may write anywhere' : process.platform === 'win32' && 'no such rights' }, () =>
  withFolder(async (folder) => {
    await chmod(folder, 0o500);
    await assert.rejects(requireWritable(join(folder, 'a')), refusal('write-failed', /EACCES/));
    await chmod(folder, 0o700);
  }));

test('reading what is not there', () =>
  withFolder(async (folder) => {
    await assert.rejects(readWholeFile(join(folder, 'a')), refusal('file-not-found'));
    await assert.rejects(readWholeFile(folder), refusal('file-not-found', /not a file/));
    await rm(folder, { recursive: true });
  }));
