import { LanewiseError } from '../../errors.js';
import { stepsOf as rowsOf } from '../../losses.js';
import { requireOption, requireRate } from '../../options.js';
import { Purpose, RandomStream, epochOrder } from '../../random.js';
import type { Tensor } from '../../tensor/tensor.js';
import { newFloats } from '../../tensor/tensor.js';
import type { Rows } from '../batches.js';
import type { NamedState } from '../checkpoint.js';
import { OF_ROWS } from '../checkpoint.js';
import type { Feed, Step } from './feed.js';
import { arrayFeed, stepsOf } from './feed.js';
import type { Batching, Sampler } from './sampler.js';

export interface InfoBatchOptions {
  /** Share of the rows that counts as easy: those of the least loss. From 0 to below 1; default 0.75. */
  easyShare?: number;
  /** Share of the easy rows that an epoch leaves out, drawn anew each time. From 0 to below 1; default 0.6. */
  dropShare?: number;
  /** The epoch, counted from 0, from which on all rows are trained on again: the last eighth of a run, say. Default: none. */
  until?: number;
}

/**
 * Leaves out rows that are learned already, for `fit`: after its first epoch each epoch trains on all hard rows and on some of the easy ones, drawn
 * anew. These count 1 / (1 - dropShare) times as much as hard ones in exchange, so that loss and gradient are those of all rows in the mean. Easy are
 * the rows of the least loss when they were last trained on. With the defaults an epoch has 55 % of the rows. As InfoBatch (Qin et al., 2024), but
 * with a fixed share of easy rows in the place of those below the mean, so that the length of a run is known beforehand.
 *
 * For a model of one output; the loss of a sequence is the sum over its steps, those that a mask leaves out too. Metrics do not look at weights:
 * accuracies of training are those of the rows trained on, harder ones than most.
 * @throws LanewiseError `invalid-argument`
 */
export function infoBatch({ easyShare = 0.75, dropShare = 0.6, until }: InfoBatchOptions = {}): Sampler {
  requireRate(easyShare, 'easyShare', 'infoBatch');
  requireRate(dropShare, 'dropShare', 'infoBatch');
  if (until !== undefined) requireOption(until, 'until', 'infoBatch', Number.isInteger(until) && until >= 0, 'a whole number of at least 0');
  const prunes = (epoch: number): boolean => epoch < (until ?? Infinity);
  const easyOf = (rows: number): number => Math.floor(easyShare * rows);
  const droppedOf = (rows: number): number => Math.floor(dropShare * easyOf(rows));
  return {
    config: { name: 'infoBatch', easyShare, dropShare, ...(until !== undefined && { until }) },
    rowsIn: (epoch, rows) => rows - (epoch > 0 && prunes(epoch) ? droppedOf(rows) : 0),
    feed(data, batching) {
      if (batching.outputs.length > 1) throw new LanewiseError('invalid-argument', 'infoBatch is for models of one output', { received: `${batching.outputs.length} outputs` });
      return new InfoBatchFeed(data, batching, prunes, easyOf(data.rows), droppedOf(data.rows));
    },
  };
}

class InfoBatchFeed implements Feed {
  readonly rowsIn: Feed['rowsIn'];
  readonly config: Feed['config'];
  /** In the epoch at work. */
  batches: number | undefined;
  /** What each row lost when it was last trained on; infinite before: [rows]. */
  private readonly losses: Float32Array;
  /** The same when the epoch at work began, which says what rows it has: [rows]. */
  private readonly lossesBefore: Float32Array;
  readonly states: readonly NamedState[];

  constructor(
    private readonly data: Rows,
    private readonly batching: Batching,
    private readonly prunes: (epoch: number) => boolean,
    private readonly easyRows: number,
    private readonly droppedRows: number,
  ) {
    const { rows } = data;
    ({ batches: this.batches, rowsIn: this.rowsIn, config: this.config } = arrayFeed(data, batching.batchSize, undefined));
    const unknown = (): Float32Array => newFloats(rows, 'infoBatch').fill(Infinity);
    [this.losses, this.lossesBefore] = [unknown(), unknown()];
    this.states = Object.entries({ loss: this.losses, lossBefore: this.lossesBefore }).map(([name, values]) => ({
      name: OF_ROWS + name, shape: [rows], read: () => ({ data: values.slice(), shape: [rows] }), write: ({ data: given }) => values.set(given),
    }));
  }

  *steps(epoch: number, first: number): Generator<Step> {
    if (first === 0) this.lossesBefore.set(this.losses);
    const { batchSize, outputs: [output] } = this.batching;
    const all = this.order(epoch);
    const weights = this.draw(epoch, all);
    const order = all.filter((row) => weights[row]! > 0);
    this.batches = Math.ceil(order.length / batchSize);
    const data = { ...this.data, weights: [this.weighed(weights, rowsOf(output!.shape))] };
    for (const step of stepsOf(data, batchSize, order, first)) yield { ...step, note: (rowLosses) => this.note(step, rowLosses) };
  }

  private order(epoch: number): Uint32Array {
    const { shuffle, seed } = this.batching;
    return shuffle ? epochOrder(seed, epoch, this.data.rows) : Uint32Array.from({ length: this.data.rows }, (_, row) => row);
  }

  /** What each row counts in an epoch: 0 if it is left out. */
  private draw(epoch: number, order: Uint32Array): Float32Array {
    const { data: { rows }, lossesBefore, easyRows, droppedRows } = this;
    const weights = newFloats(rows, 'infoBatch').fill(1);
    if (!this.prunes(epoch) || lossesBefore.includes(Infinity)) return weights;
    weights.fill((rows - droppedRows) / rows); // 1 in the mean of the rows that stay
    const ranked = order.slice().sort((a, b) => lossesBefore[a]! - lossesBefore[b]! || a - b);
    const easy = new RandomStream(this.batching.seed, Purpose.infoBatch, epoch).shuffle(ranked.subarray(0, easyRows));
    easy.forEach((row, place) => {
      weights[row]! *= place < droppedRows ? 0 : easyRows / (easyRows - droppedRows);
    });
    return weights;
  }

  /** On top of what the rows of the output count anyway: [rows, rows of the output for a sample]. */
  private weighed(weights: Float32Array, each: number): Tensor {
    const own = this.data.weights?.[0]?.data;
    const data = newFloats(weights.length * each, 'infoBatch').map((_, index) => weights[Math.floor(index / each)]! * (own?.[index] ?? 1));
    return { data, shape: [weights.length, each] };
  }

  /** @param rowLosses for each row of the output */
  private note({ order, start, count }: Step, rowLosses: Float32Array): void {
    const each = rowLosses.length / count;
    for (let i = 0; i < count; i++) this.losses[order![start + i]!] = rowLosses.subarray(i * each, (i + 1) * each).reduce((sum, loss) => sum + loss);
  }
}
