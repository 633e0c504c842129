/** Layers laid out for timing: each pass by itself, again and again. */
import { emitLayers } from '../src/layers/emit-layers.js';
import type { Layer } from '../src/layers/layer.js';
import { sequential } from '../src/model/sequential.js';
import type { PlannedOp } from '../src/plan/builder.js';
import { PlanBuilder } from '../src/plan/builder.js';
import type { PlanBuffer, Ref } from '../src/plan/buffer.js';
import { fixedRef } from '../src/plan/buffer.js';
import { Control, OPS, STATE_BYTES, State } from '../src/plan/ops.js';
import type { ArgumentKind } from '../src/plan/ops.js';
import type { PlanTensor } from '../src/plan/tape.js';
import { Tape } from '../src/plan/tape.js';
import { Engine, align } from '../src/runtime/engine.js';
import type { Build } from '../src/runtime/load.js';
import { values } from './values.js';

type Data = Float32Array | Int32Array;

/** A tape whose buffers keep their bytes to themselves, so that what one pass leaves is still there when another is repeated. */
export class BenchTape extends Tape {
  private readonly given: { ref: Ref; data: Data }[] = [];

  override buffer(length: number): Ref {
    return super.buffer(length, true);
  }

  /** A buffer that begins with the given content. */
  from(data: Data): Ref {
    return this.fill(this.buffer(data.length), data);
  }

  fill(ref: Ref, data: Data): Ref {
    this.given.push({ ref, data });
    return ref;
  }

  /** Puts the given content in its place. */
  load(engine: Engine): void {
    for (const { ref: { buffer, offset }, data } of this.given) {
      if (buffer.address === undefined) continue; // no op uses it
      if (data instanceof Float32Array) engine.floats(buffer.address + offset, data.length).set(data);
      else engine.integers(buffer.address + offset, data.length).set(data);
    }
  }
}

/** The passes of some layers. */
export interface LayerPasses {
  forward: PlannedOp[];
  backward: PlannedOp[];
  /** The part of the backward pass that makes the weights' gradients. */
  backwardKernel: PlannedOp[];
  /** The part that makes the input's gradient. */
  backwardInput: PlannedOp[];
}

/** Lays out a training step's share of some layers: forward, then backward from a given gradient of the output. */
export function layOutLayers(tape: BenchTape, stack: readonly Layer[]): LayerPasses {
  const model = sequential(stack, { seed: 1 });
  const x = tape.tensor(model.inputShape);
  tape.fill(x.ref, values(tape.length(x.shape, 'rows')));
  let dx: PlanTensor | undefined;
  tape.record(x, [], (gradient) => ((dx = gradient), []));

  const gradients: PlanBuffer[] = [];
  const [y] = emitLayers(model.graph, [x], tape, (layer) => {
    const parameters = layer.getWeights().map(({ data }) => ({ value: tape.from(data), gradient: tape.buffer(data.length) }));
    gradients.push(...parameters.map(({ gradient }) => gradient.buffer));
    return parameters;
  }) as [PlanTensor];
  const forward = [...tape.ops];

  const dy = tape.like(y);
  tape.backward([y, dy]);
  const backward = tape.ops.slice(forward.length);
  // A pass that works in place on its gradient would shrink it run by run until it is subnormal and slow: zeros stay zeros.
  const length = dy.ref.buffer.bytes / 4;
  const inPlace = backward.some((op) => writtenBy(op).includes(dy.ref.buffer));
  tape.fill(dy.ref, inPlace ? new Float32Array(length) : values(length));
  return {
    forward: opsFor([y.ref.buffer], forward), backward: opsFor([...gradients, ...(dx ? [dx.ref.buffer] : [])], backward),
    backwardKernel: opsFor(gradients, backward), backwardInput: dx ? opsFor([dx.ref.buffer], backward) : [],
  };
}

/** The ops among `ops` that buffers come from, in order. */
function opsFor(wanted: readonly PlanBuffer[], ops: readonly PlannedOp[]): PlannedOp[] {
  const needed = new Set(wanted);
  const chosen = [...ops].reverse().filter((op) => {
    if (!writtenBy(op).some((buffer) => needed.has(buffer))) return false;
    for (const buffer of operands(op, 'in')) needed.add(buffer);
    return true;
  });
  return chosen.reverse();
}

const writtenBy = (op: PlannedOp): PlanBuffer[] => operands(op, 'out');

/** The buffers an op reads (`in`) or writes (`out`). */
function operands({ name, args }: PlannedOp, direction: 'in' | 'out'): PlanBuffer[] {
  return Object.entries<ArgumentKind>(OPS[name]).flatMap(([key, kind]) => {
    const value = args[key];
    return typeof value === 'object' && kind.includes(direction) && kind !== 'i32' ? [value.buffer] : [];
  });
}

/** Bytes that ops read and write, each operand once. */
export function traffic(ops: readonly PlannedOp[]): number {
  return ops.flatMap((op) => [...operands(op, 'in'), ...operands(op, 'out')]).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Ops ready to be run. */
export interface Prepared {
  engine: Engine;
  /** The encoded plan. */
  address: number;
  ops: readonly PlannedOp[];
}

export interface Setup {
  build: Build;
  threads: number;
}

/** Lays work out on an engine of its own, runs all that was laid out once, and returns the ops chosen. */
export async function prepare({ build, threads }: Setup, batch: number, layOut: (tape: BenchTape) => readonly PlannedOp[]): Promise<Prepared> {
  const engine = await Engine.load({ build, base: Control.end, control: Control });
  await engine.start({ threads });
  const state = engine.reserve(STATE_BYTES);
  engine.floats(state, STATE_BYTES / 4)[State.learningRate / 4] = 1e-3;
  engine.floats(state, STATE_BYTES / 4)[State.gradientScale / 4] = 1;
  const tape = new BenchTape(batch, true, 1, fixedRef(state, STATE_BYTES), threads);
  const ops = layOut(tape);
  tape.place((bytes) => engine.reserve(bytes), align);
  const scratchBytes = align(tape.scratch);
  const scratch = engine.reserve(scratchBytes * threads);
  tape.load(engine);
  engine.run(tape.encode(engine, scratch, scratchBytes));
  tape.load(engine); // what ran in place

  const pass = new PlanBuilder();
  pass.ops.push(...ops);
  return { engine, address: pass.encode(engine, scratch, scratchBytes), ops };
}

