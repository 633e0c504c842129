import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeSealed } from '../../src/io/sealed.js';
import { SHARED, skipWithout, withFolder } from '../data/helpers.js';
import { events, runHere, writeGarments } from './helpers.js';

const SHA256 = /^[0-9a-f]{64}$/;

test('train fashion-mnist: events, report, weights, and evaluate agrees', () =>
  withFolder(async (folder) => {
    const data = await writeGarments(folder);
    const [report, save] = [join(folder, 'report.html'), join(folder, 'weights.safetensors')];
    const outcome = await runHere([
      'train', 'fashion-mnist', '--data', data, '--limit', '150', '--batch-size', '64', '--epochs', '2', '--threads', '2', '--json',
      '--report', report, '--save', save,
    ]);
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.equal(outcome.stderr, '');
    const [start, first, second, done, ...more] = events(outcome);
    assert.equal(more.length, 0);
    assert.deepEqual(
      { ...start, training: undefined },
      {
        event: 'start', model: 'fashion-mnist', preset: 'seed', parameters: 1_030_218, threads: 2, build: 'strict', training: undefined,
        data: { source: `IDX files (not the official archives) in ${data}`, synthetic: false, train: 150, test: 100 },
      },
    );
    for (const [index, epoch] of [first!, second!].entries()) {
      assert.equal(epoch['event'], 'epoch');
      assert.equal(epoch['epoch'], index + 1);
      for (const figure of ['loss', 'valLoss', 'seconds', 'stepMs']) assert.ok(Number(epoch[figure]) > 0, figure);
      for (const figure of ['accuracy', 'valAccuracy']) assert.ok(Number(epoch[figure]) >= 0 && Number(epoch[figure]) <= 1, figure);
    }
    assert.equal(done!['event'], 'done');
    assert.equal(done!['testLoss'], second!['valLoss']);
    assert.equal(done!['testAccuracy'], second!['valAccuracy']);
    assert.notEqual(done!['trainLoss'], second!['loss'], 'measured anew, dropout off');
    assert.match(String(done!['weightsSha256']), SHA256);

    const html = await readFile(report, 'utf8');
    assert.match(html, /1,030,218/);
    assert.ok(html.includes(String(done!['weightsSha256'])));
    const evaluated = await runHere(['evaluate', 'fashion-mnist', '--weights', save, '--data', data, '--threads', '1', '--json']);
    const [begin, result] = events(evaluated);
    assert.equal(begin!['event'], 'start');
    for (const figure of ['event', 'testLoss', 'testAccuracy', 'weightsSha256']) assert.equal(result![figure], done![figure], figure);
  }));

test('the training loss at the end is measured like the test loss: on the rows trained on, without dropout', () =>
  withFolder(async (folder) => {
    const data = await writeGarments(folder, { train: 120, test: 80, sameImages: true });
    const [, epoch, done] = events(await runHere(['train', 'fashion-mnist', '--data', data, '--limit', '80', '--epochs', '1', '--json']));
    assert.equal(done!['trainLoss'], done!['testLoss']);
    assert.equal(done!['trainAccuracy'], done!['testAccuracy']);
    assert.notEqual(done!['trainLoss'], epoch!['loss']);
  }));

test('--preset fast mirrors images in turn, and ends with the first epoch that reaches its accuracy', () =>
  withFolder(async (folder) => {
    const data = await writeGarments(folder, { train: 120, test: 120, sameImages: true });
    const outcome = await runHere(['train', 'fashion-mnist', '--preset', 'fast', '--data', data, '--batch-size', '10', '--epochs', '60', '--json']);
    const [start, ...later] = events(outcome);
    assert.equal((start!['training'] as { sampler?: string }).sampler, 'alternatingFlip');
    const accuracies = later.filter(({ event }) => event === 'epoch').map(({ valAccuracy }) => Number(valAccuracy));
    assert.ok(accuracies.length > 1 && accuracies.length < 60, `${accuracies.length} epochs`);
    assert.deepEqual(accuracies.map((accuracy) => accuracy >= 0.925), accuracies.map((_, index) => index === accuracies.length - 1));
  }));

test('--holdout judges by the last training rows and keeps them out of training', () =>
  withFolder(async (folder) => {
    const data = await writeGarments(folder, { train: 120, test: 10 });
    const train = async (...more: string[]) => events(await runHere(['train', 'fashion-mnist', '--data', data, '--epochs', '1', '--json', ...more]));
    const [start, , heldOut] = await train('--holdout', '40');
    const [, , limited] = await train('--limit', '80');
    assert.deepEqual({ ...start!.data, source: '' }, { source: '', synthetic: false, train: 80, test: 40 });
    assert.equal(heldOut!['weightsSha256'], limited!['weightsSha256']);
    assert.notEqual(heldOut!['testLoss'], limited!['testLoss']);
  }));

test('the same weights for any number of threads, others for another seed', () =>
  withFolder(async (folder) => {
    const data = await writeGarments(folder, { train: 140, test: 10 });
    const train = async (network: string, ...more: string[]): Promise<unknown> =>
      events(await runHere(['train', network, '--json', '--quiet', ...more])).at(-1)!['weightsSha256'];
    const fashion = (...more: string[]): Promise<unknown> => train('fashion-mnist', '--data', data, '--epochs', '1', ...more);
    const signals = (...more: string[]): Promise<unknown> => train('signals', '--epochs', '4', ...more);
    for (const run of [fashion, signals]) {
      const one = await run('--threads', '1');
      assert.match(String(one), SHA256);
      assert.equal(await run('--threads', '2'), one);
      assert.equal(await run('--threads', '3'), one);
      assert.notEqual(await run('--threads', '2', '--seed', '43'), one);
    }
  }));

test('train signals: generated data, report with six predictions and the loss without dropout', () =>
  withFolder(async (folder) => {
    const [report, save] = [join(folder, 'report.html'), join(folder, 'weights.safetensors')];
    const outcome = await runHere(['train', 'signals', '--epochs', '5', '--json', '--report', report, '--save', save]);
    assert.equal(outcome.code, 0, outcome.stderr);
    const [start, ...rest] = events(outcome);
    assert.equal(start!['parameters'], 836);
    assert.deepEqual({ ...start!.data, source: '' }, { source: '', synthetic: true, train: 66, test: 34 });
    assert.match(start!.data.source, /same kind of data/);
    const done = rest.at(-1)!;
    assert.equal(done['event'], 'done');
    assert.ok(!('trainAccuracy' in done) && !('testAccuracy' in done));
    const html = await readFile(report, 'utf8');
    assert.equal(html.match(/predicted and true values/g)?.length, 6);
    assert.match(html, /AR\(20\)/);
    assert.match(html, /training, dropout off/);
    const { metadata, tensors, sealed } = await decodeSealed(await readFile(save), 'weights');
    assert.ok(sealed);
    assert.deepEqual([...metadata], [['format', 'lanewise'], ['network', 'signals'], ['preset', 'seed'], ['seed', '1'], ['horizon', '1']]);
    assert.equal(tensors.size, 11);
  }));

test('evaluate takes preset and horizon from the weights', () =>
  withFolder(async (folder) => {
    const save = join(folder, 'w.safetensors');
    const trained = await runHere(['train', 'signals', '--preset', 'quick', '--horizon', '3', '--epochs', '1', '--save', save, '--json']);
    assert.equal(trained.code, 0, trained.stderr);
    const evaluated = await runHere(['evaluate', 'signals', '--weights', save, '--json']);
    assert.equal(evaluated.code, 0, evaluated.stderr);
    assert.equal(events(evaluated)[0]!['horizon'], 3);
    assert.equal(events(evaluated).at(-1)!['testLoss'], events(trained).at(-1)!['testLoss']);
  }));

test('real signals', skipWithout('data/signals/data.npy'), async () => {
  const data = join(SHARED, 'data/signals/data.npy');
  const [start, ...rest] = events(await runHere(['train', 'signals', '--preset', 'best', '--data', data, '--epochs', '60', '--json']));
  assert.deepEqual(start!.data, { source: data, synthetic: false, train: 66, test: 34 });
  assert.equal(rest.length, 61);
  assert.ok(Number(rest.at(-1)!['testLoss']) < 3, 'a quarter of the variance after 60 epochs');
});

test('without Fashion-MNIST and network a stand-in is drawn, and said so loudly', () =>
  withFolder(async (folder) => {
    const { LANEWISE_OFFLINE, XDG_CACHE_HOME, FASHION_MNIST_DIR } = process.env;
    const home = process.cwd();
    process.chdir(folder);
    Object.assign(process.env, { LANEWISE_OFFLINE: '1', XDG_CACHE_HOME: folder });
    delete process.env['FASHION_MNIST_DIR'];
    try {
      const outcome = await runHere(['train', 'fashion-mnist', '--limit', '64', '--epochs', '1', '--json', '--report', 'r.html']);
      assert.equal(outcome.code, 0, outcome.stderr);
      assert.match(outcome.stderr, /STAND-IN DATA: this is not Fashion-MNIST/);
      assert.equal(events(outcome)[0]!.data.synthetic, true);
      assert.match(await readFile('r.html', 'utf8'), /Stand-in data: this is not Fashion-MNIST/);
    } finally {
      process.chdir(home);
      for (const [name, value] of Object.entries({ LANEWISE_OFFLINE, XDG_CACHE_HOME, FASHION_MNIST_DIR })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  }));
