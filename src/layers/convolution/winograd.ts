import { ELEMENT_BLOCK, WINOGRAD_TILE, blocksOf, stripFloats, winogradBlocks } from '../../plan/blocking.js';
import type { Ref } from '../../plan/buffer.js';
import { Kernel } from '../../plan/ops.js';
import type { PlanParameter, PlanTensor, Tape } from '../../plan/tape.js';

export interface WinogradConvolution {
  x: PlanTensor;
  y: PlanTensor;
  kernel: PlanParameter;
  bias: PlanParameter | undefined;
  relu: boolean;
  inH: number;
  inW: number;
  inC: number;
  outH: number;
  outW: number;
  outC: number;
  padTop: number;
  padLeft: number;
}

/** Products of a tile and a pair of channels: 6 × 6. */
const POSITIONS = 36;
/** Bytes of scratch of winogradBackwardFilter, as assembly/winograd/backward-filter.ts lays it out. */
export function filterScratch(chunk: number, inC: number, outC: number): number {
  const deepest = Kernel.winogradDepth + chunk - 1;
  return 4 * Kernel.panel + Kernel.edgeBytes + Kernel.chunkBytes + 4 * (stripFloats(inC, deepest) + outC * deepest);
}
/** Floats of a position of a transformed tensor, as in assembly/winograd/tiles.ts. */
export const slabOf = (tiles: number, channels: number): number => Math.ceil((tiles * channels) / 32) * 32 + 16;

/** Floats of a position of a transformed filter's panels. */
export const panelSlabOf = (inC: number, outC: number): number => inC * outC + 16;

/** 3×3 convolution of stride 1 by Winograd's F(4×4, 3×3): 36 products where the plain sum takes 144. */
export function emitWinograd(tape: Tape, { x, y, kernel, bias, relu, ...geometry }: WinogradConvolution): void {
  const { batch } = tape;
  const { inC, outC, outH, outW } = geometry;
  const perImage = Math.ceil(outH / WINOGRAD_TILE) * Math.ceil(outW / WINOGRAD_TILE);
  const tiles = batch * perImage;
  const { blockImages, chunk } = winogradBlocks(batch, perImage);
  const blocks = blocksOf(batch, blockImages);
  const images = { batch, ...geometry, blockImages, chunk };
  const slab = (channels: number): Ref => tape.buffer(POSITIONS * slabOf(tiles, channels));
  const scratch = (channels: number): number =>
    Kernel.transformBytes + Kernel.tileBytes * chunk + 4 * POSITIONS * (Math.max(inC, outC) + slabOf(chunk, channels));

  // without a gradient of the filter to come, a chunk of it in scratch is enough, and stays in the cache
  const v = tape.training && kernel.gradient ? slab(inC) : undefined;
  const panels = emitFilter(tape, kernel.value, inC, outC, false);
  tape.op(
    'winogradForward', { y: y.ref, v, x: x.ref, panels, bias: bias?.value, ...images, relu: Number(relu) }, blocks,
    scratch(outC) + (v ? 0 : 4 * POSITIONS * slabOf(chunk, inC)),
  );

  tape.record(y, [x], (dy) => {
    const dx = x.needsGradient ? tape.like(x) : undefined;
    const transposed = dx && emitFilter(tape, kernel.value, inC, outC, true);
    const m = slab(outC);
    const sums = tape.buffer(blocks * outC);
    tape.op(
      'winogradBackwardInput', { dx: dx?.ref, m, sums, dy: dy.ref, y: relu ? y.ref : undefined, panels: transposed, ...images }, blocks, scratch(inC),
    );
    if (bias?.gradient) {
      tape.op('reducePartials', { out: bias.gradient, partials: sums, size: outC, count: blocks, stride: outC, blockSize: ELEMENT_BLOCK }, 1);
    }
    if (!kernel.gradient || !v) return [dx];
    const u = tape.buffer(POSITIONS * inC * outC);
    tape.op('winogradBackwardFilter', { u, v, m, ...images }, POSITIONS, filterScratch(chunk, inC, outC));
    tape.op('winogradFilterGradient', { gradient: kernel.gradient, u, inC, outC }, inC, Kernel.transformBytes);
    return [dx];
  });
}

/** The transformed filter, in panels of eight output channels, or of eight input channels for the gradient of the input. */
function emitFilter(tape: Tape, filter: Ref, inC: number, outC: number, transposed: boolean): Ref {
  const panels = tape.buffer(POSITIONS * panelSlabOf(inC, outC));
  tape.op('winogradFilter', { panels, filter, inC, outC, transposed: Number(transposed) }, (transposed ? inC : outC) / Kernel.panel, Kernel.transformBytes);
  return panels;
}
