/** What the ways of laying out a convolution share. */
import { imageBlock } from '../../plan/blocking.js';
import type { Ref } from '../../plan/buffer.js';
import { floatsOn } from '../../plan/buffer.js';
import { Kernel } from '../../plan/ops.js';
import type { Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import type { Window2d } from '../window.js';

/** Sizes as the kernels of a convolution take them; channels are those of all groups. */
export type ConvGeometry = Record<
  | 'batch' | 'inH' | 'inW' | 'inC' | 'outH' | 'outW' | 'outC' | 'kernelH' | 'kernelW' | 'strideH' | 'strideW' | 'dilationH' | 'dilationW' | 'padTop' | 'padLeft'
  | 'groups' | 'blockImages',
  number
>;

/** The geometry of a batch, and the bytes of scratch in which an image is padded, or 0. */
export function convGeometry(batch: number, input: Shape, output: Shape, window: Window2d, groups = 1): { geometry: ConvGeometry; padded: number } {
  const [inH, inW, inC] = input as [number, number, number];
  const [outH, outW, outC] = output as [number, number, number];
  const { kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, paddedH, paddedW } = window;
  return {
    geometry: {
      batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, groups, blockImages: imageBlock(batch),
    },
    padded: padTop > 0 || padLeft > 0 || paddedH > inH || paddedW > inW ? 4 * paddedH * paddedW * inC : 0,
  };
}

/** The filter packed for the pass forward: [groups][ceil(outC / groups / 8)][kernelH · kernelW · inC / groups][8]. */
export function emitFilterPanels(tape: Tape, filter: Ref, { kernelH, kernelW, inC, outC, groups }: ConvGeometry): Ref {
  const patch = (kernelH * kernelW * inC) / groups;
  const n = outC / groups;
  const count = groups * Math.ceil(n / Kernel.panel);
  const panels = tape.buffer(count * Kernel.panel * patch);
  tape.op('packPanels', { panels, b: filter, k: patch, n, strideK: outC, strideN: 1, matrixStride: n }, count);
  return panels;
}

/** The filter packed for the gradient of the input: [groups][kernelH · kernelW][ceil(inC / groups / 8)][outC / groups][8]. */
export function emitTapPanels(tape: Tape, filter: Ref, { kernelH, kernelW, inC, outC, groups }: ConvGeometry): Ref {
  const [k, n] = [outC / groups, inC / groups];
  const count = kernelH * kernelW * Math.ceil(n / Kernel.panel);
  const size = count * Kernel.panel * k;
  const panels = tape.buffer(groups * size);
  for (let group = 0; group < groups; group++) {
    tape.op('packPanels', { panels: floatsOn(panels, group * size), b: floatsOn(filter, group * k), k, n, strideK: 1, strideN: outC, matrixStride: n * outC }, count);
  }
  return panels;
}
