/** Layers that slide a window over images or sequences. */
import type { ActivationName } from '../../layers/activations.js';
import type { Conv1dOptions } from '../../layers/conv1d.js';
import type { Conv2dOptions } from '../../layers/conv2d.js';
import type { DepthwiseConv2dOptions } from '../../layers/depthwise-conv2d.js';
import type { MaxPooling2dOptions } from '../../layers/max-pooling2d.js';
import type { SeparableConv2dOptions } from '../../layers/separable-conv2d.js';
import type { KernelOptions, SequencePadding } from '../../layers/window.js';
import { window2d } from '../../layers/window.js';
import type { Shape } from '../../tensor/shape.js';
import { exporter, permuted, type Exporter, type LayerExport, type Resolved } from '../exporter.js';
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
  const inputs = [context.in('channelsFirst'), graph.constant('kernel', kernel.data, kernel.shape), ...biasOf(context)];
  return activated(graph, context.output(graph.node('Conv', inputs, attributes), 'channelsFirst'), activation);
}

// Groups, and the dilation of a conv2d, stand in a config only where they were given.

const conv1d = exporter<Conv1dOptions>(({ kernelSize, strides, padding, dilationRate, groups = 1, activation }, context) =>
  convolution(context, activation, { ...windowAttributes(context.x.shape, [1, kernelSize], [1, strides], padding, [1, dilationRate]), group: { int: groups } }));

const conv2d = exporter<Conv2dOptions>(({ kernelSize, strides, padding, dilationRate = [1, 1], groups = 1, activation }, context) =>
  convolution(context, activation, { ...windowAttributes(context.x.shape, kernelSize, strides, padding, dilationRate), group: { int: groups } }));

/** Every channel by itself: as many groups as channels. */
function depthwise(context: LayerExport, { kernelSize, strides, padding, dilationRate }: Resolved<KernelOptions>, bias: readonly string[]): string {
  const { graph, x } = context;
  const { data, shape: [channels, multiplier, ...size] } = permuted(context.weight('depthwiseKernel'), [2, 3, 0, 1]);
  const kernel = graph.constant('depthwiseKernel', data, [channels! * multiplier!, 1, ...size]);
  const attributes = { ...windowAttributes(x.shape, kernelSize, strides, padding, dilationRate), group: { int: channels! } };
  return graph.node('Conv', [context.in('channelsFirst'), kernel, ...bias], attributes);
}

const biasOf = (context: LayerExport): string[] => [context.constant('bias')].filter((name) => name !== undefined);

const depthwiseConv2d = exporter<DepthwiseConv2dOptions>((options, context) =>
  activated(context.graph, context.output(depthwise(context, options, biasOf(context)), 'channelsFirst'), options.activation));

const separableConv2d = exporter<SeparableConv2dOptions>((options, context) => {
  const { graph } = context;
  const between = depthwise(context, options, []);
  const { data, shape } = permuted(context.weight('pointwiseKernel'), [3, 2, 0, 1]);
  const y = graph.node('Conv', [between, graph.constant('pointwiseKernel', data, shape), ...biasOf(context)]);
  return activated(graph, context.output(y, 'channelsFirst'), options.activation);
});

const maxPooling2d = exporter<MaxPooling2dOptions>(({ poolSize, strides, padding }, context) =>
  context.output(context.graph.node('MaxPool', [context.in('channelsFirst')], windowAttributes(context.x.shape, poolSize, strides, padding)), 'channelsFirst'));

export const WINDOWS: Readonly<Record<string, Exporter>> = { conv1d, conv2d, depthwiseConv2d, maxPooling2d, separableConv2d };
