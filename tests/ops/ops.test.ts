/**
 * Every op of the plan's table against the double-precision reference: sizes around its tile, every block, guard bands around every buffer,
 * buffers on and off their alignment, the same bits for any number of threads.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { OP_NAMES } from '../../src/plan/ops.js';
import { OpRunner } from './harness.js';
import { compareThreads, judge, SWEEPS } from './judge.js';

let runners: OpRunner[]; // of 1, 2, 3 and 4 threads
before(async () => void (runners = await Promise.all([1, 2, 3, 4].map((threads) => OpRunner.create('strict', threads)))));
after(() => runners.forEach((runner) => runner.close()));

it('every op of the table has a sweep, and every sweep an op', () => {
  assert.deepEqual(Object.keys(SWEEPS).sort(), [...OP_NAMES].sort());
});

for (const name of OP_NAMES) {
  describe(name, () => {
    it('agrees with the reference', () => judge(runners[0]!, name));
    it('gives the same bits on 1, 2, 3 and 4 threads, and each time', () => compareThreads(runners[0]!, runners.slice(1), name));
  });
}
