/** Convolutions beside their double-precision counterparts. */
import { layers } from '../../src/entry.node.js';
import type { Layer } from '../../src/entry.node.js';
import { columnSums, conv2dBackwardFilter, conv2dBackwardInput, conv2dForward, type Padding } from '../reference/index.js';
import { activate, plusBias } from './activate.js';
import type { Twin } from './twins.js';

type Options<Name extends 'conv1d' | 'conv2d' | 'depthwiseConv2d' | 'separableConv2d'> = Parameters<(typeof layers)[Name]>[0];
type Pair = readonly [number, number];

export const pair = (size: number | Pair): Pair => (typeof size === 'number' ? [size, size] : size);

interface Windows {
  kernelSize: Pair;
  strides: Pair;
  dilations: Pair;
  padding: Padding;
}

/** A convolution over images; a sequence is an image of one row. */
function convolution(layer: Layer, { filters, groups = 1, activation = 'linear' }: Options<'conv1d' | 'conv2d'>, windows: Windows): Twin {
  return {
    layer,
    run(x, [kernel, bias], { batch }) {
      const [width, inChannels] = layer.input.slice(-2) as [number, number];
      const sizes = { batch, height: layer.input.at(-3) ?? 1, width, inChannels, filters, groups, ...windows };
      const { y, backward } = activate(plusBias(conv2dForward({ ...sizes, x, kernel: kernel! }), bias), activation, filters);
      return {
        y,
        backward(gradient) {
          const dy = backward(gradient);
          const dBias = bias ? [columnSums({ x: dy, rows: dy.length / filters, columns: filters })] : [];
          return {
            dx: conv2dBackwardInput({ ...sizes, dy, kernel: kernel! }),
            dWeights: [conv2dBackwardFilter({ ...sizes, x, dy }), ...dBias],
          };
        },
      };
    },
  };
}

export function conv2d(options: Options<'conv2d'>): Twin {
  const { kernelSize, strides = 1, padding = 'valid', dilationRate = 1 } = options;
  return convolution(layers.conv2d(options), options, { kernelSize: pair(kernelSize), strides: pair(strides), dilations: pair(dilationRate), padding });
}

export function conv1d(options: Options<'conv1d'>): Twin {
  const { kernelSize, strides = 1, padding = 'valid', dilationRate = 1 } = options;
  const causal = { top: 0, bottom: 0, left: (kernelSize - 1) * dilationRate, right: 0 };
  return convolution(layers.conv1d(options), options, {
    kernelSize: [1, kernelSize], strides: [1, strides], dilations: [1, dilationRate], padding: padding === 'causal' ? causal : padding,
  });
}

const windowsOf = ({ kernelSize, strides = 1, padding = 'valid', dilationRate = 1 }: Options<'depthwiseConv2d'>): Windows =>
  ({ kernelSize: pair(kernelSize), strides: pair(strides), dilations: pair(dilationRate), padding });

/** A convolution in as many groups as there are channels: its kernel [kh, kw, 1, channels · multiplier] lies in memory as [kh, kw, channels, multiplier]. */
export function depthwiseConv2d(options: Options<'depthwiseConv2d'>): Twin {
  const layer = layers.depthwiseConv2d(options);
  const { depthMultiplier = 1, ...rest } = options;
  return {
    layer,
    run(x, weights, context) {
      const channels = layer.input[2]!;
      return convolution(layer, { ...rest, filters: channels * depthMultiplier, groups: channels }, windowsOf(options)).run(x, weights, context);
    },
  };
}

/** The one after the other. */
export function separableConv2d(options: Options<'separableConv2d'>): Twin {
  const layer = layers.separableConv2d(options);
  const { filters, depthMultiplier = 1, activation = 'linear' } = options;
  return {
    layer,
    run(x, [depthwise, pointwise, bias], { batch }) {
      const [height, width, inChannels] = layer.input as [number, number, number];
      const channels = inChannels * depthMultiplier;
      const first = { batch, height, width, inChannels, filters: channels, groups: inChannels, ...windowsOf(options) };
      const [outHeight, outWidth] = layer.output as [number, number, number];
      const second = { batch, height: outHeight, width: outWidth, inChannels: channels, filters, kernelSize: [1, 1] as const };
      const between = conv2dForward({ ...first, x, kernel: depthwise! });
      const { y, backward } = activate(plusBias(conv2dForward({ ...second, x: between, kernel: pointwise! }), bias), activation, filters);
      return {
        y,
        backward(gradient) {
          const dy = backward(gradient);
          const dBetween = conv2dBackwardInput({ ...second, dy, kernel: pointwise! });
          const dBias = bias ? [columnSums({ x: dy, rows: dy.length / filters, columns: filters })] : [];
          return {
            dx: conv2dBackwardInput({ ...first, dy: dBetween, kernel: depthwise! }),
            dWeights: [conv2dBackwardFilter({ ...first, x, dy: dBetween }), conv2dBackwardFilter({ ...second, x: between, dy }), ...dBias],
          };
        },
      };
    },
  };
}
