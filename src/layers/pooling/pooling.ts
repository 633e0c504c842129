/** The ops of all poolings, of images and of sequences. A sequence is an image of one row. */
import type { Ref } from '../../plan/buffer.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import { allKernels, type Embedding } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { Window2d } from '../window.js';
import { imageShape } from '../window.js';

/** How windows lie over images, as kernels take it. */
export interface PoolGeometry {
  inH: number;
  inW: number;
  channels: number;
  outH: number;
  outW: number;
  poolH: number;
  poolW: number;
  strideH: number;
  strideW: number;
  padTop: number;
  padLeft: number;
}

export function poolGeometry(input: Shape, { outH, outW, kernelH: poolH, kernelW: poolW, strideH, strideW, padTop, padLeft }: Window2d): PoolGeometry {
  const [inH, inW, channels] = imageShape(input);
  return { inH, inW, channels, outH, outW, poolH, poolW, strideH, strideW, padTop, padLeft };
}

/** One way to make one value of a window. */
export interface Pooling {
  /** As `kernels` of a layer. */
  readonly kernels?: Embedding;
  /**
   * Lays out the pooling and its way back.
   * @param x in rows
   * @param output shape of a sample of the result
   * @param mask which places count, [batch, inH, inW], for a pooling that looks at it
   */
  emit(tape: Tape, x: PlanTensor, output: Shape, geometry: PoolGeometry, mask?: Ref): PlanTensor;
}

/** The largest value of each window. Every place counts. */
export const MAX_POOLING: Pooling = {
  emit(tape, x, output, geometry) {
    const y = tape.tensor(output, 'rows', x.needsGradient);
    const argmax = tape.training && x.needsGradient ? tape.buffer(tape.length(output, 'rows')) : undefined;
    tape.op('maxPoolForward', { y: y.ref, argmax, x: x.ref, ...geometry }, tape.batch);
    if (argmax) {
      tape.record(y, [x], (dy) => {
        const dx = tape.like(x);
        tape.op('maxPoolBackward', { dx: dx.ref, dy: dy.ref, argmax, ...geometry }, tape.batch);
        return [dx];
      });
    }
    return y;
  },
};

/** The mean of each window. */
export const AVERAGE_POOLING: Pooling = {
  kernels: allKernels,
  emit(tape, x, output, geometry, mask) {
    const y = tape.tensor(output, 'rows', x.needsGradient);
    tape.op('averagePoolForward', { y: y.ref, x: x.ref, mask, ...geometry }, tape.batch);
    tape.record(y, [x], (dy) => {
      if (!x.needsGradient) return [];
      const dx = tape.like(x);
      tape.op('averagePoolBackward', { dx: dx.ref, dy: dy.ref, mask, ...geometry }, tape.batch);
      return [dx];
    });
    return y;
  },
};
