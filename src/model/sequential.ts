import { LanewiseError } from '../errors.js';
import type { Flops, Layer, WeightInput } from '../layers/layer.js';
import { requirePositiveInteger } from '../layers/layer.js';
import type { LossName } from '../losses.js';
import { requireLoss } from '../losses.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { State } from '../plan/ops.js';
import { epochOrder } from '../random.js';
import type { Build } from '../runtime/load.js';
import { BUILDS } from '../runtime/load.js';
import { platform } from '../runtime/platform/platform.js';
import type { Threads } from '../runtime/threads.js';
import { resolveThreads } from '../runtime/threads.js';
import type { TensorInput } from '../tensor/convert.js';
import type { Shape } from '../tensor/shape.js';
import { sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Dataset } from './batches.js';
import { checkDataset, checkInputs, gatherRows } from './batches.js';
import type { BatchLogs, EpochLogs } from './history.js';
import { History } from './history.js';
import { Parameters } from './parameters.js';
import { Program } from './program.js';
import type { OpTime, Plan } from './program.js';
import type { LayerSummary, ModelSummary } from './summary.js';
import { summarize } from './summary.js';

export interface SequentialOptions {
  /** Decides initial weights, order of rows and dropout. A whole number from 0 to 2^53 - 1; default 0. */
  seed?: number;
  /** Default `sequential`. */
  name?: string;
}

export type MetricName = 'accuracy';

export interface CompileOptions {
  optimizer: Optimizer;
  loss: LossName;
  /** Default none. `accuracy` needs a cross-entropy. */
  metrics?: readonly MetricName[];
  /** Default `'auto'`. The results are the same bits for any number. */
  threads?: Threads;
  /** Default `strict`. */
  build?: Build;
}

export interface Callbacks {
  onEpochBegin?(epoch: number): void | Promise<void>;
  /** Return false to stop after this epoch. */
  onEpochEnd?(epoch: number, logs: EpochLogs): void | boolean | Promise<void | boolean>;
  onBatchEnd?(batch: number, logs: BatchLogs): void | Promise<void>;
}

export interface FitOptions {
  /** Default 1. */
  epochs?: number;
  /** Default 32. */
  batchSize?: number;
  /** Whether rows are put in a new order each epoch, one that depends on the seed and the epoch alone. Default true. */
  shuffle?: boolean;
  /** Evaluated after each epoch. */
  validationData?: readonly [TensorInput, TensorInput];
  callbacks?: Callbacks;
}

export interface EvaluateOptions {
  /** Default 128. Changes speed and memory, not the result beyond rounding. */
  batchSize?: number;
}

export interface ProfileOptions {
  /** How often each op is timed. Default 21. */
  rounds?: number;
}

export interface Evaluation {
  loss: number;
  accuracy?: number;
}

interface Compiled {
  program: Program;
  optimizer: Optimizer;
  accuracy: boolean;
}

/** The event loop gets its turn at least this often, in milliseconds. */
const PATIENCE = 25;

/** A stack of layers, each fed by the one before. */
export class Sequential {
  readonly name: string;
  readonly seed: number;
  private readonly parameters = new Parameters();
  private compiled: Compiled | undefined;
  private steps = 0;
  private busy = false;
  /** When the event loop last had its turn. */
  private rested = 0;

  /** @throws LanewiseError `invalid-argument`, `invalid-shape` */
  constructor(
    readonly layers: readonly Layer[],
    { seed = 0, name = 'sequential' }: SequentialOptions = {},
  ) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new LanewiseError('invalid-argument', 'seed is out of range', { expected: 'a whole number from 0 to 2^53 - 1', received: String(seed) });
    }
    this.name = name;
    this.seed = seed;
    this.build();
    this.parameters.initialize(seed);
  }

  private build(): void {
    const [first] = this.layers;
    if (!first) throw new LanewiseError('invalid-argument', 'a model needs at least one layer', { where: this.name });
    if (!first.inputShapeOption) {
      throw new LanewiseError('invalid-argument', 'the first layer needs an inputShape', { where: first.name, remedy: 'Add inputShape, such as [28, 28, 1]' });
    }
    const numbers = new Map<string, number>();
    const names = new Set<string>();
    let shape: Shape = first.inputShapeOption;
    for (const layer of this.layers) {
      const number = (numbers.get(layer.type) ?? 0) + 1;
      numbers.set(layer.type, number);
      layer.nameByDefault(`${layer.type}_${number}`);
      if (names.has(layer.name)) throw new LanewiseError('invalid-argument', 'two layers have the same name', { where: layer.name });
      names.add(layer.name);
      shape = layer.build(shape, this.parameters);
      this.parameters.add(layer);
    }
  }

  /** Shape of one input sample. */
  get inputShape(): Shape {
    return this.layers[0]!.input;
  }

  /** Shape of one output sample. */
  get outputShape(): Shape {
    return this.layers.at(-1)!.output;
  }

  /** Training steps done. */
  get step(): number {
    return this.steps;
  }

  /** Threads in use, once compiled. */
  get threads(): number {
    return this.requireCompiled().program.engine.threads;
  }

  /**
   * Loads the kernels, starts the threads and makes the model ready to train. A second call keeps the weights and begins the optimizer anew.
   * @throws LanewiseError `invalid-argument`, `invalid-shape`, `unsupported`, `out-of-memory`, `worker-failed`
   */
  async compile({ optimizer, loss: lossName, metrics = [], threads = 'auto', build = 'strict' }: CompileOptions): Promise<void> {
    this.requireIdle('compile');
    const loss = requireLoss(lossName);
    const accuracy = metrics.includes('accuracy');
    for (const metric of metrics) {
      if (metric !== 'accuracy') throw new LanewiseError('invalid-argument', 'unknown metric', { expected: 'accuracy', received: String(metric) });
    }
    if (accuracy && loss.name !== 'sparseCategoricalCrossentropy') {
      throw new LanewiseError('invalid-argument', 'accuracy needs a cross-entropy', { received: loss.name });
    }
    if (!BUILDS.includes(build)) throw new LanewiseError('invalid-argument', 'unknown build', { expected: BUILDS.join(', '), received: String(build) });
    const count = resolveThreads(threads);
    await this.exclusively('compile', async () => {
      const { layers, parameters, seed } = this;
      const program = await Program.create({ layers, parameters, inputShape: this.inputShape, loss, optimizer, seed, build, threads: count });
      this.close(); // not before: a compile that is refused leaves the model as it was
      program.attach();
      this.steps = 0;
      this.compiled = { program, optimizer, accuracy };
    });
  }

  /** Ends the threads. Weights stay readable; training goes on after another `compile`. Not needed for a process to end. */
  close(): void {
    this.compiled?.program.close();
    this.compiled = undefined;
  }

  /**
   * Trains for some epochs over rows of inputs and targets. The last batch of an epoch may be short; its loss is averaged over its own rows.
   * @throws LanewiseError `invalid-state`, `invalid-argument`, `invalid-shape`, `invalid-data`, `out-of-memory`, and `not-finite` before a loss
   * that is not finite reaches the weights.
   */
  async fit(x: TensorInput, y: TensorInput, options: FitOptions = {}): Promise<History> {
    const { epochs = 1, batchSize = 32, shuffle = true, validationData, callbacks = {} } = options;
    const { program } = this.requireCompiled();
    requirePositiveInteger(epochs, 'epochs', 'fit');
    requirePositiveInteger(batchSize, 'batchSize', 'fit');
    const data = checkDataset(x, y, this.inputShape, program.target, 'training');
    const validation = validationData && checkDataset(validationData[0], validationData[1], this.inputShape, program.target, 'validation');
    return this.exclusively('fit', async () => {
      const history = new History();
      for (let epoch = 0; epoch < epochs; epoch++) {
        await callbacks.onEpochBegin?.(epoch);
        const order = shuffle ? epochOrder(this.seed, epoch, data.rows) : undefined;
        const logs = await this.trainEpoch(data, order, batchSize, callbacks);
        if (validation) {
          const { loss, accuracy } = await this.measure(validation, 128);
          logs.valLoss = loss;
          if (accuracy !== undefined) logs.valAccuracy = accuracy;
        }
        history.push(epoch, logs);
        if ((await callbacks.onEpochEnd?.(epoch, logs)) === false) break;
      }
      return history;
    });
  }

  private async trainEpoch(data: Dataset, order: Uint32Array | undefined, batchSize: number, callbacks: Callbacks): Promise<EpochLogs> {
    const { accuracy } = this.requireCompiled();
    const times: number[] = [];
    let lossSum = 0;
    let correct = 0;
    for (let start = 0, batch = 0; start < data.rows; start += batchSize, batch++) {
      const count = Math.min(batchSize, data.rows - start);
      const begin = performance.now();
      const results = this.trainStep(data, order, start, count);
      const now = performance.now();
      times.push(now - begin);
      lossSum += results.loss * count;
      correct += results.correct;
      await callbacks.onBatchEnd?.(batch, { loss: results.loss, ...(accuracy && { accuracy: results.correct / count }) });
      await this.rest(now);
    }
    const seconds = times.reduce((sum, time) => sum + time, 0) / 1000;
    const stepMs = times.sort((a, b) => a - b)[times.length >> 1]!;
    return { loss: lossSum / data.rows, ...(accuracy && { accuracy: correct / data.rows }), seconds, stepMs };
  }

  /** One step on `count` rows. */
  private trainStep(data: Dataset, order: Uint32Array | undefined, start: number, count: number): { loss: number; correct: number } {
    this.requireCompiled().program.engine.run(this.prepareStep(data, order, start, count).address);
    const { loss, correct } = this.results();
    if (!Number.isFinite(loss)) {
      throw new LanewiseError('not-finite', 'the loss is not finite; the weights are as before this step', {
        where: `step ${this.steps}`, received: String(loss), remedy: 'Lower the learning rate, or clip gradients with globalClipnorm',
      });
    }
    this.steps++;
    return { loss, correct };
  }

  /** The plan of a training step, with its rows and this step's numbers in place. */
  private prepareStep(data: Dataset, order: Uint32Array | undefined, start: number, count: number): Plan {
    const { program, optimizer } = this.requireCompiled();
    const { engine, state } = program;
    const plan = program.plan('train', count);
    const integers = engine.integers(state, 1);
    const floats = engine.floats(state, 4);
    integers[State.step / 4] = this.steps;
    floats[State.learningRate / 4] = optimizer.rateAt(this.steps);
    floats[State.gradientScale / 4] = 1;
    this.load(plan, data, order, start, count);
    return plan;
  }

  private load(plan: Plan, data: Dataset, order: Uint32Array | undefined, start: number, count: number): void {
    const { engine, target } = this.requireCompiled().program;
    gatherRows(engine.floats(plan.input, count * sizeOf(this.inputShape)), data.inputs, order, start, count);
    const length = count * sizeOf(target.shape);
    gatherRows(target.classes === undefined ? engine.floats(plan.target, length) : engine.integers(plan.target, length), data.targets, order, start, count);
  }

  /** Loss and number of right rows of the batch just run. */
  private results(): { loss: number; correct: number } {
    const { engine, state } = this.requireCompiled().program;
    const doubles = engine.doubles(state, 8);
    return { loss: doubles[State.batchLoss / 8]!, correct: doubles[State.batchCorrect / 8]! };
  }

  /** One training step on the given rows. @throws as `fit` */
  async trainOnBatch(x: TensorInput, y: TensorInput): Promise<BatchLogs> {
    const { program, accuracy } = this.requireCompiled();
    const data = checkDataset(x, y, this.inputShape, program.target, 'training');
    return this.exclusively('trainOnBatch', () => {
      const { loss, correct } = this.trainStep(data, undefined, 0, data.rows);
      return Promise.resolve({ loss, ...(accuracy && { accuracy: correct / data.rows }) });
    });
  }

  /**
   * Where a training step on the given rows spends its time: every op by itself, on all threads, with the layer that asked for it. Trains
   * nothing: weights, the optimizer's moments and the count of steps stay as they are.
   * @throws as `fit`, but for `not-finite`
   */
  async profile(x: TensorInput, y: TensorInput, { rounds = 21 }: ProfileOptions = {}): Promise<OpTime[]> {
    const { program } = this.requireCompiled();
    requirePositiveInteger(rounds, 'rounds', 'profile');
    const data = checkDataset(x, y, this.inputShape, program.target, 'training');
    return this.exclusively('profile', () => Promise.resolve(program.profile(this.prepareStep(data, undefined, 0, data.rows), rounds)));
  }

  /** Mean loss (and accuracy) over rows, without dropout. @throws LanewiseError as `fit`, but for `not-finite` */
  async evaluate(x: TensorInput, y: TensorInput, { batchSize = 128 }: EvaluateOptions = {}): Promise<Evaluation> {
    const { program } = this.requireCompiled();
    requirePositiveInteger(batchSize, 'batchSize', 'evaluate');
    const data = checkDataset(x, y, this.inputShape, program.target, 'evaluation');
    return this.exclusively('evaluate', () => this.measure(data, batchSize));
  }

  private async measure(data: Dataset, batchSize: number): Promise<Evaluation> {
    const { program, accuracy } = this.requireCompiled();
    let lossSum = 0;
    let correctSum = 0;
    await this.eachBatch(data.rows, batchSize, (start, count) => {
      const plan = program.plan('evaluate', count);
      this.load(plan, data, undefined, start, count);
      program.engine.run(plan.address);
      const { loss, correct } = this.results();
      lossSum += loss * count;
      correctSum += correct;
    });
    return { loss: lossSum / data.rows, ...(accuracy && { accuracy: correctSum / data.rows }) };
  }

  /** Outputs for rows of inputs: [rows, …outputShape]. @throws LanewiseError `invalid-state`, `invalid-shape`, `invalid-data` */
  async predict(x: TensorInput, { batchSize = 128 }: EvaluateOptions = {}): Promise<Tensor<Float32Array>> {
    const { program } = this.requireCompiled();
    requirePositiveInteger(batchSize, 'batchSize', 'predict');
    const inputs = checkInputs(x, this.inputShape, 'predict');
    const rows = inputs.shape[0]!;
    const size = sizeOf(this.outputShape);
    return this.exclusively('predict', async () => {
      const data = new Float32Array(rows * size);
      await this.eachBatch(rows, batchSize, (start, count) => {
        const plan = program.plan('predict', count);
        gatherRows(program.engine.floats(plan.input, count * sizeOf(this.inputShape)), inputs, undefined, start, count);
        program.engine.run(plan.address);
        data.set(program.engine.floats(plan.output, count * size), start * size);
      });
      return { data, shape: [rows, ...this.outputShape] };
    });
  }

  private async eachBatch(rows: number, batchSize: number, run: (start: number, count: number) => void): Promise<void> {
    for (let start = 0; start < rows; start += batchSize) {
      run(start, Math.min(batchSize, rows - start));
      await this.rest(performance.now());
    }
  }

  /** Gives the event loop its turn, if that is due: measured across calls and epochs, which may each be shorter than our patience. */
  private async rest(now: number): Promise<void> {
    if (now - this.rested <= PATIENCE) return;
    await platform().yieldToEventLoop();
    this.rested = performance.now();
  }

  /** Copies of all weights, layer by layer. */
  getWeights(): Tensor<Float32Array>[] {
    return this.parameters.get();
  }

  /** All weights with their names, such as `conv2d_1/kernel`. */
  namedWeights(): { name: string; tensor: Tensor<Float32Array> }[] {
    return this.parameters.named();
  }

  /** Replaces all weights, in the order of `getWeights`. @throws LanewiseError `invalid-shape`; nothing is changed then. */
  setWeights(values: readonly WeightInput[]): void {
    this.requireIdle('setWeights');
    this.parameters.set(undefined, values);
  }

  /** Weights in all. */
  get parameterCount(): number {
    return this.parameters.count;
  }

  /** Layers, shapes, parameters and operation counts; `toString()` gives the table. */
  summary(): ModelSummary {
    return summarize(this.name, this.inputShape, this.layers);
  }

  private requireCompiled(): Compiled {
    if (this.compiled) return this.compiled;
    throw new LanewiseError('invalid-state', 'the model is not compiled', { where: this.name, remedy: 'Call compile first' });
  }

  private requireIdle(call: string): void {
    if (this.busy) throw new LanewiseError('invalid-state', `${call} while the model is at work`, { where: this.name, remedy: 'Await the call before' });
  }

  /** One call at a time: a second one is refused, not queued. */
  private async exclusively<Result>(call: string, work: () => Promise<Result>): Promise<Result> {
    this.requireIdle(call);
    this.busy = true;
    try {
      return await work();
    } finally {
      this.busy = false;
    }
  }
}

/** A model of layers in a row. @throws LanewiseError `invalid-argument`, `invalid-shape` */
export const sequential = (layers: readonly Layer[], options?: SequentialOptions): Sequential => new Sequential(layers, options);

export type { Flops, LayerSummary, ModelSummary, OpTime };
