/** Runs that are stopped and gone on with: Ctrl-C, kill -9, and the same weights in the end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { loadCheckpoint, saveCheckpoint } from '../../src/files/checkpoint-file.js';
import { withFolder } from '../data/helpers.js';
import { events, outcomeOf, runHere, start, writeGarments, type Outcome } from './helpers.js';

const result = (outcome: Outcome): { hash: unknown; testLoss: unknown } => {
  assert.equal(outcome.code, 0, outcome.stderr);
  const { weightsSha256: hash, testLoss } = events(outcome).at(-1)!;
  return { hash, testLoss };
};

/** Sends the signal to this process as soon as a file is there: in the middle of the training. */
async function interruptWhen(file: string, ready: () => Promise<boolean> = () => exists(file)): Promise<void> {
  while (!(await ready())) await delay(1);
  process.emit('SIGINT', 'SIGINT');
}

const exists = (file: string): Promise<boolean> => stat(file).then(() => true, () => false);

test('Ctrl-C stores the run in the middle of an epoch and says how to go on; the end is the same as without', () =>
  withFolder(async (folder) => {
    const data = await writeGarments(folder);
    const file = join(folder, 'a run.safetensors');
    const train = (...more: string[]): Promise<Outcome> =>
      runHere(['train', 'fashion-mnist', '--data', data, '--batch-size', '20', '--epochs', '2', '--seed', '5', '--limit', '150', '--json', ...more]);
    const whole = await train();
    const [interrupted] = await Promise.all([train('--checkpoint', file, '--every', '1'), interruptWhen(file)]);
    assert.equal(interrupted.code, 130);
    const [, , command] = interrupted.stderr.match(/^lanewise: interrupted after step (\d+), in epoch 1; go on with: lanewise (.+)\n$/)!;
    assert.equal(command, `train fashion-mnist --data ${data} --resume '${file}' --checkpoint '${file}' --every 1`);
    const { progress, notes } = await loadCheckpoint(file);
    assert.ok(progress.batch > 0 && progress.batch < 8, `batch ${progress.batch}`);
    assert.deepEqual(Object.fromEntries(notes), { network: 'fashion-mnist', preset: 'seed', seed: '5', epochs: '2', batchSize: '20', limit: '150' });

    const resumed = await runHere(['train', 'fashion-mnist', '--data', data, '--resume', file, '--checkpoint', file, '--every', '1', '--threads', '1', '--json']);
    assert.deepEqual(events(resumed)[0]!['resumed'], { step: progress.step, epoch: 1 });
    assert.deepEqual(result(resumed), result(whole));
    const figures = (outcome: Outcome): unknown[] => events(outcome).filter(({ event }) => event === 'epoch').map(({ loss, accuracy, valLoss }) => [loss, accuracy, valLoss]);
    assert.deepEqual(figures(resumed), figures(whole), 'the figures of the interrupted epoch too');

    const finished = await runHere(['train', 'fashion-mnist', '--data', data, '--resume', file, '--json']);
    assert.deepEqual(result(finished), result(whole), 'of a finished run nothing is left to do');
    const evaluated = await runHere(['evaluate', 'fashion-mnist', '--data', data, '--weights', file, '--json']);
    assert.deepEqual(result(evaluated), result(whole), 'a checkpoint is a file of weights');
  }));

test('Ctrl-C in a process of its own: once it ends well, twice it ends at once', () =>
  withFolder(async (folder) => {
    for (const times of [1, 2]) {
      const file = join(folder, `${times}.safetensors`);
      const child = start(['train', 'signals', '--epochs', '100000', '--checkpoint', file]);
      const ended = outcomeOf(child);
      while (!(await exists(file))) await delay(20);
      for (let i = 0; i < times; i++) child.kill('SIGINT');
      const { code, stderr } = await ended;
      assert.equal(code, 130);
      assert.match(stderr, times === 1 ? /^lanewise: interrupted after step \d+, in epoch \d+; go on with: lanewise train signals --resume/ : /^lanewise: interrupted/);
      await loadCheckpoint(file);
    }
  }));

test('SIGTERM is a Ctrl-C with another exit code', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'run.safetensors');
    const child = start(['train', 'signals', '--epochs', '100000', '--checkpoint', file]);
    const ended = outcomeOf(child);
    while (!(await exists(file))) await delay(20);
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    assert.equal(code, 143);
    assert.match(stderr, /^lanewise: interrupted after step/);
  }));

test('kill -9 at any moment, again and again: the run goes on from its last checkpoint to the same end', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'run.safetensors');
    const options = ['train', 'signals', '--epochs', '80', '--batch-size', '10', '--json'];
    const whole = await runHere(options);
    let resume: string[] = [];
    for (let kill = 0; kill < 3; kill++) {
      const child = start([...options, ...resume, '--checkpoint', file, '--every', '1']);
      const before = await stat(file).then(({ mtimeMs }) => mtimeMs, () => 0);
      while ((await stat(file).then(({ mtimeMs }) => mtimeMs, () => 0)) === before) await delay(5);
      await delay(20 + 17 * kill);
      child.kill('SIGKILL');
      await once(child, 'exit');
      resume = ['--resume', file];
    }
    const { progress } = await loadCheckpoint(file);
    assert.ok(progress.step > 3 && progress.step < 560, `step ${progress.step}`);
    assert.deepEqual(result(await runHere(['train', 'signals', '--resume', file, '--json'])), result(whole));
    assert.ok((await readdir(folder)).every((name) => name === 'run.safetensors' || /^\.run\.safetensors\..*\.part$/.test(name)));
  }));

test('without --every the checkpoint is of the end of each epoch', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'run.safetensors');
    const whole = result(await runHere(['train', 'signals', '--preset', 'best', '--epochs', '6', '--horizon', '2', '--holdout', '10', '--json', '--checkpoint', file]));
    assert.deepEqual([(await loadCheckpoint(file)).progress.epoch, (await loadCheckpoint(file)).progress.batch], [6, 0]);
    assert.deepEqual(result(await runHere(['train', 'signals', '--resume', file, '--json'])), whole);
    const longer = await runHere(['train', 'signals', '--resume', file, '--epochs', '8', '--json']);
    assert.equal(longer.code, 1);
    assert.match(longer.stderr, /another run: optimizer\.learningRate\.totalSteps is 84, not 112\./);
  }));

test('a run with a constant rate may be made longer', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'run.safetensors');
    await runHere(['train', 'signals', '--epochs', '2', '--json', '--checkpoint', file]);
    const longer = await runHere(['train', 'signals', '--resume', file, '--epochs', '4', '--json']);
    assert.deepEqual(result(longer), result(await runHere(['train', 'signals', '--epochs', '4', '--json'])));
    assert.deepEqual(events(longer).filter(({ event }) => event === 'epoch').map(({ epoch }) => epoch), [3, 4]);
  }));

test('what cannot be gone on with is refused in one line, and the checkpoint is not touched', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'run.safetensors');
    await runHere(['train', 'signals', '--epochs', '2', '--json', '--checkpoint', file]);
    const bytes = await readFile(file);
    const refused = async (code: number, message: RegExp, ...args: string[]): Promise<void> => {
      const outcome = await runHere(args);
      assert.match(outcome.stderr, /^lanewise: [^\n]+\n$/);
      assert.match(outcome.stderr, message);
      assert.doesNotMatch(outcome.stderr, /unexpected error/);
      assert.equal(outcome.code, code);
    };
    await refused(1, /seed is 1, not 2/, 'train', 'signals', '--resume', file, '--checkpoint', file, '--seed', '2');
    await refused(1, /batchSize is 32, not 8\./, 'train', 'signals', '--resume', file, '--batch-size', '8');
    await refused(1, /layers\[0\]\.inputShape\[0\]|layers\[0\]\.inputShape/, 'train', 'signals', '--resume', file, '--horizon', '4');
    await refused(1, /checkpoint's network .*expected fashion-mnist, received signals/, 'train', 'fashion-mnist', '--resume', file);
    await refused(1, /cannot open/, 'train', 'signals', '--resume', join(folder, 'none'));
    await refused(1, /cannot write/, 'train', 'signals', '--checkpoint', join(folder, 'none', 'x'));
    await refused(2, /--every needs --checkpoint/, 'train', 'signals', '--every', '3');
    await refused(2, /'0' is invalid/, 'train', 'signals', '--checkpoint', file, '--every', '0');
    assert.deepEqual(await readFile(file), bytes);
    const damaged = Buffer.from(bytes);
    damaged[bytes.length - 1]! ^= 1;
    await writeFile(join(folder, 'damaged'), damaged);
    await refused(1, /damaged: the file is damaged/, 'train', 'signals', '--resume', join(folder, 'damaged'));
    await copyFile(file, join(folder, 'copy'));
    const checkpoint = await loadCheckpoint(file);
    for (const [key, value] of [['preset', 'fastest'], ['seed', '-1'], ['seed', '1e3'], ['epochs', '0'], ['epochs', '99999999999'], ['horizon', '../x']] as const) {
      const notes = { ...Object.fromEntries(checkpoint.notes), [key]: value };
      await saveCheckpoint(join(folder, 'strange'), checkpoint, notes);
      await refused(1, new RegExp(`strange: the checkpoint's ${key} is not what it should be`), 'train', 'signals', '--resume', join(folder, 'strange'));
    }
  }));
