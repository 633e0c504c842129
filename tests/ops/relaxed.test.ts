/** The sweeps over the relaxed build. Node 20 has its instructions behind a flag, so there this file runs itself once more, with the flag. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OP_NAMES } from '../../src/plan/ops.js';
import { detectFeatures } from '../../src/runtime/features.js';
import { OpRunner } from './harness.js';
import { compareThreads, judge } from './judge.js';

const FLAG = '--experimental-wasm-relaxed-simd';
const NO_RELAXED_SIMD = 77;

if (detectFeatures().relaxedSimd) {
  let runners: OpRunner[];
  before(async () => void (runners = await Promise.all([1, 3].map((threads) => OpRunner.create('relaxed', threads)))));
  after(() => runners.forEach((runner) => runner.close()));
  for (const name of OP_NAMES) {
    describe(`${name}, relaxed`, () => {
      it('agrees with the reference', () => judge(runners[0]!, name));
      it('gives the same bits on 1 and 3 threads', () => compareThreads(runners[0]!, runners.slice(1), name));
    });
  }
} else if (process.execArgv.includes(FLAG)) {
  process.exitCode = NO_RELAXED_SIMD;
} else {
  it('the relaxed build, with relaxed SIMD switched on', (t) => {
    // without this variable the child reports in plain text
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const { status, stdout, stderr } = spawnSync(process.execPath, [FLAG, '--import', 'tsx', fileURLToPath(import.meta.url)], { env, encoding: 'utf8' });
    if (status === NO_RELAXED_SIMD || stderr.includes('bad option')) {
      t.skip('this engine has no relaxed SIMD, flag or not');
      return;
    }
    assert.equal(status, 0, `${stdout.split('\n').filter((line) => /not ok|error:/.test(line)).join('\n')}\n${stderr}`);
    assert.match(stdout, new RegExp(`# pass ${2 * OP_NAMES.length}\n`));
  });
}
