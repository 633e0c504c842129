import { ROW_BLOCK, blocksOf } from '../../plan/blocking.js';
import type { Ref } from '../../plan/buffer.js';
import { floatsOn } from '../../plan/buffer.js';
import type { PlanParameter, PlanTensor, Tape } from '../../plan/tape.js';
import { emitLanesGradients, emitTransposed } from '../lanes.js';
import type { EmitContext, Flops, WeightSpec } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { GatedOptions } from './gated-layer.js';
import { GATED_OPTIONS, GatedLayer } from './gated-layer.js';
import type { Sequence, StateSequences, Weights } from './recurrent-layer.js';
import { kindsOf, recurrentFactory } from './recurrent-layer.js';

export interface GruOptions extends GatedOptions {
  /** Whether the reset gate comes after the product with the recurrent kernel, as in cuDNN (default), or before it, as in the paper. */
  resetAfter?: boolean;
}

export const GRU_OPTIONS: OptionTable<GruOptions> = { ...GATED_OPTIONS, resetAfter: orNot('boolean', true) };

class Gru extends GatedLayer {
  readonly type = 'gru';
  readonly optionTable = GRU_OPTIONS;
  private readonly resetAfter: boolean;

  constructor(options: GruOptions) {
    super(options, 3, ['h']);
    this.resetAfter = options.resetAfter ?? true;
  }

  protected override biasSpec(): WeightSpec {
    const columns = 3 * this.units;
    return { name: 'bias', shape: this.resetAfter ? [2, columns] : [columns], initializer: 'zeros' };
  }

  override flops(): Flops {
    const { multiplications, additions } = super.flops();
    const recurrentBias = this.useBias && this.resetAfter ? this.sizes.time * 3 * this.units : 0;
    return { multiplications, additions: additions + recurrentBias };
  }

  protected override describeMore(): string[] {
    return [...super.describeMore(), ...(this.resetAfter ? [] : ['reset before'])];
  }

  protected emitRecurrence(sequence: Sequence, [kernel, recurrentKernel, biases]: Weights, { tape }: EmitContext): StateSequences {
    const { x, mask, drop, initial: [h0] } = sequence;
    const { time, units } = this.sizes;
    const sizes = {
      batch: tape.batch, time, units, ...kindsOf(this.activation, this.recurrentActivation), resetAfter: Number(this.resetAfter),
    };
    const recurrentBias = this.resetAfter && biases ? partOf(biases, 3 * units) : undefined;
    const gates = this.emitProjection(tape, x, kernel, biases);
    const h = tape.tensor([time, units], 'lanes');
    const inner = tape.like(h);
    tape.pairwise(
      'gruForward',
      { h: h.ref, gates: gates.ref, inner: inner.ref, w: recurrentKernel.value, bias: recurrentBias?.value, h0, mask, drop, ...sizes },
      192 * units,
    );
    tape.record(h, [x], (dh) => {
      const wTransposed = emitTransposed(tape, recurrentKernel.value, units, 3 * units);
      const d = gates; // in place: from the gates to the gradient at their sums
      const dInner = this.resetAfter ? tape.like(gates) : undefined;
      tape.pairwise(
        'gruBackward',
        {
          d: d.ref, dInner: dInner?.ref, dy: dh.ref, h: h.ref, gates: gates.ref, inner: inner.ref, wTransposed, h0, mask, drop, ...sizes,
        },
        80 * units,
      );
      if (dInner) this.emitRecurrentGradients(tape, h, sequence, dInner, recurrentKernel, recurrentBias);
      else this.emitResetBeforeGradients(tape, h, sequence, inner, d, recurrentKernel);
      return this.emitProjectionBackward(tape, x, d, kernel, biases);
    });
    return [h];
  }

  /** Without resetAfter the columns of g are multiplied with r · h[t-1], those of z and r with h[t-1]: each gets its gradient from a product of its own. */
  private emitResetBeforeGradients(
    tape: Tape, h: PlanTensor, sequence: Sequence, inner: PlanTensor, d: PlanTensor, { value, gradient }: PlanParameter,
  ): void {
    if (!gradient) return;
    const { time, units } = this.sizes;
    const columns = 3 * units;
    const ofGates = tape.buffer(units * columns);
    const ofCandidate = tape.buffer(units * columns);
    this.emitRecurrentGradients(tape, h, sequence, d, { value, gradient: ofGates });
    emitLanesGradients(tape, { x: inner, dy: d, kernel: { value, gradient: ofCandidate }, time, features: units, units: columns });
    const copyColumns = (from: Ref, first: number, count: number): void =>
      tape.op(
        'copyRows',
        { to: floatsOn(gradient, first), from: floatsOn(from, first), rows: units, columns: count, toStride: columns, fromStride: columns, blockRows: ROW_BLOCK },
        blocksOf(units, ROW_BLOCK),
      );
    copyColumns(ofGates, 0, 2 * units);
    copyColumns(ofCandidate, 2 * units, units);
  }
}

const partOf = ({ value, gradient }: PlanParameter, floats: number): PlanParameter => ({
  value: floatsOn(value, floats), gradient: gradient && floatsOn(gradient, floats),
});

/**
 * Gated recurrent units (Cho et al., 2014). With σ the recurrent activation and φ the activation, from h[-1] = 0:
 *
 * ```text
 * z, r = σ(x[t] · kernel + h[t-1] · recurrentKernel + bias), each by columns of its own
 * g = φ(x[t] · kernel + bias + r · (h[t-1] · recurrentKernel + recurrent bias)) with resetAfter
 * g = φ(x[t] · kernel + bias + (r · h[t-1]) · recurrentKernel) without
 * h[t] = z · h[t-1] + (1 - z) · g
 * ```
 *
 * Input shape: [time, features]. Output shape: [time, units] with returnSequences, else [units]. A step that a mask leaves out carries the state over.
 * Weights: kernel [features, 3 · units], Glorot uniform; recurrentKernel [units, 3 · units], orthogonal; bias, zeros: [2, 3 · units] with resetAfter, that
 * of the inputs and that of the state, else [3 · units]. The order of the gates is z r g, Keras's.
 * @throws LanewiseError `invalid-argument`
 */
export const gru = recurrentFactory<GruOptions>((options) => new Gru(options));
