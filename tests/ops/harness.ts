/** Runs single ops of the plan's table through a real engine, every buffer between guard bands. */
import assert from 'node:assert/strict';
import '../../src/entry.node.js';
import { fixedRef } from '../../src/plan/buffer.js';
import type { Ref } from '../../src/plan/buffer.js';
import type { OpArguments } from '../../src/plan/builder.js';
import { PlanBuilder } from '../../src/plan/builder.js';
import type { ArgumentKind, OpName, OPS } from '../../src/plan/ops.js';
import { Control, OPS as TABLE } from '../../src/plan/ops.js';
import { Engine, align } from '../../src/runtime/engine.js';
import type { Build } from '../../src/runtime/load.js';
import type { Guarded, Values } from '../reference/index.js';
import { banded, type Bands } from './bands.js';

export type Data = Float32Array | Int32Array | Float64Array | Uint8Array;
type DataConstructor = typeof Float32Array | typeof Int32Array | typeof Float64Array | typeof Uint8Array;

/** A buffer of an op. Two arguments that are the same operand share their bytes, as kernels that work in place allow. */
export interface Operand {
  readonly Type: DataConstructor;
  readonly length: number;
  /** What it holds before; absent: the NaNs of the guard bands. */
  readonly data?: Data;
}

export const floats = (values: Values): Operand => ({ Type: Float32Array, length: values.length, data: Float32Array.from(values) });
export const integers = (values: Values): Operand => ({ Type: Int32Array, length: values.length, data: Int32Array.from(values) });
export const bytes = (values: Values): Operand => ({ Type: Uint8Array, length: values.length, data: Uint8Array.from(values) });
export const doubles = (values: Values): Operand => ({ Type: Float64Array, length: values.length, data: Float64Array.from(values) });
export const blank = (length: number, Type: DataConstructor = Float32Array): Operand => ({ Type, length });

type Args<Name extends OpName> = (typeof OPS)[Name];
type CaseArgument<Kind> = Kind extends 'i32' | 'f32' ? number : Kind extends 'in?' | 'out?' | 'inout?' ? Operand | undefined : Operand;
type Written<Name extends OpName> = { [Key in keyof Args<Name> as Args<Name>[Key] extends 'out' | 'out?' | 'inout' | 'inout?' ? Key : never]: Data };

/** One call of an op and the judgement on what it wrote. */
export interface OpCase<Name extends OpName> {
  label: string;
  args: { [Key in keyof Args<Name>]: CaseArgument<Args<Name>[Key]> };
  blocks: number;
  /** Bytes of scratch the kernel's contract asks for. Default 0. */
  scratch?: number;
  check: (written: Written<Name>) => void;
}

/** A list of cases, made while it is walked. */
export type Sweep<Name extends OpName> = () => Iterable<OpCase<Name>>;

interface BufferType<T> {
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

const WORK_BYTES = 16 << 20;

export class OpRunner {
  private constructor(
    private readonly engine: Engine,
    private readonly start: number,
  ) {}

  static async create(build: Build, threads: number): Promise<OpRunner> {
    const engine = await Engine.load({ build, base: Control.end, control: Control });
    await engine.start({ threads });
    return new OpRunner(engine, engine.reserve(WORK_BYTES));
  }

  /**
   * Runs an op once and returns what it wrote. Fails if it wrote outside of its buffers or into one it may only read.
   * skew: bytes by which every buffer is moved off the alignment of 64.
   */
  run<Name extends OpName>(name: Name, { args, blocks, scratch = 0 }: OpCase<Name>, bands: Bands = 'nan', skew = 0): Written<Name> {
    const kinds: [string, ArgumentKind][] = Object.entries(TABLE[name]);
    const given = args as Record<string, number | Operand | undefined>;
    let top = this.start;
    const lay = <T extends ArrayBufferView>(Type: BufferType<T>, length: number): Guarded<T> => {
      const region = banded(this.engine.floats(0, 0).buffer, align(top) + (Type.BYTES_PER_ELEMENT === 8 ? 2 * skew : skew), Type, length, bands);
      top = region.end;
      return region;
    };

    const placed = new Map<Operand, Guarded<Data>>();
    const planArgs: Record<string, number | Ref | undefined> = {};
    for (const [key] of kinds) {
      const value = given[key];
      if (typeof value !== 'object') {
        planArgs[key] = value;
        continue;
      }
      const region = placed.get(value) ?? lay<Data>(value.Type, value.length);
      if (value.data) region.data.set(value.data);
      placed.set(value, region);
      planArgs[key] = fixedRef(region.data.byteOffset, region.data.byteLength);
    }
    const scratchRegion = lay(Uint8Array, scratch * this.engine.threads);
    const plan = new PlanBuilder();
    plan.op(name, planArgs as OpArguments<Name>, blocks, scratch);
    const memory = {
      reserve: (bytes: number): number => ((top = align(top) + bytes), top - bytes),
      integers: (address: number, length: number): Int32Array => this.engine.integers(address, length),
    };
    const address = plan.encode(memory, scratchRegion.data.byteOffset, scratch);
    assert.ok(top <= this.start + WORK_BYTES, 'the case is too large for the harness');
    const before = new Map([...placed.values()].map((region) => [region, bytesOf(region.data).slice()]));
    this.engine.run(address);

    scratchRegion.assertIntact('scratch');
    const mayWrite = new Set(kinds.filter(([, kind]) => kind.includes('out')).map(([key]) => given[key]));
    const written: Record<string, Data> = {};
    for (const [key] of kinds) {
      const value = given[key];
      if (typeof value !== 'object') continue;
      const region = placed.get(value)!;
      region.assertIntact(key);
      if (mayWrite.has(value)) written[key] = region.data.slice();
      else assert.ok(Buffer.from(bytesOf(region.data)).equals(before.get(region)!), `${key} is only to be read`);
    }
    return written as Written<Name>;
  }

  close(): void {
    this.engine.close();
  }
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: Data): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

/** The same bytes, so NaNs and signs of zero count. */
export function assertSameBits(actual: Data, expected: Data, message: string): void {
  const a = bytesOf(actual);
  const b = bytesOf(expected);
  assert.equal(a.length, b.length, message);
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at >= 0) assert.fail(`${message}: element ${Math.floor(at / actual.BYTES_PER_ELEMENT)} differs`);
}

/** Walks through a list again and again: gives each case of a sweep another choice. */
export function cycle<Item>(items: readonly Item[]): () => Item {
  let next = 0;
  return () => items[next++ % items.length]!;
}
