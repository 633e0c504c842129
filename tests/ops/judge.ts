/** All sweeps, and how they are judged. */
import assert from 'node:assert/strict';
import type { OpName } from '../../src/plan/ops.js';
import { assertSameBits, type Data, type OpCase, type OpRunner, type Sweep } from './harness.js';
import { augmentSweeps } from './sweeps/augment.js';
import { activationSweeps } from './sweeps/activation.js';
import { copySweeps } from './sweeps/copy.js';
import { combineSweeps } from './sweeps/combine.js';
import { embeddingSweeps } from './sweeps/embedding.js';
import { conv2dSweeps } from './sweeps/conv2d.js';
import { depthwiseSweeps } from './sweeps/depthwise.js';
import { elementWiseSweeps } from './sweeps/element-wise.js';
import { gemmSweeps } from './sweeps/gemm.js';
import { lossSweeps } from './sweeps/losses.js';
import { batchNormSweeps } from './sweeps/batch-norm.js';
import { layerNormSweeps } from './sweeps/layer-norm.js';
import { optimizerSweeps } from './sweeps/optimizer.js';
import { padSweeps } from './sweeps/pad.js';
import { poolSweeps } from './sweeps/pool2d.js';
import { pooledConv2dSweeps } from './sweeps/pooled-conv2d.js';
import { recurrentSweeps } from './sweeps/recurrent.js';
import { reduceSweeps } from './sweeps/reduce.js';
import { ruleSweeps } from './sweeps/rules.js';
import { rowSweeps } from './sweeps/rows.js';
import { winogradSweeps } from './sweeps/winograd.js';

export const SWEEPS: { readonly [Name in OpName]: Sweep<Name> } = {
  ...gemmSweeps, ...conv2dSweeps, ...depthwiseSweeps, ...winogradSweeps, ...poolSweeps, ...pooledConv2dSweeps, ...activationSweeps, ...elementWiseSweeps, ...rowSweeps,
  ...recurrentSweeps, ...reduceSweeps, ...copySweeps, ...embeddingSweeps, ...padSweeps, ...combineSweeps, ...batchNormSweeps, ...layerNormSweeps, ...optimizerSweeps, ...lossSweeps, ...ruleSweeps, ...augmentSweeps,
};

/** Ops that are one block by their contract. */
const SINGLE: readonly OpName[] = ['transpose', 'clipByGlobalNorm', 'batchMoments', 'keptMoments', 'movingAverage', 'batchNormSums', 'accumulateMetrics', 'lossWeights', 'addPenalty'];
/** Cases of an op that are run on several threads, those with the most blocks. */
const THREADED_CASES = 12;

/** Runs every case of an op's sweep, with each kind of bands, on and off the alignment. */
export function judge<Name extends OpName>(runner: OpRunner, name: Name): void {
  let cases = 0;
  for (const option of SWEEPS[name]()) {
    cases++;
    labelled(option, () => {
      option.check(runner.run(name, option));
      option.check(runner.run(name, option, 'finite', 4));
    });
  }
  assert.ok(cases > 0, 'an empty sweep tests nothing');
}

/** Fails unless every runner gives the bits that `alone` gives, and `alone` gives them twice. */
export function compareThreads<Name extends OpName>(alone: OpRunner, others: readonly OpRunner[], name: Name): void {
  const cases = [...SWEEPS[name]()].sort((a, b) => b.blocks - a.blocks).slice(0, THREADED_CASES);
  assert.ok(SINGLE.includes(name) ? cases[0]!.blocks === 1 : cases[0]!.blocks > 1, 'the number of blocks');
  for (const option of cases) {
    const expected: Record<string, Data> = alone.run(name, option);
    for (const runner of [alone, ...others]) {
      labelled(option, () => {
        for (const [key, data] of Object.entries<Data>(runner.run(name, option))) assertSameBits(data, expected[key]!, key);
      });
    }
  }
}

/** Says which case failed. */
function labelled<Name extends OpName>({ label }: OpCase<Name>, check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw cause instanceof Error ? new Error(`${label}: ${cause.message}`, { cause }) : cause;
  }
}
