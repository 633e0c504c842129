import { blocksOf } from '../../../src/plan/blocking.js';
import { assertClose, columnSums, gamma, map, randomArray, sum, sumOfSquares } from '../../reference/index.js';
import { blank, doubles, floats, type OpCase, type Sweep } from '../harness.js';
import { assertState, stateOf } from './element-wise.js';

const partialsSweep: Sweep<'reducePartials'> = function* () {
  for (const count of [1, 2, 3, 16]) {
    for (let size = 1; size <= 19; size++) {
      for (const [gap, blockSize] of [[0, 8192], [3, 8]] as const) {
        const stride = size + gap;
        const partials = randomArray(count * stride, 1);
        const column = (i: number): Float64Array => partials.filter((_, at) => at % stride === i);
        yield {
          label: JSON.stringify({ count, size, stride, blockSize }),
          args: { out: blank(size), partials: floats(partials), size, count, stride, blockSize },
          blocks: blocksOf(size, blockSize),
          check({ out }) {
            const every = Array.from({ length: size }, (_, i) => column(i));
            assertClose(out, every.map(sum), every.map((values) => gamma(count) * sum(values.map(Math.abs))), 'out');
          },
        };
      }
    }
  }
};

const columnSumsSweep: Sweep<'columnSums'> = function* () {
  for (let columns = 1; columns <= 9; columns++) {
    for (const [rows, blockRows] of [[1, 1], [2, 4], [7, 2], [13, 7], [33, 8]] as const) {
      const x = randomArray(rows * columns, 2);
      const blocks = blocksOf(rows, blockRows);
      yield {
        label: JSON.stringify({ rows, columns, blockRows }),
        args: { partials: blank(blocks * columns), x: floats(x), rows, columns, blockRows },
        blocks,
        check({ partials }) {
          for (let block = 0; block < blocks; block++) {
            const part = x.subarray(block * blockRows * columns, (block + 1) * blockRows * columns);
            const options = { rows: part.length / columns, columns };
            const tolerance = columnSums({ x: part.map(Math.abs), ...options }).map((absolute) => gamma(blockRows) * absolute);
            const own = Float64Array.from(partials).subarray(block * columns, (block + 1) * columns);
            assertClose(own, columnSums({ x: part, ...options }), tolerance, `partial sum ${block}`);
          }
        },
      };
    }
  }
};

const sumOfSquaresSweep: Sweep<'sumOfSquares'> = function* () {
  for (let size = 1; size <= 35; size++) {
    for (const blockSize of [8, 16, 8192]) {
      const x = randomArray(size, 3, -1e3, 1e3);
      x[size >> 1] = 1e30; // its square is beyond float32
      const blocks = blocksOf(size, blockSize);
      yield {
        label: JSON.stringify({ size, blockSize }),
        args: { partials: blank(blocks, Float64Array), x: floats(x), size, blockSize },
        blocks,
        check({ partials }) {
          const exact = Array.from({ length: blocks }, (_, block) => sumOfSquares(Float32Array.from(x.subarray(block * blockSize, (block + 1) * blockSize))));
          assertClose(partials, exact, exact.map((value) => size * 2 ** -52 * value), 'partials'); // both sum in double precision
        },
      };
    }
  }
};

const clipSweep: Sweep<'clipByGlobalNorm'> = function* () {
  const of = (partials: Float64Array, maxNorm: number, learningRate: number, overflow: boolean): OpCase<'clipByGlobalNorm'> => {
    const norm = Math.sqrt(partials.reduce((total, value) => total + value, 0)); // one after the other, as the kernel
    return {
      label: JSON.stringify({ partials: [...partials.slice(0, 3)].map(String), maxNorm: String(maxNorm), learningRate }),
      args: { state: stateOf({ learningRate, gradientScale: 7, batchLoss: 3, overflow: 5 }), partials: doubles(partials), count: partials.length, maxNorm },
      blocks: 1,
      check({ state }) {
        const scale = norm > maxNorm ? Math.fround(maxNorm) / norm : 1;
        assertState(state, { learningRate, gradientScale: scale, batchLoss: 3, gradientNorm: norm, overflow: Number(overflow) }, 2 ** -23 * scale);
      },
    };
  };
  for (const count of [1, 2, 5, 100]) {
    for (const maxNorm of [1e-3, 1, 1e6, Infinity]) yield of(randomArray(count, 4, 0, 10), maxNorm, 0.5, false);
    for (const wrong of [NaN, Infinity]) {
      for (const at of [0, count - 1]) yield of(randomArray(count, 4, 0, 10).map((value, i) => (i === at ? wrong : value)), 1, 0.5, true);
    }
  }
  // up to a norm whose square a float can hold, before clipping or after, and a rate by which it may be multiplied
  yield of(Float64Array.of(2 ** 126), Infinity, 0.5, false);
  yield of(Float64Array.of(2 ** 126 * 1.001), Infinity, 0.5, true);
  yield of(Float64Array.of(1e76), 1, 0.5, false);
  yield of(Float64Array.of(1e18), Infinity, 2 ** 90, false);
  yield of(Float64Array.of(1e18), Infinity, 2 ** 100, true);
};

const metricsSweep: Sweep<'accumulateMetrics'> = function* () {
  for (const [rows, steps] of [[1, 1], [2, 1], [9, 3], [128, 1]] as const) {
    for (const [classified, weighted, masked] of [[true, false, false], [false, false, false], [true, true, false], [true, true, true]] as const) {
      const losses = randomArray(rows, 5, 0, 3).map((loss, row) => (weighted && row === 1 ? NaN : loss)); // of no weight: not looked at
      const right = map(losses, (loss) => (loss < 1 ? 1 : 0));
      const scales = map(randomArray(rows, 6, 0.1, 1), (scale, row) => (row === 1 ? 0 : scale));
      const mask = map(scales, (scale) => (scale === 0 ? 0 : 1));
      yield {
        label: `${rows} rows${classified ? '' : ', no accuracy'}${weighted ? ', weighted' : ''}${masked ? ', masked' : ''}`,
        args: {
          state: stateOf({ step: 4, batchLoss: NaN, batchCorrect: 11, batchWeight: 7 }), rowLoss: floats(losses),
          rowCorrect: classified ? floats(right) : undefined, rowScale: weighted ? floats(scales) : undefined, mask: masked ? floats(mask) : undefined, rows, steps,
        },
        blocks: 1,
        check({ state }) {
          const batchCorrect = classified ? sum(map(right, (value, row) => (masked ? value * mask[row]! : value))) : 0;
          // the same order of sums in double precision as the reference: equal to the last bit
          const batchLoss = weighted ? sum(map(losses, (loss, row) => (scales[row] === 0 ? 0 : loss * scales[row]!))) : sum(losses) / rows;
          assertState(state, { step: 4, batchLoss, batchCorrect, batchWeight: weighted ? 7 : rows / steps });
        },
      };
    }
  }
};

export const reduceSweeps = {
  reducePartials: partialsSweep, columnSums: columnSumsSweep, sumOfSquares: sumOfSquaresSweep, clipByGlobalNorm: clipSweep,
  accumulateMetrics: metricsSweep,
};

