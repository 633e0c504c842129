/** What the ways of laying out a convolution share. */
import { imageBlock } from '../plan/blocking.js';
import type { Ref } from '../plan/buffer.js';
import { Kernel } from '../plan/ops.js';
import type { Tape } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import type { Window2d } from './window.js';

/** Sizes as the kernels of a convolution take them. */
export type ConvGeometry = Record<
  'batch' | 'inH' | 'inW' | 'inC' | 'outH' | 'outW' | 'outC' | 'kernelH' | 'kernelW' | 'strideH' | 'strideW' | 'padTop' | 'padLeft' | 'blockImages',
  number
>;

/** The geometry of a batch, and the bytes of scratch in which an image is padded, or 0. */
export function convGeometry(batch: number, input: Shape, output: Shape, window: Window2d): { geometry: ConvGeometry; padded: number } {
  const [inH, inW, inC] = input as [number, number, number];
  const [outH, outW, outC] = output as [number, number, number];
  const { kernelH, kernelW, strideH, strideW, padTop, padLeft, paddedH, paddedW } = window;
  return {
    geometry: { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, strideH, strideW, padTop, padLeft, blockImages: imageBlock(batch) },
    padded: padTop > 0 || padLeft > 0 || paddedH > inH || paddedW > inW ? 4 * paddedH * paddedW * inC : 0,
  };
}

/** The filter packed for the pass forward: [ceil(outC / 8)][kernelH · kernelW · inC][8]. */
export function emitFilterPanels(tape: Tape, filter: Ref, { kernelH, kernelW, inC, outC }: ConvGeometry): Ref {
  const patch = kernelH * kernelW * inC;
  const count = Math.ceil(outC / Kernel.panel);
  const panels = tape.buffer(count * Kernel.panel * patch);
  tape.op('packPanels', { panels, b: filter, k: patch, n: outC, strideK: outC, strideN: 1, matrixStride: 0 }, count);
  return panels;
}

/** The filter packed for the gradient of the input: [kernelH · kernelW][ceil(inC / 8)][outC][8]. */
export function emitTapPanels(tape: Tape, filter: Ref, { kernelH, kernelW, inC, outC }: ConvGeometry): Ref {
  const count = kernelH * kernelW * Math.ceil(inC / Kernel.panel);
  const panels = tape.buffer(count * Kernel.panel * outC);
  tape.op('packPanels', { panels, b: filter, k: outC, n: inC, strideK: 1, strideN: outC, matrixStride: inC * outC }, count);
  return panels;
}
