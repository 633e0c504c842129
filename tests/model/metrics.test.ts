import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { metrics } from '../../src/entry.node.js';
import { assertClose } from '../reference/index.js';
import { randomTensor, refused } from './helpers.js';

const { accuracy, confusionMatrix, f1, meanAbsoluteError, meanSquaredError, precision, r2, recall, rootMeanSquaredError, topKAccuracy } = metrics;

/** Predictions: classes 0 0 1 2 2 1, of targets 0 1 1 2 0 2. */
const predictions = [[3, 1, 0], [2, 1, 1], [0, 5, 1], [0, 0, 1], [-2, -3, -1], [1, 3, 2]];
const targets = [0, 1, 1, 2, 0, 2];
const oneHot = targets.map((label) => [0, 1, 2].map((c) => Number(c === label)));

describe('metrics of classes', () => {
  it('confusionMatrix counts what was taken for what', () => {
    const expected = [[1, 0, 1], [1, 1, 0], [0, 1, 1]];
    assert.deepEqual(confusionMatrix(targets, predictions), expected);
    assert.deepEqual(confusionMatrix(oneHot, predictions), expected);
    assert.deepEqual(confusionMatrix([1, 0, 1], [[0.9], [0.6], [0.5]]), [[0, 1], [1, 1]]);
    assert.deepEqual(confusionMatrix([1, 0, 1], [[0.9], [0.6], [0.5]], { threshold: 0.4 }), [[0, 1], [0, 2]]);
  });

  it('accuracy and topKAccuracy; the first of equal values counts as larger', () => {
    assert.equal(accuracy(targets, predictions), 0.5);
    assert.deepEqual([1, 2, 3].map((k) => topKAccuracy(targets, predictions, { k })), [0.5, 1, 1]);
    assert.deepEqual([1, 2].map((k) => topKAccuracy([2, 0], [[1, 1, 1], [1, 1, 1]], { k })), [0.5, 0.5]);
    assert.equal(accuracy([[0, 1]], [[[2, 1], [0, 1]]]), 1, 'of sequences');
  });

  it('precision, recall and f1, of one class and averaged', () => {
    const [t, p] = [[1, 1, 1, 0, 0], [[0.9], [0.2], [0.7], [0.8], [0.1]]];
    assertClose([precision(t, p), recall(t, p), f1(t, p)], [2 / 3, 2 / 3, 2 / 3], 1e-15);
    const [three, guessed] = [[0, 0, 0, 1, 2], [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]]; // taken for 0 0 1 1 1
    assertClose([precision(three, guessed), recall(three, guessed), f1(three, guessed)], [(1 + 1 / 3) / 3, (2 / 3 + 1) / 3, (0.8 + 0.5) / 3], 1e-15);
    const weighted = { average: 'weighted' } as const;
    assertClose([precision(three, guessed, weighted), recall(three, guessed, weighted)], [(3 + 1 / 3) / 5, 3 / 5], 1e-15);
    for (const metric of [precision, recall, f1]) assertClose([metric(three, guessed, { average: 'micro' })], [3 / 5], 1e-15);
  });

  it('are refused where targets and predictions do not suit', () => {
    assert.throws(() => accuracy([0, 1], predictions), refused('invalid-shape', /\[6\]/));
    assert.throws(() => confusionMatrix([0, 1, 1, 3, 0, 2], predictions), refused('invalid-data', /row 3.*0 to 2/));
    assert.throws(() => topKAccuracy(targets, predictions, { k: 0 }), refused('invalid-argument', /k is/));
    assert.throws(() => topKAccuracy([0], [[1]]), refused('invalid-shape', /at least 2/));
    assert.throws(() => f1(targets, predictions, { average: 'none' as 'macro' }), refused('invalid-argument', /average/));
  });
});

describe('metrics of values', () => {
  it('r2 loses nothing where targets are large and near to each other, and rootMeanSquaredError is a root', () => {
    const t = [1e7, 1e7 + 1, 1e7 + 2, 1e7 + 3];
    assertClose([r2(t, [1e7, 1e7 + 1, 1e7 + 2, 1e7 + 4])], [1 - 1 / 5], 1e-15);
    assert.equal(rootMeanSquaredError([1, 2], [4, 6]), Math.sqrt(12.5));
  });

  it('agree with plain sums', () => {
    const [t, p] = [randomTensor([7, 3], 1), randomTensor([7, 3], 2)];
    const differences = [...p.data].map((value, i) => value - t.data[i]!);
    assertClose([meanSquaredError(t, p)], [differences.reduce((sum, d) => sum + d * d, 0) / 21], 1e-14);
    assertClose([meanAbsoluteError(t, p)], [differences.reduce((sum, d) => sum + Math.abs(d), 0) / 21], 1e-14);
  });

  it('r2 is 1 where all is met, 0 for the mean, and averaged over outputs', () => {
    assertClose([r2([[1], [2], [4]], [[1], [2], [4]]), r2([[1], [2], [3]], [[2], [2], [2]])], [1, 0], 1e-15);
    assertClose([r2([[1, 5], [2, 5], [3, 5]], [[2, 5], [2, 5], [2, 5]])], [0.5], 1e-15);
    assertClose([r2([1, 2, 3], [1, 2, 4]), r2([[5], [5]], [[5], [6]])], [0.5, 0], 1e-15);
    assert.throws(() => r2([1, 2], [[1], [2]]), refused('invalid-shape', /r2/));
  });
});
