import { blocksOf } from '../../../src/plan/blocking.js';
import { Kernel } from '../../../src/plan/ops.js';
import {
  absConv2dBackwardFilter, absConv2dBackwardInput, absConv2dForward, assertClose, conv2dBackwardFilter, conv2dBackwardInput, conv2dForward,
  type Conv2dSizes, convGeometry, elementTolerances, randomArray, type Values,
} from '../../reference/index.js';
import { blank, cycle, floats, type Sweep } from '../harness.js';
import { packed, TILE_ROWS } from './gemm.js';

type Window = Pick<Conv2dSizes, 'height' | 'width' | 'kernelSize' | 'strides' | 'padding' | 'dilations'>;

/** Kernel sizes, strides and paddings; from one output pixel over less than a tile of them to several tiles. */
const WINDOWS: readonly Window[] = [
  { height: 1, width: 1, kernelSize: [1, 1] },
  { height: 3, width: 3, kernelSize: [3, 3] },
  { height: 5, width: 4, kernelSize: [3, 2] },
  { height: 6, width: 7, kernelSize: [3, 3] },
  { height: 5, width: 6, kernelSize: [3, 3], padding: 'same' },
  { height: 4, width: 5, kernelSize: [1, 1], strides: [2, 2] },
  { height: 7, width: 7, kernelSize: [3, 3], strides: [2, 2] },
  { height: 6, width: 6, kernelSize: [3, 3], strides: [2, 2], padding: 'same' },
  { height: 7, width: 6, kernelSize: [2, 2], strides: [3, 2] },
  { height: 6, width: 5, kernelSize: [2, 3], strides: [2, 3], padding: 'same' },
  { height: 7, width: 5, kernelSize: [5, 5], padding: 'same' },
  { height: 2, width: 2, kernelSize: [5, 4], padding: 'same' },
  { height: 6, width: 8, kernelSize: [1, 3], strides: [1, 2] },
  { height: 8, width: 5, kernelSize: [3, 1], strides: [3, 1], padding: 'same' },
  { height: 8, width: 8, kernelSize: [2, 2], strides: [3, 3], padding: 'same' },
  { height: 3, width: 13, kernelSize: [3, 3] },
  { height: 4, width: 6, kernelSize: [3, 1], strides: [1, 2], padding: 'same' }, // padded above, cut off at the right
  { height: 6, width: 4, kernelSize: [1, 3], strides: [2, 1], padding: 'same' },
  { height: 5, width: 5, kernelSize: [2, 2] },
];

const DILATED: readonly Window[] = [
  { height: 6, width: 7, kernelSize: [3, 3], dilations: [2, 2] },
  { height: 5, width: 6, kernelSize: [3, 3], dilations: [2, 3], padding: 'same' },
  { height: 9, width: 4, kernelSize: [3, 2], dilations: [4, 1] },
  { height: 4, width: 9, kernelSize: [2, 3], dilations: [1, 3], padding: 'same' },
  { height: 3, width: 8, kernelSize: [3, 1], dilations: [1, 5] },
  { height: 7, width: 8, kernelSize: [2, 2], dilations: [2, 3], strides: [2, 2] }, // no layer asks for both, but the kernels can
];

interface Case {
  sizes: Conv2dSizes;
  blockImages: number;
  bias: boolean;
  relu: boolean;
}

/** Every pair of a channel count from 1 to 17 with one that is near a tile's edge, every window with several channel counts. */
function* convolutions(): Iterable<Case> {
  // lists of coprime lengths, so that every choice meets every other
  const windows = cycle(WINDOWS);
  const dilated = cycle(DILATED);
  const images = cycle([[1, 1], [3, 1], [4, 3]] as const);
  const flags = cycle([true, false, false, true, true, false, true]);
  const make = (window: Window, inChannels: number, filters: number): Case => {
    const [batch, blockImages] = images();
    return { sizes: { ...window, batch, inChannels, filters }, blockImages, bias: flags(), relu: flags() };
  };
  for (let inChannels = 1; inChannels <= 2 * Kernel.panel + 1; inChannels++) {
    for (const filters of [1, 7, 8, 9, 17]) yield make(windows(), inChannels, filters);
  }
  for (const window of WINDOWS) {
    for (const [inChannels, filters] of [[1, 3], [3, 8], [8, 9], [9, 1]] as const) yield make(window, inChannels, filters);
  }
  for (const window of DILATED) {
    for (const [inChannels, filters] of [[1, 3], [3, 8], [8, 9], [9, 1], [5, 17]] as const) yield make(window, inChannels, filters);
  }
  // groups of channels and filters around a tile's edge
  for (const [inChannels, filters, groups] of [[2, 2, 2], [6, 3, 3], [16, 16, 2], [18, 34, 2], [10, 20, 5], [3, 27, 3], [24, 8, 1], [48, 2, 2]] as const) {
    for (let count = 0; count < 3; count++) {
      const { sizes, ...option } = make(count === 2 ? dilated() : windows(), inChannels, filters);
      yield { ...option, sizes: { ...sizes, groups } };
    }
  }
  yield { sizes: { height: 6, width: 6, kernelSize: [3, 3], batch: 9, inChannels: 4, filters: 8 }, blockImages: 2, bias: true, relu: true };
}

/** The arguments all three passes share, and what else a test needs to know. */
function geometryOf({ sizes, blockImages }: Case) {
  const { batch, height, width, inChannels, filters, groups = 1, kernelSize: [kernelH, kernelW] } = sizes;
  const { strides: [strideH, strideW] = [1, 1], dilations: [dilationH, dilationW] = [1, 1] } = sizes;
  const { outputHeight: outH, outputWidth: outW, pads } = convGeometry(sizes);
  const args = {
    batch, inH: height, inW: width, inC: inChannels, outH, outW, outC: filters, kernelH, kernelW, strideH, strideW,
    padTop: pads.top, padLeft: pads.left, blockImages, dilationH, dilationW, groups,
  };
  const padded = 4 * inChannels * ((outH - 1) * strideH + (kernelH - 1) * dilationH + 1) * ((outW - 1) * strideW + (kernelW - 1) * dilationW + 1);
  const patch = (kernelH * kernelW * inChannels) / groups;
  const x = randomArray(batch * height * width * inChannels, 1);
  const kernel = randomArray(patch * filters, 2);
  const dy = randomArray(batch * outH * outW * filters, 3);
  return { args, blocks: blocksOf(batch, blockImages), patch, padded, x, kernel, dy };
}

export const biased = (y: Values, bias: Values | undefined, f: (value: number) => number = (value) => value): Float64Array =>
  Float64Array.from(y, (value, i) => value + (bias ? f(bias[i % bias.length]!) : 0));

const forwardSweep: Sweep<'conv2dForward'> = function* () {
  for (const option of convolutions()) {
    const { sizes, relu } = option;
    const { args, blocks, patch, padded, x, kernel } = geometryOf(option);
    const n = sizes.filters / args.groups;
    const panels = packed(kernel, { k: patch, n, strideK: sizes.filters, strideN: 1, matrixStride: n, matrices: args.groups });
    const bias = option.bias ? randomArray(sizes.filters, 4) : undefined;
    yield {
      label: JSON.stringify(option),
      args: {
        y: blank(sizes.batch * args.outH * args.outW * sizes.filters), x: floats(x), filterPanels: floats(panels), bias: bias && floats(bias),
        ...args, relu: Number(relu),
      },
      blocks,
      scratch: Kernel.rowTableBytes + Kernel.edgeBytes + 4 * TILE_ROWS * patch + padded,
      check({ y }) {
        const exact = biased(conv2dForward({ ...sizes, x, kernel }), bias);
        const absolute = biased(absConv2dForward({ ...sizes, x, kernel }), bias, Math.abs);
        assertClose(y, exact.map((value) => (relu ? Math.max(value, 0) : value)), elementTolerances(absolute, patch + 1), 'y');
      },
    };
  }
};

const backwardInputSweep: Sweep<'conv2dBackwardInput'> = function* () {
  for (const option of convolutions()) {
    const { sizes } = option;
    const { args, blocks, padded, kernel, dy } = geometryOf(option);
    const { inC, outC, kernelH, kernelW, groups } = args;
    const [k, n] = [outC / groups, inC / groups];
    const panels = Array.from({ length: groups }, (_, group) =>
      [...packed(kernel.subarray(group * k), { k, n, strideK: 1, strideN: outC, matrixStride: n * outC, matrices: kernelH * kernelW })]).flat();
    yield {
      label: JSON.stringify(option),
      args: { dx: blank(args.batch * args.inH * args.inW * inC), dy: floats(dy), filterPanels: floats(panels), ...args },
      blocks,
      scratch: Kernel.rowTableBytes + 2 * Kernel.edgeBytes + 32 + padded,
      check({ dx }) {
        const tolerances = elementTolerances(absConv2dBackwardInput({ ...sizes, dy, kernel }), kernelH * kernelW * k);
        assertClose(dx, conv2dBackwardInput({ ...sizes, dy, kernel }), tolerances, 'dx');
      },
    };
  }
};

const backwardFilterSweep: Sweep<'conv2dBackwardFilter'> = function* () {
  for (const option of convolutions()) {
    const { args, blocks, patch, padded, x, dy } = geometryOf(option);
    const size = patch * args.outC;
    yield {
      label: JSON.stringify(option),
      args: { partials: blank(blocks * size), x: floats(x), dy: floats(dy), ...args },
      blocks,
      scratch: Kernel.edgeBytes + padded,
      check({ partials }) {
        for (let block = 0; block < blocks; block++) checkPartial(option, block, { partials, x, dy, size });
      },
    };
  }
};

/** The gradient of one block's images. */
export function checkPartial(
  { sizes, blockImages }: Pick<Case, 'sizes' | 'blockImages'>, block: number, { partials, x, dy, size }: { partials: Values; x: Float64Array; dy: Float64Array; size: number },
): void {
  const first = block * blockImages;
  const batch = Math.min(blockImages, sizes.batch - first);
  const images = (values: Float64Array): Float64Array => {
    const each = values.length / sizes.batch;
    return values.subarray(first * each, (first + batch) * each);
  };
  const options = { ...sizes, batch, x: images(x), dy: images(dy) };
  const tolerances = elementTolerances(absConv2dBackwardFilter(options), dy.length / sizes.filters);
  assertClose(
    Float64Array.from(partials).subarray(block * size, (block + 1) * size), conv2dBackwardFilter(options), tolerances, `partial sum ${block}`,
  );
}

export const conv2dSweeps = {
  conv2dForward: forwardSweep, conv2dBackwardInput: backwardInputSweep, conv2dBackwardFilter: backwardFilterSweep,
};
