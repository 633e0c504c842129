import { activation } from '../../src/layers/core/activation.js';
import { dropout } from '../../src/layers/core/dropout.js';
import { rescaling } from '../../src/layers/core/rescaling.js';
import { Activation } from '../../src/plan/ops.js';
import type { Case } from '../case.js';
import { layerCases } from '../case.js';
import { values } from '../values.js';

/** Arithmetic of one element forward, as instructions of one vector (assembly/simd/math.ts). */
const FLOPS = { relu: 1, tanh: 21, sigmoid: 22 } as const;

/** From a first-level cache over a second-level one to the map of the first convolution in memory. */
const SIZES = [4096, 65_536, 128 * 26 * 26 * 64] as const;

function activations(kind: keyof typeof FLOPS, size: number): Case[] {
  const forward = layerCases({
    kernel: kind, shape: `${size}`, batch: 1, flops: FLOPS[kind] * size, stack: () => [activation({ activation: kind, inputShape: [size] })],
    passes: {
      forward: ({ floats, kernels }) => {
        const [y, x] = [floats(size), floats(values(size))];
        return () => kernels.activationForward(y, x, size, Activation[kind]);
      },
    },
  });
  const backward = layerCases({
    kernel: kind, shape: `${size}`, batch: 1, flops: (kind === 'relu' ? 1 : 3) * size, stack: () => [activation({ activation: kind, inputShape: [size] })],
    passes: {
      backwardInput: ({ floats, kernels }) => {
        const [dx, dy, y] = [floats(size), floats(values(size)), floats(values(size))];
        return () => kernels.activationBackward(dx, dy, y, size, Activation[kind]);
      },
    },
  });
  return [...forward, ...backward];
}

export const elementWiseCases: readonly Case[] = [
  ...(['relu', 'tanh', 'sigmoid'] as const).flatMap((kind) => SIZES.flatMap((size) => activations(kind, size))),
  ...layerCases({
    kernel: 'dropout', shape: '128 × 7744', batch: 128, flops: 0, stack: () => [dropout({ rate: 0.3, inputShape: [7744] })],
    passes: { forward: undefined, backwardInput: undefined },
  }),
  ...layerCases({
    kernel: 'rescaling', shape: '128 × 784', batch: 128, stack: () => [rescaling({ scale: 1 / 255, inputShape: [784] })], flops: 2 * 784,
    passes: { forward: undefined },
  }),
];
