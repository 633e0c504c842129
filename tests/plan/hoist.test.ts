/** Ops that depend on weights alone are told from all others, and plans that have them in common share what they give. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fixedRef, type Ref } from '../../src/plan/buffer.js';
import { PlanBuilder } from '../../src/plan/builder.js';
import { HoistedValues } from '../../src/plan/hoist.js';

const WEIGHTS = 4096;
const weight = (offset = 0): Ref => ({ ...fixedRef(WEIGHTS, 1024), offset });
const isWeight = ({ buffer }: Ref): boolean => buffer.address === WEIGHTS;
const sizes = { size: 8, blockSize: 8, scale: 1, offset: 0 };

/** Memory that counts what is taken of it. */
function counter(): { taken: () => number; values: HoistedValues } {
  let top = 8192;
  return {
    taken: () => top - 8192,
    values: new HoistedValues((bytes) => {
      top += bytes;
      return top - bytes;
    }),
  };
}

const copy = (plan: PlanBuilder, y: Ref, x: Ref, scale = 1): Ref => {
  plan.op('affine', { y, x, ...sizes, scale }, 1);
  return y;
};

describe('hoisting', () => {
  it('takes ops of weights, and ops of what these give, and no others', () => {
    const plan = new PlanBuilder();
    const input = plan.buffer(8, true);
    const packed = copy(plan, plan.buffer(8), weight());
    copy(plan, plan.buffer(8), packed); // of what an op of weights gives
    const hidden = copy(plan, plan.buffer(8), input);
    plan.op('combine', { out: plan.buffer(8), a: packed, b: hidden, size: 8, period: 8, blockSize: 8, kind: 0 }, 1); // of both
    copy(plan, plan.buffer(8, true), packed); // an output of the plan
    copy(plan, fixedRef(256, 32), weight(32)); // a place that outlives the plan
    const { hoisted, others } = counter().values.hoist(plan.ops, isWeight);
    assert.deepEqual(hoisted, plan.ops.slice(0, 2));
    assert.deepEqual(others, plan.ops.slice(2));
  });

  it('leaves alone what another op writes too', () => {
    const plan = new PlanBuilder();
    const twice = plan.buffer(8);
    copy(plan, twice, weight());
    copy(plan, twice, plan.buffer(8, true));
    copy(plan, plan.buffer(8), twice);
    const state = copy(plan, plan.buffer(8), weight(64));
    plan.op('addPenalty', { state, partials: weight(), count: 1 }, 1); // in place
    assert.deepEqual(counter().values.hoist(plan.ops, isWeight).hoisted, []);
  });

  it('gives ops that are the same one place, and others places of their own', () => {
    const { values, taken } = counter();
    const pack = (from: Ref, scale: number): number => {
      const plan = new PlanBuilder();
      const y = copy(plan, plan.buffer(8), from, scale);
      assert.equal(values.hoist(plan.ops, isWeight).hoisted.length, 1);
      return y.buffer.address!;
    };
    const first = pack(weight(), 1);
    assert.equal(pack(weight(), 1), first);
    assert.equal(taken(), 32);
    assert.equal(new Set([first, pack(weight(), 2), pack(weight(32), 1)]).size, 3);
    assert.equal(taken(), 96);
  });

  it('stops where too much would be kept', () => {
    const { values, taken } = counter();
    const plan = new PlanBuilder();
    const large = 3 * 2 ** 22; // floats: 48 MiB
    const refs = [weight(), weight(32), weight(64)].map((from, index) => copy(plan, plan.buffer(index === 2 ? 8 : large), from));
    const { hoisted } = values.hoist(plan.ops, isWeight);
    assert.deepEqual(hoisted, [plan.ops[0], plan.ops[2]]);
    assert.equal(refs[1]!.buffer.address, undefined);
    assert.equal(taken(), 4 * large + 32);
  });
});
