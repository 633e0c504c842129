import { emitTransposed } from '../lanes.js';
import type { EmitContext, WeightSpec } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { GatedOptions } from './gated-layer.js';
import { GATED_OPTIONS, GatedLayer } from './gated-layer.js';
import type { Sequence, StateSequences, Weights } from './recurrent-layer.js';
import { kindsOf, recurrentFactory } from './recurrent-layer.js';

export interface LstmOptions extends GatedOptions {
  /** Whether the bias of the forget gate starts with ones, so that memory lasts from the start. Default true. */
  unitForgetBias?: boolean;
}

export const LSTM_OPTIONS: OptionTable<LstmOptions> = { ...GATED_OPTIONS, unitForgetBias: orNot('boolean', true) };

class Lstm extends GatedLayer {
  readonly type = 'lstm';
  readonly optionTable = LSTM_OPTIONS;
  private readonly unitForgetBias: boolean;

  constructor(options: LstmOptions) {
    super(options, 4, ['h', 'c']);
    this.unitForgetBias = options.unitForgetBias ?? true;
  }

  protected override biasSpec(): WeightSpec {
    return { name: 'bias', shape: [4 * this.units], initializer: this.unitForgetBias ? { name: 'unitForgetBias', rest: 'zeros' } : 'zeros' };
  }

  protected emitRecurrence(sequence: Sequence, [kernel, recurrentKernel, bias]: Weights, { tape }: EmitContext): StateSequences {
    const { x, mask, drop, initial: [h0, c0] } = sequence;
    const { time, units } = this.sizes;
    const sizes = { batch: tape.batch, time, units, ...kindsOf(this.activation, this.recurrentActivation) };
    const gates = this.emitProjection(tape, x, kernel, bias);
    const h = tape.tensor([time, units], 'lanes');
    const c = tape.like(h);
    tape.pairwise('lstmForward', { h: h.ref, c: c.ref, gates: gates.ref, w: recurrentKernel.value, h0, c0, mask, drop, ...sizes }, 48 * units);
    tape.record(h, [x], (dh) => {
      const wTransposed = emitTransposed(tape, recurrentKernel.value, units, 4 * units);
      const dz = gates; // in place: from the gates to the gradient at their sums
      tape.pairwise('lstmBackward', { dz: dz.ref, dy: dh.ref, gates: gates.ref, c: c.ref, wTransposed, c0, mask, drop, ...sizes }, 128 * units);
      this.emitRecurrentGradients(tape, h, sequence, dz, recurrentKernel);
      return this.emitProjectionBackward(tape, x, dz, kernel, bias);
    });
    return [h, c];
  }
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber, 1997; with forget gates, Gers, Schmidhuber and Cummins, 2000). With σ the recurrent
 * activation and φ the activation, from h[-1] = c[-1] = 0:
 *
 * ```text
 * i, f, o = σ(x[t] · kernel + h[t-1] · recurrentKernel + bias) and g = φ(the same), each by columns of its own
 * c[t] = f · c[t-1] + i · g
 * h[t] = o · φ(c[t])
 * ```
 *
 * Input shape: [time, features]. Output shape: [time, units] with returnSequences, else [units]. A step that a mask leaves out carries both states over.
 * Weights: kernel [features, 4 · units], Glorot uniform; recurrentKernel [units, 4 · units], orthogonal; bias [4 · units], zeros, and ones for f with
 * unitForgetBias. The order of the gates is i f g o, Keras's.
 * @throws LanewiseError `invalid-argument`
 */
export const lstm = recurrentFactory<LstmOptions>((options) => new Lstm(options));
