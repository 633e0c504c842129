/**
 * Chains: ops that take a batch pair by pair (of groups of sequences) and read only what belongs to their own pair run for one pair after the other.
 * The data of a pair stay in the cache of the thread that has taken it, and threads need not wait for one another between the ops. The blocks are
 * those of the ops one by one, and so are the results.
 */
import { blocksOf } from './blocking.js';
import type { Ref } from './buffer.js';
import type { Access, PlannedOp } from './builder.js';
import { accessesOf } from './builder.js';

/** Chains where the pairs can be shared out evenly enough; with few pairs for many threads, these share the blocks of one op after the other. */
export function arrangeInChains(ops: readonly PlannedOp[], threads: number): PlannedOp[] {
  const pairs = Math.max(0, ...ops.map(pairsOf));
  if (pairs % threads !== 0 && pairs <= 4 * threads) return [...ops];
  return chained(ops.map((op) => ({ op, accesses: accessesOf(op) })), pairs).map(({ op }) => op);
}

/** An op, and what it reads and writes. */
interface Node {
  readonly op: PlannedOp;
  readonly accesses: readonly Access[];
}

const pairsOf = ({ blocks, share }: PlannedOp): number => (share === undefined ? 0 : blocksOf(blocks, share));

/** Brings ops of so many pairs together as far as what all ops read and write allows: others go before them or, where they need what these give, behind. */
function chained(nodes: readonly Node[], pairs: number): Node[] {
  const [before, chain, after]: [Node[], Node[], Node[]] = [[], [], []];
  for (const node of nodes) {
    if (after.some((other) => conflict(other, node))) after.push(node);
    else if (pairsOf(node.op) === pairs) chain.push(node);
    else (chain.some((other) => conflict(other, node)) ? after : before).push(node);
  }
  const [first] = chain;
  if (!first) return before;
  first.op.chain = chain.length;
  return [...before, ...chain, ...chained(after, pairs)];
}

/** Whether two ops must keep their order: one writes what the other uses. */
const conflict = (a: Node, b: Node): boolean =>
  a.accesses.some((one) => b.accesses.some((other) => (one.writes || other.writes) && overlap(one, other)));

/** Whether two buffers are one, or lie over one another. Offsets do not count: a kernel may go through all of a buffer. */
function overlap({ buffer: a }: Ref, { buffer: b }: Ref): boolean {
  if (a === b) return true;
  return a.address !== undefined && b.address !== undefined && a.address < b.address + b.bytes && b.address < a.address + a.bytes;
}
