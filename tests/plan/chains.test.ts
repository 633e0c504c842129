/** Chains bring ops together that take a batch pair by pair, and change nothing in what comes out. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, layers, sequential } from '../../src/entry.node.js';
import { PlanBuffer, fixedRef, refTo, type Ref } from '../../src/plan/buffer.js';
import { PlanBuilder, addressOf, type PlannedOp } from '../../src/plan/builder.js';
import { arrangeInChains } from '../../src/plan/chains.js';

const PAIRS = 4;
const sizes = { size: 8, blockSize: 2, scale: 1, offset: 0 };

/** y = x, block by block; `pairwise`: taken pair by pair. */
function copy(plan: PlanBuilder, y: Ref, x: Ref, pairwise: boolean): void {
  plan.op('affine', { y, x, ...sizes }, PAIRS, 0, pairwise ? 1 : undefined);
}

/** Numbers 0 … count - 1 by a generator with a seed. */
function dice(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

/** What each op sees and leaves, if every op writes a value of its own: by place, for a memory of so many places. */
function run(ops: readonly PlannedOp[], placeOf: (ref: Ref) => number[], number: Map<PlannedOp, number>): { seen: Map<number, string>; left: string } {
  const memory = new Map<number, number>();
  const seen = new Map<number, string>();
  for (const op of ops) {
    const { y, x } = op.args as { y: Ref; x: Ref };
    seen.set(number.get(op)!, placeOf(x).map((place) => memory.get(place) ?? -1).join());
    for (const place of placeOf(y)) memory.set(place, number.get(op)!);
  }
  return { seen, left: JSON.stringify([...memory].sort(([a], [b]) => a - b)) };
}

describe('ops in chains', () => {
  it('read what they read in the order they were laid out in, and leave what that leaves', () => {
    let chains = 0;
    for (let seed = 0; seed < 300; seed++) {
      const roll = dice(seed);
      const plan = new PlanBuilder();
      // places of their own, and three fixed ones of which the second lies over both others
      const fixed = [fixedRef(0, 64), fixedRef(32, 64), fixedRef(64, 64)];
      const refs = [...Array.from({ length: 5 }, () => plan.buffer(16)), ...fixed];
      const placeOf = (ref: Ref): number[] => (fixed.includes(ref) ? [0, 1].map((half) => ref.buffer.address! / 32 + half) : [100 + refs.indexOf(ref)]);
      for (let op = 0; op < 14; op++) copy(plan, refs[roll(refs.length)]!, refs[roll(refs.length)]!, roll(3) > 0);
      const number = new Map(plan.ops.map((op, index) => [op, index]));
      const arranged = arrangeInChains(plan.ops, 1);
      assert.deepEqual(new Set(arranged), new Set(plan.ops));
      assert.deepEqual(run(arranged, placeOf, number), run(plan.ops, placeOf, number), `seed ${seed}`);
      for (let at = 0; at < arranged.length; at += arranged[at]!.chain) {
        const { chain } = arranged[at]!;
        assert.ok(chain === 1 || arranged.slice(at, at + chain).every(({ share }) => share === 1));
        assert.ok(arranged.slice(at + 1, at + chain).every((op) => op.chain === 1));
        if (chain > 1) chains++;
      }
    }
    assert.ok(chains > 300);
  });

  it('are moved past others that they have nothing to do with', () => {
    const plan = new PlanBuilder();
    const [a, b, c, w, t, sum] = Array.from({ length: 6 }, () => plan.buffer(16)) as [Ref, Ref, Ref, Ref, Ref, Ref];
    copy(plan, b, a, true);
    copy(plan, t, w, false); // of a weight: before
    copy(plan, sum, b, false); // of what the chain gives: behind
    copy(plan, c, b, true);
    const [first, ...others] = plan.ops;
    assert.deepEqual(arrangeInChains(plan.ops, 2), [others[0], first, others[2], others[1]]);
    assert.deepEqual([...plan.ops].map(({ chain }) => chain), [2, 1, 1, 1]);
  });

  it('stay as they are where pairs cannot be shared out evenly', () => {
    const plan = new PlanBuilder();
    const [a, b, c] = [plan.buffer(16), plan.buffer(16), plan.buffer(16)];
    copy(plan, b, a, true);
    copy(plan, c, b, true);
    assert.deepEqual(arrangeInChains(plan.ops, 3), plan.ops);
    assert.ok(plan.ops.every(({ chain }) => chain === 1));
  });

  it('have buffers of their own all along', () => {
    const places = (threads: number): number => {
      const plan = new PlanBuilder();
      const buffers = Array.from({ length: 5 }, () => refTo(new PlanBuffer(64)));
      for (let op = 0; op < 4; op++) copy(plan, buffers[op + 1]!, buffers[op]!, true);
      plan.ops = arrangeInChains(plan.ops, threads);
      plan.place(() => 0, (bytes) => bytes);
      return new Set(buffers.map(addressOf)).size;
    };
    assert.equal(places(2), 5);
    assert.equal(places(3), 2);
  });

  it('make a forward and a backward pass of recurrent layers one chain each', async () => {
    const model = sequential([
      layers.simpleRNN({ units: 3, returnSequences: true, dropout: 0.2, inputShape: [6, 2] }), layers.gru({ units: 3, returnSequences: true }),
      layers.lstm({ units: 3, returnSequences: true }), layers.dense({ units: 1 }),
    ]);
    await model.compile({ optimizer: adam(), loss: 'meanSquaredError', threads: 1 });
    const { compiled } = model as unknown as { compiled: { executor: { program: { plan: (kind: string, batch: number) => { ops: PlannedOp[] } } } } };
    const { ops } = compiled.executor.program.plan('train', 24);
    model.close();
    const chains = ops.filter(({ chain }) => chain > 1);
    assert.deepEqual(chains.map(({ name, owner }) => `${name} ${owner}`), ['toLanes simpleRNN_1', 'toLanes loss']);
    assert.equal(ops.filter(({ share }) => share !== undefined).length, chains.reduce((sum, { chain }) => sum + chain, 0));
  });
});
