import { bareFactory } from '../layer.js';
import { AVERAGE_POOLING } from './pooling.js';
import type { Pooling2dOptions } from './pooling2d.js';
import { Pooling2d } from './pooling2d.js';

export type AveragePooling2dOptions = Pooling2dOptions;

/**
 * The mean of each window, for each channel; padding does not count.
 *
 * Input shape: [height, width, channels]. Output shape: [outHeight, outWidth, channels]. No weights.
 * @throws LanewiseError `invalid-argument`
 */
export const averagePooling2d = bareFactory<AveragePooling2dOptions>((options = {}) => new Pooling2d('averagePooling2d', AVERAGE_POOLING, options));
