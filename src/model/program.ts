import { LanewiseError } from '../errors.js';
import { emitLayers } from '../layers/emit-layers.js';
import type { Layer } from '../layers/layer.js';
import { stepsOf } from '../losses.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { AVERAGE_SLOT } from '../optimizers/optimizer.js';
import type { Ref } from '../plan/buffer.js';
import { fixedRef } from '../plan/buffer.js';
import { addressOf } from '../plan/builder.js';
import type { PlannedOp } from '../plan/builder.js';
import { HoistedValues } from '../plan/hoist.js';
import type { ArgumentKind, OpName } from '../plan/ops.js';
import { Control, OPS, STATE_BYTES } from '../plan/ops.js';
import { profilePlan } from '../plan/profile.js';
import type { PlanParameter, PlanTensor } from '../plan/tape.js';
import { Tape } from '../plan/tape.js';
import { Engine, align } from '../runtime/engine.js';
import type { Build } from '../runtime/load.js';
import { sizeOf } from '../tensor/shape.js';
import type { Graph } from './graph.js';
import { kernelsOf } from './graph.js';
import type { EmittedHead, Objective } from './head.js';
import type { Layout, Parameters } from './parameters.js';
import { emitPenalties } from './penalties.js';
import { States } from './states.js';

/** What a plan is for: a training step, the loss without training, the outputs alone, or what some of the layers give in a training step. */
export type PlanKind = 'train' | 'evaluate' | 'predict' | 'trace';

/** Of what else a plan is made. */
export interface PlanOptions {
  /** For each output whether its rows are weighed: its weights, or none. */
  weighted?: readonly unknown[] | undefined;
  /** Layers of a trace. */
  depth?: number;
}

/** A compiled plan of one kind for one batch size, and where data goes in and comes out. */
export interface Plan {
  readonly address: number;
  readonly ops: readonly PlannedOp[];
  readonly batch: number;
  /** One address for each input of the model. */
  readonly inputs: readonly number[];
  readonly heads: readonly PlanHead[];
  /** Whether it changes weights. */
  readonly trains: boolean;
  /** What has to run before it where weights have changed. */
  readonly preparation?: Preparation | undefined;
}

/** A plan of ops that depend on weights alone. */
interface Preparation {
  readonly address: number;
  /** The version of the weights that it last ran with. */
  version: number | undefined;
}

/** Where the data of an output are. */
export interface PlanHead {
  readonly target: number;
  /** What each row of the output counts, if the plan is weighted. */
  readonly weights: number;
  readonly output: number;
  /** What each row of the output has lost. */
  readonly rowLoss: number;
  /** What holds its loss. */
  readonly state: number;
  /** Which rows of the output count, where metrics look at outputs and not all do; else 0. */
  readonly mask: number;
  /** Whether the output is logits of which sigmoid makes probabilities. */
  readonly logits: boolean;
}

/** What one op of a step costs. */
export interface OpTime {
  /** Who asked for it: a layer's name, `loss`, `metrics` or `optimizer`. */
  owner: string;
  op: OpName;
  milliseconds: number;
}

/** Bytes in the engine's memory. */
interface Range {
  readonly address: number;
  readonly bytes: number;
}
const NOTHING: Range = { address: 0, bytes: 0 };

export interface ProgramOptions {
  graph: Graph;
  parameters: Parameters;
  objective: Objective;
  optimizer: Optimizer;
  seed: number;
  build: Build;
  threads: number;
  /** Whether one thread will do where the others are not to be had. */
  oneWillDo: boolean;
}

/**
 * A compiled model: one region each for parameters, gradients and the optimizer's slots, one arena that all plans share, and a plan for each
 * kind and batch size, made when it is first needed.
 */
export class Program {
  private readonly plans = new Map<string, Plan>();
  /** What ops of evaluation and prediction that depend on weights alone have left. */
  private readonly hoisted: HoistedValues;
  /** Where weights lie, and which of them are trained. */
  private readonly layout: Layout;
  /** The layers that were trainable when the model was compiled. */
  private readonly trainable: ReadonlySet<Layer>;
  /** Weights, then the gradients and the optimizer's slots of those that are trained. */
  private readonly region: number;
  readonly state: number;
  /** What stateful layers keep. */
  readonly states: States;
  /** Whether the moving average of the weights stands in their place, and they in its. */
  averaged = false;
  private arena: Range = NOTHING;
  private scratch: Range = NOTHING;
  /** For a profile's plans of one op. */
  private profiled: Range = NOTHING;

  private constructor(
    readonly engine: Engine,
    private readonly options: ProgramOptions,
  ) {
    const { parameters, optimizer, graph } = options;
    this.layout = parameters.nextLayout();
    this.trainable = new Set(graph.nodes.map(({ layer }) => layer).filter(({ trainable }) => trainable));
    this.region = engine.reserve(this.offsetOf(1 + optimizer.slots.length) + this.trainedBytes);
    this.state = engine.reserve(STATE_BYTES);
    parameters.drawInto(engine.floats(this.region, this.layout.size), this.layout);
    this.hoisted = new HoistedValues((bytes) => engine.reserve(bytes));
    this.states = new States(engine, graph.nodes.flatMap(({ layer }) => layer.statefulLayers));
    for (const { name, values } of this.slots()) {
      const start = optimizer.slotStart?.[name];
      if (start) values.fill(start); // fresh memory is zero
    }
  }

  static async create(options: ProgramOptions): Promise<Program> {
    const engine = await Engine.load({ build: options.build, kernels: kernelsOf(options.graph) ?? options.optimizer.kernels, base: Control.end, control: Control });
    try {
      const started = engine.start(options);
      // first weights are drawn while the threads start; whichever fails, the engine is closed
      const [program] = await Promise.all([Promise.resolve().then(() => new Program(engine, options)), started]);
      return program;
    } catch (error) {
      engine.close();
      throw error;
    }
  }

  /** Takes the weights over. */
  attach(): void {
    this.options.parameters.attach(this.engine, this.region, this.layout);
    this.keepStates(this.states);
  }

  private keepStates(states: States | undefined): void {
    for (const { layer } of this.options.graph.nodes) for (const stateful of layer.statefulLayers) stateful.keepStates(states);
  }

  /** Ends the program; the weights go back to where they were before. */
  close(): void {
    this.options.parameters.detach();
    this.keepStates(undefined);
    this.engine.close();
  }

  private get trainedBytes(): number {
    return align(4 * this.layout.trainableSize);
  }

  /** Bytes from the start of the region to the gradients (0), or to a slot of the optimizer (1 and up). */
  private offsetOf(part: number): number {
    return align(4 * this.layout.size) + part * this.trainedBytes;
  }

  /** Lets the moving average and the weights change places. */
  exchangeAverage(): void {
    const average = this.slots().find(({ name }) => name === AVERAGE_SLOT)!.values;
    const weights = this.engine.floats(this.region, this.layout.trainableSize);
    const kept = weights.slice();
    weights.set(average);
    average.set(kept);
    this.options.parameters.version++;
    this.averaged = !this.averaged;
  }

  /** If the average has taken the weights' place for good, training goes on from there: it is weights and average in one. */
  beginTraining(): void {
    if (!this.averaged) return;
    this.slots().find(({ name }) => name === AVERAGE_SLOT)!.values.set(this.engine.floats(this.region, this.layout.trainableSize));
    this.averaged = false;
  }

  /** The optimizer's slots, each laid out as the weights that are trained. Views: to be used at once. */
  slots(): { name: string; values: Float32Array }[] {
    const { engine, region, layout } = this;
    return this.options.optimizer.slots.map((name, slot) => ({ name, values: engine.floats(region + this.offsetOf(1 + slot), layout.trainableSize) }));
  }

  /** The plan of a kind and size; of the first `depth` layers, if it is a trace. */
  plan(kind: PlanKind, batch: number, { weighted = [], depth = this.options.graph.nodes.length }: PlanOptions = {}): Plan {
    this.options.parameters.requireWhole();
    this.states.use(batch);
    if (kind === 'train' && this.layout.trainableSize === 0 && this.layout.size > 0) {
      throw new LanewiseError('invalid-state', 'no layer is trainable', { remedy: 'Set trainable of a layer with weights, and compile anew' });
    }
    const key = `${kind} ${batch} ${depth} ${weighted.map(Boolean).join()}`;
    let plan = this.plans.get(key);
    if (!plan) {
      plan = this.compile(kind, batch, depth, weighted);
      this.plans.set(key, plan);
    }
    return plan;
  }

  /** Times each op of a plan by itself; weights and the optimizer's slots are as before afterwards. */
  profile(plan: Plan, rounds: number): OpTime[] {
    const region = this.engine.floats(this.region, this.offsetOf(1 + this.options.optimizer.slots.length) / 4);
    const kept = region.slice();
    try {
      const times = this.states.unchanged(() => profilePlan(this.engine, plan.address, rounds, (bytes) => (this.profiled = this.atLeast(this.profiled, bytes)).address));
      return plan.ops.map(({ owner, name }, index) => ({ owner, op: name, milliseconds: times[index]! }));
    } finally {
      region.set(kept);
    }
  }

  private compile(kind: PlanKind, batch: number, depth: number, weighted: readonly unknown[]): Plan {
    const { graph, objective, optimizer, seed } = this.options;
    const nodes = graph.nodes.slice(0, depth);
    const outputs = kind === 'trace' ? [nodes.at(-1)!] : graph.outputs;
    const forward = kind === 'trace' || kind === 'predict';
    const state = fixedRef(this.state, STATE_BYTES);
    const { threads } = this.engine;
    const tape = new Tape(batch, kind === 'train' || kind === 'trace', seed, state, threads);
    const inputs = graph.inputs.map(({ shape }) => tape.tensor(shape, 'rows', false, true));
    const data = objective.heads.map(({ target, shape }, index) => ({
      target: tape.buffer(batch * sizeOf(target.shape), true), weights: weighted[index] ? tape.buffer(batch * stepsOf(shape), true) : undefined,
    }));

    const values = emitLayers({ ...graph, nodes, outputs }, inputs, tape, (layer) => this.parametersOf(layer), (layer) => this.trainable.has(layer),
      (layer, name, units) => this.states.ref(layer, name, units, batch));
    tape.owner = forward ? 'loss' : 'metrics';
    // what metrics look at when the step is done: outputs, and where rows are masked, the mask
    const kept = values.map((output, index) => {
      if (!forward && objective.heads[index]!.counted.length === 0) return output;
      const copy = this.pinned(tape, tape.toRows(output));
      return forward || !output.mask ? copy : { ...copy, mask: this.pinnedMask(tape, output.mask, stepsOf(output.shape)) };
    });
    let emitted: readonly EmittedHead[] = [];
    if (!forward) {
      tape.owner = 'loss';
      emitted = objective.emit(tape, values, data);
      emitPenalties(tape, nodes.map(({ layer }) => layer), (layer) => this.parametersOf(layer));
    }
    if (kind === 'train') {
      tape.owner = 'optimizer';
      const slots = optimizer.slots.map((_, slot) => this.trainedRef(1 + slot));
      optimizer.emit(tape, { w: fixedRef(this.region, this.trainedBytes), g: this.trainedRef(0), slots, size: this.layout.trainableSize, parts: this.layout.trainedParts }, state);
      tape.emitUpdates();
    }

    let hoisted: readonly PlannedOp[] = [];
    if (!tape.training) ({ hoisted, others: tape.ops } = this.hoisted.hoist(tape.ops, ({ buffer }) => buffer.address === this.region));
    if (tape.arrange) tape.ops = tape.arrange(tape.ops, threads);
    tape.place((bytes) => (this.arena = this.atLeast(this.arena, bytes)).address, align);
    this.scratch = this.atLeast(this.scratch, align(tape.scratch) * threads);
    const encode = (ops: readonly PlannedOp[]): number => tape.encode(this.engine, this.scratch.address, this.scratch.bytes / threads, ops);
    const place = (ref: Ref | undefined): number => (ref?.buffer.address === undefined ? 0 : addressOf(ref));
    return {
      address: encode(tape.ops), ops: tape.ops, batch, trains: kind === 'train',
      preparation: hoisted.length > 0 ? { address: encode(hoisted), version: undefined } : undefined,
      inputs: inputs.map(({ ref }) => place(ref)),
      heads: kept.map(({ ref, mask }, index) => ({
        target: place(data[index]!.target), weights: place(data[index]!.weights), output: place(ref), rowLoss: place(emitted[index]?.rowLoss),
        state: place(emitted[index]?.state),
        mask: place(mask), logits: emitted[index]?.logits ?? false,
      })),
    };
  }

  /**
   * Runs a plan. If a thread fails in the middle of an update of the weights, they are lost.
   * @throws LanewiseError `worker-failed`, `invalid-state`
   */
  run({ address, ops, trains, preparation }: Plan): void {
    const { engine, options: { parameters } } = this;
    if (trains) parameters.version++;
    if (preparation && preparation.version !== parameters.version) {
      engine.run(preparation.address);
      preparation.version = parameters.version;
    }
    try {
      engine.run(address);
    } catch (error) {
      const op = error instanceof LanewiseError && error.code === 'invalid-state' ? undefined : ops[engine.op];
      if (op && (OPS[op.name] as Record<string, ArgumentKind>)['w'] === 'inout') parameters.tear();
      throw error;
    }
  }

  /**
   * The first layer whose output is not finite for the rows and the step of a training plan that has just run, or undefined. Its input is still in
   * place; weights are as before.
   */
  firstNotFiniteLayer({ inputs, batch }: Plan): string | undefined {
    const { nodes, inputs: tensors } = this.options.graph;
    const rows = tensors.map(({ shape }, index) => this.engine.floats(inputs[index]!, batch * sizeOf(shape)).slice());
    for (let depth = 1; depth <= nodes.length; depth++) {
      const plan = this.plan('trace', batch, { depth });
      const { layer: { name }, shape } = nodes[depth - 1]!;
      rows.forEach((values, index) => this.engine.floats(plan.inputs[index]!, values.length).set(values));
      this.run(plan);
      if (!this.engine.floats(plan.heads[0]!.output, batch * sizeOf(shape)).every(Number.isFinite)) return name;
    }
    return undefined;
  }

  /** The weight nearest to the output whose gradient is not finite, else the one with the largest: where the trouble of a step began. */
  worstGradient(): string | undefined {
    const { parameters } = this.options;
    const gradients = this.engine.floats(this.region + this.offsetOf(0), this.layout.trainableSize);
    const largest = parameters.namedTrained(gradients).map(({ name, tensor: { data } }) => ({
      name, size: data.reduce((most, value) => Math.max(most, Number.isFinite(value) ? Math.abs(value) : Infinity), 0),
    }));
    const most = Math.max(...largest.map(({ size }) => size));
    return largest.findLast(({ size }) => size === most)?.name;
  }

  /** A copy of the outputs that nothing overwrites before they are read. */
  private pinned(tape: Tape, output: PlanTensor): PlanTensor {
    const copy = tape.tensor(output.shape, 'rows', false, true);
    const size = tape.length(output.shape, 'rows');
    tape.op('affine', { y: copy.ref, x: output.ref, size, blockSize: size, scale: 1, offset: 0 }, 1);
    return copy;
  }

  /** The same of a mask: [batch, steps]. */
  private pinnedMask(tape: Tape, mask: Ref, steps: number): Ref {
    const copy = tape.buffer(tape.batch * steps, true);
    tape.affine(copy, mask, tape.batch * steps, 1);
    return copy;
  }

  private parametersOf(layer: Layer): PlanParameter[] {
    return this.layout.of(layer).map(({ start, trainable }) => ({
      value: { ...fixedRef(this.region, align(4 * this.layout.size)), offset: 4 * start },
      gradient: trainable ? { ...this.trainedRef(0), offset: 4 * start } : undefined,
    }));
  }

  /** Gradients (0), or a slot of the optimizer (1 and up). */
  private trainedRef(part: number): Ref {
    return fixedRef(this.region + this.offsetOf(part), this.trainedBytes);
  }

  /** A range of at least so many bytes: the one there is, or a new one. All plans share it, since one runs at a time; earlier plans keep theirs. */
  private atLeast(range: Range, bytes: number): Range {
    return bytes <= range.bytes ? range : { address: this.engine.reserve(bytes), bytes };
  }
}
