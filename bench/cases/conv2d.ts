import { conv2d } from '../../src/layers/convolution/conv2d.js';
import { depthwiseConv2d } from '../../src/layers/convolution/depthwise-conv2d.js';
import type { Layer } from '../../src/layers/layer.js';
import { maxPooling2d } from '../../src/layers/pooling/max-pooling2d.js';
import { Activation } from '../../src/plan/ops.js';
import type { Case, Plain } from '../case.js';
import { layerCases } from '../case.js';
import type { ConvGeometry, PoolGeometry } from '../plain/kernels.js';
import { values } from '../values.js';

interface Convolution {
  size: number;
  inC: number;
  outC: number;
  kernelSize?: number;
  stride?: number;
  batch?: number;
}

const geometryOf = ({ size, inC, outC, kernelSize = 3, stride = 1, batch = 32 }: Convolution): ConvGeometry => {
  const out = Math.floor((size - kernelSize) / stride) + 1;
  return [batch, size, size, inC, out, out, outC, kernelSize, kernelSize, stride, stride];
};

function plainPasses(geometry: ConvGeometry): Readonly<Record<'forward' | 'backwardKernel' | 'backwardInput' | 'backward', Plain>> {
  const [batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW] = geometry;
  const [x, y, kernel] = [batch * inH * inW * inC, batch * outH * outW * outC, kernelH * kernelW * inC * outC];
  return {
    forward: ({ floats, kernels }) => {
      const [to, from, filter] = [floats(y), floats(values(x)), floats(values(kernel))];
      return () => kernels.conv2dForward(to, from, filter, ...geometry);
    },
    backwardKernel: ({ floats, kernels }) => {
      const [to, from, gradient] = [floats(kernel), floats(values(x)), floats(values(y))];
      return () => kernels.conv2dBackwardFilter(to, from, gradient, ...geometry);
    },
    backwardInput: ({ floats, kernels }) => {
      const [to, gradient, filter] = [floats(x), floats(values(y)), floats(values(kernel))];
      return () => kernels.conv2dBackwardInput(to, gradient, filter, ...geometry);
    },
    backward: ({ floats, kernels }) => {
      const [dx, dKernel] = [floats(x), floats(kernel)];
      const [from, gradient, filter] = [floats(values(x)), floats(values(y)), floats(values(kernel))];
      return () => {
        kernels.conv2dBackwardFilter(dKernel, from, gradient, ...geometry);
        kernels.conv2dBackwardInput(dx, gradient, filter, ...geometry);
      };
    },
  };
}

function convolution(options: Convolution, padding: 'valid' | 'same' = 'valid'): Case[] {
  const { size, inC, outC, kernelSize = 3, stride = 1, batch = 32 } = options;
  const stack = (): Layer[] => [conv2d({ filters: outC, kernelSize, strides: stride, padding, useBias: false, inputShape: [size, size, inC] })];
  const plain = plainPasses(geometryOf(options));
  const { forward, backwardKernel } = plain;
  const passes = inC === 1 ? { forward, backwardKernel } : plain; // one channel: a first layer, whose input needs no gradient
  return layerCases({
    kernel: `conv2d ${kernelSize}×${kernelSize}`,
    shape: `${inC} → ${outC} on ${size}×${size}${stride > 1 ? `, stride ${stride}` : ''}${padding === 'same' ? ', same' : ''}, batch ${batch}`,
    batch, stack,
    passes: padding === 'valid' ? passes : { forward: undefined, backward: undefined },
  });
}

/** Convolution, ReLU and 2×2 pooling as one stage of a network, which kernels may fuse. */
function stage(options: Convolution): Case[] {
  const { size, inC, outC, kernelSize = 3, batch = 32 } = options;
  const conv = geometryOf(options);
  const [mapped, pooled] = [conv[4], conv[4] >> 1];
  const pool: PoolGeometry = [batch, mapped, mapped, outC, pooled, pooled, 2, 2, 2, 2];
  const [x, y, z, kernel] = [batch * size ** 2 * inC, batch * mapped ** 2 * outC, batch * pooled ** 2 * outC, kernelSize ** 2 * inC * outC];
  const backward = (withInput: boolean): Plain => ({ floats, integers, kernels }) => {
    const [dz, argmax, to, dy, from] = [floats(values(z)), integers(z), floats(values(y)), floats(y), floats(values(x))];
    const [filter, dKernel, dx] = [floats(values(kernel)), floats(kernel), floats(x)];
    return () => {
      kernels.maxPoolBackward(dy, dz, argmax, ...pool);
      kernels.activationBackward(dy, dy, to, y, Activation.relu);
      kernels.conv2dBackwardFilter(dKernel, from, dy, ...conv);
      if (withInput) kernels.conv2dBackwardInput(dx, dy, filter, ...conv);
    };
  };
  return layerCases({
    kernel: `conv2d ${kernelSize}×${kernelSize} + relu + maxPooling2d`, shape: `${inC} → ${outC} on ${size}×${size}, batch ${batch}`, batch,
    stack: () => [
      conv2d({ filters: outC, kernelSize, activation: 'relu', useBias: false, inputShape: [size, size, inC] }), maxPooling2d({ poolSize: 2 }),
    ],
    passes: {
      forward: ({ floats, integers, kernels }) => {
        const [out, argmax, to, from, filter] = [floats(z), integers(z), floats(y), floats(values(x)), floats(values(kernel))];
        return () => {
          kernels.conv2dForward(to, from, filter, ...conv);
          kernels.activationForward(to, to, y, Activation.relu);
          kernels.maxPoolForward(out, argmax, to, ...pool);
        };
      },
      ...(inC === 1 ? { backwardKernel: backward(false) } : { backward: backward(true) }),
    },
  });
}

/** Kinds of convolution of which there are no plain kernels. */
const others = (kernel: string, shape: string, layer: () => Layer, batch = 32): Case[] =>
  layerCases({ kernel, shape: `${shape}, batch ${batch}`, batch, stack: () => [layer()], passes: { forward: undefined, backwardKernel: undefined, backwardInput: undefined } });

export const conv2dCases: readonly Case[] = [
  ...convolution({ size: 28, inC: 1, outC: 64, batch: 128 }), ...convolution({ size: 13, inC: 64, outC: 64, batch: 128 }),
  ...stage({ size: 28, inC: 1, outC: 64, batch: 128 }), ...stage({ size: 32, inC: 3, outC: 32, kernelSize: 5, batch: 128 }),
  ...stage({ size: 14, inC: 6, outC: 16, kernelSize: 5, batch: 128 }), ...stage({ size: 14, inC: 32, outC: 64, kernelSize: 5, batch: 128 }),
  ...convolution({ size: 32, inC: 3, outC: 32 }), ...convolution({ size: 28, inC: 16, outC: 32 }), ...convolution({ size: 14, inC: 33, outC: 65 }),
  ...convolution({ size: 14, inC: 128, outC: 128 }),
  ...convolution({ size: 14, inC: 64, outC: 64, kernelSize: 1 }), ...convolution({ size: 14, inC: 32, outC: 32, kernelSize: 5 }),
  ...convolution({ size: 28, inC: 32, outC: 32, stride: 2 }), ...convolution({ size: 14, inC: 64, outC: 64 }, 'same'),
  ...others('conv2d 3×3', '64 → 64 on 14×14, dilation 2', () => conv2d({ filters: 64, kernelSize: 3, dilationRate: 2, useBias: false, inputShape: [14, 14, 64] })),
  ...others('conv2d 3×3', '64 → 64 on 14×14, 4 groups', () => conv2d({ filters: 64, kernelSize: 3, groups: 4, useBias: false, inputShape: [14, 14, 64] })),
  ...others('depthwiseConv2d 3×3', 'on 28×28×64, same', () => depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false, inputShape: [28, 28, 64] })),
  ...others('depthwiseConv2d 3×3', 'on 28×28×64, stride 2', () => depthwiseConv2d({ kernelSize: 3, strides: 2, useBias: false, inputShape: [28, 28, 64] })),
];
