/** The benches time what they say: each case lays out work, a pass is the ops its result comes from, rates are drawn where they belong. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import '../../src/entry.node.js';
import { nameOf } from '../../bench/case.js';
import { FAMILIES } from '../../bench/cases/index.js';
import { fillIn } from '../../bench/document.js';
import { quantile } from '../../bench/measure.js';
import { figure } from '../../bench/output.js';
import { drawRoofline } from '../../bench/roofline.js';
import { BenchTape, layOutLayers, traffic } from '../../bench/tape.js';
import { conv2d } from '../../src/layers/convolution/conv2d.js';
import { fixedRef } from '../../src/plan/buffer.js';
import { STATE_BYTES } from '../../src/plan/ops.js';

const newTape = (batch: number): BenchTape => new BenchTape(batch, true, 1, fixedRef(0, STATE_BYTES));
const cases = Object.values(FAMILIES).flat();

describe('the cases of the kernel bench', () => {
  it('have names of their own', () => assert.equal(new Set(cases.map(nameOf)).size, cases.length));

  it('lay out work, all but a few ops of it with bytes to move', () => {
    for (const option of cases) {
      const ops = option.layOut(newTape(option.batch));
      assert.ok(ops.length > 0, `${nameOf(option)} times nothing`);
      assert.ok(traffic(ops) > 0 && option.flops >= 0, nameOf(option));
    }
  });
});

describe('the passes of a convolution', () => {
  const passes = layOutLayers(newTape(2), [conv2d({ filters: 4, kernelSize: 2, useBias: false, inputShape: [6, 6, 3] })]);

  it('have the ops their results come from', () => {
    const names = (ops: readonly { name: string }[]): string[] => ops.map(({ name }) => name);
    assert.ok(names(passes.forward).some((name) => name.includes('Forward')) && !names(passes.forward).some((name) => name.includes('Backward')));
    assert.ok(names(passes.backwardKernel).includes('conv2dBackwardFilter') && !names(passes.backwardKernel).includes('conv2dBackwardInput'));
    assert.ok(names(passes.backwardInput).includes('conv2dBackwardInput') && !names(passes.backwardInput).includes('conv2dBackwardFilter'));
  });

  it('make up the whole backward pass together', () => {
    assert.deepEqual(new Set([...passes.backwardKernel, ...passes.backwardInput]), new Set(passes.backward));
  });
});

it('quantiles are samples', () => {
  assert.deepEqual([0, 0.25, 0.5, 1].map((q) => quantile([5, 1, 4, 2, 3], q)), [1, 2, 3, 5]);
});

it('figures have three digits', () => {
  assert.deepEqual([0.012345, 1.2345, 123.45, 12345, 0, undefined, Infinity].map((value) => figure(value)), ['0.0123', '1.23', '123', '12345', '0.00', '–', '–']);
});

it('a roofline has a dot for each kernel, with its rate', () => {
  const svg = drawRoofline({ gflops: 60, gbs: 50 }, [
    { family: 'one', name: 'gemm', intensity: 30, gflops: 55 }, { family: 'two', name: 'relu', intensity: 0.1, gflops: 5 },
  ], 'strict');
  assert.match(svg, /^<svg xmlns/);
  assert.equal(svg.match(/<circle/g)?.length, 2);
  for (const text of ['gemm: 55.0 GFLOP/s', 'relu: 5.0 GFLOP/s', '60.0 GFLOP/s', '50.0 GB/s', '● two']) assert.ok(svg.includes(text), text);
});

it('documents are filled in between their marks, and only there', () => {
  const text = 'a\n<!-- measured by: one -->\n\n<!-- end -->\nb\n<!-- measured by: two -->\nold\n<!-- end -->\n';
  const filled = fillIn(text, (command) => command === 'two', (command) => `output of ${command}\n`);
  assert.equal(filled, 'a\n<!-- measured by: one -->\n\n<!-- end -->\nb\n<!-- measured by: two -->\n\noutput of two\n\n<!-- end -->\n');
  assert.equal(fillIn(filled, (command) => command === 'two', () => 'output of two'), filled);
});
