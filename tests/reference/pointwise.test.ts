/** The reference's activations against known values and finite differences. */
import { describe, it } from 'node:test';
import { assertClose, erf, finiteDifference, pointwise, randomArray } from './index.js';

describe('erf', () => {
  it('has the values of Abramowitz and Stegun, table 7.1, and of its complement', () => {
    const known: readonly (readonly [number, number])[] = [
      [0, 0], [0.1, 0.1124629160182849], [0.5, 0.5204998778130465], [1, 0.8427007929497149], [-1, -0.8427007929497149], [2, 0.9953222650189527],
      [3, 0.9999779095030014], [5, 0.9999999999984626], [7, 1], [Infinity, 1], [-Infinity, -1], [1e-200, 1.1283791670955126e-200],
    ];
    for (const [x, expected] of known) assertClose([erf(x)], [expected], 1e-15 * Math.abs(expected), `erf ${x}`);
  });
});

describe('the derivative of', () => {
  for (const [name, { forward, derivative }] of Object.entries(pointwise)) {
    it(name, () => {
      for (const alpha of [0, 0.3, 1.5]) {
        for (const x of randomArray(50, 7, -5, 5)) {
          const [numerical] = finiteDifference(([value]) => forward(value!, alpha), [x]);
          assertClose([derivative(x, alpha)], [numerical!], 1e-8, `${name} at ${x}`);
        }
      }
    });
  }
});
