import assert from 'node:assert/strict';
import { blocksOf } from '../../../src/plan/blocking.js';
import { assertClose, batchNormBackward, batchNormForward, columnMoments, map, randomArray, UNIT_ROUNDOFF, type Values } from '../../reference/index.js';
import { assertSameBits, blank, cycle, doubles, floats, type Data, type Sweep } from '../harness.js';
import { stateOf } from './element-wise.js';

const EPSILON = Math.fround(1e-3);
const single = (values: Values): Float64Array => Float64Array.from(values, Math.fround);

/** Columns around a vector, rows around a block. */
function* matrices(): Iterable<{ rows: number; columns: number; blockRows: number; blocks: number }> {
  for (const columns of [1, 2, 3, 4, 5, 8, 9, 17]) {
    for (const rows of [1, 2, 5, 16, 33]) for (const blockRows of [1, 4, 16]) yield { rows, columns, blockRows, blocks: blocksOf(rows, blockRows) };
  }
}

/** [blocks][2][columns]: sums over a block's rows of `a` and of `b`, element by element. */
function blockSums(a: Values, b: Values, { rows, columns, blockRows, blocks }: { rows: number; columns: number; blockRows: number; blocks: number }): Float64Array {
  const sums = new Float64Array(blocks * 2 * columns);
  for (let i = 0; i < rows * columns; i++) {
    const start = Math.floor(Math.floor(i / columns) / blockRows) * 2 * columns;
    sums[start + (i % columns)]! += a[i]!;
    sums[start + columns + (i % columns)]! += b[i]!;
  }
  return sums;
}
/** Mean, variance and 1 / deviation, as kernels take them. */
const momentsOf = (mean: Values, variance: Values): Float64Array => single([...Array.from(mean), ...Array.from(variance), ...map(variance, (value) => 1 / Math.sqrt(value + EPSILON))]);
const within = (found: Data, expected: Values, roundings: number, size = 1, message = 'out'): void =>
  assertClose(found, expected, map(expected, (value) => roundings * UNIT_ROUNDOFF * (Math.abs(value) + size)), message);

const columnMomentsSweep: Sweep<'columnMoments'> = function* () {
  for (const { blocks, ...sizes } of matrices()) {
    const x = single(randomArray(sizes.rows * sizes.columns, 1, -2, 5));
    yield {
      label: JSON.stringify(sizes), args: { partials: blank(2 * blocks * sizes.columns, Float64Array), x: floats(x), ...sizes }, blocks,
      check: ({ partials }) => within(partials, blockSums(x, map(x, (value) => value * value), { blocks, ...sizes }), 1e-6),
    };
  }
};

const columnGradientsSweep: Sweep<'columnGradients'> = function* () {
  for (const { sizes, blocks, x, mean, variance, gamma, beta } of normalizations()) {
    const { columns, blockRows } = sizes;
    const moments = momentsOf(mean, variance);
    const normalized = map(x, (value, i) => (value - moments[i % columns]!) * moments[2 * columns + (i % columns)]!);
    const y = map(normalized, (value, i) => value * (gamma?.[i % columns] ?? 1) + (beta?.[i % columns] ?? 0));
    const dy = sureGradients(y, 2);
    for (const relu of [false, true]) {
      const arriving = relu ? behindRelu(dy, y) : dy;
      yield {
        label: JSON.stringify({ ...sizes, gamma: !!gamma, beta: !!beta, relu }),
        args: {
          partials: blank(2 * blocks * columns, Float64Array), dy: floats(dy), x: floats(x), moments: floats(moments),
          gamma: gamma && floats(gamma), beta: beta && floats(beta), ...sizes, relu: Number(relu),
        },
        blocks,
        scratch: 8 * sizes.columns,
        check: ({ partials }) => within(partials, blockSums(arriving, map(arriving, (value, i) => value * normalized[i]!), { blocks, ...sizes }), 3 * blockRows, 8),
      };
    }
  }
};

/** Random gradients with respect to y, zeros where rounding decides whether a ReLU lets them through. */
function sureGradients(y: Values, seed: number): Float64Array {
  return single(map(randomArray(y.length, seed), (value, i) => (Math.abs(y[i]!) < 1e-5 ? 0 : value)));
}
/** What is left of the gradient with respect to max(y, 0) before it. */
const behindRelu = (dy: Values, y: Values): Float64Array => map(dy, (value, i) => (y[i]! > 0 ? value : 0));

const batchMomentsSweep: Sweep<'batchMoments'> = function* () {
  for (const { blocks, blockRows, rows, columns } of matrices()) {
    const x = single(randomArray(rows * columns, 1, 90, 95)); // far from zero: the squares nearly cancel
    const partials = blockSums(x, map(x, (value) => value * value), { rows, columns, blockRows, blocks });
    yield {
      label: JSON.stringify({ rows, columns, blockRows }),
      args: { moments: blank(3 * columns), partials: doubles(partials), rows, columns, count: blocks, epsilon: EPSILON }, blocks: 1,
      check({ moments }) {
        const { mean, variance } = columnMoments({ x, rows, columns });
        within(moments.slice(0, columns), mean, 2, 0, 'mean');
        within(moments.slice(columns, 2 * columns), variance, 2, 1e-3, 'variance');
        within(moments.slice(2 * columns), map(variance, (value) => 1 / Math.sqrt(value + EPSILON)), 3, 0, 'inverse');
      },
    };
  }
};

const keptMomentsSweep: Sweep<'keptMoments'> = function* () {
  for (const columns of [1, 2, 3, 4, 5, 8, 9, 17]) {
    const mean = single(randomArray(columns, 1));
    const variance = single(randomArray(columns, 2, 0, 3));
    yield {
      label: `${columns} columns`, args: { moments: blank(3 * columns), mean: floats(mean), variance: floats(variance), columns, epsilon: EPSILON }, blocks: 1,
      check: ({ moments }) => within(moments, momentsOf(mean, variance), 1, 0),
    };
  }
};

const movingAverageSweep: Sweep<'movingAverage'> = function* () {
  for (const size of [1, 2, 3, 4, 5, 9]) {
    for (const broken of [false, true]) {
      const w = single(randomArray(size, 1));
      const value = single(randomArray(size, 2));
      const momentum = Math.fround(0.9);
      yield {
        label: `${size} weights${broken ? ', a step that is not finite' : ''}`,
        args: { w: floats(w), value: floats(value), state: stateOf({ batchLoss: broken ? NaN : 1 }), size, momentum }, blocks: 1,
        check({ w: after }) {
          if (broken) assertSameBits(after, Float32Array.from(w), 'w');
          else within(after, map(w, (old, i) => old * momentum + value[i]! * (1 - momentum)), 4);
        },
      };
    }
  }
};

function* normalizations(): Iterable<{ sizes: { rows: number; columns: number; blockRows: number }; blocks: number; x: Float64Array; mean: Float64Array; variance: Float64Array; gamma: Float64Array | undefined; beta: Float64Array | undefined }> {
  const affine = cycle([[true, true], [true, false], [false, true], [false, false]] as const);
  for (const { blocks, ...sizes } of matrices()) {
    const { rows, columns } = sizes;
    const [withGamma, withBeta] = affine();
    const x = single(randomArray(rows * columns, 1, -2, 5));
    yield {
      sizes, blocks, x, mean: single(randomArray(columns, 3)), variance: single(randomArray(columns, 4, 0.5, 3)),
      gamma: withGamma ? single(randomArray(columns, 5)) : undefined, beta: withBeta ? single(randomArray(columns, 6)) : undefined,
    };
  }
}

const forwardSweep: Sweep<'batchNormForward'> = function* () {
  for (const { sizes, blocks, x, mean, variance, gamma, beta } of normalizations()) {
    const expected = batchNormForward({ x, ...sizes, mean, variance, epsilon: EPSILON, ...(gamma && { gamma }), ...(beta && { beta }) });
    for (const relu of [false, true]) {
      yield {
        label: JSON.stringify({ ...sizes, gamma: !!gamma, beta: !!beta, relu }),
        args: {
          y: blank(x.length), x: floats(x), moments: floats(momentsOf(mean, variance)), gamma: gamma && floats(gamma), beta: beta && floats(beta), ...sizes,
          relu: Number(relu),
        },
        blocks,
        scratch: 8 * sizes.columns,
        check: ({ y }) => within(y, relu ? map(expected, (value) => Math.max(value, 0)) : expected, 6, 8),
      };
    }
  }
  yield {
    label: 'NaN, ReLU',
    args: {
      y: blank(5), x: floats([1, NaN, 3, 4, NaN]), moments: floats(momentsOf(new Float64Array(5), new Float64Array(5).fill(1))), gamma: undefined, beta: undefined,
      rows: 1, columns: 5, blockRows: 1, relu: 1,
    },
    blocks: 1,
    scratch: 40,
    check: ({ y }) => assert.deepEqual(Array.from(y, Number.isNaN), [false, true, false, false, true]),
  };
};

const sumsSweep: Sweep<'batchNormSums'> = function* () {
  const wanted = cycle([[true, true], [true, false], [false, true], [false, false]] as const);
  for (const { blocks, blockRows, rows, columns } of matrices()) {
    const [a, b] = [randomArray(rows * columns, 1), randomArray(rows * columns, 2)];
    const sizes = { rows, columns, blockRows: rows, blocks: 1 };
    const [withGamma, withBeta] = wanted();
    const whole = blockSums(a, b, sizes);
    yield {
      label: JSON.stringify({ rows, columns, blockRows, withGamma, withBeta }),
      args: {
        dGamma: withGamma ? blank(columns) : undefined, dBeta: withBeta ? blank(columns) : undefined, means: blank(2 * columns),
        partials: doubles(blockSums(a, b, { rows, columns, blockRows, blocks })), rows, columns, count: blocks,
      },
      blocks: 1,
      check({ dGamma, dBeta, means }) {
        if (withGamma) within(dGamma, whole.slice(columns), 1, 1e-6, 'dGamma');
        if (withBeta) within(dBeta, whole.slice(0, columns), 1, 1e-6, 'dBeta');
        within(means, map(whole, (value) => value / rows), 1, 1e-6, 'means');
      },
    };
  }
};

const backwardSweep: Sweep<'batchNormBackward'> = function* () {
  const given = cycle([false, true]);
  const behind = cycle([false, true, true]);
  for (const { sizes, blocks, x, gamma, beta, ...kept } of normalizations()) {
    const { rows, columns } = sizes;
    const ofBatch = !given();
    const relu = behind();
    const { mean, variance } = ofBatch ? columnMoments({ x, rows, columns }) : kept;
    const options = { x, rows, columns, mean, variance, epsilon: EPSILON, ...(gamma && { gamma }) };
    const y = batchNormForward({ ...options, ...(beta && { beta }) });
    const dy = sureGradients(y, 7);
    const { dx: expected, dGamma, dBeta } = batchNormBackward(options, relu ? behindRelu(dy, y) : dy, ofBatch);
    const means = [...map(dBeta, (value) => value / rows), ...map(dGamma, (value) => value / rows)];
    const steep = Math.max(...map(variance, (value) => 1 / (value + EPSILON))); // how far roundings of x and of the moments reach
    for (const inPlace of [false, true]) {
      const from = floats(dy);
      yield {
        label: JSON.stringify({ ...sizes, ofBatch, gamma: !!gamma, beta: !!beta, relu, inPlace }),
        args: {
          dx: inPlace ? from : blank(dy.length), dy: from, x: floats(x), moments: floats(momentsOf(mean, variance)), gamma: gamma && floats(gamma),
          beta: beta && floats(beta), means: ofBatch ? floats(means) : undefined, ...sizes, relu: Number(relu),
        },
        blocks,
        scratch: 12 * sizes.columns,
        check: ({ dx }) => within(dx, expected, 12, 8 * (1 + steep), 'dx'),
      };
    }
  }
};

export const batchNormSweeps = {
  columnMoments: columnMomentsSweep, columnGradients: columnGradientsSweep, batchMoments: batchMomentsSweep, keptMoments: keptMomentsSweep,
  movingAverage: movingAverageSweep, batchNormForward: forwardSweep, batchNormSums: sumsSweep, batchNormBackward: backwardSweep,
};
