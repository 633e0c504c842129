import { requireRate } from '../../options.js';
import { ELEMENT_BLOCK, blocksOf } from '../../plan/blocking.js';
import { Kernel } from '../../plan/ops.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import { Purpose, streamKey } from '../../random.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer, factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { number } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';

export interface DropoutOptions extends LayerOptions {
  /** Share of values set to zero, from 0 to below 1. */
  rate: number;
}

/** The mask's arguments for a kernel that draws so many bits a value: it is a function of (seed, layer, step, element). */
export function maskArguments(
  tape: Tape, stream: number, rate: number, bits: 16 | 24, purpose: Purpose = Purpose.dropout,
): { key0: number; key1: number; threshold: number; scale: number } {
  const [key0, key1] = streamKey(tape.seed, purpose, stream);
  return { key0, key1, threshold: Math.min(Math.round(rate * 2 ** bits), 2 ** bits - 1), scale: 1 / (1 - rate) };
}

export const DROPOUT_OPTIONS: OptionTable<DropoutOptions> = { rate: number };

class Dropout extends Layer {
  readonly type = 'dropout';
  readonly optionTable = DROPOUT_OPTIONS;
  override readonly supportsMasking = true;
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
    const blocks = blocksOf(size, ELEMENT_BLOCK);
    const elements = { size, blockSize: ELEMENT_BLOCK };
    const mask = maskArguments(tape, stream, this.rate, 16);
    const kept = x.needsGradient ? tape.buffer(Math.ceil(size / 32)) : undefined; // a bit a value
    const y: PlanTensor = { ...tape.like(x), ...(x.density && { density: x.density * (1 - this.rate) }) };
    tape.op('dropout', { y: y.ref, kept, x: x.ref, state: tape.state, ...elements, ...mask }, blocks, Kernel.randomBytes);
    tape.record(y, [x], (dy) => {
      if (kept) tape.op('dropoutBackward', { dx: dy.ref, dy: dy.ref, kept, ...elements, scale: mask.scale }, blocks);
      return [dy];
    });
    return y;
  }
}

/**
 * In training sets a share of values to zero and scales the others by 1 / (1 - rate); elsewhere does nothing (Srivastava et al., 2014).
 * Output shape: the input's.
 * @throws LanewiseError `invalid-argument`
 */
export const dropout = factory<DropoutOptions>((options) => new Dropout(options));
