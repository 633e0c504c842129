import { LanewiseError } from '../errors.js';
import { differences, listed } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { BatchResult, Tally } from './batch-result.js';
import type { TrainingRun } from './callbacks/callbacks.js';
import type { Checkpoint, NamedState, NamedTensor } from './checkpoint.js';
import { KEPT, tensorDifferences } from './checkpoint.js';
import type { Executor } from './executor.js';
import type { Feed } from './feeds/feed.js';
import type { BatchLogs, EpochLogs } from './history.js';
import { History } from './history.js';
import type { Parameters } from './parameters.js';

/** How far a fit has come: always at the border of two steps, since steps are not interrupted. Outlives the fit. */
export class Run implements TrainingRun {
  batch = 0;
  /** Whether a callback has ended the training. */
  stopped = false;
  history = new History();
  private tally: Tally;
  private stepMs: number[] = [];

  constructor(
    public epoch: number,
    private readonly executor: Executor,
    private readonly parameters: Parameters,
    /** What must be the same where this run goes on; the optimizer's part comes on top. */
    private readonly setup: JsonRecord,
    private readonly feed: Feed,
    readonly epochs: number,
  ) {
    this.tally = executor.objective.begin();
  }

  get step(): number {
    return this.executor.steps;
  }

  get batches(): number | undefined {
    return this.feed.batches;
  }

  /** A step is done. */
  add(result: BatchResult, milliseconds: number): void {
    this.batch++;
    this.executor.objective.add(this.tally, result);
    this.stepMs.push(milliseconds);
  }

  get figures(): BatchLogs {
    return this.executor.objective.figures(this.tally);
  }

  /** The figures of the epoch, all steps of which are done. */
  get logs(): EpochLogs {
    const { stepMs } = this;
    return {
      ...this.figures,
      seconds: stepMs.reduce((sum, time) => sum + time, 0) / 1000, stepMs: [...stepMs].sort((a, b) => a - b)[stepMs.length >> 1]!,
    };
  }

  /** The epoch is done. */
  endEpoch(logs: EpochLogs): void {
    this.history.push(this.epoch, logs);
    this.epoch++;
    this.batch = 0;
    this.tally = this.executor.objective.begin();
    this.stepMs = [];
  }

  /** The weights that a callback keeps, in the order of all weights. */
  private kept: readonly Tensor<Float32Array>[] | undefined;

  keepWeights(): void {
    this.kept = this.parameters.get();
  }

  restoreWeights(): boolean {
    if (this.kept) this.parameters.set(undefined, this.kept);
    return this.kept !== undefined;
  }

  scaleLearningRate(factor: number, minimum = 0): void {
    this.executor.adjustRate = factor === 1 ? (rate) => rate : (rate) => Math.max(rate * factor, Math.min(rate, minimum));
  }

  /** With the weights in their own place, also where their average stands in it. */
  checkpoint(): Checkpoint {
    const { program } = this.executor;
    const { averaged } = program;
    if (averaged) program.exchangeAverage();
    try {
      return this.snapshot();
    } finally {
      if (averaged) program.exchangeAverage();
    }
  }

  private snapshot(): Checkpoint {
    const { step, epoch, batch, stopped, stepMs, history, tally: { lossSum, correct, weight } } = this;
    const sums = this.namedSums.map(([name, values]) => [name, [...values]] as const);
    return {
      setup: this.setupAt(step),
      progress: {
        step, epoch, batch, stopped, lossSum, correct, weight, ...(sums.length > 0 && { sums: Object.fromEntries(sums) }), stepMs: [...stepMs], history: history.clone(),
      },
      tensors: new Map(this.tensors().map(({ name, tensor }) => [name, tensor])),
    };
  }

  /** Whether a checkpoint is of a run like this one. @throws LanewiseError `checkpoint-mismatch`, listing all differences */
  requireSame({ setup, progress: { step, batch, sums = {} }, tensors }: Checkpoint): void {
    const found = [...differences(setup, this.setupAt(step)), ...tensorDifferences(this.specsBeside(tensors), tensors)];
    const { batches = Infinity } = this;
    if (batch > batches) found.push(`batch is ${batch}, of ${batches} in an epoch`);
    for (const [name, { length }] of this.namedSums) {
      const stored = Object.hasOwn(sums, name) ? sums[name]!.length : 0;
      if (stored !== length) found.push(`${name} has counted ${stored} numbers, not ${length}`);
    }
    if (found.length > 0) {
      throw new LanewiseError('checkpoint-mismatch', `the checkpoint is of another run: ${listed(found)}`, {
        remedy: 'Use the model, data and options it was made with; to begin a new run with its weights, load them alone',
      });
    }
  }

  /** Goes on from a checkpoint that `requireSame` has let pass. */
  resume({ progress, tensors }: Checkpoint): void {
    const { step, epoch, batch, stopped, lossSum, correct, sums = {}, stepMs, history } = progress;
    const { parameters } = this;
    this.kept = holdsKept(tensors) ? parameters.specs.map(({ name }) => tensors.get(KEPT + name) as Tensor<Float32Array>) : undefined;
    parameters.set(undefined, parameters.specs.map(({ name }) => tensors.get(name)!));
    for (const { name: slot, values } of this.executor.program.slots()) {
      parameters.writeTrained(parameters.trainedSpecs.map(({ name }) => tensors.get(`${name}/${slot}`)!), values);
    }
    for (const { name, write } of this.states) write(tensors.get(name)!);
    this.executor.program.averaged = false;
    this.executor.steps = step;
    this.epoch = epoch;
    this.batch = batch;
    this.stopped = stopped;
    const weight = progress.weight ?? this.feed.rowsIn(batch);
    this.tally = { lossSum, correct, weight, sums: this.namedSums.map(([name]) => Float64Array.from(sums[name]!)) };
    this.stepMs = [...stepMs];
    this.history = history.clone();
  }

  private setupAt(step: number): JsonRecord {
    return { ...this.setup, optimizer: this.executor.optimizer.config(step) };
  }

  /** What metrics have counted in the epoch so far, by the names of their figures. */
  private get namedSums(): (readonly [string, Float64Array])[] {
    return this.executor.objective.kept.map((name, index) => [name, this.tally.sums[index]!] as const);
  }

  private get specs(): { name: string; shape: Shape }[] {
    const { specs, trainedSpecs } = this.parameters;
    const slots = this.executor.optimizer.slots.flatMap((slot) => trainedSpecs.map(({ name, shape }) => ({ name: `${name}/${slot}`, shape })));
    return [...specs, ...slots, ...this.states];
  }

  /** What stateful layers keep from batch to batch, and what rows are chosen by. */
  private get states(): readonly NamedState[] {
    return [...this.executor.program.states.named(this.feed.rowsIn(1)), ...(this.feed.states ?? [])];
  }

  /** With kept weights, if the checkpoint has some. */
  private specsBeside(tensors: ReadonlyMap<string, Tensor>): { name: string; shape: Shape }[] {
    const kept = holdsKept(tensors) ? this.parameters.specs.map(({ name, shape }) => ({ name: KEPT + name, shape })) : [];
    return [...this.specs, ...kept];
  }

  /** Weights, the optimizer's slots, the states of stateful layers, what is kept. */
  private tensors(): NamedTensor<Tensor<Float32Array>>[] {
    const slots = this.executor.program.slots().flatMap(({ name: slot, values }) =>
      this.parameters.namedTrained(values).map(({ name, tensor }) => ({ name: `${name}/${slot}`, tensor })));
    const states = this.states.map(({ name, read }) => ({ name, tensor: read() }));
    const kept = this.kept?.map((tensor, index) => ({ name: KEPT + this.parameters.specs[index]!.name, tensor })) ?? [];
    return [...this.parameters.named(), ...slots, ...states, ...kept];
  }
}

const holdsKept = (tensors: ReadonlyMap<string, Tensor>): boolean => [...tensors.keys()].some((name) => name.startsWith(KEPT));
