/** Softmax and the losses: kernels over rows. */
import { blocksOf } from '../../../src/plan/blocking.js';
import {
  assertClose, gamma, map, meanSquaredError, randomArray, softmaxBackward, softmaxCrossEntropy, softmaxForward, UNIT_ROUNDOFF, type Values,
} from '../../reference/index.js';
import { blank, floats, integers, type Sweep } from '../harness.js';

export interface Sizes {
  rows: number;
  columns: number;
  blockRows: number;
}

/** Columns around a vector, with every number of rows a block can end on; then one of many columns. */
export function* rowSizes(most: number): Iterable<Sizes> {
  for (let columns = 1; columns <= 9; columns++) {
    for (const [rows, blockRows] of [[1, 16], [3, 2], [7, 3]] as const) yield { rows, columns, blockRows };
  }
  yield { rows: 40, columns: 10, blockRows: 16 };
  yield { rows: 5, columns: most, blockRows: 2 };
}

/** Half a unit in the last place at most, u·|x|, or of the subnormals. */
const u = UNIT_ROUNDOFF;
const TINY = 2 ** -148;
/** For the products of roundings that a bound of first order leaves out. */
const SECOND_ORDER = 1.001;

interface SoftmaxBounds {
  /** [rows, columns]: errors of the probabilities. */
  probability: Float64Array;
  /** [rows]: relative errors of the sums of exponentials. */
  sum: Float64Array;
}

/**
 * Error of a float32 softmax, first order: d = x - max is off by u·|d|, which exp makes a relative error; exp adds its stated 1 unit in the
 * last place (2u at most), the sum of n terms γ_n, the division u.
 */
export function softmaxBounds(x: Values, y: Values, { rows, columns }: Sizes): SoftmaxBounds {
  const probability = new Float64Array(rows * columns);
  const sum = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = (column: number): number => row * columns + column;
    const every = Array.from({ length: columns }, (_, column) => column);
    const largest = Math.max(...every.map((column) => x[at(column)]!));
    const exponential = every.map((column) => u * (Math.min(largest - x[at(column)]!, 120) + 2)); // below -104 both are 0
    sum[row] = gamma(columns) + every.reduce((total, column) => total + y[at(column)]! * exponential[column]!, 0);
    for (const column of every) probability[at(column)] = SECOND_ORDER * y[at(column)]! * (exponential[column]! + sum[row]! + u) + TINY;
  }
  return { probability, sum };
}

/** Logits of ordinary and of extreme size. */
const RANGES = [1, 5, 88, 1e4, 3e38];

const softmaxSweep: Sweep<'softmaxForward'> = function* () {
  for (const size of rowSizes(300)) {
    for (const range of RANGES) {
      const x = randomArray(size.rows * size.columns, 1, -range, range);
      yield {
        label: `±${range} ${JSON.stringify(size)}`,
        args: { y: blank(x.length), x: floats(x), ...size },
        blocks: blocksOf(size.rows, size.blockRows),
        scratch: 4 * (size.columns + 4),
        check({ y }) {
          const exact = softmaxForward({ x, ...size });
          assertClose(y, exact, softmaxBounds(x, exact, size).probability, 'y');
        },
      };
    }
  }
};

const softmaxBackwardSweep: Sweep<'softmaxBackward'> = function* () {
  for (const size of rowSizes(300)) {
    const { rows, columns } = size;
    const y = Float64Array.from(softmaxForward({ x: randomArray(rows * columns, 2, -3, 3), rows, columns }), Math.fround);
    const dy = randomArray(rows * columns, 3);
    yield {
      label: JSON.stringify(size),
      args: { dx: blank(y.length), dy: floats(dy), y: floats(y), ...size },
      blocks: blocksOf(rows, size.blockRows),
      check({ dx }) {
        // y·(dy - Σ dy·y): the dot product's terms taken absolutely, and two more roundings
        const tolerance = map(y, (value, i) => {
          const start = i - (i % columns);
          const absolute = y.subarray(start, start + columns).reduce((sum, other, j) => sum + Math.abs(other * dy[start + j]!), 0);
          return gamma(columns + 3) * value * (Math.abs(dy[i]!) + absolute) + TINY;
        });
        assertClose(dx, softmaxBackward({ dy, y, rows, columns }), tolerance, 'dx');
      },
    };
  }
};

/** Without smoothing; with it see losses.ts. */
export const crossEntropySweep: Sweep<'softmaxCrossEntropy'> = function* () {
  for (const size of rowSizes(300)) {
    const { rows, columns: classes, blockRows } = size;
    for (const range of [...RANGES, 0]) {
      // rounded logits tie often; in a tie the first counts as the prediction
      const logits = randomArray(rows * classes, 4, -range, range).map((value) => (range === 5 ? Math.round(value) : value));
      const labels = Array.from({ length: rows }, (_, row) => (row * 5 + classes - 1) % classes);
      const gradientScale = Math.fround(1 / rows);
      for (const training of [true, false]) {
        yield {
          label: `±${range} ${JSON.stringify(size)}${training ? '' : ', no gradient'}`,
          args: {
            dLogits: training ? blank(logits.length) : undefined, rowLoss: blank(rows), rowCorrect: blank(rows), logits: floats(logits),
            labels: integers(labels), rowScale: undefined, rows, classes, blockRows, gradientScale, labelSmoothing: 0,
          },
          blocks: blocksOf(rows, blockRows),
          scratch: 4 * (classes + 4),
          check(written) {
            checkCrossEntropy({ logits, labels, size, gradientScale }, written);
            if (training) checkLogitGradient({ logits, labels, size, gradientScale }, written.dLogits);
          },
        };
      }
    }
  }
};

interface CrossEntropy {
  logits: Float64Array;
  labels: number[];
  size: Sizes;
  gradientScale: number;
}

function checkCrossEntropy({ logits, labels, size }: CrossEntropy, { rowLoss, rowCorrect }: { rowLoss: Values; rowCorrect: Values }): void {
  const { rows, columns: classes } = size;
  const { rowLosses, correct } = softmaxCrossEntropy({ logits, labels, rows, classes });
  const { sum } = softmaxBounds(logits, softmaxForward({ x: logits, ...size }), size);
  const tolerance = map(rowLosses, (loss, row) => {
    const values = logits.subarray(row * classes, (row + 1) * classes);
    const below = Math.max(...values) - values[labels[row]!]!;
    const logarithm = Math.abs(loss - below); // of the sum; log4 is good to 0.96 units in the last place
    return SECOND_ORDER * (sum[row]! + 2 * u * logarithm + u * below + u * loss) + TINY;
  });
  // a loss beyond float32 (two logits of opposite sign near its end) is infinite
  assertClose(rowLoss, rowLosses.map((loss) => (loss > 3.4028235e38 ? Infinity : loss)), tolerance, 'rowLoss');
  const right = labels.map((label, row) => {
    const values = [...logits.subarray(row * classes, (row + 1) * classes)];
    return values.indexOf(Math.max(...values)) === label ? 1 : 0;
  });
  assertClose(rowCorrect, right, 0, 'rowCorrect');
  assertClose([right.filter((one) => one === 1).length], [correct], 0, 'right rows');
}

function checkLogitGradient({ logits, labels, size, gradientScale }: CrossEntropy, dLogits: Values): void {
  const { columns } = size;
  const y = softmaxForward({ x: logits, ...size });
  const oneHot = (i: number): number => (i % columns === labels[Math.floor(i / columns)] ? 1 : 0);
  const { probability } = softmaxBounds(logits, y, size);
  const expected = map(y, (value, i) => (value - oneHot(i)) * gradientScale);
  const tolerance = map(y, (value, i) => SECOND_ORDER * gradientScale * (probability[i]! + 2 * u * Math.abs(value - oneHot(i))) + TINY);
  assertClose(dLogits, expected, tolerance, 'dLogits');
}

const meanSquaredErrorSweep: Sweep<'meanSquaredError'> = function* () {
  for (const size of rowSizes(300)) {
    const { rows, columns } = size;
    const predictions = randomArray(rows * columns, 5, -3, 3);
    const targets = randomArray(rows * columns, 6, -3, 3);
    const gradientScale = Math.fround(1 / (rows * columns));
    for (const training of [true, false]) {
      yield {
        label: `${JSON.stringify(size)}${training ? '' : ', no gradient'}`,
        args: {
          dPredictions: training ? blank(predictions.length) : undefined, rowLoss: blank(rows), predictions: floats(predictions),
          targets: floats(targets), rowScale: undefined, ...size, gradientScale,
        },
        blocks: blocksOf(rows, size.blockRows),
        check(written) {
          const { rowLosses } = meanSquaredError({ predictions, targets, rows, columns });
          assertClose(written.rowLoss, rowLosses, rowLosses.map((loss) => gamma(4) * loss + TINY), 'rowLoss');
          if (!training) return;
          const exact = map(predictions, (value, i) => 2 * (value - targets[i]!) * gradientScale);
          assertClose(written.dPredictions, exact, exact.map((value) => gamma(3) * Math.abs(value) + TINY), 'dPredictions');
        },
      };
    }
  }
};

export const rowSweeps = {
  softmaxForward: softmaxSweep, softmaxBackward: softmaxBackwardSweep, meanSquaredError: meanSquaredErrorSweep,
};
