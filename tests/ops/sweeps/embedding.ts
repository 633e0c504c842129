/** Tables of vectors, and masks of steps. */
import assert from 'node:assert/strict';
import { EMBEDDING_COLUMNS, blocksOf } from '../../../src/plan/blocking.js';
import { assertClose, gamma, randomArray } from '../../reference/index.js';
import { blank, cycle, floats, type Sweep } from '../harness.js';

interface Sizes {
  rows: number;
  columns: number;
  vocabulary: number;
  /** [rows] */
  ids: Float64Array;
}

/** Columns around a vector and a strip; some ids stand often, some never, the first and the last among them. */
function* sizes(): Iterable<Sizes> {
  const counts = cycle([1, 2, 5, 16, 17, 40]);
  for (const vocabulary of [1, 2, 9]) {
    for (const columns of [1, 3, 4, 5, 15, 16, 17, 20, 33, 48]) {
      const rows = counts();
      yield { rows, columns, vocabulary, ids: Float64Array.from(randomArray(rows, 3, 0, vocabulary), (value, i) => (i % 4 === 1 ? vocabulary - 1 : Math.floor(value))) };
    }
  }
}

const label = ({ rows, columns, vocabulary }: Sizes): string => `${rows} of ${vocabulary} × ${columns}`;

const embeddingForward: Sweep<'embeddingForward'> = function* () {
  for (const given of sizes()) {
    const { ids, ...shape } = given;
    const { rows, columns, vocabulary } = shape;
    const w = randomArray(vocabulary * columns, 1);
    for (const blockRows of [1, 4, 16]) {
      yield {
        label: `${label(given)}, blocks of ${blockRows}`,
        args: { y: blank(rows * columns), ids: floats(ids), w: floats(w), ...shape, blockRows }, blocks: blocksOf(rows, blockRows),
        check({ y }) {
          assert.deepEqual(y, Float32Array.from(y, (_, i) => w[ids[Math.floor(i / columns)]! * columns + (i % columns)]!));
        },
      };
    }
  }
  yield { // refused before, in the library; no read elsewhere all the same
    label: 'ids out of range', args: { y: blank(5), ids: floats([-1, 3, 1e30, -1e30, NaN]), w: floats([1, 2, 3]), rows: 5, columns: 1, vocabulary: 3, blockRows: 5 }, blocks: 1,
    check: ({ y }) => assert.deepEqual([...y], [1, 3, 3, 1, 1]),
  };
};

const embeddingBackward: Sweep<'embeddingBackward'> = function* () {
  for (const given of sizes()) {
    const { ids, ...shape } = given;
    const { rows, columns, vocabulary } = shape;
    const dy = randomArray(rows * columns, 2);
    for (const blockColumns of [4, EMBEDDING_COLUMNS]) {
      yield {
        label: `${label(given)}, strips of ${blockColumns}`,
        args: { dw: blank(vocabulary * columns), dy: floats(dy), ids: floats(ids), ...shape, blockColumns }, blocks: blocksOf(columns, blockColumns),
        check({ dw }) {
          const [sums, absolute] = [new Float64Array(dw.length), new Float64Array(dw.length)];
          dy.forEach((value, i) => {
            const at = ids[Math.floor(i / columns)]! * columns + (i % columns);
            sums[at]! += value;
            absolute[at]! += Math.abs(value);
          });
          assertClose(dw, sums, absolute.map((value) => gamma(rows) * value), 'dw');
        },
      };
    }
  }
};

function* masked(): Iterable<{ rows: number; columns: number; blockRows: number; counts: boolean[]; x: Float64Array; value: number }> {
  const values = cycle([0, -0.5]);
  for (const rows of [1, 2, 7, 16, 33]) {
    for (const columns of [1, 3, 4, 9]) {
      for (const blockRows of [1, 5, 16]) {
        const value = values();
        const counts = Array.from(randomArray(rows, 5), (chance) => chance < 0.3);
        // of a row that counts, all values but one may be the value
        const x = Float64Array.from(randomArray(rows * columns, 6, 1, 2), (other, i) => (counts[Math.floor(i / columns)]! && i % columns === rows % columns ? other : value));
        yield { rows, columns, blockRows, counts, x, value };
      }
    }
  }
}

const stepMask: Sweep<'stepMask'> = function* () {
  for (const { counts, x, value, ...sizes } of masked()) {
    yield {
      label: JSON.stringify({ ...sizes, value }), args: { mask: blank(sizes.rows), x: floats(x), ...sizes, value }, blocks: blocksOf(sizes.rows, sizes.blockRows),
      check: ({ mask }) => assert.deepEqual([...mask], counts.map(Number)),
    };
  }
};

const keepSteps: Sweep<'keepSteps'> = function* () {
  const places = cycle([true, false]);
  for (const { counts, ...sizes } of masked()) {
    const { rows, columns, blockRows } = sizes;
    const values = randomArray(rows * columns, 7);
    const x = floats(values);
    const inPlace = places();
    yield {
      label: `${JSON.stringify({ rows, columns, blockRows })}${inPlace ? ' in place' : ''}`,
      args: { y: inPlace ? x : blank(values.length), x, mask: floats(Float64Array.from(counts, Number)), rows, columns, blockRows }, blocks: blocksOf(rows, blockRows),
      check: ({ y }) => assert.deepEqual(y, Float32Array.from(values, (value, i) => (counts[Math.floor(i / columns)]! ? value : 0))),
    };
  }
};

export const embeddingSweeps = { embeddingForward, embeddingBackward, stepMask, keepSteps };
