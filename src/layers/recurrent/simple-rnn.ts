import { Activation } from '../../plan/ops.js';
import { emitTransposed } from '../lanes.js';
import type { EmitContext } from '../layer.js';
import type { RecurrentOptions, Sequence, StateSequences, Weights } from './recurrent-layer.js';
import { RECURRENT_OPTIONS, RecurrentLayer, recurrentFactory } from './recurrent-layer.js';

export type SimpleRnnOptions = RecurrentOptions;

class SimpleRnn extends RecurrentLayer {
  readonly type = 'simpleRNN';
  readonly optionTable = RECURRENT_OPTIONS;

  constructor(options: SimpleRnnOptions) {
    super(options, 1, ['h']);
  }

  protected emitRecurrence(sequence: Sequence, [kernel, recurrentKernel, bias]: Weights, { tape }: EmitContext): StateSequences {
    const { x, mask, drop, initial: [h0] } = sequence;
    const { time, units } = this.sizes;
    const sizes = { time, units, kind: Activation[this.activation] };
    const h = this.emitProjection(tape, x, kernel, bias);
    tape.pairwise('simpleRnnForward', { h: h.ref, w: recurrentKernel.value, h0, mask, drop, batch: tape.batch, ...sizes }, drop ? 32 * units : 0);
    tape.record(h, [x], (dh) => {
      const wTransposed = emitTransposed(tape, recurrentKernel.value, units, units);
      const d = dh; // in place: from the gradient of the output to that at the input of the activation
      tape.pairwise(
        'simpleRnnBackward', { d: d.ref, dy: dh.ref, h: h.ref, wTransposed, mask, drop, groups: tape.groups, ...sizes }, mask || drop ? 80 * units : 0,
      );
      const dx = this.emitProjectionBackward(tape, x, d, kernel, bias);
      this.emitRecurrentGradients(tape, h, sequence, d, recurrentKernel);
      return dx;
    });
    return [h];
  }
}

/**
 * Fully connected recurrent layer: h[t] = f(x[t] · kernel + h[t-1] · recurrentKernel + bias), h[-1] = 0 (Elman, 1990).
 *
 * Input shape: [time, features]. Output shape: [time, units] with returnSequences, else [units]. A step that a mask leaves out gives the output of the
 * step before it, or zeros. Weights: kernel [features, units], Glorot uniform; recurrentKernel [units, units], orthogonal; bias [units], zeros.
 * @throws LanewiseError `invalid-argument`
 */
export const simpleRNN = recurrentFactory<SimpleRnnOptions>((options) => new SimpleRnn(options));
