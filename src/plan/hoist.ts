/**
 * Ops that depend on weights alone, such as the packing of a filter: what they give stays right until a weight changes, so that they need not run with
 * every batch (loop-invariant code motion).
 */
import type { PlanBuffer, Ref } from './buffer.js';
import type { PlannedOp } from './builder.js';
import { accessesOf } from './builder.js';

/** Bytes that may be kept: a large network works in the arena, as without hoisting. A filter transformed by Winograd's method takes four times its size. */
const LIMIT = 64 * 2 ** 20;

/** Places for what hoisted ops give, outside the arena. Plans that have an op in common share its places. */
export class HoistedValues {
  private readonly places = new Map<string, readonly number[]>();
  private bytes = 0;

  constructor(private readonly reserve: (bytes: number) => number) {}

  /** Parts the ops of a plan into those that depend on weights alone, whose buffers are given their places, and all others. */
  hoist(ops: readonly PlannedOp[], isWeight: (ref: Ref) => boolean): { hoisted: PlannedOp[]; others: PlannedOp[] } {
    const kept = new Set<PlanBuffer>();
    const written = ops.flatMap((op) => accessesOf(op).filter(({ writes }) => writes)).map(({ buffer }) => buffer);
    const isFree = ({ buffer }: Ref): boolean => buffer.address === undefined && !buffer.pinned && written.indexOf(buffer) === written.lastIndexOf(buffer);
    const hoisted: PlannedOp[] = [];
    const others = ops.filter((op) => {
      const accesses = accessesOf(op);
      const [inputs, outputs] = [accesses.filter(({ reads }) => reads), accesses.filter(({ writes }) => writes)];
      const invariant = inputs.length > 0 && inputs.every((ref) => isWeight(ref) || kept.has(ref.buffer)) && outputs.every(isFree);
      if (!invariant || !this.place(op, outputs)) return true;
      for (const { buffer } of outputs) kept.add(buffer);
      hoisted.push(op);
      return false;
    });
    return { hoisted, others };
  }

  /** Gives what an op writes its places: those of the same op in an earlier plan, or new ones if there is room. */
  private place(op: PlannedOp, outputs: readonly Ref[]): boolean {
    const key = JSON.stringify(op); // all that it is given, and addresses of what it reads alone
    let places = this.places.get(key);
    if (!places) {
      const bytes = outputs.reduce((sum, { buffer }) => sum + buffer.bytes, this.bytes);
      if (bytes > LIMIT) return false;
      this.bytes = bytes;
      places = outputs.map(({ buffer }) => this.reserve(buffer.bytes));
      this.places.set(key, places);
    }
    outputs.forEach(({ buffer }, index) => (buffer.address = places[index]));
    return true;
  }
}
