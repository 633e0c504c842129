/** Winograd's transforms against the plain sums: the same numbers, forward and backward. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  absWinogradBackwardFilter, absWinogradBackwardInput, absWinogradForward, assertClose, conv2dBackwardFilter, conv2dBackwardInput, type Conv2dSizes,
  conv2dForward, convGeometry, map, matricesOf, type Padding, randomArray, sandwich, transpose, type Values, WINOGRAD, winogradBackwardFilter,
  winogradBackwardInput, winogradForward, winogradMatrices,
} from './index.js';

const COMMON = matricesOf([0, 1, -1, 2, -2]);

/** More than the roundings of both ways: a plain sum here has at most 2·11·10 terms; six terms a line of a transform, and 18 tiles, are fewer. */
const ROUNDINGS = 400;
/** What double precision may lose, each rounding relative to all that is added up. */
const rounding = (absoluteSums: Values): Float64Array => map(absoluteSums, (sum) => ROUNDINGS * 2 ** -53 * sum);

describe('the matrices', () => {
  it('are those of Lavin and Gray for the points 0, ±1, ±2', () => {
    const { a, b, g } = COMMON(4);
    assert.deepEqual(a, transpose([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]));
    assertClose(transpose(b).flat(), [
      4, 0, -5, 0, 1, 0, 0, -4, -4, 1, 1, 0, 0, 4, -4, -1, 1, 0, 0, -2, -1, 2, 1, 0, 0, 2, -1, -2, 1, 0, 0, 4, 0, -5, 0, 1,
    ], 0);
    assertClose(g.flat(), [
      1 / 4, 0, 0, -1 / 6, -1 / 6, -1 / 6, -1 / 6, 1 / 6, -1 / 6, 1 / 24, 1 / 12, 1 / 6, 1 / 24, -1 / 12, 1 / 6, 0, 0, 1,
    ], 0);
  });

  it('A and B for the points of the kernels are exact in float32', () => {
    for (const { a, b } of [1, 2, 3, 4].map(WINOGRAD)) for (const value of [...a.flat(), ...b.flat()]) assert.equal(Math.fround(value), value);
  });

  it('need five points', () => assert.throws(() => winogradMatrices([0, 1, -1]), /3 points, expected 5/));
});

it('one tile by hand: Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A is the 3×3 correlation', () => {
  const d = Array.from({ length: 6 }, (_, i) => [...randomArray(6, i)]);
  const g = Array.from({ length: 3 }, (_, i) => [...randomArray(3, 10 + i)]);
  const plain = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => g.flat().reduce((sum, tap, k) => sum + tap * d[i + Math.floor(k / 3)]![j + (k % 3)]!, 0)));
  for (const matrices of [WINOGRAD, COMMON]) {
    for (const rows of [1, 2, 3, 4]) {
      for (const columns of [1, 2, 3, 4]) {
        const v = sandwich(transpose(matrices(rows).b), d, transpose(matrices(columns).b));
        const u = sandwich(matrices(4).g, g);
        assert.equal(v.flat().filter((value) => value !== 0).length, (rows + 2) * (columns + 2), 'products');
        const y = sandwich(transpose(matrices(rows).a), u.map((row, i) => row.map((value, j) => value * v[i]![j]!)), transpose(matrices(columns).a));
        assertClose(y.flat(), plain.flatMap((row, i) => row.map((value, j) => (i < rows && j < columns ? value : 0))), 1e-12);
      }
    }
  }
});

const paddings: readonly Padding[] = ['valid', 'same', { top: 2, bottom: 0, left: 0, right: 1 }];
const images = [[3, 3], [3, 5], [6, 7], [9, 4], [11, 10]] as const;
for (const padding of paddings) {
  for (const [height, width] of images) {
    const sizes: Conv2dSizes = { batch: 2, height, width, inChannels: 3, filters: 2, kernelSize: [3, 3], padding };

    it(`all three passes give the plain sums, ${height}×${width}, ${JSON.stringify(padding)}`, () => {
      const { outputHeight, outputWidth } = convGeometry(sizes);
      const x = randomArray(2 * height * width * 3, 1);
      const kernel = randomArray(9 * 3 * 2, 2);
      const dy = randomArray(2 * outputHeight * outputWidth * 2, 3);
      const [forward, input, filter] = [{ ...sizes, x, kernel }, { ...sizes, dy, kernel }, { ...sizes, x, dy }];
      for (const matrices of [WINOGRAD, COMMON]) {
        assertClose(winogradForward(forward, matrices), conv2dForward(forward), rounding(absWinogradForward(forward, matrices)), 'y');
        assertClose(winogradBackwardInput(input, matrices), conv2dBackwardInput(input), rounding(absWinogradBackwardInput(input, matrices)), 'dx');
        assertClose(winogradBackwardFilter(filter, matrices), conv2dBackwardFilter(filter), rounding(absWinogradBackwardFilter(filter, matrices)), 'dKernel');
      }
    });
  }
}

it('other windows are refused', () => {
  const sizes: Conv2dSizes = { batch: 1, height: 5, width: 5, inChannels: 1, filters: 1, kernelSize: [3, 3] };
  const x = new Float64Array(25);
  assert.throws(() => winogradForward({ ...sizes, strides: [2, 2], x, kernel: new Float64Array(9) }), /not 3×3 with stride 1/);
  assert.throws(() => winogradForward({ ...sizes, kernelSize: [3, 2], x, kernel: new Float64Array(6) }), /not 3×3 with stride 1/);
});
