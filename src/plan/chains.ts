/**
 * Chains: ops that take a batch pair by pair (of groups of sequences) and read only what belongs to their own pair run for one pair after the other.
 * The data of a pair stay in the cache of the thread that has taken it, and threads need not wait for one another between the ops. The blocks are
 * those of the ops one by one, and so are the results.
 */
import { blocksOf } from './blocking.js';
import type { Ref } from './buffer.js';
import type { PlannedOp } from './builder.js';
import type { ArgumentKind } from './ops.js';
import { OPS } from './ops.js';

/** Chains where the pairs can be shared out evenly enough; with few pairs for many threads, these share the blocks of one op after the other. */
export function arrangeInChains(ops: readonly PlannedOp[], threads: number): PlannedOp[] {
  const pairs = Math.max(0, ...ops.map(pairsOf));
  return pairs % threads === 0 || pairs > 4 * threads ? chained(ops, pairs) : [...ops];
}

const pairsOf = ({ blocks, share }: PlannedOp): number => (share === undefined ? 0 : blocksOf(blocks, share));

/** Brings ops of so many pairs together as far as what all ops read and write allows: others go before them or, where they need what these give, behind. */
function chained(ops: readonly PlannedOp[], pairs: number): PlannedOp[] {
  const [before, chain, after]: [PlannedOp[], PlannedOp[], PlannedOp[]] = [[], [], []];
  for (const op of ops) {
    if (after.some((other) => conflict(other, op))) after.push(op);
    else if (pairsOf(op) === pairs) chain.push(op);
    else (chain.some((other) => conflict(other, op)) ? after : before).push(op);
  }
  const [first] = chain;
  if (!first) return before;
  first.chain = chain.length;
  return [...before, ...chain, ...chained(after, pairs)];
}

interface Access extends Ref {
  readonly writes: boolean;
}

/** Whether two ops must keep their order: one writes what the other uses. */
function conflict(a: PlannedOp, b: PlannedOp): boolean {
  const others = accessesOf(b);
  return accessesOf(a).some((one) => others.some((other) => (one.writes || other.writes) && overlap(one, other)));
}

function accessesOf({ name, args }: PlannedOp): Access[] {
  return Object.entries<ArgumentKind>(OPS[name]).flatMap(([key, kind]) => {
    const ref = args[key];
    return typeof ref === 'object' ? [{ ...ref, writes: !kind.startsWith('in') || kind.startsWith('inout') }] : [];
  });
}

/** Whether two buffers are one, or lie over one another. Offsets do not count: a kernel may go through all of a buffer. */
function overlap({ buffer: a }: Ref, { buffer: b }: Ref): boolean {
  if (a === b) return true;
  return a.address !== undefined && b.address !== undefined && a.address < b.address + b.bytes && b.address < a.address + a.bytes;
}
