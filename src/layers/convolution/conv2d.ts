import { factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { later, orNot, pair } from '../layer-config.js';
import type { KernelOptions } from '../window.js';
import { kernelWindow } from '../window.js';
import type { ConvolutionOptions } from './convolution-layer.js';
import { CONVOLUTION_OPTIONS, Convolution } from './convolution-layer.js';

export interface Conv2dOptions extends ConvolutionOptions, KernelOptions {}

export const CONV2D_OPTIONS: OptionTable<Conv2dOptions> = {
  ...CONVOLUTION_OPTIONS, kernelSize: pair, strides: orNot('size2d', 1), padding: orNot('text', 'valid'), dilationRate: later('size2d', 1),
};

/**
 * 2-D convolution (cross-correlation, as everywhere in deep learning).
 *
 * Input shape: [height, width, channels]. Output shape: [outHeight, outWidth, filters].
 * Weights: kernel [kernelHeight, kernelWidth, channels / groups, filters], Glorot uniform; bias [filters], zeros.
 * @throws LanewiseError `invalid-argument`
 */
export const conv2d = factory<Conv2dOptions>((options) => new Convolution('conv2d', CONV2D_OPTIONS, options, kernelWindow(options, options.name ?? 'conv2d')));
