/** Small examples computed by hand: what the finite differences of `gradients.test.ts` cannot see. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  absGemm,
  adamStep,
  assertClose,
  biasAddBackward,
  biasAddForward,
  clipByGlobalNorm,
  columnSums,
  dot,
  dropoutBackward,
  dropoutForward,
  gemm,
  globalNorm,
  meanSquaredError,
  reluBackward,
  reluForward,
  sgdStep,
  sigmoidForward,
  simpleRnnBackward,
  simpleRnnForward,
  softmaxCrossEntropy,
  softmaxForward,
  sum,
  sumOfSquares,
  tanhForward,
} from './index.js';

const EXACT = 0;
const ROUNDING = 1e-14;

describe('gemm', () => {
  const sizes = { m: 2, n: 2, k: 3 };
  const a = [1, 2, 3, 4, 5, 6]; // [2, 3]
  const b = [7, 8, 9, 10, 11, 12]; // [3, 2]
  const product = [58, 64, 139, 154];

  it('multiplies', () => assertClose(gemm({ ...sizes, a, b }), product, EXACT));

  it('reads transposed operands', () => {
    const aT = [1, 4, 2, 5, 3, 6];
    const bT = [7, 9, 11, 8, 10, 12];
    assertClose(gemm({ ...sizes, a: aT, transposeA: true, b }), product, EXACT);
    assertClose(gemm({ ...sizes, a, b: bT, transposeB: true }), product, EXACT);
    assertClose(gemm({ ...sizes, a: aT, transposeA: true, b: bT, transposeB: true }), product, EXACT);
  });

  it('skips the gaps between rows', () => {
    const gap = NaN;
    const options = { ...sizes, a: [1, 2, 3, gap, 4, 5, 6], lda: 4, b: [7, 8, gap, gap, 9, 10, gap, gap, 11, 12], ldb: 4 };
    assertClose(gemm(options), product, EXACT);
    assert.throws(() => gemm({ ...options, lda: 5 }), /a: expected at least 8 values, received 7/);
    assert.throws(() => gemm({ ...options, lda: 2 }), /a: a row of 3 does not fit a stride of 2/);
  });

  it('adds c and leaves it alone', () => {
    const c = [1, 2, 3, 4];
    assertClose(gemm({ ...sizes, a, b, c }), [59, 66, 142, 158], EXACT);
    assert.deepEqual(c, [1, 2, 3, 4]);
    assertClose(gemm({ ...sizes, k: 0, a: [], b: [], c }), c, EXACT);
  });

  it('gives absolute sums', () => {
    assertClose(absGemm({ m: 1, n: 1, k: 2, a: [1, -2], b: [3, 4], c: [-5] }), [16], EXACT);
  });
});

describe('element-wise functions', () => {
  it('relu', () => {
    assertClose(reluForward([-1, 0, 2]), [0, 0, 2], EXACT);
    assertClose(reluBackward({ dy: [5, 6, 7], y: [0, 0, 2] }), [0, 0, 7], EXACT);
  });

  it('tanh and sigmoid', () => {
    assertClose(tanhForward([0, Math.log(3), -1000]), [0, 0.8, -1], ROUNDING);
    assertClose(sigmoidForward([0, Math.log(3), -1000, 1000]), [0.5, 0.75, 0, 1], ROUNDING);
  });

  it('bias', () => {
    assertClose(biasAddForward({ x: [1, 2, 3, 4], bias: [10, 20] }), [11, 22, 13, 24], EXACT);
    assertClose(biasAddBackward({ dy: [1, 2, 3, 4], rows: 2, channels: 2 }), [4, 6], EXACT);
  });

  it('dropout', () => {
    assertClose(dropoutForward({ x: [1, 2, 3], mask: [1, 0, 1], rate: 0.5 }), [2, 0, 6], EXACT);
    assertClose(dropoutBackward({ dy: [1, 2, 3], mask: [0, 1, 1], rate: 0.75 }), [0, 8, 12], EXACT);
  });

  it('softmax, also of large values', () => {
    assertClose(softmaxForward({ x: [0, Math.log(3), 5, 5], rows: 2, columns: 2 }), [0.25, 0.75, 0.5, 0.5], ROUNDING);
    assertClose(softmaxForward({ x: [3e38, -3e38, 3e38], rows: 1, columns: 3 }), [0.5, 0, 0.5], EXACT);
  });
});

describe('losses', () => {
  it('softmax cross-entropy', () => {
    const logits = [0, Math.log(3), 2, 2];
    const { loss, rowLosses, dLogits, correct } = softmaxCrossEntropy({ logits, labels: [1, 1], rows: 2, classes: 2 });
    assertClose(rowLosses, [Math.log(4 / 3), Math.log(2)], ROUNDING);
    assert.equal(loss, (rowLosses[0]! + rowLosses[1]!) / 2);
    assertClose(dLogits, [0.125, -0.125, 0.25, -0.25], ROUNDING);
    assert.equal(correct, 1); // the tie of the second row goes to class 0
  });

  it('softmax cross-entropy of large logits', () => {
    const { rowLosses, dLogits } = softmaxCrossEntropy({ logits: [1e4, -1e4, 3e38, 0], labels: [1, 0], rows: 2, classes: 2 });
    assertClose(rowLosses, [2e4, 0], EXACT);
    assertClose(dLogits, [0.5, -0.5, 0, 0], EXACT);
  });

  it('refuses a label that is no class', () => {
    for (const label of [-1, 2, 0.5, NaN]) {
      assert.throws(() => softmaxCrossEntropy({ logits: [0, 0], labels: [label], rows: 1, classes: 2 }), RangeError);
    }
  });

  it('mean squared error', () => {
    const sizes = { rows: 2, columns: 2 };
    const { loss, rowLosses, dPredictions } = meanSquaredError({ predictions: [2, 4, 6, 8], targets: [1, 2, 3, 4], ...sizes });
    assertClose(rowLosses, [2.5, 12.5], EXACT);
    assert.equal(loss, 7.5);
    assertClose(dPredictions, [0.5, 1, 1.5, 2], EXACT);
  });
});

describe('simple RNN', () => {
  const one = { batch: 1, steps: 3, features: 1, units: 1, activation: 'linear' } as const;
  const options = { ...one, x: [1, 2, 3], kernel: [2], recurrentKernel: [0.5], bias: [1], initialState: [4] };

  it('carries its state', () => assertClose(simpleRnnForward(options), [5, 7.5, 10.75], EXACT));

  it('sends the gradient back through time', () => {
    const gradients = simpleRnnBackward({ ...options, dh: [0, 0, 1] });
    assertClose(gradients.dx, [0.5, 1, 2], EXACT);
    assertClose(gradients.dKernel, [4.25], EXACT);
    assertClose(gradients.dRecurrentKernel, [11], EXACT);
    assertClose(gradients.dBias, [1.75], EXACT);
    assertClose(gradients.dInitialState, [0.125], EXACT);
  });

  it('reads the recurrent kernel as [from, to]', () => {
    const sizes = { batch: 1, steps: 2, features: 2, units: 2, activation: 'linear' } as const;
    const h = simpleRnnForward({ ...sizes, x: [3, 5, 0, 0], kernel: [1, 0, 0, 1], recurrentKernel: [0, 1, 0, 0] });
    assertClose(h, [3, 5, 0, 3], EXACT);
  });

  it('keeps sequences apart', () => {
    const sizes = { batch: 2, steps: 2, features: 1, units: 1 };
    const h = simpleRnnForward({ ...sizes, x: [1, 0, -1, 0], kernel: [1], recurrentKernel: [2] });
    const first = Math.tanh(1);
    assertClose(h, [first, Math.tanh(2 * first), -first, -Math.tanh(2 * first)], ROUNDING);
  });
});

describe('optimizers', () => {
  it('sgd', () => {
    assertClose(sgdStep({ weights: [1, 2], gradients: [1, -1], learningRate: 0.5 }).weights, [0.5, 2.5], EXACT);
  });

  it('sgd with momentum', () => {
    const settings = { gradients: [1], learningRate: 0.1, momentum: 0.9 };
    const first = sgdStep({ ...settings, weights: [1] });
    assertClose(first.weights, [0.9], ROUNDING);
    const second = sgdStep({ ...settings, ...first });
    assertClose(second.velocity, [-0.19], ROUNDING);
    assertClose(second.weights, [0.71], ROUNDING);
    assertClose(sgdStep({ ...settings, weights: [1], nesterov: true }).weights, [0.81], ROUNDING);
  });

  it('adam', () => {
    const settings = { learningRate: 0.1, epsilon: 0 };
    const first = adamStep({ ...settings, weights: [1, 1], gradients: [2, -3], step: 1 });
    assertClose(first.weights, [0.9, 1.1], ROUNDING); // the first step is the rate in the direction of the sign
    const second = adamStep({ ...settings, ...first, gradients: [-1, 0], step: 2 });
    const correctedM = [(0.9 * 0.2 - 0.1) / (1 - 0.9 ** 2), (0.9 * -0.3) / (1 - 0.9 ** 2)];
    const correctedV = [(0.999 * 0.004 + 0.001) / (1 - 0.999 ** 2), (0.999 * 0.009) / (1 - 0.999 ** 2)];
    const expected = [0, 1].map((i) => first.weights[i]! - (0.1 * correctedM[i]!) / Math.sqrt(correctedV[i]!));
    assertClose(second.weights, expected, 1e-13);
  });

  it("adam's epsilon stands beside the uncorrected root, as in Keras", () => {
    const { weights } = adamStep({ weights: [0], gradients: [1], step: 1, learningRate: 1, epsilon: 1 });
    assertClose(weights, [-Math.sqrt(0.001) / (Math.sqrt(0.001) + 1)], ROUNDING);
  });

  it('clips by the global norm', () => {
    const gradients = [[3, 0], [4]];
    assert.equal(globalNorm(gradients), 5);
    const [first, second] = clipByGlobalNorm(gradients, 1);
    assertClose(first!, [0.6, 0], ROUNDING);
    assertClose(second!, [0.8], ROUNDING);
    assert.deepEqual(clipByGlobalNorm(gradients, 5).map((values) => [...values]), gradients);
  });
});

describe('reductions', () => {
  it('sums', () => {
    assert.equal(sum([1, 2, 3]), 6);
    assert.equal(sumOfSquares([1, 2, 3]), 14);
    assert.equal(dot([1, 2, 3], [4, 5, 6]), 32);
    assertClose(columnSums({ x: [1, 2, 3, 4, 5, 6], rows: 2, columns: 3 }), [5, 7, 9], EXACT);
  });
});
