import { relu } from '../../src/layers/core/activation.js';
import { dense } from '../../src/layers/core/dense.js';
import type { Case, Plain } from '../case.js';
import { layerCases } from '../case.js';
import { values } from '../values.js';

/** C [m, n] = op(A) · op(B), by plain kernels. */
const product = (m: number, n: number, k: number, transposeA: number, transposeB: number): Plain => (backend) => {
  const [c, a, b] = [backend.floats(m * n), backend.floats(values(m * k)), backend.floats(values(k * n))];
  return () => backend.kernels.gemm(c, a, b, m, n, k, transposeA, transposeB);
};

type Pass = 'forward' | 'backwardKernel' | 'backwardInput';

/** The three products of a dense layer: x · w, xᵀ · dy and dy · wᵀ; behind a ReLU, whose own pass counts too, half of x is zeros. */
function denseCases(kernel: string, batch: number, features: number, units: number, passes: readonly Pass[], afterRelu = false): Case[] {
  const plain: Readonly<Record<Pass, Plain>> = {
    forward: product(batch, units, features, 0, 0),
    backwardKernel: product(features, units, batch, 1, 0),
    backwardInput: product(batch, features, units, 0, 1),
  };
  return layerCases({
    kernel, shape: `${batch} × ${features} → ${units}`, batch,
    stack: () => [...(afterRelu ? [relu({ inputShape: [features] })] : []), dense({ units, useBias: false, ...(!afterRelu && { inputShape: [features] }) })],
    flops: 2 * features * units,
    passes: Object.fromEntries(passes.map((pass) => [pass, plain[pass]])),
  });
}

const PASSES = ['forward', 'backwardKernel', 'backwardInput'] as const;
/** A square product is a dense layer of as many units as features and samples; its backward passes are the transposed products. */
const SQUARE: Readonly<Record<string, string>> = { 'gemm forward': 'gemm A·B', 'gemm backward kernel': 'gemm Aᵀ·B', 'gemm backward input': 'gemm A·Bᵀ' };

export const denseLayerCases: readonly Case[] = [
  ...[64, 65, 127, 128, 256, 512, 513, 1024].flatMap((size) => denseCases('gemm', size, size, size, size === 127 || size === 512 ? PASSES : ['forward']))
    .map((option) => ({ ...option, kernel: SQUARE[option.kernel]!, shape: `${option.batch}` })),
  ...denseCases('dense', 128, 7744, 128, PASSES), ...denseCases('relu + dense', 128, 7744, 128, ['forward', 'backwardKernel'], true),
  ...denseCases('dense', 128, 128, 10, PASSES), ...denseCases('dense', 1, 7744, 128, ['forward']),
];
