import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ELEMENT_BLOCK, gemmBlocks, imageBlock, blocksOf } from '../../src/plan/blocking.js';
import { fixedRef, PlanBuffer, refTo } from '../../src/plan/buffer.js';
import { addressOf, PlanBuilder } from '../../src/plan/builder.js';
import { Kernel, OP_NAMES, OPS } from '../../src/plan/ops.js';
import { Tape } from '../../src/plan/tape.js';

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;
const elements = { size: 8, blockSize: 8 };

describe('a plan builder', () => {
  it('writes plans as assembly/plan/run.ts reads them', () => {
    const plan = new PlanBuilder();
    const x = fixedRef(1000, 64);
    plan.op('affine', { y: { ...x, offset: 16 }, x, ...elements, scale: 0.5, offset: -2 }, 3);
    plan.op('gemm', {
      c: x, a: x, b: fixedRef(2 ** 32 - 64, 64), bias: undefined, m: 1, n: 2, k: 3, lda: 4, ldb: 5, ldc: 6, transposeA: 0, transposeB: 1, blockM: 7,
      blockN: 8, blockK: 9, packA: 0, relu: 1,
    }, 1);
    const words = new Int32Array(64);
    const address = plan.encode({ reserve: () => 4096, integers: () => words }, 512, 96);
    assert.equal(address, 4096);
    const float = (index: number): number => new Float32Array(words.buffer)[index]!;

    assert.deepEqual([...words.subarray(0, 3)], [2, 512, 96]); // ops, scratch, scratchBytes
    const affine = [OP_NAMES.indexOf('affine'), 3, 0, 24 + 4 * 6, 1, 1]; // opcode, blocks, counter, bytes, share, chain
    assert.deepEqual([...words.subarray(4, 14)], [...affine, 1016, 1000, 8, 8]);
    assert.deepEqual([float(14), float(15)], [0.5, -2]);
    const gemm = [OP_NAMES.indexOf('gemm'), 1, 0, 24 + 4 * Object.keys(OPS.gemm).length, 1, 1];
    assert.deepEqual([...words.subarray(16, 26)], [...gemm, 1000, 1000, -64, 0]);
    assert.deepEqual([...words.subarray(26, 39)], [1, 2, 3, 4, 5, 6, 0, 1, 7, 8, 9, 0, 1]);
  });

  it('asks for the scratch of the op that needs most', () => {
    const plan = new PlanBuilder();
    const x = plan.buffer(8);
    for (const scratch of [16, 96, 32]) plan.op('affine', { y: x, x, ...elements, scale: 1, offset: 0 }, 1, scratch);
    assert.equal(plan.scratch, 96);
  });

  it('lets buffers share bytes, but for pinned ones and those that live together', () => {
    const plan = new PlanBuilder();
    const [a, b, c, d, pinned] = [plan.buffer(8), plan.buffer(8), plan.buffer(8), plan.buffer(8), plan.buffer(8, true)];
    const copy = (y: typeof a, x: typeof a): void => plan.op('affine', { y, x, ...elements, scale: 1, offset: 0 }, 1);
    copy(b, a);
    copy(c, b);
    copy(d, c);
    copy(pinned, d);
    plan.place((bytes) => (assert.equal(bytes, 3 * 64), 8192), align);
    const places = [a, b, c, d, pinned].map(addressOf);
    assert.equal(places[0], places[2]);
    assert.equal(places[1], places[3]);
    assert.equal(new Set(places).size, 3);
    assert.ok(places.every((place) => place >= 8192 && place + 32 <= 8192 + 3 * 64));
  });

  it('leaves buffers with a place where they are', () => {
    const plan = new PlanBuilder();
    const fixed = refTo(new PlanBuffer(32, false, 777 * 4));
    plan.op('affine', { y: fixed, x: fixed, ...elements, scale: 1, offset: 0 }, 1);
    plan.place((bytes) => (assert.equal(bytes, 0), 0), align);
    assert.equal(addressOf(fixed), 777 * 4);
  });
});

describe('a tape', () => {
  const state = fixedRef(0, 64);

  it('adds up the gradients of a tensor that is used twice', () => {
    const tape = new Tape(2, true, 0, state);
    const x = tape.tensor([4]);
    const outputs = [0, 1].map((use) => {
      const y = tape.like(x);
      tape.owner = `use ${use}`;
      tape.op('affine', { y: y.ref, x: x.ref, ...elements, scale: 1, offset: 0 }, 1);
      tape.record(y, [x], () => [tape.like(x)]);
      return y;
    });
    const joined = tape.like(x);
    tape.record(joined, outputs, (dy) => [dy, dy]);
    tape.backward([joined, tape.like(x)]);
    const joins = tape.ops.filter(({ name }) => name === 'combine');
    assert.equal(joins.length, 1);
    const { out, a, b, size } = joins[0]!.args;
    assert.equal(new Set([out, a, b]).size, 3);
    assert.equal(size, 8);
  });

  it('hands a mask on without losing the gradient', () => {
    const tape = new Tape(2, true, 0, state);
    const x = { ...tape.tensor([3, 2]), mask: tape.buffer(6) };
    const y = tape.like(x);
    let arrived = 0;
    tape.record(y, [x], () => (arrived++, []));
    const masked = tape.withMask(y, x.mask);
    assert.equal(masked.mask, x.mask);
    tape.backward([masked, tape.like(y)]);
    assert.equal(arrived, 1);
    assert.equal(tape.withMask(y, undefined), y);
  });

  it('lays out no backward pass where no gradient is needed', () => {
    const tape = new Tape(2, true, 0, state);
    const x = tape.tensor([4], 'rows', false);
    const y = tape.like(x);
    tape.record(y, [x], () => assert.fail('nobody needs this gradient'));
    tape.backward([y, tape.like(y)]);
    assert.deepEqual(tape.ops, []);
  });

  it('names the owner of each op, backward ones too', () => {
    const tape = new Tape(1, true, 0, state);
    const x = tape.tensor([8]);
    tape.owner = 'first';
    const y = tape.like(x);
    tape.record(y, [x], (dy) => {
      tape.op('affine', { y: dy.ref, x: dy.ref, ...elements, scale: 1, offset: 0 }, 1);
      return [dy];
    });
    tape.owner = 'loss';
    tape.backward([y, tape.like(y)]);
    assert.deepEqual(tape.ops.map(({ owner }) => owner), ['first']);
  });

  it('counts the lanes of whole groups of four sequences', () => {
    for (const [batch, groups] of [[1, 1], [4, 1], [5, 2]] as const) {
      const tape = new Tape(batch, false, 0, state);
      assert.equal(tape.groups, groups);
      assert.equal(tape.length([3, 2], 'lanes'), groups * 4 * 6);
      assert.equal(tape.length([3, 2], 'rows'), batch * 6);
    }
  });
});

describe('blocks', () => {
  it('of a matrix product cover it, in whole panels, none of them empty', () => {
    for (const m of [1, 2, 5, 32, 40, 128, 129, 161, 500, 7744]) {
      for (const n of [1, 8, 10, 64, 128, 137, 1000]) {
        for (const k of [1, 10, 384, 575, 576, 7744]) {
          for (const threads of [1, 2, 3, 8, 64]) {
            const { blockM, blockN, blockK } = gemmBlocks({ m, n, k }, threads);
            assert.equal(blockN % Kernel.panel, 0, `${m} × ${n}`);
            assert.ok(blockM >= 1 && blockM <= m && blockN <= n + Kernel.panel - 1 && blockK >= 1 && blockK <= k, `${m} × ${n} × ${k}`);
            assert.ok(blockM <= 160 && blockN <= 128 && blockK < 576, 'panels and strips fit the caches');
          }
        }
      }
    }
  });

  it('give all threads something to do in the products of the large network, and one thread no more than fits its caches', () => {
    const count = (m: number, n: number, k: number, threads: number): number => {
      const { blockM, blockN } = gemmBlocks({ m, n, k }, threads);
      return blocksOf(m, blockM) * blocksOf(n, blockN);
    };
    for (const threads of [2, 3, 4, 8, 16]) {
      for (const [m, n, k] of [[128, 128, 7744], [7744, 128, 128], [128, 7744, 128]] as const) assert.ok(count(m, n, k, threads) >= 2 * threads, `${m} × ${n}, ${threads} threads`);
    }
    assert.deepEqual([count(128, 128, 7744, 1), count(7744, 128, 128, 1)], [1, 49]);
  });

  it('of images are at most 16, and cover the batch', () => {
    for (let batch = 1; batch <= 300; batch++) {
      const blocks = blocksOf(batch, imageBlock(batch));
      assert.ok(blocks <= 16 && blocks * imageBlock(batch) >= batch);
    }
  });

  it('of elements keep groups of random numbers and vectors whole', () => assert.equal(ELEMENT_BLOCK % Kernel.randomGroup, 0));
});
