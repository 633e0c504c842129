import { LanewiseError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';

export type Padding = 'valid' | 'same';

/** @throws LanewiseError `invalid-argument` */
export function requirePadding(padding: Padding, where: string): Padding {
  if (padding === 'valid' || padding === 'same') return padding;
  throw new LanewiseError('invalid-argument', 'unknown padding', { where, expected: 'valid, same', received: String(padding) });
}

/** How windows lie over an image: made once, used by forward and backward. */
export interface Window2d {
  outH: number;
  outW: number;
  kernelH: number;
  kernelW: number;
  strideH: number;
  strideW: number;
  padTop: number;
  padLeft: number;
  /** Rows and columns the windows reach over, padding included. */
  paddedH: number;
  paddedW: number;
}

/** One axis, as TensorFlow and Keras: `same` pads total = max((out - 1)·stride + kernel - in, 0), the smaller half before. */
function axis(size: number, kernel: number, stride: number, padding: Padding): { out: number; before: number; extent: number } {
  const out = padding === 'same' ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1;
  const extent = (out - 1) * stride + kernel;
  const before = padding === 'same' ? Math.floor(Math.max(extent - size, 0) / 2) : 0;
  return { out, before, extent };
}

export function window2d(
  inputShape: Shape, [kernelH, kernelW]: readonly [number, number], [strideH, strideW]: readonly [number, number], padding: Padding,
): Window2d {
  const rows = axis(inputShape[0]!, kernelH, strideH, padding);
  const columns = axis(inputShape[1]!, kernelW, strideW, padding);
  return {
    outH: rows.out, outW: columns.out, kernelH, kernelW, strideH, strideW,
    padTop: rows.before, padLeft: columns.before, paddedH: rows.extent, paddedW: columns.extent,
  };
}
