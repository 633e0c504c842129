import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import type { PlanTensor, Tape } from '../plan/tape.js';
import { Purpose, streamKey } from '../random.js';
import type { Shape } from '../tensor/shape.js';
import type { EmitContext, LayerOptions } from './layer.js';
import { Layer, requireRate } from './layer.js';

export interface DropoutOptions extends LayerOptions {
  /** Share of values set to zero, from 0 to below 1. */
  rate: number;
}

/** The mask's arguments for a kernel: it is a function of (seed, layer, step, element). */
export function maskArguments(tape: Tape, stream: number, rate: number): { key0: number; key1: number; threshold: number; scale: number } {
  const [key0, key1] = streamKey(tape.seed, Purpose.dropout, stream);
  return { key0, key1, threshold: Math.round(rate * 2 ** 24), scale: 1 / (1 - rate) };
}

/**
 * In training sets a share of values to zero and scales the others by 1 / (1 - rate); elsewhere does nothing (Srivastava et al., 2014).
 * Output shape: the input's.
 */
class Dropout extends Layer {
  readonly type = 'dropout';
  private readonly rate: number;

  constructor(options: DropoutOptions) {
    super(options);
    this.rate = requireRate(options.rate, 'rate', this.name);
  }

  protected outputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  override describe(): string {
    return `rate ${this.rate}`;
  }

  emit(x: PlanTensor, { tape, stream }: EmitContext): PlanTensor {
    if (!tape.training || this.rate === 0) return x;
    const size = tape.length(x.shape, x.layout);
    const mask = maskArguments(tape, stream, this.rate);
    const drop = (to: PlanTensor, from: PlanTensor): void =>
      tape.op(
        'dropout', { y: to.ref, x: from.ref, state: tape.state, size, blockSize: ELEMENT_BLOCK, ...mask }, blocksOf(size, ELEMENT_BLOCK), 32,
      );
    const y = tape.like(x);
    drop(y, x);
    tape.record(y, [x], (dy) => {
      drop(dy, dy);
      return [dy];
    });
    return y;
  }
}

/** Dropout. @throws LanewiseError `invalid-argument` */
export const dropout = (options: DropoutOptions): Layer => new Dropout(options);
