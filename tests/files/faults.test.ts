/** Saving when the disk fails, the power goes or the process is killed: the old file or the new one, whole, never neither. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { decodeSealed } from '../../src/io/sealed.js';
import { writeFileAtomically } from '../../src/files/whole-file.js';
import { refusal, withFolder } from '../data/helpers.js';
import { FakeFs, type Fault } from './fake-fs.js';

const FOLDER = '/folder';
const NEW = 'new contents';
const starts: Readonly<Record<string, Record<string, string>>> = { 'an old file': { file: 'old', other: 'x' }, 'no file': { other: 'x' } };

const save = (disk: FakeFs): Promise<void> => writeFileAtomically(`${FOLDER}/file`, NEW, disk.fs);

for (const [name, initial] of Object.entries(starts)) {
  describe(`saving where there was ${name}`, () => {
    it('writes, syncs, renames and syncs the folder, in this order', async () => {
      const disk = new FakeFs(FOLDER, initial);
      await save(disk);
      assert.deepEqual(disk.list(), { ...initial, file: NEW });
      const steps = disk.calls.filter((call) => !/stat|access|realpath|close/.test(call));
      assert.deepEqual(steps, ['open wx', 'write', 'sync', 'rename', 'open r', 'sync folder']);
    });

    it('fails whole at the Nth call: an error, the old file or the new one, nothing left over', async () => {
      const clean = new FakeFs(FOLDER, initial);
      await save(clean);
      for (let nth = 0; nth < clean.calls.length; nth++) {
        // what fails once does not keep the temporary file from being removed
        const disk = new FakeFs(FOLDER, initial);
        disk.fault = (call) => call === nth;
        const failed = await save(disk).then(() => false, (error) => refusal('write-failed', /EIO|cannot write/)(error));
        const call = clean.calls[nth]!;
        assert.ok(failed || call === 'stat' || call === 'realpath', `${call} failed in silence`);
        const renamed = nth > clean.calls.indexOf('rename');
        assert.deepEqual(disk.list(), failed && !renamed ? initial : { ...initial, file: NEW }, `after ${call}`);
        disk.fault = () => false;
        await save(disk);
        assert.deepEqual(disk.list(), { ...initial, file: NEW }, 'the next call works');
      }
    });

    it('fails whole from the Nth call on: the old file or the new one', async () => {
      const clean = new FakeFs(FOLDER, initial);
      await save(clean);
      for (let nth = 0; nth < clean.calls.length; nth++) {
        const disk = new FakeFs(FOLDER, initial);
        const fault: Fault = (call) => call >= nth;
        disk.fault = fault;
        await assert.rejects(save(disk), refusal('write-failed'));
        const { file } = disk.list();
        assert.ok(file === initial['file'] || file === NEW, `${clean.calls[nth]}: ${file}`);
      }
    });

    it('outlives a power cut after every call, whatever was not synced', async () => {
      const disk = new FakeFs(FOLDER, initial);
      await save(disk);
      let states = 0;
      for (let prefix = 0; prefix <= disk.changes.length; prefix++) {
        for (const { file, other } of FakeFs.afterPowerLoss(initial, disk.changes.slice(0, prefix))) {
          states++;
          assert.equal(other, 'x');
          assert.ok(file === initial['file'] || file === NEW, `after ${prefix} changes: ${file}`);
        }
      }
      assert.ok(states > 10, `${states} states`);
      for (const { file } of FakeFs.afterPowerLoss(initial, disk.changes)) assert.equal(file, NEW, 'a save that was reported is there for good');
    });
  });
}

it('the judge of power cuts is not blind: without the syncs it finds a lost file', async () => {
  const disk = new FakeFs(FOLDER, { file: 'old' });
  await save(disk);
  const unsynced = disk.changes.filter(({ kind }) => kind !== 'sync');
  assert.ok([...FakeFs.afterPowerLoss({ file: 'old' }, unsynced.slice(0, -1))].some(({ file }) => file === ''), 'an empty file under the new name');
});

/** A shell in which a file system of its own can be mounted, without rights over the machine. */
const UNSHARE = ['-rm', 'sh', '-c'];
const canMount = spawnSync('unshare', [...UNSHARE, 'mount -t tmpfs none /mnt']).status === 0;

it('a full disk: an error, the old file, no temporary one', { skip: canMount ? false : 'no small file system can be mounted here' }, () =>
  withFolder(async (folder) => {
    const program = fileURLToPath(new URL('fixtures/full-disk.ts', import.meta.url));
    const command = 'mount -t tmpfs -o size=128k none "$1" && exec "$2" --import tsx "$3" "$1"';
    const child = spawn('unshare', [...UNSHARE, command, 'sh', folder, process.execPath, program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await once(child, 'close');
    const { failure, left, contents, after } = JSON.parse(output) as Record<string, unknown>;
    assert.match(String(failure), /file: cannot write the file \(received ENOSPC/);
    assert.deepEqual([left, contents, after], [['file'], 'old', 'newer']);
  }));

describe('kill -9 while files are saved', () => {
  /** LANEWISE_KILLS=1000 for the long run. Each kill hits as many loops of saving as there are files. */
  const KILLS = Math.ceil(Number(process.env['LANEWISE_KILLS'] ?? 50) / 5);
  const FILES = ['a', 'b', 'c', 'd', 'e'];
  const program = fileURLToPath(new URL('fixtures/save-loop.ts', import.meta.url));

  it(`leaves each of them old or new, whole (${KILLS * FILES.length} times)`, { timeout: 60_000 + 5000 * KILLS }, () =>
    withFolder(async (folder) => {
      const sizes = new Set<number>();
      for (let kill = 0; kill < KILLS; kill++) {
        const child = spawn(process.execPath, ['--import', 'tsx', program, folder, ...FILES], { stdio: ['ignore', 'pipe', 'inherit'] });
        await once(child.stdout, 'data'); // all are there
        await delay(Math.random() * 30);
        child.kill('SIGKILL');
        await once(child, 'exit');
        for (const name of FILES) {
          const bytes = await readFile(join(folder, name));
          const { tensors, sealed } = await decodeSealed(bytes, name);
          assert.ok(sealed);
          const values = new Set(tensors.get('values')!.data);
          assert.equal(values.size, 1);
          assert.equal(tensors.get('values')!.data.length, [...values][0]! % 2 === 0 ? 20_000 : 40_000);
          sizes.add((await stat(join(folder, name))).size);
        }
      }
      assert.equal(sizes.size, 2, 'both the even and the odd contents ought to be found');
      const strangers = (await readdir(folder)).filter((name) => !FILES.includes(name) && !/^\.[a-e]\..*\.part$/.test(name));
      assert.deepEqual(strangers, []);
    }));
});
