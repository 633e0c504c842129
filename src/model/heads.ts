import { LanewiseError } from '../errors.js';
import type { JsonRecord } from '../json.js';
import type { Loss } from '../losses.js';
import { rowSizes, stepsOf } from '../losses/loss.js';
import { addSums } from '../metrics/metric.js';
import type { Ref } from '../plan/buffer.js';
import { State, STATE_BYTES } from '../plan/ops.js';
import type { PlanTensor, Tape } from '../plan/tape.js';
import type { TensorInput } from '../tensor/convert.js';
import type { BatchResult, Tally } from './batch-result.js';
import type { ModelTarget } from './batches.js';
import type { EmittedHead, Head, HeadData, Objective } from './head.js';
import type { BatchLogs } from './history.js';
import { isTensor, perOutput } from './per-output.js';
import type { RowWeights, SampleWeight, SampleWeights, WeightOptions } from './sample-weights.js';

/** The heads of a model of several outputs. Its loss is the sum of theirs, each times its weight, in the order of outputs; then come the penalties. */
export class Heads implements Objective {
  readonly kept: readonly string[];
  /** How each of a tally's sums is joined with that of a later batch. */
  private readonly merges: readonly ((sums: Float64Array, later: Float64Array) => void)[];

  /** @throws LanewiseError `invalid-argument` where two figures have one name */
  constructor(
    readonly heads: readonly Head[],
    private readonly names: readonly string[],
    private readonly lossWeights: readonly number[],
  ) {
    this.kept = heads.flatMap((head, index) => ['loss', ...head.kept].map((name) => `${names[index]!}_${name}`));
    this.merges = heads.flatMap(({ counted }) => [addSums, ...counted.map((metric) => (sums: Float64Array, later: Float64Array) => metric.merge(sums, later))]);
    const figures = heads.flatMap((head, index) => Object.keys(head.figures(head.begin())).map((name) => `${names[index]!}_${name}`));
    const twice = figures.find((name, index) => figures.indexOf(name) !== index);
    if (twice !== undefined) throw new LanewiseError('invalid-argument', 'two figures have one name', { received: twice, remedy: 'Name an output or a metric otherwise' });
  }

  get config(): JsonRecord {
    const configs = this.heads.map(({ config }) => config);
    return { loss: configs.map(({ loss }) => loss), metrics: configs.map(({ metrics }) => metrics), lossWeights: this.lossWeights };
  }

  targets(given: ModelTarget, where: string): readonly TensorInput[] {
    return perOutput<TensorInput>(given, this.names, `${where} targets`);
  }

  weights({ sampleWeight, classWeight }: WeightOptions, where: string): readonly RowWeights[] {
    if (classWeight) throw new LanewiseError('invalid-argument', 'classWeight of several outputs', { where, remedy: 'Use sampleWeight, which each of them may have' });
    return perOutput<SampleWeight | undefined>(sampleWeight, this.names, `${where} sampleWeight`, { isOne: isWeights, missing: undefined })
      .map((each) => ({ sampleWeight: each }));
  }

  emit(tape: Tape, outputs: readonly PlanTensor[], data: readonly HeadData[]): EmittedHead[] {
    const emitted = this.heads.map(({ loss }, index) => emitHead(tape, loss, this.lossWeights[index]!, outputs[index]!, data[index]!, index === 0));
    tape.backward(...emitted.flatMap(({ source, gradient }) => (gradient ? [[source, gradient] as const] : [])));
    return emitted;
  }

  lossName(losses: readonly number[]): string {
    const names = this.names.filter((_, index) => !Number.isFinite(losses[index]));
    return names.length === 0 ? 'the loss' : `the loss of ${names.join(', ')}`;
  }

  join(results: readonly BatchResult[], loss: number, rows: number): BatchResult {
    const sums = results.flatMap((each) => [Float64Array.of(each.weight > 0 ? each.loss * each.weight : 0, each.correct, each.weight), ...each.sums]);
    return { loss, correct: 0, weight: rows, sums };
  }

  begin(): Tally {
    return { lossSum: 0, correct: 0, weight: 0, sums: this.heads.flatMap((head) => [new Float64Array(3), ...head.begin().sums]) };
  }

  add(tally: Tally, { loss, weight, sums }: BatchResult): void {
    tally.lossSum += loss * weight;
    tally.weight += weight;
    this.merges.forEach((merge, index) => merge(tally.sums[index]!, sums[index]!));
  }

  /** The loss, the losses of all outputs, their metrics. */
  figures({ lossSum, weight, sums }: Tally): BatchLogs {
    const rest = [...sums];
    const figures = this.heads.flatMap((head, index) => {
      const [own, ...counted] = rest.splice(0, 1 + head.counted.length);
      const [ownLoss, correct, ownWeight] = own as unknown as [number, number, number];
      const logs = Object.entries(head.figures({ lossSum: ownLoss, correct, weight: ownWeight, sums: counted })) as [string, number][];
      return logs.map(([name, value]) => [name, `${this.names[index]!}_${name}`, value] as const);
    });
    const named = (ofLoss: boolean): [string, number][] => figures.filter(([name]) => (name === 'loss') === ofLoss).map(([, name, value]) => [name, value]);
    return { loss: lossSum / weight, ...Object.fromEntries([...named(true), ...named(false)]) };
  }

  batchFigures(batch: BatchResult): BatchLogs {
    return { ...this.figures({ ...batch, lossSum: 0 }), loss: batch.loss };
  }
}

/** Whether this is what rows count, and not a list or a record of such. */
const isWeights = (given: SampleWeights | undefined): boolean =>
  given === undefined || given instanceof Float32Array || (Array.isArray(given) ? typeof given[0] === 'number' : isTensor(given));

/**
 * Lays out the loss of an output: plain into a state of its own, and times its weight into that of the batch, which the first output begins. The factors
 * of its rows carry the weight into the gradient.
 */
function emitHead(
  tape: Tape, loss: Loss, lossWeight: number, output: PlanTensor, { target, weights }: HeadData, first: boolean,
): EmittedHead {
  const { rows } = rowSizes(tape, output.shape);
  const steps = stepsOf(output.shape);
  const { mask } = output;
  const newState = (): Ref => tape.buffer(STATE_BYTES / 4, true);
  const state = newState();
  const scaled = lossWeight !== 1;
  let own: Ref | undefined;
  if (weights || mask || scaled) {
    own = tape.buffer(rows);
    tape.op('lossWeights', { rowScale: own, state, weights, mask, rows, steps }, 1);
  }
  let rowScale = own;
  if (scaled) {
    rowScale = tape.buffer(rows);
    tape.affine(rowScale, own!, rows, lossWeight);
  }
  const emitted = loss.emit(tape, output, target, rowScale);
  const { rowLoss, rowCorrect } = emitted;
  tape.op('accumulateMetrics', { state, rowLoss, rowCorrect, rowScale: weights || mask ? own : undefined, mask, rows, steps }, 1);
  const share = first ? tape.state : scaled ? newState() : state;
  if (share !== state) tape.op('accumulateMetrics', { state: share, rowLoss, rowCorrect: undefined, rowScale, mask, rows, steps }, 1);
  if (!first) tape.op('addPenalty', { state: tape.state, partials: { ...share, offset: State.batchLoss }, count: 1 }, 1);
  return { ...emitted, state };
}
