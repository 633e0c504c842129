import { bareFactory } from '../layer.js';
import { MAX_POOLING } from './pooling.js';
import type { Pooling2dOptions } from './pooling2d.js';
import { Pooling2d } from './pooling2d.js';

export type MaxPooling2dOptions = Pooling2dOptions;

/** Largest value of each window. A class of its own: a convolution before it looks for it. */
export class MaxPooling2d extends Pooling2d {
  constructor(options: MaxPooling2dOptions) {
    super('maxPooling2d', MAX_POOLING, options);
  }
}

/**
 * The largest value of each window, for each channel; padding does not count.
 *
 * Input shape: [height, width, channels]. Output shape: [outHeight, outWidth, channels]. No weights.
 * @throws LanewiseError `invalid-argument`
 */
export const maxPooling2d = bareFactory<MaxPooling2dOptions>((options = {}) => new MaxPooling2d(options));
