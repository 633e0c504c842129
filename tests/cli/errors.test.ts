/** Bad input ends in one clear line on standard error and exit code 1 (failed) or 2 (not understood). */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodeOf, failureLine } from '../../src/cli/failure.js';
import { encodeSafetensors } from '../../src/io/safetensors.js';
import { SHARED, skipWithout, withFolder } from '../data/helpers.js';
import { outcomeOf, runHere, start, writeGarments, type Outcome } from './helpers.js';

function assertFailure({ code, stdout, stderr }: Outcome, expectedCode: 1 | 2, message: RegExp): void {
  assert.match(stderr, /^lanewise: [^\n]+\n$/);
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /unexpected error|\.[jt]s:\d/);
  assert.equal(code, expectedCode, stderr);
  assert.equal(stdout, '');
}

const USAGE: [command: string, message: RegExp][] = [
  ['train', /missing required argument 'network'/],
  ['train shoes', /'shoes' is invalid.*fashion-mnist, signals/],
  ['practise signals', /unknown command 'practise'/],
  ['train signals extra', /too many arguments/],
  ['train signals --preset fastest', /'fastest' is invalid.*seed, quick, best, fast/],
  ['train signals --preset fast', /--preset fast is for fashion-mnist only/],
  ['train signals --treads 2', /unknown option '--treads'.*--threads/],
  ['train signals --threads 0', /'0' is invalid.*auto or a whole number from 1 to 64/],
  ['train signals --threads 65', /'65' is invalid/],
  ['train signals --threads two', /'two' is invalid/],
  ['train signals --build fast', /'fast' is invalid.*strict, relaxed/],
  ['train signals --epochs 0', /'0' is invalid.*from 1/],
  ['train signals --epochs 1e3', /'1e3' is invalid/],
  ['train signals --epochs', /argument missing/],
  ['train signals --batch-size 0.5', /'0.5' is invalid/],
  ['train signals --limit -3', /'-3' is invalid/],
  ['train signals --seed 9007199254740992', /is invalid.*from 0 to 9007199254740991/],
  ['train signals --horizon 0', /'0' is invalid/],
  ['train signals --horizon 500', /horizon.*too far.*500/],
  ['train signals --holdout 66', /--holdout 66 leaves nothing of 66 training rows/],
  ['train fashion-mnist --horizon 5', /--horizon is for signals only/],
  ['evaluate signals', /required option '--weights/],
  ['demo --preset best', /unknown option '--preset'/],
];

for (const [command, message] of USAGE) {
  test(`exit code 2: lanewise ${command}`, async () => {
    assertFailure(await runHere(command.split(' ')), 2, message);
  });
}

test('paths that lead nowhere', () =>
  withFolder(async (folder) => {
    const at = (name: string): string => join(folder, name);
    assertFailure(await runHere(['train', 'fashion-mnist', '--data', at('none')]), 1, /none: Fashion-MNIST is not there/);
    assertFailure(await runHere(['train', 'signals', '--data', at('none.npy')]), 1, /none\.npy: cannot open the file.*ENOENT/);
    assertFailure(await runHere(['train', 'signals', '--data', folder]), 1, /not a file/);
    assertFailure(await runHere(['train', 'signals', '--save', at('none/w.safetensors')]), 1, /cannot write the file/);
    assertFailure(await runHere(['train', 'signals', '--report', folder]), 1, /cannot write the file/);
    assertFailure(await runHere(['evaluate', 'signals', '--weights', at('none.safetensors')]), 1, /cannot open the file/);
  }));

test('a file name with control characters stays on one line', () =>
  withFolder(async (folder) => {
    const outcome = await runHere(['train', 'signals', '--data', join(folder, 'a\nb\x1b[2J.npy')]);
    assertFailure(outcome, 1, /cannot open/);
    assert.doesNotMatch(outcome.stderr.trimEnd(), /\p{Cc}/u);
  }));

test('an .npy file of the wrong shape', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'flat.npy');
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }".padEnd(117) + '\n';
    await writeFile(file, Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(header), Buffer.alloc(12)]));
    assertFailure(await runHere(['train', 'signals', '--data', file]), 1, /flat\.npy: .*expected \[signals, samples\].*received \[3\]/);
  }));

test('weights that do not fit, weights of another network, and no weights at all', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'w.safetensors');
    const evaluate = (): Promise<Outcome> => runHere(['evaluate', 'signals', '--weights', file]);
    const strange = [
      { name: 'simpleRNN_1/kernel', tensor: { data: new Float32Array(21), shape: [1, 21] } },
      { name: 'dense_1/bias', tensor: { data: new Float64Array(1), shape: [1] } },
      { name: '__proto__', tensor: { data: new Float32Array(2), shape: [2] } },
    ];
    await writeFile(file, encodeSafetensors(strange));
    const outcome = await evaluate();
    assertFailure(outcome, 1, /simpleRNN_1\/kernel should be \[1, 20\], not \[1, 21\]/);
    assert.match(outcome.stderr, /simpleRNN_1\/bias \[20\] is missing.*dense_1\/bias should be F32.*__proto__ \[2\] has no place/);
    await writeFile(file, encodeSafetensors([], { network: 'fashion-mnist' }));
    assertFailure(await evaluate(), 1, /another network.*expected signals/);
    await writeFile(file, 'not weights');
    assertFailure(await evaluate(), 1, /w\.safetensors: .*not a safetensors file/);
  }));

test('images and labels that differ in number, and a wrong magic', () =>
  withFolder(async (folder) => {
    const uneven = await writeGarments(join(folder, 'uneven'), { train: 20, test: 3, testLabels: 2 });
    assertFailure(await runHere(['train', 'fashion-mnist', '--data', uneven]), 1, /there are 3 images and 2 labels/);
    const wrong = await writeGarments(join(folder, 'wrong'), { train: 20, test: 3 });
    const labels = join(wrong, 'train-labels-idx1-ubyte');
    const bytes = await readFile(labels);
    bytes[0] = 1;
    await writeFile(labels, bytes);
    assertFailure(await runHere(['train', 'fashion-mnist', '--data', wrong]), 1, /train-labels-idx1-ubyte: /);
  }));

test('a cut archive', skipWithout('data/fashion-mnist/truncated-real'), () =>
  withFolder(async (folder) => {
    const data = join(SHARED, 'data/fashion-mnist');
    const cut = await runHere(['train', 'fashion-mnist', '--data', join(data, 'truncated-real')]);
    assertFailure(cut, 1, /train-images-idx3-ubyte\.gz: the gzip data ends early/); // though the labels are missing too
    await mkdir(join(folder, 'cut'));
    const names = ['train-labels-idx1-ubyte.gz', 't10k-labels-idx1-ubyte.gz', 'truncated-real/train-images-idx3-ubyte.gz', 'truncated-real/t10k-images-idx3-ubyte.gz'];
    for (const name of names) await copyFile(join(data, name), join(folder, 'cut', name.replace('truncated-real/', '')));
    assertFailure(await runHere(['train', 'fashion-mnist', '--data', join(folder, 'cut')]), 1, /train-images-idx3-ubyte\.gz: the gzip data ends early/);
  }));

test('the process itself ends with the code and the line', async () => {
  const [usage, path] = await Promise.all([outcomeOf(start(['train', 'signals', '--threads', '0'])), outcomeOf(start(['train', 'fashion-mnist', '--data', 'nowhere']))]);
  assertFailure(usage, 2, /--threads/);
  assertFailure(path, 1, /nowhere: Fashion-MNIST is not there/);
});

test('an error nobody expected is told in one line, with its stack only on demand', () => {
  assert.equal(failureLine(new TypeError('a\nb')), 'lanewise: unexpected error: a b (LANEWISE_DEBUG=1 shows where)\n');
  assert.equal(exitCodeOf(new TypeError('a')), 1);
  process.env['LANEWISE_DEBUG'] = '1';
  try {
    assert.match(failureLine(new TypeError('a')), /\n\s+at /);
  } finally {
    delete process.env['LANEWISE_DEBUG'];
  }
});
