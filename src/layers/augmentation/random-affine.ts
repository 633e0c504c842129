import { LanewiseError } from '../../errors.js';
import { requireFinite } from '../../options.js';
import { Fill, Kernel } from '../../plan/ops.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import { orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import type { ImageArguments } from './augmentation.js';
import { Augmentation } from './augmentation.js';

export type FillMode = keyof typeof Fill;

export interface FillOptions extends LayerOptions {
  /**
   * What an image has outside of itself, along each axis: `reflect` d c b a | a b c d | d c b a, `nearest` a a | a b c d | d d, `wrap`
   * c d | a b c d | a b, `constant` the fillValue. Default `reflect`.
   */
  fillMode?: FillMode;
  /** Default 0. */
  fillValue?: number;
}
export const FILL_OPTIONS = { fillMode: orNot('text', 'reflect'), fillValue: orNot('number', 0) } as const;

type Range = readonly [low: number, high: number];

/** Images turned and moved; between pixels values are bilinear. */
export abstract class RandomAffine extends Augmentation {
  private readonly fill: { fill: number; fillValue: number };

  constructor(options: FillOptions) {
    super(options);
    const { fillMode = 'reflect', fillValue = 0 } = options;
    if (!Object.hasOwn(Fill, fillMode)) {
      throw new LanewiseError('invalid-argument', 'unknown fillMode', { where: this.name, expected: Object.keys(Fill).join(', '), received: String(fillMode) });
    }
    this.fill = { fill: Fill[fillMode], fillValue: requireFinite(fillValue, 'fillValue', this.name) };
  }

  /** In full turns, and in shares of the image's height and width. */
  protected abstract get ranges(): { turns: Range; down: Range; right: Range };

  private get motion(): Record<'turnsLow' | 'turnsHigh' | 'downLow' | 'downHigh' | 'rightLow' | 'rightHigh', number> {
    const { turns, down, right } = this.ranges;
    return { turnsLow: turns[0], turnsHigh: turns[1], downLow: down[0], downHigh: down[1], rightLow: right[0], rightHigh: right[1] };
  }

  protected forward(tape: Tape, y: PlanTensor, x: PlanTensor, args: ImageArguments): void {
    tape.op('randomAffine', { y: y.ref, x: x.ref, ...args, ...this.fill, ...this.motion }, tape.batch, Kernel.randomBytes);
  }

  protected backward(tape: Tape, dx: PlanTensor, dy: PlanTensor, args: ImageArguments): void {
    tape.op('randomAffineBackward', { dx: dx.ref, dy: dy.ref, ...args, fill: this.fill.fill, ...this.motion }, tape.batch, Kernel.randomBytes);
  }
}
