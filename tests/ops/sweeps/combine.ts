import { blocksOf } from '../../../src/plan/blocking.js';
import { Arithmetic } from '../../../src/plan/ops.js';
import { assertClose, elementTolerances, map, randomArray } from '../../reference/index.js';
import { blank, floats, type Sweep } from '../harness.js';

const exact: Record<keyof typeof Arithmetic, (a: number, b: number) => number> = {
  add: (a, b) => a + b, subtract: (a, b) => a - b, multiply: (a, b) => a * b, divide: (a, b) => a / b,
};

const combine: Sweep<'combine'> = function* () {
  for (const [size, period] of [[1, 1], [3, 3], [9, 3], [35, 7], [40, 8], [66, 33], [130, 130], [130, 1], [63, 9]] as const) {
    for (const blockSize of [5, 16, 8192]) {
      for (const [name, kind] of Object.entries(Arithmetic) as [keyof typeof Arithmetic, number][]) {
        const a = randomArray(size, 1);
        const b = randomArray(period, 2, 0.5, 2);
        for (const target of ['out', 'a', ...(period === size ? ['b'] : [])] as ('out' | 'a' | 'b')[]) {
          const operands = { out: blank(size), a: floats(a), b: floats(b) };
          yield {
            label: `${name}, ${size} elements, period ${period}, blocks of ${blockSize}, into ${target}`,
            args: { out: operands[target], a: operands.a, b: operands.b, size, period, blockSize, kind },
            blocks: blocksOf(size, blockSize),
            check({ out }) {
              const expected = map(Float32Array.from(a), (value, i) => exact[name](value, Math.fround(b[i % period]!)));
              assertClose(out, expected, elementTolerances(map(expected, Math.abs), 1), 'out');
            },
          };
        }
      }
    }
  }
};

export const combineSweeps = { combine };
