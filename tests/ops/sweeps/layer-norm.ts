/** Layer normalization. The tolerances count roundings, of half a unit in the last place each: sums are in double precision and count for none. */
import { blocksOf } from '../../../src/plan/blocking.js';
import {
  assertClose, columnSums, gamma as bound, map, normalizedRows, normalizedRowsBackward, randomArray, rowStatistics, UNIT_ROUNDOFF as u,
} from '../../reference/index.js';
import { blank, floats, type Sweep } from '../harness.js';

const TINY = 2 ** -140;
/** For the products of roundings that a bound of first order leaves out. */
const SECOND_ORDER = 1.001;

function* sizes(): Iterable<{ rows: number; columns: number; blockRows: number }> {
  for (let columns = 1; columns <= 9; columns++) {
    for (const [rows, blockRows] of [[1, 16], [3, 2], [7, 3]] as const) yield { rows, columns, blockRows };
  }
  yield { rows: 40, columns: 12, blockRows: 16 };
  yield { rows: 5, columns: 303, blockRows: 2 };
}

const forwardSweep: Sweep<'layerNormForward'> = function* () {
  const epsilon = Math.fround(1e-3);
  for (const size of sizes()) {
    const { rows, columns, blockRows } = size;
    for (const [scale, center] of [[true, true], [true, false], [false, true], [false, false]] as const) {
      for (const offset of [0, 100]) {
        const x = randomArray(rows * columns, 1, offset - 2, offset + 2);
        const gamma = randomArray(columns, 2), beta = randomArray(columns, 3);
        yield {
          label: `${JSON.stringify(size)} around ${offset}${scale ? ', gamma' : ''}${center ? ', beta' : ''}`,
          args: {
            y: blank(x.length), statistics: blank(2 * rows), x: floats(x), gamma: scale ? floats(gamma) : undefined,
            beta: center ? floats(beta) : undefined, ...size, epsilon,
          },
          blocks: blocksOf(rows, blockRows),
          check({ y, statistics }) {
            const exact = rowStatistics({ x, rows, columns, epsilon });
            assertClose(statistics, exact, map(exact, (value) => SECOND_ORDER * u * Math.abs(value) + 1e-14 * (offset + 2)), 'statistics');
            const factor = (i: number): number => (scale ? gamma[i % columns]! : 1);
            const n = normalizedRows({ x, statistics: exact, columns });
            const expected = map(n, (value, i) => value * factor(i) + (center ? beta[i % columns]! : 0));
            // the mean's rounding; those of the difference, 1 / σ and two products; of the sum with beta
            const tolerance = map(n, (value, i) => {
              const row = Math.floor(i / columns);
              const mean = Math.abs(exact[2 * row]!) * exact[2 * row + 1]!;
              return SECOND_ORDER * u * (Math.abs(factor(i)) * (mean + 4 * Math.abs(value)) + Math.abs(expected[i]!)) + 1e-12;
            });
            assertClose(y, expected, tolerance, 'y');
          },
        };
      }
    }
  }
};

/** x of rows, and their statistics as the forward kernel may leave them. */
function rowsOf(rows: number, columns: number): { x: Float64Array; statistics: Float64Array; n: Float64Array; dy: Float64Array } {
  const x = randomArray(rows * columns, 4, -2, 3);
  const statistics = Float64Array.from(rowStatistics({ x, rows, columns, epsilon: 1e-3 }), Math.fround);
  return { x, statistics, n: normalizedRows({ x, statistics, columns }), dy: randomArray(rows * columns, 5) };
}

const inputSweep: Sweep<'layerNormBackwardInput'> = function* () {
  for (const size of sizes()) {
    const { rows, columns, blockRows } = size;
    const { x, statistics, n, dy } = rowsOf(rows, columns);
    const gamma = randomArray(columns, 6);
    for (const scale of [true, false]) {
      const g = map(dy, (value, i) => value * (scale ? gamma[i % columns]! : 1));
      yield {
        label: `${JSON.stringify(size)}${scale ? ', gamma' : ''}`,
        args: { dx: blank(x.length), dy: floats(dy), x: floats(x), statistics: floats(statistics), gamma: scale ? floats(gamma) : undefined, ...size },
        blocks: blocksOf(rows, blockRows),
        check({ dx }) {
          // roundings of each term: g itself, both differences and the last product; the same for its mean and one more; n, g·n and their kin
          const tolerance = map(g, (value, i) => {
            const row = Math.floor(i / columns);
            let meanG = 0, meanGn = 0;
            for (let j = row * columns; j < (row + 1) * columns; j++) {
              meanG += Math.abs(g[j]!) / columns;
              meanGn += Math.abs(g[j]! * n[j]!) / columns;
            }
            return SECOND_ORDER * u * statistics[2 * row + 1]! * (4 * Math.abs(value) + 5 * meanG + 10 * Math.abs(n[i]!) * meanGn) + TINY;
          });
          assertClose(dx, normalizedRowsBackward({ g, n, statistics, columns }), tolerance, 'dx');
        },
      };
    }
  }
};

const gammaSweep: Sweep<'layerNormBackwardGamma'> = function* () {
  for (const size of sizes()) {
    const { rows, columns, blockRows } = size;
    const { x, statistics, n, dy } = rowsOf(rows, columns);
    const products = map(dy, (value, i) => value * n[i]!);
    const blocks = blocksOf(rows, blockRows);
    yield {
      label: JSON.stringify(size),
      args: { partials: blank(blocks * columns), dy: floats(dy), x: floats(x), statistics: floats(statistics), ...size },
      blocks,
      check({ partials }) {
        for (let block = 0; block < blocks; block++) {
          const part = products.subarray(block * blockRows * columns, (block + 1) * blockRows * columns);
          const options = { rows: part.length / columns, columns };
          const tolerance = columnSums({ x: part.map(Math.abs), ...options }).map((absolute) => bound(blockRows + 3) * absolute + TINY);
          const own = Float64Array.from(partials).subarray(block * columns, (block + 1) * columns);
          assertClose(own, columnSums({ x: part, ...options }), tolerance, `partial sum ${block}`);
        }
      },
    };
  }
};

export const layerNormSweeps = {
  layerNormForward: forwardSweep, layerNormBackwardInput: inputSweep, layerNormBackwardGamma: gammaSweep,
};
