import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Lifetime, type MemoryMap, planMemory } from '../../src/plan/planner.js';
import { Purpose, RandomStream } from '../../src/random.js';

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** The most bytes alive at one op: no plan can do with less. */
function mostAlive(lifetimes: readonly Lifetime[]): number {
  const ops = 1 + Math.max(-1, ...lifetimes.map(({ last }) => last));
  const alive = Array.from({ length: ops }, (_, op) =>
    lifetimes.reduce((sum, { first, last, bytes }) => sum + (first <= op && op <= last ? align(bytes) : 0), 0),
  );
  return Math.max(0, ...alive);
}

function assertSound(lifetimes: readonly Lifetime[], { offsets, bytes }: MemoryMap): void {
  assert.equal(offsets.length, lifetimes.length);
  lifetimes.forEach((a, i) => {
    assert.equal(offsets[i]! % 64, 0, `buffer ${i} is not aligned`);
    assert.ok(offsets[i]! >= 0 && offsets[i]! + a.bytes <= bytes, `buffer ${i} is outside of the arena`);
    lifetimes.slice(0, i).forEach((b, j) => {
      const together = a.first <= b.last && b.first <= a.last;
      const apart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
      assert.ok(apart || !together, `buffers ${j} and ${i} overlap while both are alive`);
    });
  });
}

describe('the memory planner', () => {
  const random = new RandomStream(1, Purpose.initialize);
  const lifetimesOf = (count: number, ops: number, bytes: () => number): Lifetime[] =>
    Array.from({ length: count }, () => {
      const first = random.integer(ops);
      return { bytes: bytes(), first, last: Math.min(ops - 1, first + random.integer(8)) };
    });

  it('keeps buffers that live together apart, in no more than twice the least space', () => {
    for (let round = 0; round < 200; round++) {
      const lifetimes = lifetimesOf(1 + random.integer(40), 1 + random.integer(30), () => 1 + random.integer(round % 2 === 0 ? 5000 : 70));
      const map = planMemory(lifetimes, align);
      assertSound(lifetimes, map);
      const least = mostAlive(lifetimes);
      assert.ok(map.bytes >= least && map.bytes <= 2 * least, `${map.bytes} bytes where ${least} are alive at most`);
    }
  });

  it('needs no more than the bytes alive where all sizes are equal', () => {
    for (let round = 0; round < 50; round++) {
      const lifetimes = lifetimesOf(30, 20, () => 100).sort((a, b) => a.first - b.first);
      const map = planMemory(lifetimes, align);
      assertSound(lifetimes, map);
      assert.equal(map.bytes, mostAlive(lifetimes));
    }
  });

  it('needs no more than the bytes alive for a forward and a backward pass', () => {
    const depth = 12; // activation i is alive from op i to its mirror image in the backward pass
    const lifetimes = Array.from({ length: depth }, (_, i) => ({ bytes: 64 * (1 + ((i * 7) % 5)), first: i, last: 2 * depth - 1 - i }));
    const map = planMemory(lifetimes, align);
    assertSound(lifetimes, map);
    assert.equal(map.bytes, mostAlive(lifetimes));
  });

  it('fills a gap below a longer-lived buffer', () => {
    const lifetimes = [
      { bytes: 128, first: 0, last: 0 },
      { bytes: 256, first: 0, last: 2 },
      { bytes: 64, first: 1, last: 2 },
    ];
    assert.deepEqual(planMemory(lifetimes, align), { offsets: [256, 0, 256], bytes: 384 });
  });

  it('shares bytes only between buffers with no op in common', () => {
    const touching = [{ bytes: 64, first: 0, last: 3 }, { bytes: 64, first: 3, last: 5 }];
    const following = [{ bytes: 64, first: 0, last: 3 }, { bytes: 64, first: 4, last: 5 }];
    assert.equal(planMemory(touching, align).bytes, 128);
    assert.deepEqual(planMemory(following, align), { offsets: [0, 0], bytes: 64 });
  });

  it('takes nothing for nothing', () => assert.deepEqual(planMemory([], align), { offsets: [], bytes: 0 }));
});
