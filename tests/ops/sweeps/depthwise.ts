import { blocksOf } from '../../../src/plan/blocking.js';
import {
  absConv2dBackwardInput, absConv2dForward, assertClose, conv2dBackwardInput, conv2dForward, type Conv2dSizes, convGeometry,
  elementTolerances, randomArray,
} from '../../reference/index.js';
import { blank, cycle, floats, type Sweep } from '../harness.js';
import { biased, checkPartial } from './conv2d.js';

type Window = Pick<Conv2dSizes, 'height' | 'width' | 'kernelSize' | 'strides' | 'padding' | 'dilations'>;

/** Lines of outputs around four pixels, taps around four; all kinds of windows. */
const WINDOWS: readonly Window[] = [
  { height: 1, width: 1, kernelSize: [1, 1] },
  { height: 3, width: 6, kernelSize: [3, 3] },
  { height: 4, width: 8, kernelSize: [2, 2] },
  { height: 5, width: 7, kernelSize: [3, 3], padding: 'same' },
  { height: 7, width: 9, kernelSize: [3, 3], strides: [2, 2] },
  { height: 6, width: 11, kernelSize: [3, 3], strides: [2, 2], padding: 'same' },
  { height: 6, width: 5, kernelSize: [2, 3], strides: [2, 3], padding: 'same' },
  { height: 8, width: 8, kernelSize: [2, 2], strides: [3, 3], padding: 'same' },
  { height: 6, width: 5, kernelSize: [5, 5], padding: 'same' },
  { height: 2, width: 2, kernelSize: [5, 4], padding: 'same' },
  { height: 7, width: 12, kernelSize: [1, 3] },
  { height: 9, width: 4, kernelSize: [3, 1], strides: [1, 2] },
  { height: 7, width: 8, kernelSize: [3, 3], dilations: [2, 2] },
  { height: 5, width: 9, kernelSize: [3, 2], dilations: [1, 3], padding: 'same' },
  { height: 7, width: 8, kernelSize: [2, 2], dilations: [2, 3], strides: [2, 2] }, // no layer asks for both, but the kernels can
];

interface Case {
  /** A convolution in as many groups as there are channels. */
  sizes: Conv2dSizes;
  multiplier: number;
  blockImages: number;
  bias: boolean;
}

function* convolutions(): Iterable<Case> {
  const images = cycle([[1, 1], [3, 1], [4, 3]] as const);
  const flags = cycle([true, false, false, true, true]);
  const make = (window: Window, channels: number, multiplier: number): Case => {
    const [batch, blockImages] = images();
    return { sizes: { ...window, batch, inChannels: channels, filters: channels * multiplier, groups: channels }, multiplier, blockImages, bias: flags() };
  };
  const windows = cycle(WINDOWS);
  for (let channels = 1; channels <= 9; channels++) for (const multiplier of [1, 2, 3]) yield make(windows(), channels, multiplier);
  for (const window of WINDOWS) for (const [channels, multiplier] of [[1, 1], [3, 1], [8, 1], [5, 2], [2, 4]] as const) yield make(window, channels, multiplier);
  for (const multiplier of [1, 2]) {
    const sizes = { height: 6, width: 6, kernelSize: [3, 3], batch: 9, inChannels: 5, filters: 5 * multiplier, groups: 5 } as const;
    yield { sizes, multiplier, blockImages: 2, bias: true };
  }
}

function geometryOf({ sizes, multiplier, blockImages }: Case) {
  const { batch, height, width, inChannels, filters, kernelSize: [kernelH, kernelW] } = sizes;
  const { strides: [strideH, strideW] = [1, 1], dilations: [dilationH, dilationW] = [1, 1] } = sizes;
  const { outputHeight: outH, outputWidth: outW, pads } = convGeometry(sizes);
  const args = {
    batch, inH: height, inW: width, inC: inChannels, outH, outW, multiplier, kernelH, kernelW, strideH, strideW, padTop: pads.top, padLeft: pads.left, blockImages,
    dilationH, dilationW,
  };
  const [rows, columns] = [(outH - 1) * strideH + (kernelH - 1) * dilationH + 1, (outW - 1) * strideW + (kernelW - 1) * dilationW + 1];
  const spread = multiplier > 1 || pads.top > 0 || pads.left > 0 || rows > height || columns > width;
  const taps = kernelH * kernelW;
  return {
    args, blocks: blocksOf(batch, blockImages), scratch: spread ? 4 * rows * columns * filters : 0, taps,
    x: randomArray(batch * height * width * inChannels, 1), kernel: randomArray(taps * filters, 2), dy: randomArray(batch * outH * outW * filters, 3),
  };
}

const forwardSweep: Sweep<'depthwiseForward'> = function* () {
  for (const option of convolutions()) {
    const { sizes } = option;
    const { args, blocks, scratch, taps, x, kernel, dy } = geometryOf(option);
    const bias = option.bias ? randomArray(sizes.filters, 4) : undefined;
    yield {
      label: JSON.stringify(option), args: { y: blank(dy.length), x: floats(x), filter: floats(kernel), bias: bias && floats(bias), ...args }, blocks, scratch,
      check({ y }) {
        const absolute = biased(absConv2dForward({ ...sizes, x, kernel }), bias, Math.abs);
        assertClose(y, biased(conv2dForward({ ...sizes, x, kernel }), bias), elementTolerances(absolute, taps + 1), 'y');
      },
    };
  }
};

const backwardInputSweep: Sweep<'depthwiseBackwardInput'> = function* () {
  for (const option of convolutions()) {
    const { sizes, multiplier } = option;
    const { args, blocks, scratch, taps, x, kernel, dy } = geometryOf(option);
    yield {
      label: JSON.stringify(option), args: { dx: blank(x.length), dy: floats(dy), filter: floats(kernel), ...args }, blocks, scratch,
      check({ dx }) {
        const tolerances = elementTolerances(absConv2dBackwardInput({ ...sizes, dy, kernel }), taps * multiplier);
        assertClose(dx, conv2dBackwardInput({ ...sizes, dy, kernel }), tolerances, 'dx');
      },
    };
  }
};

const backwardFilterSweep: Sweep<'depthwiseBackwardFilter'> = function* () {
  for (const option of convolutions()) {
    const { args, blocks, scratch, x, kernel, dy } = geometryOf(option);
    yield {
      label: JSON.stringify(option), args: { partials: blank(blocks * kernel.length), x: floats(x), dy: floats(dy), ...args }, blocks, scratch,
      check({ partials }) {
        for (let block = 0; block < blocks; block++) checkPartial(option, block, { partials, x, dy, size: kernel.length });
      },
    };
  }
};

export const depthwiseSweeps = {
  depthwiseForward: forwardSweep, depthwiseBackwardInput: backwardInputSweep, depthwiseBackwardFilter: backwardFilterSweep,
};
