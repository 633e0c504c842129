import assert from 'node:assert/strict';
import { blocksOf } from '../../../src/plan/blocking.js';
import { randomArray } from '../../reference/index.js';
import { floats, type Sweep } from '../harness.js';

const copyRows: Sweep<'copyRows'> = function* () {
  for (const rows of [1, 2, 5, 9, 33]) {
    for (const [columns, toStride, fromStride] of [[1, 1, 1], [3, 3, 7], [4, 9, 4], [16, 16, 16], [17, 20, 18]] as const) {
      for (const blockRows of [1, 4, 16]) {
        const to = randomArray((rows - 1) * toStride + columns, 1);
        const from = randomArray((rows - 1) * fromStride + columns, 2);
        yield {
          label: `${rows} rows of ${columns}, strides ${toStride} and ${fromStride}, blocks of ${blockRows}`,
          args: { to: floats(to), from: floats(from), rows, columns, toStride, fromStride, blockRows },
          blocks: blocksOf(rows, blockRows),
          check({ to: written }) {
            const expected = Float32Array.from(to);
            for (let row = 0; row < rows; row++) {
              for (let column = 0; column < columns; column++) expected[row * toStride + column] = from[row * fromStride + column]!;
            }
            assert.deepEqual(written, expected);
          },
        };
      }
    }
  }
};

export const copySweeps = { copyRows };
