import { factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { range } from '../layer-config.js';
import type { Factor } from './augmentation.js';
import { inPercent, requireRange } from './augmentation.js';
import type { FillOptions } from './random-affine.js';
import { FILL_OPTIONS, RandomAffine } from './random-affine.js';

export interface RandomRotationOptions extends FillOptions {
  /** How far images are turned about their middle, as a share of a full turn: counter-clockwise for positive numbers. 0.1 is [-0.1, 0.1], 36 degrees to either side. */
  factor: Factor;
}

export const RANDOM_ROTATION_OPTIONS: OptionTable<RandomRotationOptions> = { factor: range, ...FILL_OPTIONS };

/** In training turns each image about its middle, anew at every step; between pixels values are bilinear. */
class RandomRotation extends RandomAffine {
  readonly type = 'randomRotation';
  readonly optionTable = RANDOM_ROTATION_OPTIONS;
  protected readonly ranges;

  constructor(options: RandomRotationOptions) {
    super(options);
    this.ranges = { turns: requireRange(options.factor, 'factor', this.name), down: [0, 0], right: [0, 0] } as const;
  }

  override describe(): string {
    return `${inPercent(this.ranges.turns)} of a turn`;
  }
}

/**
 * In training turns each image at random, anew at every step; elsewhere does nothing. Input shape: [height, width, channels]. Output shape: the
 * input's. @throws LanewiseError `invalid-argument`
 */
export const randomRotation = factory<RandomRotationOptions>((options) => new RandomRotation(options));
