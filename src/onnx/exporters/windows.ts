/** Layers that slide a window over images or sequences. */
import type { ActivationName } from '../../layers/activations.js';
import type { Conv1dOptions } from '../../layers/conv1d.js';
import type { Conv2dOptions } from '../../layers/conv2d.js';
import type { MaxPooling2dOptions } from '../../layers/max-pooling2d.js';
import type { SequencePadding } from '../../layers/window.js';
import { window2d } from '../../layers/window.js';
import type { Shape } from '../../tensor/shape.js';
import { exporter, permuted, type Exporter, type LayerExport } from '../exporter.js';
import type { Value } from '../graph.js';
import type { AttributeValue } from '../proto.js';
import { activated } from './activations.js';

type Pair = readonly [number, number];

/** Where windows lie, as ONNX says it: paddings are those before every axis, then those after. A sequence is an image of one row. */
function windowAttributes(inputShape: Shape, size: Pair, strides: Pair, padding: SequencePadding, dilations: Pair = [1, 1]): Record<string, AttributeValue> {
  const [height, width] = inputShape.length === 2 ? [1, inputShape[0]!] : (inputShape as [number, number]);
  const { padTop, padLeft, paddedH, paddedW } = window2d([height, width], size, strides, padding, dilations);
  const after = (padded: number, before: number, length: number): number => Math.max(padded - before - length, 0);
  const own = (sizes: Pair): readonly number[] => sizes.slice(3 - inputShape.length);
  return {
    kernel_shape: { ints: own(size) }, strides: { ints: own(strides) }, dilations: { ints: own(dilations) },
    pads: { ints: [...own([padTop, padLeft]), ...own([after(paddedH, padTop, height), after(paddedW, padLeft, width)])] },
  };
}

/** The kernel's axes in the order of ONNX: filters, channels, then those of the image. */
function convolution(context: LayerExport, activation: ActivationName, attributes: Record<string, AttributeValue>): Value {
  const { graph } = context;
  const weight = context.weight('kernel');
  const kernel = permuted(weight, weight.shape.length === 3 ? [2, 1, 0] : [3, 2, 0, 1]);
  const bias = context.constant('bias');
  const inputs = [context.in('channelsFirst'), graph.constant('kernel', kernel.data, kernel.shape), ...(bias === undefined ? [] : [bias])];
  return activated(graph, context.output(graph.node('Conv', inputs, attributes), 'channelsFirst'), activation);
}

// Groups, and the dilation of a conv2d, stand in a config only where they were given.

const conv1d = exporter<Conv1dOptions>(({ kernelSize, strides, padding, dilationRate, groups = 1, activation }, context) =>
  convolution(context, activation, { ...windowAttributes(context.x.shape, [1, kernelSize], [1, strides], padding, [1, dilationRate]), group: { int: groups } }));

const conv2d = exporter<Conv2dOptions>(({ kernelSize, strides, padding, dilationRate = [1, 1], groups = 1, activation }, context) =>
  convolution(context, activation, { ...windowAttributes(context.x.shape, kernelSize, strides, padding, dilationRate), group: { int: groups } }));

const maxPooling2d = exporter<MaxPooling2dOptions>(({ poolSize, strides, padding }, context) =>
  context.output(context.graph.node('MaxPool', [context.in('channelsFirst')], windowAttributes(context.x.shape, poolSize, strides, padding)), 'channelsFirst'));

export const WINDOWS: Readonly<Record<string, Exporter>> = { conv1d, conv2d, maxPooling2d };
