import { PlanBuffer, refTo } from './buffer.js';
import type { Ref } from './buffer.js';
import type { ArgumentKind, OpName } from './ops.js';
import { OP_HEADER_BYTES, OP_NAMES, OPS, OpHeader, PLAN_HEADER_BYTES, PlanHeader } from './ops.js';
import { planMemory } from './planner.js';

type ArgumentValue<Kind> = Kind extends 'i32' | 'f32' ? number : Kind extends 'out?' | 'in?' | 'inout?' ? Ref | undefined : Ref;
/** The arguments of an op, by name. */
export type OpArguments<Name extends OpName> = { [Key in keyof (typeof OPS)[Name]]: ArgumentValue<(typeof OPS)[Name][Key]> };

export interface PlannedOp {
  readonly name: OpName;
  readonly args: Readonly<Record<string, number | Ref | undefined>>;
  /** Pieces of work that threads share. */
  readonly blocks: number;
  /** Of an op that takes a batch pair by pair (of groups of sequences): the blocks of a pair. */
  readonly share: number | undefined;
  /** Ops that run one after the other for each share: of the first of a chain its length, of all others 1. */
  chain: number;
  /** Who asked for it: a layer's name, `loss` or `optimizer`. */
  readonly owner: string;
}

/** A place that an op reads, writes, or both. */
export interface Access extends Ref {
  readonly reads: boolean;
  readonly writes: boolean;
}

export function accessesOf({ name, args }: PlannedOp): Access[] {
  return Object.entries<ArgumentKind>(OPS[name]).flatMap(([key, kind]) => {
    const ref = args[key];
    return typeof ref === 'object' ? [{ ...ref, reads: kind.includes('in'), writes: kind.includes('out') }] : [];
  });
}

/** What an encoded plan needs of memory. */
export interface Memory {
  reserve(bytes: number): number;
  integers(address: number, length: number): Int32Array;
}

/** Collects ops, finds their buffers a place and writes the plan for the kernels to read. */
export class PlanBuilder {
  ops: PlannedOp[] = [];
  /** What may bring the ops into another order before they are placed. */
  arrange: ((ops: PlannedOp[], threads: number) => PlannedOp[]) | undefined;
  /** Who the next ops belong to. */
  owner = '';
  private scratchBytes = 0;

  /** @param threads that will share the work */
  constructor(readonly threads = 1) {}

  /** A buffer of `length` floats (or other 4-byte numbers) somewhere in the arena. */
  buffer(length: number, pinned = false): Ref {
    return refTo(new PlanBuffer(length * 4, pinned));
  }

  op<Name extends OpName>(name: Name, args: OpArguments<Name>, blocks: number, scratchBytes = 0, share?: number): void {
    this.ops.push({ name, args, blocks, share, chain: 1, owner: this.owner });
    this.scratchBytes = Math.max(this.scratchBytes, scratchBytes);
  }

  /** Bytes of scratch each thread needs. */
  get scratch(): number {
    return this.scratchBytes;
  }

  /** Places all buffers in an arena at `arena(bytes)`. */
  place(arena: (bytes: number) => number, align: (bytes: number) => number): void {
    const lifetimes = new Map<PlanBuffer, { bytes: number; first: number; last: number }>();
    let start = 0;
    let end = -1;
    this.ops.forEach((op, index) => {
      if (index > end) [start, end] = [index, index + op.chain - 1]; // what a chain uses, it uses all the time
      for (const { buffer } of accessesOf(op)) {
        if (buffer.address !== undefined) continue;
        const life = lifetimes.get(buffer) ?? { bytes: buffer.bytes, first: buffer.pinned ? 0 : start, last: end };
        life.last = buffer.pinned ? this.ops.length : end;
        lifetimes.set(buffer, life);
      }
    });
    const buffers = [...lifetimes.keys()];
    const map = planMemory([...lifetimes.values()], align);
    const base = arena(map.bytes);
    buffers.forEach((buffer, index) => (buffer.address = base + map.offsets[index]!));
  }

  /** Writes the plan, or some of its ops, into memory and returns its address. Every buffer must have its place. */
  encode(memory: Memory, scratch: number, scratchBytes: number, ops: readonly PlannedOp[] = this.ops): number {
    const rowBytes = (op: PlannedOp): number => OP_HEADER_BYTES + 4 * Object.keys(OPS[op.name]).length;
    const bytes = PLAN_HEADER_BYTES + ops.reduce((sum, op) => sum + rowBytes(op), 0);
    const address = memory.reserve(bytes);
    const words = memory.integers(address, bytes / 4);
    const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
    words[PlanHeader.ops / 4] = ops.length;
    words[PlanHeader.scratch / 4] = scratch;
    words[PlanHeader.scratchBytes / 4] = scratchBytes;
    let row = PLAN_HEADER_BYTES / 4;
    for (const op of ops) {
      words[row + OpHeader.opcode / 4] = OP_NAMES.indexOf(op.name);
      words[row + OpHeader.blocks / 4] = op.blocks;
      words[row + OpHeader.counter / 4] = 0;
      words[row + OpHeader.bytes / 4] = rowBytes(op);
      words[row + OpHeader.share / 4] = op.share ?? 1;
      words[row + OpHeader.chain / 4] = op.chain;
      let next = row + OP_HEADER_BYTES / 4;
      for (const [name, kind] of Object.entries<ArgumentKind>(OPS[op.name])) {
        const value = op.args[name];
        if (kind === 'f32') floats[next] = value as number;
        else words[next] = typeof value === 'object' ? addressOf(value) : (value ?? 0);
        next++;
      }
      row += rowBytes(op) / 4;
    }
    return address;
  }
}

export function addressOf({ buffer, offset }: Ref): number {
  if (buffer.address === undefined) throw new Error('buffer without a place'); // a defect of ours, not of the user
  return buffer.address + offset;
}
