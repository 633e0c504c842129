import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createOutput } from '../../src/cli/output/create-output.js';
import { detectFeatures } from '../../src/index.js';
import { withFolder } from '../data/helpers.js';
import { collector, events, outcomeOf, runHere, start, writeGarments } from './helpers.js';

/** The text without line ends has no control characters, so a log file stays readable. */
const assertPlain = (text: string): void => assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u);

test('help, version and info', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  assert.deepEqual(await runHere(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  for (const args of [[], ['--help'], ['help', 'train'], ['train', '--help'], ['evaluate', '-h'], ['demo', '--help']]) {
    const { code, stdout, stderr } = await runHere(args);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: lanewise/);
    assert.equal(stderr, '');
  }
  const [facts] = events(await runHere(['info', '--json']));
  assert.equal(facts!['version'], version);
  assert.deepEqual(facts!['features'], { simd: true, threads: true, relaxedSimd: detectFeatures().relaxedSimd });
  assert.match((await runHere(['info'])).stdout, /SIMD: yes/);
});

test('a short run, off a terminal: a line an epoch and no control characters', () =>
  withFolder(async (folder) => {
    const data = await writeGarments(folder, { train: 40, test: 10 });
    const { code, stdout, stderr } = await runHere(['train', 'fashion-mnist', '--data', data, '--epochs', '3']);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    assertPlain(stdout);
    assert.equal(stdout.match(/^ +[123]\/3 /gm)?.length, 3);
    assert.match(stdout, /1,030,218 parameters/);
    assert.match(stdout, /^Test {6}loss \d\.\d{4}, accuracy \d+\.\d\d %$/m);
  }));

test('a long run shows about twenty lines', async () => {
  const { stdout } = await runHere(['train', 'signals', '--epochs', '200', '--limit', '2', '--threads', '1']);
  assertPlain(stdout);
  const lines = stdout.match(/^ *\d+\/200 /gm) ?? [];
  assert.ok(lines.length >= 18 && lines.length <= 24, `${lines.length} lines`);
});

test('on a terminal a bar is drawn on standard error and taken away again', () =>
  withFolder(async (folder) => {
    const data = await writeGarments(folder, { train: 160, test: 10 });
    const { code, stdout, stderr } = await runHere(['train', 'fashion-mnist', '--data', data, '--batch-size', '16', '--epochs', '1'], { tty: true });
    assert.equal(code, 0);
    assert.match(stderr, /step 1\/10, loss/);
    assert.match(stderr, /\x1b\[[02]?K[^\n]*$/, 'the last thing drawn is cleared');
    assertPlain(stdout);
  }));

test('a download is announced once, and its bar drawn on a terminal only', () => {
  for (const tty of [false, true]) {
    const [stdout, stderr] = [collector(tty), collector(tty)];
    const output = createOutput({}, { stdout: stdout.stream, stderr: stderr.stream });
    for (const received of [1e6, 2e6, 3e6]) output.download({ file: 'a.gz', received, total: 3e6 });
    output.clear();
    assert.equal(stdout.text(), 'Downloading Fashion-MNIST, 3.0 MB\n');
    if (tty) assert.match(stderr.text(), /1\.0\/3\.0 MB/);
    else assert.equal(stderr.text(), '');
  }
});

test('--quiet leaves one line', async () => {
  const { stdout, stderr } = await runHere(['train', 'signals', '--epochs', '1', '--quiet'], { tty: true });
  assert.match(stdout, /^signals: test loss [\d.]+, train loss [\d.]+, weights [0-9a-f]{64}\n$/);
  assert.equal(stderr, '');
});

test('Ctrl-C ends the run with code 130 and one line', async () => {
  const child = start(['train', 'signals', '--json']);
  let asked = Infinity;
  child.stdout.once('data', () => {
    asked = performance.now();
    child.kill('SIGINT');
  });
  const { code, stderr } = await outcomeOf(child);
  assert.ok(performance.now() - asked < 5000, 'a training of short epochs hears it soon');
  assert.equal(stderr, 'lanewise: interrupted\n');
  assert.equal(code, 130);
});

test('a reader that leaves early ends the run quietly', async () => {
  const child = start(['train', 'signals', '--json']);
  child.stdout.once('data', () => child.stdout.destroy());
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise((done) => child.on('exit', done));
  assert.equal(stderr, '');
  assert.equal(code, 0);
});
