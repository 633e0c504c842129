import { bareFactory } from './layer.js';
import { emitAveragePooling } from './pooling.js';
import type { Pooling2dOptions } from './pooling2d.js';
import { Pooling2d } from './pooling2d.js';

export type AveragePooling2dOptions = Pooling2dOptions;

/** Average pooling: the mean of each window, in which padding does not count. @throws LanewiseError `invalid-argument` */
export const averagePooling2d = bareFactory<AveragePooling2dOptions>((options = {}) => new Pooling2d('averagePooling2d', emitAveragePooling, options));
