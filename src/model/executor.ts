import { LanewiseError } from '../errors.js';
import { stepsOf } from '../losses.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { AVERAGE_SLOT } from '../optimizers/optimizer.js';
import { State } from '../plan/ops.js';
import { platform } from '../runtime/platform/platform.js';
import { sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { newFloats } from '../tensor/tensor.js';
import type { BatchResult } from './batch-result.js';
import { gatherRows } from './batches.js';
import type { Step, Steps } from './feeds/feed.js';
import type { Head, Objective } from './head.js';
import type { Evaluation } from './history.js';
import type { Plan, PlanHead, Program } from './program.js';

/** The event loop gets its turn at least this often, in milliseconds. */
const PATIENCE = 25;

/** A compiled model at work: runs batches, and counts the steps of training. */
export class Executor {
  /** Training steps done. */
  steps = 0;
  /** What a callback makes of the learning rate. */
  adjustRate = (rate: number): number => rate;
  /** When the event loop last had its turn. */
  private rested = 0;

  constructor(
    readonly program: Program,
    readonly optimizer: Optimizer,
    readonly objective: Objective,
  ) {}

  /** One step of training. @throws LanewiseError `not-finite`, `worker-failed`, `out-of-memory` */
  trainStep(step: Step): BatchResult {
    const plan = this.prepareStep(step);
    this.program.run(plan);
    this.requireFinite(plan);
    this.steps++;
    step.note?.(this.program.engine.floats(plan.heads[0]!.rowLoss, step.count * stepsOf(this.objective.heads[0]!.shape)));
    return this.results(plan);
  }

  /** In a step with a loss or gradient that is not finite the kernels leave weights and slots alone; here it is said. */
  private requireFinite(plan: Plan): void {
    const { engine, state } = this.program;
    const doubles = engine.doubles(state, 8);
    const loss = doubles[State.batchLoss / 8]!;
    const losses = plan.heads.map((head) => engine.doubles(head.state, 8)[State.batchLoss / 8]!); // before a trace writes there
    const norm = doubles[State.gradientNorm / 8]!;
    const finiteLoss = Number.isFinite(loss);
    if (finiteLoss && engine.integers(state, 4)[State.overflow / 4] === 0) return;
    const place = finiteLoss ? this.program.worstGradient() : (this.program.firstNotFiniteLayer(plan) ?? 'loss');
    const summary = finiteLoss ? 'the gradient is not finite, or too large' : `${this.objective.lossName(losses)} is not finite`;
    throw new LanewiseError('not-finite', `${summary}; the weights are as before this step`, {
      where: `step ${this.steps}, ${place}`, received: finiteLoss ? `a gradient of norm ${norm}` : String(loss),
      remedy: 'Lower the learning rate, or clip gradients with globalClipnorm',
    });
  }

  /** The plan of a training step, with its rows and this step's numbers in place. */
  prepareStep(step: Step): Plan {
    const { engine, state } = this.program;
    const plan = this.program.plan('train', step.count, { weighted: step.data.weights });
    this.program.beginTraining();
    const integers = engine.integers(state, 8);
    const floats = engine.floats(state, 8);
    const { learningRate, plainRate, weightDecay, averageGain, held } = this.optimizer.numbersAt(this.steps, this.adjustRate);
    integers[State.step / 4] = this.steps;
    integers[State.held / 4] = Number(held);
    floats[State.learningRate / 4] = learningRate;
    floats[State.plainRate / 4] = plainRate;
    floats[State.weightDecay / 4] = weightDecay;
    floats[State.averageGain / 4] = averageGain;
    floats[State.gradientScale / 4] = 1;
    this.load(plan, step);
    return plan;
  }

  /** Copies the rows of a step into the plan. */
  private load({ inputs, heads }: Plan, { data, order, start, count }: Step): void {
    const { engine } = this.program;
    const put = (tensor: Tensor | undefined, address: number, whole = false): void => {
      if (!tensor) return;
      const length = count * sizeOf(tensor.shape.slice(1));
      gatherRows(whole ? engine.integers(address, length) : engine.floats(address, length), tensor, order, start, count);
    };
    data.inputs.forEach((input, index) => put(input, inputs[index]!));
    this.objective.heads.forEach(({ target: { classes } }, index) => {
      const { target, weights } = heads[index]!;
      put(data.targets[index], target, classes !== undefined);
      put(data.weights?.[index], weights);
    });
  }

  private results(plan: Plan): BatchResult {
    const { engine, state } = this.program;
    const results = this.objective.heads.map((head, index) => {
      const at = plan.heads[index]!;
      const doubles = engine.doubles(at.state, 8);
      return {
        loss: doubles[State.batchLoss / 8]!, correct: doubles[State.batchCorrect / 8]!, weight: doubles[State.batchWeight / 8]!,
        sums: head.counted.length > 0 ? head.count(this.outputsOf(head, at, plan.batch)) : [],
      };
    });
    return this.objective.join(results, engine.doubles(state, 8)[State.batchLoss / 8]!, plan.batch);
  }

  /** What metrics look at: views of what a step has left. */
  private outputsOf({ shape, target }: Head, { output, target: targets, mask, logits }: PlanHead, batch: number): Parameters<Head['count']>[0] {
    const { engine } = this.program;
    const rows = batch * stepsOf(shape);
    const length = batch * sizeOf(target.shape);
    return {
      rows, logits, outputs: engine.floats(output, batch * sizeOf(shape)), mask: mask === 0 ? undefined : engine.floats(mask, rows),
      targets: target.classes === undefined ? engine.floats(targets, length) : engine.integers(targets, length),
    };
  }

  /** `measure`, with the moving average of the weights if one is kept. */
  async measureAverage(steps: Steps, signal?: AbortSignal): Promise<Evaluation> {
    const kept = this.keepsAverage && !this.program.averaged;
    if (kept) this.program.exchangeAverage();
    try {
      return await this.measure(steps, signal);
    } finally {
      if (kept) this.program.exchangeAverage();
    }
  }

  /** Whether there is a moving average of the weights: with the first move the optimizer begins one, if it was asked to. */
  get keepsAverage(): boolean {
    return this.optimizer.slots.includes(AVERAGE_SLOT) && this.optimizer.moves(this.steps) > 0;
  }

  /** Mean loss and metrics over rows, without dropout. */
  async measure(steps: Steps, signal?: AbortSignal): Promise<Evaluation> {
    const tally = this.objective.begin();
    for await (const step of steps) {
      signal?.throwIfAborted();
      const plan = this.program.plan('evaluate', step.count, { weighted: step.data.weights });
      this.load(plan, step);
      this.program.run(plan);
      this.objective.add(tally, this.results(plan));
      await this.rest();
    }
    return this.objective.figures(tally);
  }

  /** Outputs for rows of inputs, each [rows, …shape]. */
  async predict(inputs: readonly Tensor[], batchSize: number, signal?: AbortSignal): Promise<Tensor<Float32Array>[]> {
    const rows = inputs[0]!.shape[0]!;
    this.program.plan('predict', Math.min(rows, batchSize)); // the larger need is refused first
    const outputs = this.objective.heads.map(({ shape }) => ({ data: newFloats(rows * sizeOf(shape), 'predict'), shape: [rows, ...shape] }));
    await this.eachBatch(rows, batchSize, signal, (start, count) => {
      const { engine } = this.program;
      const plan = this.program.plan('predict', count);
      this.load(plan, { data: { rows, inputs, targets: [] }, start, count });
      this.program.run(plan);
      outputs.forEach(({ data }, index) => {
        const size = data.length / rows;
        data.set(engine.floats(plan.heads[index]!.output, count * size), start * size);
      });
    });
    return outputs;
  }

  private async eachBatch(rows: number, batchSize: number, signal: AbortSignal | undefined, run: (start: number, count: number) => void): Promise<void> {
    for (let start = 0; start < rows; start += batchSize) {
      signal?.throwIfAborted();
      run(start, Math.min(batchSize, rows - start));
      await this.rest();
    }
  }

  /** Gives the event loop its turn, if that is due: measured across calls and epochs, which may each be shorter than our patience. */
  async rest(): Promise<void> {
    if (performance.now() - this.rested <= PATIENCE) return;
    await platform().yieldToEventLoop();
    this.rested = performance.now();
  }
}
