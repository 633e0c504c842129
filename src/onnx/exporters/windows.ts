/** Layers that slide a window over images. */
import type { Conv2dOptions } from '../../layers/conv2d.js';
import type { MaxPooling2dOptions } from '../../layers/max-pooling2d.js';
import type { Padding } from '../../layers/window.js';
import { window2d } from '../../layers/window.js';
import type { Shape } from '../../tensor/shape.js';
import { exporter, permuted, type Exporter } from '../exporter.js';
import type { AttributeValue } from '../proto.js';
import { activated } from './activations.js';

type Pair = readonly [number, number];

/** Where windows lie, as ONNX says it: paddings are those before every axis, then those after. */
function windowAttributes(inputShape: Shape, size: Pair, strides: Pair, padding: Padding, dilations: Pair = [1, 1]): Record<string, AttributeValue> {
  const { padTop, padLeft, paddedH, paddedW } = window2d(inputShape, size, strides, padding, dilations);
  const after = (padded: number, before: number, length: number): number => Math.max(padded - before - length, 0);
  return {
    kernel_shape: { ints: size }, strides: { ints: strides }, dilations: { ints: dilations },
    pads: { ints: [padTop, padLeft, after(paddedH, padTop, inputShape[0]!), after(paddedW, padLeft, inputShape[1]!)] },
  };
}

const conv2d = exporter<Conv2dOptions>(({ kernelSize, strides, padding, dilationRate = [1, 1], groups = 1, activation, useBias }, context) => { // the two where they were given
  const { graph, x } = context;
  const kernel = permuted(context.weight('kernel'), [3, 2, 0, 1]); // [filters, channels / groups, kernelHeight, kernelWidth]
  const inputs = [context.in('channelsFirst'), graph.constant('kernel', kernel.data, kernel.shape), ...(useBias ? [context.constant('bias')!] : [])];
  const y = graph.node('Conv', inputs, { ...windowAttributes(x.shape, kernelSize, strides, padding, dilationRate), group: { int: groups } });
  return activated(graph, context.output(y, 'channelsFirst'), activation);
});

const maxPooling2d = exporter<MaxPooling2dOptions>(({ poolSize, strides, padding }, context) =>
  context.output(context.graph.node('MaxPool', [context.in('channelsFirst')], windowAttributes(context.x.shape, poolSize, strides, padding)), 'channelsFirst'));

export const WINDOWS: Readonly<Record<string, Exporter>> = { conv2d, maxPooling2d };
