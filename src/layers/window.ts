import { LanewiseError } from '../errors.js';
import { requirePositiveInteger } from '../options.js';
import type { Shape } from '../tensor/shape.js';
import type { Size2d } from './layer.js';
import { size2d } from './layer.js';

export type Padding = 'valid' | 'same';
/** `causal`, of sequences: no output sees a later step. */
export type SequencePadding = Padding | 'causal';
type Pair = readonly [number, number];

/** @throws LanewiseError `invalid-argument` */
export function requirePadding<Allowed extends SequencePadding = Padding>(padding: Allowed, where: string, allowed: readonly SequencePadding[] = ['valid', 'same']): Allowed {
  if (allowed.includes(padding)) return padding;
  throw new LanewiseError('invalid-argument', 'unknown padding', { where, expected: allowed.join(', '), received: String(padding) });
}

/** Where a convolution reads, and how far apart its taps are. */
export interface KernelOptions {
  kernelSize: Size2d;
  /** Default 1. */
  strides?: Size2d;
  /** `valid` (default): windows inside the image only; `same`: output size is input size over stride, zeros around the image. */
  padding?: Padding;
  /** Pixels from one tap of the kernel to the next; not with strides over 1. Default 1. */
  dilationRate?: Size2d;
}

/** The same, checked: each size as [rows, columns]. */
export interface KernelWindow {
  readonly kernelSize: Pair;
  readonly strides: Pair;
  readonly padding: SequencePadding;
  readonly dilationRate: Pair;
}

/** @throws LanewiseError `invalid-argument` */
export function kernelWindow({ kernelSize, strides = 1, padding = 'valid', dilationRate = 1 }: KernelOptions, where: string): KernelWindow {
  return requireOneStep({
    kernelSize: size2d(kernelSize, 'kernelSize', where), strides: size2d(strides, 'strides', where), padding: requirePadding(padding, where),
    dilationRate: size2d(dilationRate, 'dilationRate', where),
  }, where);
}

/** The same over a sequence, which is an image of one row. */
export interface SequenceKernelOptions {
  kernelSize: number;
  /** Default 1. */
  strides?: number;
  /** `valid` (default): windows inside the sequence only; `same` and `causal`: zeros around it or before it, output size is input size over stride. */
  padding?: SequencePadding;
  /** Steps from one tap of the kernel to the next; not with strides over 1. Default 1. */
  dilationRate?: number;
}

/** @throws LanewiseError `invalid-argument` */
export function sequenceKernelWindow({ kernelSize, strides = 1, padding = 'valid', dilationRate = 1 }: SequenceKernelOptions, where: string): KernelWindow {
  const row = (size: number, option: string): Pair => [1, requirePositiveInteger(size, option, where)];
  return requireOneStep({
    kernelSize: row(kernelSize, 'kernelSize'), strides: row(strides, 'strides'), padding: requirePadding(padding, where, ['valid', 'same', 'causal']),
    dilationRate: row(dilationRate, 'dilationRate'),
  }, where);
}

/** As in Keras. */
function requireOneStep(window: KernelWindow, where: string): KernelWindow {
  const { strides, dilationRate } = window;
  if (Math.max(...strides) === 1 || Math.max(...dilationRate) === 1) return window;
  throw new LanewiseError('invalid-argument', 'strides and dilationRate are both over 1', {
    where, expected: 'one of them 1', received: `strides ${strides.join('×')}, dilationRate ${dilationRate.join('×')}`,
  });
}

/** The shape of a sample as that of an image [height, width, channels]: a sequence is one of one row. */
export function imageShape(shape: Shape): readonly [number, number, number] {
  const [height, width, channels] = shape.length === 2 ? [1, ...shape] : shape;
  return [height!, width!, channels!];
}

/** How windows lie over an image: made once, used by forward and backward. */
export interface Window2d {
  outH: number;
  outW: number;
  kernelH: number;
  kernelW: number;
  strideH: number;
  strideW: number;
  dilationH: number;
  dilationW: number;
  padTop: number;
  padLeft: number;
  /** Rows and columns the windows reach over, padding included. */
  paddedH: number;
  paddedW: number;
}

/** Pixels from the first tap of a kernel to the last, both included. */
export const reachOf = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/**
 * One axis, as TensorFlow and Keras: `same` pads total = max((out - 1)·stride + reach - in, 0), the smaller half before; `causal` reach - 1 before,
 * so that an output sees its own step and those before it.
 */
function axis(size: number, reach: number, stride: number, padding: SequencePadding): { out: number; before: number; extent: number } {
  const out = padding === 'valid' ? Math.floor((size - reach) / stride) + 1 : Math.ceil(size / stride);
  const extent = (out - 1) * stride + reach;
  const before = padding === 'causal' ? reach - 1 : padding === 'same' ? Math.floor(Math.max(extent - size, 0) / 2) : 0;
  return { out, before, extent };
}

export function window2d(
  inputShape: Shape, [kernelH, kernelW]: Pair, [strideH, strideW]: Pair, padding: SequencePadding, [dilationH, dilationW]: Pair = [1, 1],
): Window2d {
  const rows = axis(inputShape[0]!, reachOf(kernelH, dilationH), strideH, padding);
  const columns = axis(inputShape[1]!, reachOf(kernelW, dilationW), strideW, padding);
  return {
    outH: rows.out, outW: columns.out, kernelH, kernelW, strideH, strideW, dilationH, dilationW,
    padTop: rows.before, padLeft: columns.before, paddedH: rows.extent, paddedW: columns.extent,
  };
}
