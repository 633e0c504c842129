import { factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { number, orNot } from '../layer-config.js';
import type { SequenceKernelOptions } from '../window.js';
import { sequenceKernelWindow } from '../window.js';
import type { ConvolutionOptions } from './convolution-layer.js';
import { CONVOLUTION_OPTIONS, Convolution } from './convolution-layer.js';

export interface Conv1dOptions extends ConvolutionOptions, SequenceKernelOptions {}

export const CONV1D_OPTIONS: OptionTable<Conv1dOptions> = {
  ...CONVOLUTION_OPTIONS, kernelSize: number, strides: orNot('number', 1), padding: orNot('text', 'valid'), dilationRate: orNot('number', 1),
};

/**
 * 1-D convolution over the steps of a sequence.
 *
 * Input shape: [time, features]. Output shape: [outTime, filters].
 * Weights: kernel [kernelSize, features / groups, filters], Glorot uniform; bias [filters], zeros.
 * @throws LanewiseError `invalid-argument`
 */
export const conv1d = factory<Conv1dOptions>((options) => new Convolution('conv1d', CONV1D_OPTIONS, options, sequenceKernelWindow(options, options.name ?? 'conv1d')));
