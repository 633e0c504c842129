/** mixup: pairs and shares against what can be said of them without the same code, and its place in a fit. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset, decodeCheckpoint, encodeCheckpoint } from '../../src/entry.node.js';
import type { Batch, Dataset, Tensor } from '../../src/entry.node.js';
import { classifier, classify, randomTensor, refused, weightsHash } from '../model/helpers.js';

const ROWS = 64;
/** Row r of the input is the r-th unit vector, so that a mixture shows who was mixed and by how much. */
const identity: Tensor<Float32Array> = { data: Float32Array.from({ length: ROWS * ROWS }, (_, i) => Number(i % (ROWS + 1) === 0)), shape: [ROWS, ROWS] };
const at = (pass: number, index: number): { pass: number; index: number } => ({ pass, index });

/** Of each row its partner and its own share. */
function sharesOf({ data }: Tensor<Float32Array>): [partner: number, share: number][] {
  return Array.from({ length: ROWS }, (_, row) => {
    const values = data.subarray(row * ROWS, (row + 1) * ROWS);
    const partner = values.findIndex((value, column) => column !== row && value > 0);
    assert.ok(values.every((value, column) => column === row || column === partner || value === 0), 'more than two were mixed');
    return [partner < 0 ? row : partner, values[row]!];
  });
}

describe('mixup', () => {
  it('mixes each sample with one other, inputs and targets alike', () => {
    const mixed = dataset.mixup({ alpha: 1, seed: 4 })({ xs: [identity, identity], ys: identity }, at(0, 0));
    assert.deepEqual(mixed.xs[0], mixed.ys);
    assert.deepEqual(mixed.xs[1], mixed.ys);
    const partners = sharesOf(mixed.ys).map(([partner]) => partner);
    assert.equal(new Set(partners).size, ROWS); // a permutation
    for (let row = 0; row < ROWS; row++) {
      const sum = mixed.ys.data.subarray(row * ROWS, (row + 1) * ROWS).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - 1) < 2 ** -23, `row ${row} sums to ${sum}`);
    }
    assert.deepEqual(identity.data.reduce((a, b) => a + b, 0), ROWS); // the batch itself is as it was
  });

  /** How much of Beta(alpha, alpha) lies between 1/4 and 3/4, by numerical integration of its density; 1/3 and 1/2 are exact. */
  const MIDDLE: readonly (readonly [alpha: number, probability: number])[] = [[0.1, 0.0961], [0.2, 0.1719], [0.5, 1 / 3], [1, 1 / 2]];

  for (const [alpha, probability] of MIDDLE) {
    it(`takes shares of Beta(${alpha}, ${alpha})`, () => {
      const mix = dataset.mixup({ alpha, seed: 9 });
      const batches = 100;
      let [middle, low, high] = [0, 0, 0];
      for (let index = 0; index < batches; index++) {
        for (const [, share] of sharesOf(mix({ xs: identity, ys: identity }, at(0, index)).xs)) {
          if (share <= 0.25) low++;
          else if (share < 0.75) middle++;
          else high++;
        }
      }
      // a permutation leaves one row where it is on average, whose share then shows as 1; five standard errors
      const rows = batches * (ROWS - 1);
      const error = (share: number): number => 5 * Math.sqrt(rows * share * (1 - share)) + 5 * Math.sqrt(batches);
      assert.ok(Math.abs(middle - rows * probability) < error(probability), `${middle} of ${rows} in the middle`);
      for (const [name, count] of [['below', low], ['above', high - batches]] as const) {
        const share = (1 - probability) / 2;
        assert.ok(Math.abs(count - rows * share) < error(share), `${count} of ${rows} ${name}`);
      }
    });
  }

  it('goes by the seed and the place of the batch alone', () => {
    const mix = dataset.mixup({ seed: 1 });
    const of = (pass: number, index: number, by = mix): number[] => [...by({ xs: identity, ys: identity }, at(pass, index)).xs.data];
    assert.deepEqual(of(2, 3), of(2, 3));
    for (const other of [of(2, 4), of(3, 3), of(3, 2), of(2, 3, dataset.mixup({ seed: 2 })), of(2, 3, dataset.mixup({ seed: 2 ** 40 + 1 }))]) assert.notDeepEqual(other, of(2, 3));
  });

  it('says that targets must be one-hot, and refuses what else it cannot mix', () => {
    const mix = dataset.mixup();
    assert.throws(() => mix({ xs: identity, ys: { data: new Uint8Array(ROWS), shape: [ROWS] } }, at(0, 7)), refused('invalid-argument', /batch 7 targets: class numbers.*one-hot.*categoricalCrossentropy/));
    const weighted = { xs: identity, ys: identity, sampleWeight: [1] };
    assert.throws(() => mix(weighted, at(0, 0)), refused('invalid-argument', /sampleWeight/));
    assert.throws(() => mix({ xs: identity, ys: randomTensor([3, 2], 1) }, at(0, 0)), refused('invalid-shape', /3 rows/));
    for (const alpha of [0, -1, 1.5, NaN]) assert.throws(() => dataset.mixup({ alpha }), refused('invalid-argument', /alpha/));
    assert.throws(() => dataset.mixup({ seed: -1 }), refused('invalid-argument', /seed/));
  });

  it('in a fit is resumed to the same bits', async () => {
    const oneHot = { data: Float32Array.from({ length: 30 }, (_, i) => Number(i % 3 === Math.floor(i / 3) % 3)), shape: [10, 3] };
    const batches: Dataset<Batch> = dataset.fromArrays(randomTensor([10, 4], 1), oneHot).shuffle(5).batch(3).map(dataset.mixup({ seed: 5 }));
    const begin = async (): Promise<ReturnType<typeof classifier>> => {
      const model = classifier();
      await model.compile({ ...classify, loss: 'categoricalCrossentropy' });
      return model;
    };
    const [whole, first, second] = [await begin(), await begin(), await begin()];
    await whole.fit(batches, { epochs: 3 });
    const controller = new AbortController();
    const callbacks = { onBatchEnd: () => void (first.step === 6 && controller.abort()) };
    await assert.rejects(first.fit(batches, { epochs: 3, callbacks, signal: controller.signal }));
    await second.fit(batches, { epochs: 3, resume: await decodeCheckpoint(await encodeCheckpoint(first.checkpoint())) });
    assert.equal(weightsHash(second), weightsHash(whole));
    [whole, first, second].forEach((each) => each.close());
  });
});
