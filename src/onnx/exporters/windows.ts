/** Layers that slide a window over images or sequences. */
import type { ActivationName } from '../../layers/activations.js';
import type { Conv1dOptions } from '../../layers/convolution/conv1d.js';
import type { Conv2dOptions } from '../../layers/convolution/conv2d.js';
import type { DepthwiseConv2dOptions } from '../../layers/convolution/depthwise-conv2d.js';
import type { GlobalPoolingOptions } from '../../layers/pooling/global-pooling.js';
import type { Pooling1dOptions } from '../../layers/pooling/pooling1d.js';
import type { Pooling2dOptions } from '../../layers/pooling/pooling2d.js';
import type { SeparableConv2dOptions } from '../../layers/convolution/separable-conv2d.js';
import type { KernelOptions, SequencePadding } from '../../layers/window.js';
import { imageShape, window2d } from '../../layers/window.js';
import type { Shape } from '../../tensor/shape.js';
import { exporter, permuted, type Exporter, type LayerExport, type Resolved } from '../exporter.js';
import type { Value } from '../graph.js';
import type { AttributeValue } from '../proto.js';
import { activated } from './activations.js';

type Pair = readonly [number, number];

/** Where windows lie, as ONNX says it: paddings are those before every axis, then those after. A sequence is an image of one row. */
function windowAttributes(inputShape: Shape, size: Pair, strides: Pair, padding: SequencePadding, dilations: Pair = [1, 1]): Record<string, AttributeValue> {
  const [height, width] = imageShape(inputShape);
  const { padTop, padLeft, paddedH, paddedW } = window2d([height, width], size, strides, padding, dilations);
  const after = (padded: number, before: number, length: number): number => Math.max(padded - before - length, 0);
  const own = (sizes: Pair): readonly number[] => sizes.slice(3 - inputShape.length);
  return {
    kernel_shape: { ints: own(size) }, strides: { ints: own(strides) }, ...(dilations.some((dilation) => dilation > 1) && { dilations: { ints: own(dilations) } }),
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

/** AveragePool does not count padding, unless it is told to. */
const pooled = (context: LayerExport, operator: string, size: Pair, strides: Pair, padding: SequencePadding): Value =>
  context.output(context.graph.node(operator, [context.in('channelsFirst')], windowAttributes(context.x.shape, size, strides, padding)), 'channelsFirst');
const pooling2d = (operator: string): Exporter =>
  exporter<Pooling2dOptions>(({ poolSize, strides, padding }, context) => pooled(context, operator, poolSize, strides, padding));
const pooling1d = (operator: string): Exporter =>
  exporter<Pooling1dOptions>(({ poolSize, strides, padding }, context) => pooled(context, operator, [1, poolSize], [1, strides], padding));

/** Here the pooled axes stay, with length 1. */
const globalPooling = (operator: string): Exporter => exporter<GlobalPoolingOptions>(({ keepDims }, context) => {
  const y = context.graph.node(operator, [context.in('channelsFirst')]);
  return keepDims ? context.output(y, 'channelsFirst') : context.output(context.graph.node('Flatten', [y], { axis: { int: 1 } }));
});

export const WINDOWS: Readonly<Record<string, Exporter>> = {
  conv1d, conv2d, depthwiseConv2d, separableConv2d,
  averagePooling1d: pooling1d('AveragePool'), averagePooling2d: pooling2d('AveragePool'), maxPooling1d: pooling1d('MaxPool'), maxPooling2d: pooling2d('MaxPool'),
  globalAveragePooling1d: globalPooling('GlobalAveragePool'), globalAveragePooling2d: globalPooling('GlobalAveragePool'),
  globalMaxPooling1d: globalPooling('GlobalMaxPool'), globalMaxPooling2d: globalPooling('GlobalMaxPool'),
};
