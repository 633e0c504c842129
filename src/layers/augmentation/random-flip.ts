import { LanewiseError } from '../../errors.js';
import { Kernel } from '../../plan/ops.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import { bareFactory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import type { ImageArguments } from './augmentation.js';
import { Augmentation } from './augmentation.js';

const MODES = ['horizontal', 'vertical', 'horizontalAndVertical'] as const;

export interface RandomFlipOptions extends LayerOptions {
  /** Which sides may change places. Default `horizontalAndVertical`, as Keras. */
  mode?: (typeof MODES)[number];
}

export const RANDOM_FLIP_OPTIONS: OptionTable<RandomFlipOptions> = { mode: orNot('text', 'horizontalAndVertical') };

class RandomFlip extends Augmentation {
  readonly type = 'randomFlip';
  readonly optionTable = RANDOM_FLIP_OPTIONS;
  private readonly mode: (typeof MODES)[number];

  constructor(options: RandomFlipOptions) {
    super(options);
    this.mode = options.mode ?? 'horizontalAndVertical';
    if (!MODES.includes(this.mode)) {
      throw new LanewiseError('invalid-argument', 'unknown mode', { where: this.name, expected: MODES.join(', '), received: String(this.mode) });
    }
  }

  override describe(): string {
    return this.mode === 'horizontalAndVertical' ? 'horizontal and vertical' : this.mode;
  }

  private flip(tape: Tape, to: PlanTensor, from: PlanTensor, args: ImageArguments): void {
    const sides = { horizontal: Number(this.mode !== 'vertical'), vertical: Number(this.mode !== 'horizontal') };
    tape.op('randomFlip', { y: to.ref, x: from.ref, ...args, ...sides }, tape.batch, Kernel.randomBytes);
  }

  protected forward(tape: Tape, y: PlanTensor, x: PlanTensor, args: ImageArguments): void {
    this.flip(tape, y, x, args);
  }

  /** It is its own adjoint. */
  protected backward(tape: Tape, dx: PlanTensor, dy: PlanTensor, args: ImageArguments): void {
    this.flip(tape, dx, dy, args);
  }
}

/**
 * In training mirrors each image with even chances, anew at every step; elsewhere does nothing. A function of (seed, layer, step, image).
 * Input shape: [height, width, channels]. Output shape: the input's.
 * @throws LanewiseError `invalid-argument`
 */
export const randomFlip = bareFactory<RandomFlipOptions>((options = {}) => new RandomFlip(options));
