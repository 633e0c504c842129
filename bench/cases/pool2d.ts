import { averagePooling2d } from '../../src/layers/pooling/average-pooling2d.js';
import { globalAveragePooling2d } from '../../src/layers/pooling/global-pooling.js';
import type { Layer } from '../../src/layers/layer.js';
import { maxPooling2d } from '../../src/layers/pooling/max-pooling2d.js';
import type { Case } from '../case.js';
import { layerCases } from '../case.js';
import type { PoolGeometry } from '../plain/kernels.js';
import { values } from '../values.js';

/** Max pooling forward and backward. Its comparisons are not counted as arithmetic. */
function pooling(size: number, channels: number, poolSize: number, stride: number, batch: number): Case[] {
  const out = Math.floor((size - poolSize) / stride) + 1;
  const geometry: PoolGeometry = [batch, size, size, channels, out, out, poolSize, poolSize, stride, stride];
  const [x, y] = [batch * size * size * channels, batch * out * out * channels];
  return layerCases({
    kernel: 'maxPooling2d', shape: `${poolSize}×${poolSize}, stride ${stride}, on ${size}×${size}×${channels}, batch ${batch}`, batch, flops: 0,
    stack: () => [maxPooling2d({ poolSize, strides: stride, inputShape: [size, size, channels] })],
    passes: {
      forward: ({ floats, integers, kernels }) => {
        const [to, argmax, from] = [floats(y), integers(y), floats(values(x))];
        return () => kernels.maxPoolForward(to, argmax, from, ...geometry);
      },
      backwardInput: ({ floats, integers, kernels }) => {
        const [to, argmax, from, gradient] = [floats(y), integers(y), floats(values(x)), floats(values(y))];
        kernels.maxPoolForward(to, argmax, from, ...geometry); // for the places of the largest values
        const dx = floats(x);
        return () => kernels.maxPoolBackward(dx, gradient, argmax, ...geometry);
      },
    },
  });
}

/** Means, of which there are no plain kernels; their few additions are not counted either. */
const averages = (kernel: string, shape: string, batch: number, layer: () => Layer): Case[] =>
  layerCases({ kernel, shape: `${shape}, batch ${batch}`, batch, flops: 0, stack: () => [layer()], passes: { forward: undefined, backwardInput: undefined } });

export const pool2dCases: readonly Case[] = [
  ...pooling(26, 64, 2, 2, 128), ...pooling(14, 32, 3, 2, 32),
  ...averages('averagePooling2d', '2×2, stride 2, on 26×26×64', 128, () => averagePooling2d({ inputShape: [26, 26, 64] })),
  ...averages('globalAveragePooling2d', 'of 7×7×512', 32, () => globalAveragePooling2d({ inputShape: [7, 7, 512] })),
];
