/**
 * A convolution and the 2×2 max pooling behind it as one: the map between them is four times as large as what leaves the pooling, and bound by
 * memory. Of its gradient three quarters are zeros, which the backward pass leaves out.
 */
import { ELEMENT_BLOCK, blocksOf, usesWindowWinograd, usesWinograd } from '../../plan/blocking.js';
import type { Ref } from '../../plan/buffer.js';
import { floatsOn } from '../../plan/buffer.js';
import { Kernel } from '../../plan/ops.js';
import type { PlanParameter, PlanTensor, Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import type { ActivationName } from '../activations.js';
import { reluFlag } from '../activations.js';
import type { Window2d } from '../window.js';
import type { ConvGeometry } from './convolution.js';
import { emitFilterPanels, emitTapPanels } from './convolution.js';

/**
 * Whether a convolution with this activation is laid out as one with the pooling that alone reads it: windows of 2×2 that tile the
 * convolution's output, and a convolution of one group, its taps side by side, that Winograd's method does not take. With ReLU faster than op by op on every shape of
 * `pooledConvolution` in bench/kernels.ts, forward and backward together: by 3 to 4 times from one channel, by a tenth from 32.
 */
export function fusesWithPooling(geometry: ConvGeometry, activation: ActivationName, pool: Window2d): boolean {
  const { kernelH, kernelW, strideH, strideW, paddedH, paddedW } = pool;
  const tiles = kernelH === 2 && kernelW === 2 && strideH === 2 && strideW === 2 && paddedH <= geometry.outH && paddedW <= geometry.outW;
  const plain = geometry.dilationH === 1 && geometry.dilationW === 1 && geometry.groups === 1;
  return tiles && plain && (activation === 'relu' || activation === 'linear') && !usesWinograd(geometry);
}

interface PooledConv2d {
  x: PlanTensor;
  kernel: PlanParameter;
  bias: PlanParameter | undefined;
  geometry: ConvGeometry;
  /** Bytes of a padded image, or 0. */
  padded: number;
  activation: ActivationName;
  /** Shape of the pooled output. */
  output: Shape;
}

/** Scratch of conv2dMaxPoolForward: bias, outputs of a band with their edge, patches, filters transformed by Winograd's method. */
export function pooledForwardScratch({ kernelH, kernelW, inC, outC }: Pick<ConvGeometry, 'kernelH' | 'kernelW' | 'inC' | 'outC'>, winograd: boolean): number {
  return Math.ceil(outC / Kernel.panel) * (32 + (winograd ? 512 * inC : 0)) + Kernel.windowBand * (256 + 40 + 16 * kernelH * kernelW * inC) + 48;
}
/** Scratch of conv2dMaxPoolBackwardFilter: tiles of the gradient, patches. */
export const pooledBackwardScratch = (patch: number, outC: number): number =>
  16 * (Kernel.windowTaps + 1) * Math.ceil(patch / Kernel.windowTaps) * Math.ceil(outC / 4) + 16 * (Kernel.windowBand * patch + Kernel.windowTaps - 1);

export function emitPooledConv2d(tape: Tape, { x, kernel, bias, geometry, padded, activation, output }: PooledConv2d): PlanTensor {
  const { kernelH, kernelW, inC, outC, batch, blockImages } = geometry;
  const blocks = blocksOf(batch, blockImages);
  const patch = kernelH * kernelW * inC;
  const winograd = usesWindowWinograd(geometry);
  const y = tape.tensor(output);
  const winners = tape.training ? tape.buffer(Math.ceil(tape.length(output, 'rows') / 4)) : undefined;
  tape.op(
    'conv2dMaxPoolForward',
    {
      y: y.ref, winners, x: x.ref, filterPanels: emitFilterPanels(tape, kernel.value, geometry), bias: bias?.value, ...geometry,
      winograd: Number(winograd), relu: reluFlag(activation),
    },
    blocks, pooledForwardScratch(geometry, winograd) + padded,
  );
  if (!winners) return y;
  tape.record(y, [x], (dy) => {
    if (kernel.gradient) {
      const stride = (patch + 1) * outC;
      const partials = tape.buffer(blocks * stride);
      tape.op(
        'conv2dMaxPoolBackwardFilter', { partials, x: x.ref, dy: dy.ref, winners, ...geometry }, blocks,
        pooledBackwardScratch(patch, outC) + padded,
      );
      const reduce = (out: Ref, offset: number, size: number): void =>
        tape.op(
          'reducePartials',
          { out, partials: floatsOn(partials, offset), size, count: blocks, stride, blockSize: ELEMENT_BLOCK },
          blocksOf(size, ELEMENT_BLOCK),
        );
      reduce(kernel.gradient, 0, patch * outC);
      if (bias?.gradient) reduce(bias.gradient, patch * outC, outC);
    }
    if (!x.needsGradient) return [];
    const dx = tape.like(x);
    tape.op(
      'conv2dMaxPoolBackwardInput', { dx: dx.ref, dy: dy.ref, winners, filterPanels: emitTapPanels(tape, kernel.value, geometry), ...geometry },
      blocks, 4 * geometry.outH * geometry.outW * outC + Kernel.rowTableBytes + 2 * Kernel.edgeBytes + 32 + padded,
    );
    return [dx];
  });
  return y;
}
