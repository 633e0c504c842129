import type { Dataset } from '../dataset/dataset.js';
import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import type { Flops, Layer, SymbolicTensor, WeightInput } from '../layers/layer.js';
import type { Loss, LossName } from '../losses.js';
import { requireLoss } from '../losses.js';
import type { Metric, MetricName } from '../metrics.js';
import { requireMetric } from '../metrics.js';
import { requirePositiveInteger, requireSeed } from '../options.js';
import { BUILDS } from '../runtime/load.js';
import { resolveThreads } from '../runtime/threads.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { InputSpec, ModelInput, ModelTarget, Rows } from './batches.js';
import { checkInputs, checkTargets, splitRows } from './batches.js';
import type { Callbacks, TrainingRun } from './callbacks/callbacks.js';
import type { Checkpoint, NamedTensor } from './checkpoint.js';
import { Executor } from './executor.js';
import type { Batch, DatasetOptions, ReadOptions } from './feeds/dataset-feed.js';
import { datasetFeed, DatasetReader, isDataset, joined, limited, requireBatch, requireNoneOf } from './feeds/dataset-feed.js';
import type { Feed } from './feeds/feed.js';
import { arrayFeed, closing, stepsOf, wholeOf } from './feeds/feed.js';
import { fit, requireEpochs } from './fit.js';
import type { Graph } from './graph.js';
import { graphOf } from './graph.js';
import { Head, type Objective } from './head.js';
import type { BatchLogs, Evaluation, History } from './history.js';
import type { CompileOptions, DatasetFitOptions, EvaluateOptions, FitOptions, ModelOptions, PredictOptions, ProfileOptions } from './options.js';
import { Parameters } from './parameters.js';
import { Program } from './program.js';
import type { OpTime } from './program.js';
import { Run } from './run.js';
import { resolveWeights } from './sample-weights.js';
import type { WeightOptions } from './sample-weights.js';
import type { LayerSummary, ModelSummary } from './summary.js';
import { summarize } from './summary.js';

interface Compiled {
  executor: Executor;
  /** Of the loss, the metrics and the build: what a checkpoint must have in common with the run that goes on from it. */
  config: JsonRecord;
}

/** What `toJSON` calls its format: version 1 of layers in a row, version 2 of layers connected in any way. */
export const MODEL_FORMAT = 'lanewise-model';
export const SEQUENTIAL_VERSION = 1;
export const GRAPH_VERSION = 2;

/** Rows of validation that are run at a time. */
const VALIDATION_BATCH = 128;

/** What a model gives for rows of inputs: [rows, …outputShape], or of several outputs a list of such. */
export type Prediction = Tensor<Float32Array> | Tensor<Float32Array>[];

/** A network of layers that can be trained. By default one of one output; `Predicted` says what `predict` gives. */
export abstract class Model<Predicted extends Prediction = Tensor<Float32Array>> {
  readonly name: string;
  readonly seed: number;
  /** Layers and how they are connected. @internal */
  readonly graph: Graph;
  private readonly parameters = new Parameters();
  private compiled: Compiled | undefined;
  /** The last fit, or the one at work. */
  private run: Run | undefined;
  private busy = false;

  /** @throws LanewiseError `invalid-argument`, `invalid-state` */
  constructor(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[], { seed = 0, name = 'model' }: ModelOptions = {}) {
    this.name = name;
    this.seed = requireSeed(seed, name);
    this.graph = graphOf(inputs, outputs, name);
    for (const layer of this.layers) {
      layer.attach(this.parameters);
      this.parameters.add(layer);
    }
    this.parameters.initialize(seed);
  }

  /** All layers, each after those it reads. */
  get layers(): readonly Layer[] {
    return this.graph.nodes.map(({ layer }) => layer);
  }

  /** The layer of a name. @throws LanewiseError `invalid-argument` */
  getLayer(name: string): Layer {
    const found = this.layers.find((layer) => layer.name === name);
    if (found) return found;
    throw new LanewiseError('invalid-argument', 'no layer of this name', {
      where: this.name, expected: this.layers.map((layer) => layer.name).join(', '), received: String(name),
    });
  }

  /** Shape of one sample; of the first input, if there are several. */
  get inputShape(): Shape {
    return this.graph.inputs[0]!.shape;
  }

  /** Name and shape of one sample of each input. */
  get inputSpecs(): readonly InputSpec[] {
    const { inputs, inputNames, nodes } = this.graph;
    return inputs.map((input, index) => {
      const limits = nodes.filter((node) => node.inputs.includes(input)).flatMap(({ layer }) => layer.indices ?? []);
      return { name: inputNames[index]!, shape: input.shape, ...(limits.length > 0 && { indices: Math.min(...limits) }) };
    });
  }

  /** Shape of one output sample; of the first output, if there are several. */
  get outputShape(): Shape {
    return this.graph.outputs[0]!.shape;
  }

  /** Training steps done since `compile`. */
  get step(): number {
    return this.compiled?.executor.steps ?? 0;
  }

  /** Threads in use, once compiled. */
  get threads(): number {
    return this.requireCompiled().executor.program.engine.threads;
  }

  /**
   * Loads the kernels, starts the threads and makes the model ready to train. A second call keeps the weights and begins the optimizer anew.
   * @throws LanewiseError `invalid-argument`, `invalid-shape`, `unsupported`, `out-of-memory`, `worker-failed`
   */
  async compile(options: CompileOptions): Promise<void> {
    const { optimizer, threads = 'auto', build = 'strict' } = options;
    this.requireIdle('compile');
    if (!optimizer?.slots) {
      throw new LanewiseError('invalid-argument', 'no optimizer', { where: this.name, expected: 'one such as adam()', received: typeof optimizer });
    }
    const objective = this.objectiveOf(options);
    if (!BUILDS.includes(build)) throw new LanewiseError('invalid-argument', 'unknown build', { expected: BUILDS.join(', '), received: String(build) });
    const count = resolveThreads(threads);
    await this.exclusively('compile', async () => {
      const { graph, parameters, seed } = this;
      const program = await Program.create({ graph, parameters, objective, optimizer, seed, build, threads: count, oneWillDo: threads === 'auto' });
      this.close(); // not before: a compile that is refused leaves the model as it was
      program.attach();
      const executor = new Executor(program, optimizer, objective);
      this.compiled = { executor, config: { ...objective.config, build } };
    });
  }

  /** What the model is trained for. @throws LanewiseError `invalid-argument`, `invalid-shape` @internal */
  protected objectiveOf({ loss, lossWeights, metrics = [] }: CompileOptions): Objective {
    if (lossWeights) throw new LanewiseError('invalid-argument', 'lossWeights of one output', { where: this.name });
    return new Head([metrics].flat().map((metric) => requireMetric(metric as MetricName | Metric)), requireLoss(loss as LossName | Loss), this.outputShape);
  }

  /** Ends the threads. Weights stay readable; training goes on after another `compile`. Not needed for a process to end. */
  close(): void {
    this.compiled?.executor.program.close();
    this.compiled = undefined;
    this.run = undefined;
  }

  /**
   * Trains for some epochs over rows of inputs and targets; of a model of several outputs targets for each, in a list or by its name. The last batch of
   * an epoch may be short; its loss is averaged over its own rows.
   * @throws LanewiseError `invalid-state`, `invalid-argument`, `invalid-shape`, `invalid-data`, `out-of-memory`, `checkpoint-mismatch`, and
   * `not-finite` before a loss that is not finite reaches the weights.
   */
  fit(x: ModelInput, y: ModelTarget, options?: FitOptions): Promise<History>;
  /** The same over the batches of a dataset: `{ xs, ys }`, with `sampleWeight` if rows are to be weighed. Its errors pass through as they are. */
  fit(data: Dataset<Batch>, options?: DatasetFitOptions): Promise<History>;
  async fit(x: ModelInput | Dataset<Batch>, y?: ModelTarget | DatasetFitOptions, options?: FitOptions): Promise<History> {
    return isDataset(x) ? this.fitDataset(x, y as DatasetFitOptions | undefined) : this.fitArrays(x, y as ModelTarget, options);
  }

  private async fitArrays(x: ModelInput, y: ModelTarget, options: FitOptions = {}): Promise<History> {
    const { batchSize = 32, shuffle = true, sampler, validationData, validationSplit } = options;
    const { objective: { heads }, program: { states } } = this.requireCompiled().executor;
    requireEpochs(options);
    requirePositiveInteger(batchSize, 'batchSize', 'fit');
    if (validationData && validationSplit !== undefined) {
      throw new LanewiseError('invalid-argument', 'validationData and validationSplit at once', { where: 'fit' });
    }
    if (sampler) states.requireNone('all rows, in their order', 'Train without a sampler');
    const all = this.rows(x, y, 'training', options);
    const [data, rest] = validationSplit === undefined ? [all, undefined] : splitRows(all, validationSplit);
    const validation = rest ?? (validationData && this.validationRows(validationData));
    return this.exclusively('fit', () => {
      states.requireWholeBatches(data.rows, batchSize, 'training');
      const feed = sampler
        ? sampler.feed(data, { batchSize, shuffle, seed: this.seed, outputs: heads }) : arrayFeed(data, batchSize, shuffle ? this.seed : undefined);
      return this.train(feed, validation && this.validationFeed(validation), { batchSize, shuffle, ...(sampler && { sampler: sampler.config }) }, options);
    });
  }

  private async fitDataset(dataset: Dataset<Batch>, options: DatasetFitOptions = {}): Promise<History> {
    const { stepsPerEpoch, validationData, validationSteps, classWeight, signal } = options;
    const { states } = this.requireCompiled().executor.program;
    requireEpochs(options);
    requireNoneOf({ ...options }, ['batchSize', 'shuffle', 'sampler', 'validationSplit', 'sampleWeight'], 'fit');
    states.requireNone('batches of a known size', 'Train on arrays, or with trainOnBatch');
    limited(dataset, stepsPerEpoch, 'stepsPerEpoch', 'fit'); // for its errors: the dataset itself goes on from epoch to epoch
    const feed = this.feedOf(dataset, { where: 'training', stepsPerEpoch, signal }, { ...(classWeight && { classWeight }) });
    const held = isDataset(validationData)
      ? this.feedOf(limited(validationData, validationSteps, 'validationSteps', 'fit'), { where: 'validation', signal }) : validationData && this.validationRows(validationData);
    return this.exclusively('fit', () => this.train(feed, held && ('steps' in held ? held : this.validationFeed(held)), {}, options));
  }

  private train(feed: Feed, validation: Feed | undefined, rest: JsonRecord, options: FitOptions | DatasetFitOptions): Promise<History> {
    const { epochs = 1, initialEpoch = 0, callbacks = [], signal, resume } = options;
    const { executor } = this.requireCompiled();
    const setup = { ...this.setup(), ...rest, data: feed.config, validation: validation?.config ?? null };
    const run = new Run(initialEpoch, executor, this.parameters, setup, feed, epochs);
    return closing([feed, validation], async () => {
      executor.program.engine.requireOpen(); // the last run is kept for a checkpoint
      if (resume) {
        run.requireSame(resume);
        const { epoch, batch, stopped } = resume.progress;
        if (epoch < epochs && !stopped) await feed.seek?.(epoch, batch);
        run.resume(resume);
      }
      run.scaleLearningRate(1);
      this.run = run;
      return fit({ executor, run, feed, validation, epochs, callbacks: [callbacks].flat(), signal });
    });
  }

  private validationRows([x, y, sampleWeight]: NonNullable<FitOptions['validationData']>): Rows {
    return this.rows(x, y, 'validation', { ...(sampleWeight && { sampleWeight }) });
  }

  private validationFeed(data: Rows): Feed {
    this.requireCompiled().executor.program.states.requireWholeBatches(data.rows, VALIDATION_BATCH, 'validation');
    return arrayFeed(data, VALIDATION_BATCH, undefined);
  }

  private feedOf(dataset: Dataset<Batch>, options: Omit<ReadOptions, 'rest'>, weights: WeightOptions = {}): Feed {
    return datasetFeed(dataset, { ...options, rest: () => this.requireCompiled().executor.rest() }, (batch, place) => {
      const { xs, ys, sampleWeight } = requireBatch(batch, ['xs', 'ys'], place);
      return this.rows(xs, ys, place, { ...weights, ...(sampleWeight !== undefined && { sampleWeight }) });
    });
  }

  /**
   * A snapshot of the training at work, or that was last at work: at the end, after an error or an abort, or in a callback. To go on from it,
   * compile the same model anew and give it to `fit` as `resume`.
   * @throws LanewiseError `invalid-state`
   */
  checkpoint(): Checkpoint {
    this.requireCompiled();
    if (!this.run) throw new LanewiseError('invalid-state', 'nothing was trained', { where: this.name, remedy: 'Call fit first' });
    return this.run.checkpoint();
  }

  /** What must be the same wherever a training goes on. */
  private setup(): { [key: string]: Json } {
    return { ...this.topology(), seed: this.seed, ...this.requireCompiled().config };
  }

  /** One training step on the given rows. @throws as `fit` */
  async trainOnBatch(x: ModelInput, y: ModelTarget, weights: WeightOptions = {}): Promise<BatchLogs> {
    const { executor } = this.requireCompiled();
    const data = this.rows(x, y, 'training', weights);
    return this.exclusively('trainOnBatch', () => Promise.resolve(executor.objective.batchFigures(executor.trainStep(wholeOf(data)))));
  }

  /**
   * Where a training step on the given rows spends its time: every op by itself, on all threads, with the layer that asked for it. Trains
   * nothing: weights, the optimizer's moments and the count of steps stay as they are.
   * @throws as `fit`, but for `not-finite`
   */
  async profile(x: ModelInput, y: ModelTarget, { rounds = 21 }: ProfileOptions = {}): Promise<OpTime[]> {
    const { executor } = this.requireCompiled();
    const { program } = executor;
    requirePositiveInteger(rounds, 'rounds', 'profile');
    const data = this.rows(x, y, 'training', {});
    return this.exclusively('profile', () => Promise.resolve(program.profile(executor.prepareStep(wholeOf(data)), rounds)));
  }

  /** Mean loss and metrics over rows, without dropout. @throws LanewiseError as `fit`, but for `not-finite` */
  evaluate(x: ModelInput, y: ModelTarget, options?: EvaluateOptions): Promise<Evaluation>;
  /** The same over the batches of a dataset, in its first pass. */
  evaluate(data: Dataset<Batch>, options?: DatasetOptions): Promise<Evaluation>;
  async evaluate(x: ModelInput | Dataset<Batch>, y?: ModelTarget | DatasetOptions, options: EvaluateOptions = {}): Promise<Evaluation> {
    const { executor } = this.requireCompiled();
    if (isDataset(x)) {
      const { steps, signal } = (y ?? {}) as DatasetOptions;
      const feed = this.feedOf(limited(x, steps, 'steps', 'evaluate'), { where: 'evaluation', signal });
      return this.exclusively('evaluate', () => closing([feed], () => executor.measure(feed.steps(0, 0), signal)));
    }
    const { batchSize = 128, signal, ...weights } = options;
    requirePositiveInteger(batchSize, 'batchSize', 'evaluate');
    const data = this.rows(x, y as ModelTarget, 'evaluation', weights);
    return this.exclusively('evaluate', () => {
      executor.program.states.requireWholeBatches(data.rows, batchSize, 'evaluation');
      return executor.measure(stepsOf(data, batchSize), signal);
    });
  }

  /**
   * Outputs for rows of inputs: [rows, …outputShape], of a model of several outputs a list of such.
   * @throws LanewiseError `invalid-state`, `invalid-shape`, `invalid-data`
   */
  predict(x: ModelInput, options?: PredictOptions): Promise<Predicted>;
  /** The same for the `xs` of the batches of a dataset, in its first pass: the outputs of all rows. */
  predict(data: Dataset<Pick<Batch, 'xs'>>, options?: DatasetOptions): Promise<Predicted>;
  async predict(x: ModelInput | Dataset<Pick<Batch, 'xs'>>, options: PredictOptions & DatasetOptions = {}): Promise<Predicted> {
    const { executor } = this.requireCompiled();
    const predicted = (outputs: readonly Tensor<Float32Array>[]): Predicted => (outputs.length > 1 ? outputs : outputs[0]) as Predicted;
    const { batchSize = 128, steps, signal } = options;
    if (isDataset(x)) {
      const reader = new DatasetReader(limited(x, steps, 'steps', 'predict'), { where: 'predict', signal, rest: () => executor.rest() });
      return this.exclusively('predict', () => closing([reader], async () => {
        const outputs: Tensor<Float32Array>[][] = [];
        for await (const [batch, number] of reader.batches(0, 0)) {
          const inputs = checkInputs(requireBatch(batch, ['xs'], `predict, batch ${number}`).xs, this.inputSpecs, `predict, batch ${number}`);
          outputs.push(await executor.predict(inputs, inputs[0]!.shape[0]!, signal));
        }
        return predicted(executor.objective.heads.map((_, index) => joined(outputs.map((each) => each[index]!), 'predict')));
      }));
    }
    requirePositiveInteger(batchSize, 'batchSize', 'predict');
    const inputs = checkInputs(x, this.inputSpecs, 'predict');
    return this.exclusively('predict', async () => {
      executor.program.states.requireWholeBatches(inputs[0]!.shape[0]!, batchSize, 'predict');
      return predicted(await executor.predict(inputs, batchSize, signal));
    });
  }

  /** Checked rows, and what they count. */
  private rows(x: ModelInput, y: ModelTarget, where: string, weights: WeightOptions): Rows {
    const { objective } = this.requireCompiled().executor;
    const inputs = checkInputs(x, this.inputSpecs, `${where} inputs`);
    const rows = inputs[0]!.shape[0]!;
    const { heads } = objective;
    const targets = objective.targets(y, where).map((each, index) => checkTargets(each, rows, heads[index]!, where));
    const counts = objective.weights(weights, where).map((each, index) => resolveWeights(each, targets[index]!, heads[index]!, where));
    return { rows, inputs, targets, weights: counts.some(Boolean) ? counts : undefined };
  }

  /** The states of all stateful layers are zeros again, and batches may have another size. @throws LanewiseError `invalid-state` */
  resetStates(): void {
    this.requireIdle('resetStates');
    this.requireCompiled().executor.program.states.resetAll();
  }

  /** Copies of all weights, layer by layer. */
  getWeights(): Tensor<Float32Array>[] {
    return this.parameters.get();
  }

  /** All weights with their names, such as `conv2d_1/kernel`. */
  namedWeights(): NamedTensor<Tensor<Float32Array>>[] {
    return this.parameters.named();
  }

  /** Names and shapes of all weights, in the order of `getWeights`. */
  get weightSpecs(): readonly { name: string; shape: Shape }[] {
    return this.parameters.specs;
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
    return summarize(this.name, this.graph);
  }

  /** Layers, options and connections as JSON, without the weights; `modelFromJSON` makes a model of it. @throws LanewiseError `unsupported` */
  abstract toJSON(): JsonRecord;

  /** Of layers and how they are connected. */
  protected abstract topology(): JsonRecord;

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

export type { Batch, Callbacks, Checkpoint, DatasetOptions, Evaluation, Flops, LayerSummary, ModelSummary, OpTime, TrainingRun };
