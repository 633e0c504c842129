/** The cells against central differences, and against the plain simple recurrence. */
import { describe, it } from 'node:test';
import {
  type Activation, assertClose, type Cell, type CellWeights, dot, gradientCheck, gruCell, lstmCell, map, randomArray, simpleRnnCell, simpleRnnForward,
  unroll, type Values,
} from './index.js';

const TIGHT = { rtol: 1e-6, atol: 1e-7 };
const sizes = { batch: 3, steps: 4, features: 2 };
const units = 3;

const cells: readonly [string, number, (weights: CellWeights) => Cell, (gates: number) => number][] = [
  ['simpleRNN', 1, simpleRnnCell, (columns) => columns],
  ['lstm', 4, lstmCell, (columns) => columns],
  ['gru', 3, gruCell, (columns) => 2 * columns],
  ['gru, reset before', 3, (weights) => gruCell({ ...weights, resetAfter: false }), (columns) => columns],
];
const kinds: readonly (readonly [Activation, Activation])[] = [['tanh', 'sigmoid'], ['sigmoid', 'tanh'], ['linear', 'sigmoid']];

for (const [name, gates, make, biasLength] of cells) {
  describe(`${name} gradients`, () => {
    for (const [activation, recurrentActivation] of kinds) {
      for (const extras of [false, true]) {
        it(`${activation}, ${recurrentActivation}${extras ? ', masked, dropped, backwards' : ''}`, () => {
          const columns = gates * units;
          const values = {
            x: randomArray(sizes.batch * sizes.steps * sizes.features, 1), kernel: randomArray(sizes.features * columns, 2),
            recurrentKernel: randomArray(units * columns, 3), bias: randomArray(biasLength(columns), 4), h0: randomArray(sizes.batch * units, 5),
            c0: randomArray(sizes.batch * units, 6),
          };
          const more = extras && {
            goBackwards: true, mask: map(randomArray(sizes.batch * sizes.steps, 7), (value) => Number(value < 0.3)),
            factors: map(randomArray(sizes.batch * units, 8), (value) => (value < -0.3 ? 0 : 1.25)),
          };
          const run = ({ x, kernel, recurrentKernel, bias, h0, c0 }: Record<keyof typeof values, Values>) => {
            const cell = make({ features: sizes.features, units, kernel, recurrentKernel, bias, activation, recurrentActivation });
            return { cell, ...unroll({ cell, ...sizes, x, initialStates: [h0, c0], ...more }) };
          };
          const dh = randomArray(sizes.batch * sizes.steps * units, 9);
          const { cell, back } = run(values);
          const { dx, dInitialStates } = back(dh);
          const [kernel, recurrentKernel, bias] = cell.dWeights;
          const gradients = { x: dx, kernel, recurrentKernel, bias, h0: dInitialStates[0], c0: dInitialStates[1] };
          for (const [key, gradient] of Object.entries(gradients)) {
            if (!gradient) continue; // a cell of one state
            gradientCheck({
              ...TIGHT, f: (moved) => dot(dh, run({ ...values, [key]: moved }).h), x: values[key as keyof typeof values], gradient, message: key,
            });
          }
        });
      }
    }
  });
}

it('the unrolled simple recurrence is the plain one', () => {
  const weights = { features: 2, units, kernel: randomArray(2 * units, 1), recurrentKernel: randomArray(units * units, 2), bias: randomArray(units, 3) };
  const x = randomArray(24, 4);
  assertClose(unroll({ cell: simpleRnnCell(weights), ...sizes, x }).h, simpleRnnForward({ ...sizes, ...weights, x }), 1e-14);
});
