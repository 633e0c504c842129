/** The losses beside the two oldest ones (see rows.ts), and what their rows count. */
import { blocksOf } from '../../../src/plan/blocking.js';
import {
  absoluteError, assertClose, binaryCrossEntropy, categoricalCrossEntropy, gamma, huberLoss, map, probabilityCrossEntropy, randomArray, smoothTargets, softmaxForward,
  UNIT_ROUNDOFF, type Values, withinProbabilities,
} from '../../reference/index.js';
import { assertState, stateOf } from './element-wise.js';
import { crossEntropySweep, rowSizes, type Sizes, softmaxBounds } from './rows.js';
import { blank, cycle, floats, integers, type Operand, type Sweep } from '../harness.js';

const u = UNIT_ROUNDOFF;
const TINY = 2 ** -140;
const SECOND_ORDER = 1.001;
const SMOOTHING = [0, Math.fround(0.1)];

/** What rows count: the same for all, or each its own, some of them nothing. */
function scalesOf(rows: number, weighted: boolean): { scales: Float64Array; rowScale: Operand | undefined; gradientScale: number } {
  const gradientScale = Math.fround(1 / rows);
  const scales = weighted ? map(randomArray(rows, 31, 0, 2), (value, row) => (row % 3 === 1 ? 0 : value)) : new Float64Array(rows).fill(gradientScale);
  return { scales, rowScale: weighted ? floats(scales) : undefined, gradientScale };
}

/** Distributions over classes; every other row is one-hot. */
function distributions({ rows, columns }: Sizes): Float64Array {
  const soft = softmaxForward({ x: randomArray(rows * columns, 32, -2, 2), rows, columns });
  return map(soft, (value, i) => {
    const row = Math.floor(i / columns);
    return Math.fround(row % 2 === 0 ? Number(i % columns === (row * 5 + 1) % columns) : value);
  });
}

const largestAt = (values: Values, row: number, columns: number): number => {
  const own = Array.from(values).slice(row * columns, (row + 1) * columns);
  return own.indexOf(Math.max(...own));
};

/** Four roundings make a smoothed target of a target. */
const targetError = (target: number, smoothing: number): number => (smoothing === 0 ? 0 : 4 * u * (target + smoothing));

const classRowsRight = (values: Values, targets: Values, { rows, columns }: Sizes): number[] =>
  Array.from({ length: rows }, (_, row) => Number(largestAt(values, row, columns) === largestAt(targets, row, columns)));

const categoricalSweep: Sweep<'categoricalCrossEntropy'> = function* () {
  for (const size of rowSizes(100)) {
    const { rows, columns: classes, blockRows } = size;
    for (const range of [1, 5, 88, 1e4]) {
      for (const [labelSmoothing, weighted, training] of [[0, false, true], [SMOOTHING[1]!, true, true], [SMOOTHING[1]!, false, false]] as const) {
        const logits = randomArray(rows * classes, 33, -range, range);
        const targets = distributions(size);
        const { scales, rowScale, gradientScale } = scalesOf(rows, weighted);
        yield {
          label: `±${range} ${JSON.stringify({ ...size, labelSmoothing, weighted, training })}`,
          args: {
            dLogits: training ? blank(logits.length) : undefined, rowLoss: blank(rows), rowCorrect: blank(rows), logits: floats(logits), targets: floats(targets),
            rowScale, rows, classes, blockRows, gradientScale, labelSmoothing,
          },
          blocks: blocksOf(rows, blockRows),
          scratch: 4 * (classes + 4),
          check: (written) => checkDistributions(written, { logits, targets, size, labelSmoothing, scales }),
        };
      }
    }
  }
};

/** Class numbers, smoothed: the same as distributions that are one-hot. */
const smoothedClassesSweep: Sweep<'softmaxCrossEntropy'> = function* () {
  for (const size of rowSizes(100)) {
    const { rows, columns: classes, blockRows } = size;
    for (const range of [1, 88, 1e4]) {
      for (const [labelSmoothing, weighted, training] of [[SMOOTHING[1]!, true, true], [SMOOTHING[1]!, false, true], [0.5, false, false]] as const) {
        const logits = randomArray(rows * classes, 35, -range, range);
        const labels = Array.from({ length: rows }, (_, row) => (row * 5 + 1) % classes);
        const targets = Float64Array.from(logits, (_, i) => Number(i % classes === labels[Math.floor(i / classes)]));
        const { scales, rowScale, gradientScale } = scalesOf(rows, weighted);
        yield {
          label: `±${range} ${JSON.stringify({ ...size, labelSmoothing, weighted, training })}`,
          args: {
            dLogits: training ? blank(logits.length) : undefined, rowLoss: blank(rows), rowCorrect: blank(rows), logits: floats(logits), labels: integers(labels),
            rowScale, rows, classes, blockRows, gradientScale, labelSmoothing,
          },
          blocks: blocksOf(rows, blockRows),
          scratch: 4 * (classes + 4),
          check: (written) => checkDistributions(written, { logits, targets, size, labelSmoothing, scales }),
        };
      }
    }
  }
};

interface Written {
  rowLoss: Values;
  rowCorrect: Values;
  dLogits: Values | undefined;
}

function checkDistributions(
  written: Written, { logits, targets, size, labelSmoothing, scales }: { logits: Float64Array; targets: Values; size: Sizes; labelSmoothing: number; scales: Values },
): void {
  const { rows, columns: classes } = size;
  const exact = categoricalCrossEntropy({ values: logits, targets, rows, classes, labelSmoothing });
  const t = smoothTargets(targets, labelSmoothing, classes);
  const bounds = softmaxBounds(logits, softmaxForward({ x: logits, ...size }), size);
  const lossError = map(exact.rowLosses, (loss, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    const largest = Math.max(...own);
    const logSum = Math.log(own.reduce((all, value) => all + Math.exp(value - largest), 0));
    const terms = own.reduce((all, value, c) => {
      const term = logSum + largest - value;
      const error = bounds.sum[row]! + 2 * u * logSum + u * (largest - value) + u * term;
      return all + t[row * classes + c]! * error + targetError(targets[row * classes + c]!, labelSmoothing) * term;
    }, 0);
    return SECOND_ORDER * (terms + u * loss) + TINY;
  });
  assertClose(written.rowLoss, exact.rowLosses, lossError, 'rowLoss');
  assertClose(written.rowCorrect, classRowsRight(logits, targets, size), 0, 'rowCorrect');
  if (!written.dLogits) return;
  const scale = (i: number): number => scales[Math.floor(i / classes)]!;
  const gradientError = map(exact.gradient, (value, i) => {
    const total = 1 + 1e-6;
    return SECOND_ORDER * scale(i) * (total * bounds.probability[i]! + classes * targetError(1, labelSmoothing) + u * total
      + targetError(targets[i]!, labelSmoothing) + 2 * u * Math.abs(value)) + TINY;
  });
  assertClose(written.dLogits, map(exact.gradient, (value, i) => value * scale(i)), gradientError, 'dLogits');
}

const probabilitySweep: Sweep<'probabilityCrossEntropy'> = function* () {
  for (const size of rowSizes(100)) {
    const { rows, columns: classes, blockRows } = size;
    const kinds = [[0, false, true, true], [0, true, true, false], [SMOOTHING[1]!, true, true, false], [SMOOTHING[1]!, false, false, false]] as const;
    for (const [labelSmoothing, weighted, training, sparse] of kinds) {
      // some are 0, and in some rows all but one are
      const p = map(randomArray(rows * classes, 34, 0.01, 1), (value, i) => (Math.floor(i / classes) % 3 === 2 ? Number(i % classes === 0) : i % 7 === 5 && classes > 1 ? 0 : value));
      const labels = Array.from({ length: rows }, (_, row) => (row * 5 + 1) % classes);
      const targets = sparse ? Float64Array.from({ length: rows * classes }, (_, i) => Number(i % classes === labels[Math.floor(i / classes)])) : distributions(size);
      const { scales, rowScale, gradientScale } = scalesOf(rows, weighted);
      for (let row = 0; row < rows; row++) if (p.subarray(row * classes, (row + 1) * classes).every((value) => value === 0)) p[row * classes] = 0.5;
      yield {
        label: JSON.stringify({ ...size, labelSmoothing, weighted, training, sparse }),
        args: {
          dOutput: training ? blank(p.length) : undefined, rowLoss: blank(rows), rowCorrect: blank(rows), p: floats(p), targets: sparse ? integers(labels) : floats(targets),
          rowScale, rows, classes, blockRows, gradientScale, labelSmoothing, sparse: Number(sparse),
        },
        blocks: blocksOf(rows, blockRows),
        scratch: 4 * (classes + 4),
        check(written) {
          const exact = probabilityCrossEntropy({ values: p, targets, rows, classes, labelSmoothing });
          const t = smoothTargets(targets, labelSmoothing, classes);
          const total = (row: number): number => p.subarray(row * classes, (row + 1) * classes).reduce((all, value) => all + value, 0);
          const each = (row: number, of: (q: number, t: number, i: number) => number): number =>
            Array.from({ length: classes }, (_, c) => of(p[row * classes + c]! / total(row), t[row * classes + c]!, row * classes + c)).reduce((all, value) => all + value, 0);
          const lossError = map(exact.rowLosses, (loss, row) => {
            const terms = each(row, (q, target, i) => {
              const log = Math.abs(Math.log(withinProbabilities(q)));
              return target * (2 * u * log + u) + targetError(targets[i]!, labelSmoothing) * log;
            });
            return SECOND_ORDER * (terms + u * loss) + TINY;
          });
          assertClose(written.rowLoss, exact.rowLosses, lossError, 'rowLoss');
          assertClose(written.rowCorrect, classRowsRight(p, targets, size), 0, 'rowCorrect');
          if (!training) return;
          const slope = (q: number, target: number): number => (q === withinProbabilities(q) ? target / q : 0);
          const smoothingError = (q: number, i: number): number => slope(q, targetError(targets[i]!, labelSmoothing));
          const gradientError = map(exact.gradient, (_, i) => {
            const row = Math.floor(i / classes);
            const q = p[i]! / total(row);
            const own = 3 * u * slope(q, t[i]!) + smoothingError(q, i);
            const dot = each(row, (each_, target, j) => each_ * (4 * u * slope(each_, target) + smoothingError(each_, j)));
            return SECOND_ORDER * (scales[row]! / total(row)) * (own + dot + u * Math.abs(exact.gradient[i]! * total(row))) + TINY;
          });
          assertClose(written.dOutput, map(exact.gradient, (value, i) => value * scales[Math.floor(i / classes)]!), gradientError, 'dOutput');
        },
      };
    }
  }
};

const binarySweep: Sweep<'binaryCrossEntropy'> = function* () {
  const kinds = cycle([[0, false, true], [SMOOTHING[1]!, true, true], [SMOOTHING[1]!, false, true], [0, true, false]] as const);
  for (const size of rowSizes(100)) {
    const { rows, columns } = size;
    for (const range of [0, 1, 20, 1e4]) {
      for (let kind = 0; kind < 3; kind++) {
        const probabilities = range === 0;
        const [labelSmoothing, weighted, training] = kinds();
        // a probability of exactly 0 or 1 now and then
        const output = probabilities ? map(randomArray(rows * columns, 35, 0.001, 0.999), (value, i) => (i % 5 === 3 ? i % 2 : value)) : randomArray(rows * columns, 36, -range, range);
        const targets = map(randomArray(rows * columns, 37, 0, 1), (value, i) => (i % 3 === 0 ? Math.round(value) : value));
        const { scales, rowScale, gradientScale } = scalesOf(rows, weighted);
        yield {
          label: `±${range} ${JSON.stringify({ ...size, labelSmoothing, weighted, training, probabilities })}`,
          args: {
            dOutput: training ? blank(output.length) : undefined, rowLoss: blank(rows), rowCorrect: blank(rows), output: floats(output), targets: floats(targets),
            rowScale, ...size, gradientScale, labelSmoothing, probabilities: Number(probabilities),
          },
          blocks: blocksOf(rows, size.blockRows),
          check(written) {
            const exact = binaryCrossEntropy({ values: output, targets, rows, columns, labelSmoothing, probabilities });
            const t = smoothTargets(targets, labelSmoothing, 2);
            const lossError = new Float64Array(rows).fill(TINY);
            const right = new Array<number>(rows).fill(0);
            const gradientError = map(output, (x, i) => {
              const row = Math.floor(i / columns);
              const [target, targetOff] = [t[i]!, targetError(targets[i]!, labelSmoothing)];
              right[row]! += Number((x > (probabilities ? 0.5 : 0)) === (targets[i]! > 0.5));
              const p = withinProbabilities(x);
              const [logs, off] = probabilities
                ? [[target * -Math.log(p), (1 - target) * -Math.log(1 - p)] as const, targetOff * (Math.abs(Math.log(p)) + Math.abs(Math.log(1 - p))) + (1 - target) * u]
                : [[Math.abs(x) * (Math.max(Math.sign(x), 0) + target), Math.log1p(Math.exp(-Math.abs(x)))] as const, targetOff * Math.abs(x)];
              lossError[row]! += (SECOND_ORDER * (off + 10 * u * (logs[0] + logs[1]) + gamma(columns + 3) * (logs[0] + logs[1]))) / columns;
              const sigmoid = 1 / (1 + Math.exp(-x));
              const scale = scales[row]! / columns;
              const bound = probabilities
                ? (p === x ? targetOff / (p * (1 - p)) + 6 * u * Math.abs((p - target) / (p * (1 - p))) : 0)
                : 6 * u * sigmoid + targetOff + 3 * u * Math.abs(sigmoid - target);
              return SECOND_ORDER * scale * bound + TINY;
            });
            assertClose(written.rowLoss, exact.rowLosses, lossError, 'rowLoss');
            assertClose(written.rowCorrect, right, 0, 'rowCorrect');
            if (training) assertClose(written.dOutput, map(exact.gradient, (value, i) => value * scales[Math.floor(i / columns)]!), gradientError, 'dOutput');
          },
        };
      }
    }
  }
};

const huberSweep: Sweep<'huber'> = function* () {
  const kinds = cycle([[1, 0, false, true], [Math.fround(0.3), 0, true, true], [1, 1, false, true], [1, 1, true, true], [2, 0, false, false]] as const);
  for (const size of rowSizes(100)) {
    const { rows, columns } = size;
    for (let kind = 0; kind < 5; kind++) {
      const [delta, absolute, weighted, training] = kinds();
      const predictions = randomArray(rows * columns, 38, -3, 3);
      const targets = map(randomArray(rows * columns, 39, -3, 3), (value, i) => (i % 6 === 5 ? predictions[i]! : value)); // no difference at all
      const { scales, rowScale } = scalesOf(rows, weighted);
      const gradientScale = Math.fround(1 / (rows * columns));
      yield {
        label: JSON.stringify({ ...size, delta, absolute, weighted, training }),
        args: {
          dPredictions: training ? blank(predictions.length) : undefined, rowLoss: blank(rows), predictions: floats(predictions), targets: floats(targets), rowScale,
          ...size, gradientScale, delta, absolute,
        },
        blocks: blocksOf(rows, size.blockRows),
        check(written) {
          const options = { values: predictions, targets, rows, columns };
          const exact = absolute ? absoluteError(options) : huberLoss({ ...options, delta });
          assertClose(written.rowLoss, exact.rowLosses, exact.rowLosses.map((loss) => gamma(6) * loss + TINY), 'rowLoss');
          if (!training) return;
          const scaled = map(exact.gradient, (value, i) => value * (weighted ? scales[Math.floor(i / columns)]! : gradientScale * columns));
          assertClose(written.dPredictions, scaled, scaled.map((value) => gamma(4) * Math.abs(value) + TINY), 'dPredictions');
        },
      };
    }
  }
};

const lossWeightsSweep: Sweep<'lossWeights'> = function* () {
  for (const [rows, steps] of [[1, 1], [5, 1], [12, 4], [60, 3]] as const) {
    for (const [weighted, masked] of [[true, false], [false, true], [true, true], [false, false]] as const) {
      for (const share of masked ? [0, 0.5, 1] : [1]) {
        const weights = randomArray(rows, 40, 0, 3);
        const mask = map(randomArray(rows, 41, 0, 1), (value) => Number(value < share));
        yield {
          label: JSON.stringify({ rows, steps, weighted, masked, share }),
          args: {
            rowScale: blank(rows), state: stateOf({ step: 3, batchWeight: NaN }), weights: weighted ? floats(weights) : undefined, mask: masked ? floats(mask) : undefined,
            rows, steps,
          },
          blocks: 1,
          check(written) {
            const divisor = masked ? mask.reduce((all, value) => all + value, 0) : rows;
            const exact = map(mask, (kept, row) => (kept === 0 && masked ? 0 : Math.fround((weighted ? weights[row]! : 1) / divisor)));
            assertClose(written.rowScale, exact, 0, 'rowScale');
            assertState(written.state, { step: 3, batchWeight: divisor / steps });
          },
        };
      }
    }
  }
};

export const lossSweeps = {
  *softmaxCrossEntropy() {
    yield* crossEntropySweep();
    yield* smoothedClassesSweep();
  },
  categoricalCrossEntropy: categoricalSweep, probabilityCrossEntropy: probabilitySweep, binaryCrossEntropy: binarySweep, huber: huberSweep,
  lossWeights: lossWeightsSweep,
};
