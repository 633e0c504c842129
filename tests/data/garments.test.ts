import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { generateGarments } from '../../src/data/garments.js';
import type { LabelledImages } from '../../src/data/image-dataset.js';
import { mirrored, point, Rasterizer, smooth, stroke, type Point } from '../../src/data/rasterizer.js';
import { epochOrder } from '../../src/random.js';
import { refusal } from './helpers.js';

describe('Rasterizer', () => {
  const rasterizer = new Rasterizer(12);

  /** Coverage by counting 40×40 points in each pixel (even-odd rule). */
  function counted(outline: readonly Point[], px: number, py: number): number {
    let inside = 0;
    for (let i = 0; i < 1600; i++) {
      const [x, y] = [px + ((i % 40) + 0.5) / 40, py + (Math.floor(i / 40) + 0.5) / 40];
      const crossings = outline.filter((from, k) => {
        const to = outline[(k + 1) % outline.length]!;
        return from.y > y !== to.y > y && x < from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x);
      });
      inside += crossings.length % 2;
    }
    return inside / 1600;
  }

  it('covers each pixel by its exact share', () => {
    const outlines = [
      [point(1, 1), point(5, 1), point(5, 4), point(1, 4)],
      [point(1.3, 2.2), point(10.7, 3.1), point(4.4, 9.9)],
      [point(4.4, 9.9), point(10.7, 3.1), point(1.3, 2.2)], // the other way round
      [point(-3, -2), point(9, -4), point(15.5, 7), point(6, 14)], // over every border
      smooth([point(2, 2), point(9, 1), point(10, 10), point(3, 8)]),
      stroke([point(1, 1), point(6, 7), point(11, 8)], 1.4),
    ];
    for (const outline of outlines) {
      const coverage = rasterizer.cover(outline);
      coverage.forEach((share, i) => {
        assert.ok(Math.abs(share - counted(outline, i % 12, Math.floor(i / 12))) < 0.03, `pixel ${i}: ${share}`);
      });
    }
  });

  it('mirrors a half outline', () => {
    assert.deepEqual(mirrored([point(1, 0), point(2, 3)]), [point(1, 0), point(2, 3), point(-2, 3), point(-1, 0)]);
  });
});

describe('generateGarments', () => {
  const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

  it('never changes for a seed', () => {
    const { train, test } = generateGarments({ trainCount: 200, testCount: 100 });
    assert.equal(sha256(train.images.data), '949ee4b8af69131b5714ea9b7e57fcc02eb26d276b82cd7b323824b8a8c87c55');
    assert.equal(sha256(test.images.data), '9f0a40f0661168193ffdcfeb73e1cdc69d199a2084dcbc3d70dd5b8136e3ab2c');
  });

  it('draws an image that depends on the seed and its index alone', () => {
    const few = generateGarments({ trainCount: 20, testCount: 10 });
    const more = generateGarments({ trainCount: 30, testCount: 20 });
    assert.deepEqual(few.train.images.data, more.train.images.data.subarray(0, 20 * 784));
    assert.deepEqual(few.test.images.data, more.test.images.data.subarray(0, 10 * 784));
    assert.notDeepEqual(few.test.images.data, few.train.images.data.subarray(0, 10 * 784));
    assert.notDeepEqual(few.train.images.data, generateGarments({ trainCount: 20, testCount: 10, seed: 1 }).train.images.data);
  });

  it('has the shape of Fashion-MNIST, says that it is drawn, and balances the classes', () => {
    const { source, synthetic, train, test } = generateGarments({ trainCount: 1000, testCount: 500 });
    assert.equal(synthetic, true);
    assert.match(source, /stand-in/);
    assert.deepEqual([train.images.shape, train.labels.shape], [[1000, 28, 28, 1], [1000]]);
    for (const [{ labels }, expected] of [[train, 100], [test, 50]] as const) {
      for (let label = 0; label < 10; label++) assert.equal(labels.data.filter((value) => value === label).length, expected);
    }
  });

  it('draws something to see in every image, on a dark ground', () => {
    const { train } = generateGarments({ trainCount: 1000, testCount: 1 });
    for (let i = 0; i < 1000; i++) {
      const image = train.images.data.subarray(i * 784, (i + 1) * 784);
      const lit = image.filter((value) => value > 25).length / 784;
      assert.ok(lit > 0.03 && lit < 0.8, `image ${i}: ${lit}`);
    }
  });

  it('refuses what is not a number of images', () => {
    for (const trainCount of [0, -1, 1.5, NaN, 2 ** 31]) {
      assert.throws(() => generateGarments({ trainCount }), refusal('invalid-argument', /trainCount/));
    }
  });

  it('leaves a linear model under 85 %, and far above chance', () => {
    const { train, test } = generateGarments();
    const accuracy = linearAccuracy(train, test, 5);
    assert.ok(accuracy > 0.65 && accuracy < 0.85, `${accuracy}`);
  });
});

/** Test accuracy of a softmax regression trained by stochastic gradient descent with momentum, batch 32. */
function linearAccuracy(train: LabelledImages, test: LabelledImages, epochs: number): number {
  const weights = new Float32Array(785 * 10);
  const velocity = new Float32Array(weights.length);
  const gradient = new Float32Array(weights.length);
  const count = train.labels.data.length;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = epochOrder(1, epoch, count);
    for (let start = 0; start < count; start += 32) {
      gradient.fill(0);
      for (const row of order.subarray(start, start + 32)) addGradient(gradient, weights, train, row);
      const rate = (0.05 * (1 - epoch / epochs)) / 32;
      for (let k = 0; k < weights.length; k++) {
        velocity[k] = 0.9 * velocity[k]! - rate * gradient[k]!;
        weights[k]! += velocity[k]!;
      }
    }
  }
  const rows = Array.from(test.labels.data.keys());
  const right = rows.filter((row) => {
    const scores = linearScores(weights, test, row);
    return scores.indexOf(Math.max(...scores)) === test.labels.data[row];
  });
  return right.length / rows.length;
}

/** weights: [785, 10], the last row is the bias */
function linearScores(weights: Float32Array, { images }: LabelledImages, row: number): number[] {
  const scores = Array.from(weights.subarray(7840));
  for (let i = 0; i < 784; i++) {
    const value = images.data[row * 784 + i]! / 255;
    if (value > 0) for (let k = 0; k < 10; k++) scores[k]! += value * weights[i * 10 + k]!;
  }
  return scores;
}

function addGradient(gradient: Float32Array, weights: Float32Array, set: LabelledImages, row: number): void {
  const scores = linearScores(weights, set, row);
  const most = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - most));
  const total = exponentials.reduce((a, b) => a + b, 0);
  const errors = exponentials.map((value, k) => value / total - (k === set.labels.data[row] ? 1 : 0));
  for (let k = 0; k < 10; k++) gradient[7840 + k]! += errors[k]!;
  for (let i = 0; i < 784; i++) {
    const value = set.images.data[row * 784 + i]! / 255;
    if (value > 0) for (let k = 0; k < 10; k++) gradient[i * 10 + k]! += value * errors[k]!;
  }
}
