import { factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { range } from '../layer-config.js';
import type { Factor } from './augmentation.js';
import { inPercent, requireRange } from './augmentation.js';
import type { FillOptions } from './random-affine.js';
import { FILL_OPTIONS, RandomAffine } from './random-affine.js';

export interface RandomTranslationOptions extends FillOptions {
  /** How far images move, as a share of their height: down for positive numbers. 0.2 is [-0.2, 0.2]. */
  heightFactor: Factor;
  /** As a share of their width: to the right for positive numbers. */
  widthFactor: Factor;
}

export const RANDOM_TRANSLATION_OPTIONS: OptionTable<RandomTranslationOptions> = { heightFactor: range, widthFactor: range, ...FILL_OPTIONS };

/** In training moves each image, anew at every step, by parts of pixels too: between pixels values are bilinear. */
class RandomTranslation extends RandomAffine {
  readonly type = 'randomTranslation';
  readonly optionTable = RANDOM_TRANSLATION_OPTIONS;
  protected readonly ranges;

  constructor(options: RandomTranslationOptions) {
    super(options);
    const { heightFactor, widthFactor } = options;
    this.ranges = { turns: [0, 0], down: requireRange(heightFactor, 'heightFactor', this.name), right: requireRange(widthFactor, 'widthFactor', this.name) } as const;
  }

  override describe(): string {
    const { down, right } = this.ranges;
    return `${inPercent(down)} of the height, ${inPercent(right)} of the width`;
  }
}

/**
 * In training moves each image at random, anew at every step; elsewhere does nothing. Input shape: [height, width, channels]. Output shape: the
 * input's. @throws LanewiseError `invalid-argument`
 */
export const randomTranslation = factory<RandomTranslationOptions>((options) => new RandomTranslation(options));
