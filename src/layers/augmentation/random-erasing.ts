import { LanewiseError } from '../../errors.js';
import { requireFinite, requireOption } from '../../options.js';
import { Kernel } from '../../plan/ops.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import { bareFactory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import type { ImageArguments } from './augmentation.js';
import { Augmentation, inPercent, requireRange } from './augmentation.js';

export interface RandomErasingOptions extends LayerOptions {
  /** The chance of an image to be erased in part, from 0 to 1. Default 1. */
  factor?: number;
  /** The least and the largest share of an image's area that is erased. Default [0.02, 0.33]. */
  scale?: readonly [number, number];
  /** What stands there instead. Default 0. */
  fillValue?: number;
}

export const RANDOM_ERASING_OPTIONS: OptionTable<RandomErasingOptions> = {
  factor: orNot('number', 1), scale: orNot('range', [0.02, 0.33]), fillValue: orNot('number', 0),
};

/** In training fills a rectangle of each image, anew at every step. */
class RandomErasing extends Augmentation {
  readonly type = 'randomErasing';
  readonly optionTable = RANDOM_ERASING_OPTIONS;
  private readonly factor: number;
  private readonly scale: readonly [number, number];
  private readonly fillValue: number;

  constructor(options: RandomErasingOptions) {
    super(options);
    const { factor = 1, scale = [0.02, 0.33], fillValue = 0 } = options;
    this.factor = requireOption(factor, 'factor', this.name, factor >= 0 && factor <= 1, 'a number from 0 to 1');
    if (typeof scale === 'number') throw new LanewiseError('invalid-argument', 'scale is no range', { where: this.name, expected: '[low, high]', received: String(scale) });
    this.scale = requireRange(scale, 'scale', this.name, [0, 1]);
    this.fillValue = requireFinite(fillValue, 'fillValue', this.name);
  }

  override describe(): string {
    return `${inPercent(this.scale)} of the area`;
  }

  private erase(tape: Tape, to: PlanTensor, from: PlanTensor, args: ImageArguments, fillValue: number): void {
    const [scaleLow, scaleHigh] = this.scale;
    tape.op('randomErasing', { y: to.ref, x: from.ref, ...args, chance: this.factor, scaleLow, scaleHigh, fillValue }, tape.batch, Kernel.randomBytes);
  }

  protected forward(tape: Tape, y: PlanTensor, x: PlanTensor, args: ImageArguments): void {
    this.erase(tape, y, x, args, this.fillValue);
  }

  protected backward(tape: Tape, dx: PlanTensor, dy: PlanTensor, args: ImageArguments): void {
    this.erase(tape, dx, dy, args, 0);
  }
}

/**
 * In training fills a rectangle of each image, at random and anew at every step; elsewhere does nothing (Zhong et al., "Random erasing data
 * augmentation", 2020; sides of ratio 0.3 to 1 / 0.3). Input shape: [height, width, channels]. Output shape: the input's.
 * @throws LanewiseError `invalid-argument`
 */
export const randomErasing = bareFactory<RandomErasingOptions>((options = {}) => new RandomErasing(options));
