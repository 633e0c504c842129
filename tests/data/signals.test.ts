import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { augmentedWindows } from '../../src/data/augmented-windows.js';
import { arBaseline, fitAutoregression, persistenceBaseline } from '../../src/data/baselines.js';
import { loadSignals } from '../../src/data/signals-file.js';
import { generateSignals, nextSampleWindows, splitRows } from '../../src/data/signals.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { refusal, SHARED, skipWithout, withFolder } from './helpers.js';

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const tensor = (rows: number[][]): Tensor<Float64Array> => ({ data: Float64Array.from(rows.flat()), shape: [rows.length, rows[0]!.length] });

/** Mean power of all rows per frequency bin, by the definition of the discrete Fourier transform. */
function spectrum({ data, shape: [rows = 0, length = 0] }: Tensor, bins: readonly number[]): number[] {
  return bins.map((bin) => {
    let power = 0;
    for (let row = 0; row < rows; row++) {
      let [real, imaginary] = [0, 0];
      for (let n = 0; n < length; n++) {
        const window = Math.sin((Math.PI * n) / length) ** 2; // Hann: keeps a line's leakage near it
        real += window * data[row * length + n]! * Math.cos((2 * Math.PI * bin * n) / length);
        imaginary += window * data[row * length + n]! * Math.sin((2 * Math.PI * bin * n) / length);
      }
      power += real * real + imaginary * imaginary;
    }
    return power / rows;
  });
}

describe('generateSignals', () => {
  it('never changes for a seed', () => {
    const { data, shape } = generateSignals();
    assert.deepEqual(shape, [100, 500]);
    assert.equal(createHash('sha256').update(Buffer.from(data.buffer)).digest('hex'), 'd185c72e732bcbfc5103e44c80b7d94a0531eb5d724535d0c3eb6cf3da301c8f');
  });

  it('gives a row that depends on the seed and its index alone', () => {
    const few = generateSignals({ count: 3 });
    assert.deepEqual(few.data, generateSignals({ count: 5 }).data.subarray(0, 1500));
    assert.notDeepEqual(few.data, generateSignals({ count: 3, seed: 43 }).data);
    assert.notDeepEqual(few.data.subarray(0, 500), few.data.subarray(500, 1000));
  });

  it('adds sinusoids of the drawn amplitude and frequency', () => {
    const { data } = generateSignals({ count: 1, length: 400, sinusoids: 1, amplitude: [3, 3], frequency: [0.1, 0.1] });
    for (let n = 0; n + 10 < data.length; n++) assert.ok(Math.abs(data[n]! - data[n + 10]!) < 1e-11);
    assert.ok(Math.abs(2 * mean(data.map((value) => value * value)) - 9) < 1e-9);
  });

  it('has a variance near 12.67 and a flat spectrum up to 0.2 cycles per sample', () => {
    const signals = generateSignals({ count: 200, seed: 7 });
    assert.ok(Math.abs(mean(signals.data.map((value) => value * value)) - 25 * (1 + 0.04 / 3) / 2) < 0.3);
    const low = mean(spectrum(signals, [5, 12, 19, 26, 33, 40]));
    const high = mean(spectrum(signals, [60, 67, 74, 81, 88, 95]));
    assert.ok(low / high > 0.8 && low / high < 1.25, `${low} and ${high}`);
    assert.ok(mean(spectrum(signals, [110, 150, 249])) < 1e-4 * low);
  });

  it('is as hard to predict as the recorded signals', skipWithout('data/signals/data.npy'), async () => {
    const recorded = await loadSignals(join(SHARED, 'data/signals/data.npy'));
    const loss = (signals: Tensor<Float64Array>, order: number) => arBaseline(...splitRows(signals, 66), order, 1).testLoss;
    for (const order of [4, 20]) {
      const generated = mean([1, 2, 3].map((seed) => loss(generateSignals({ seed }), order)));
      const ratio = generated / loss(recorded, order);
      assert.ok(ratio > 0.75 && ratio < 1.33, `AR(${order}): ${ratio}`);
    }
  });

  it('refuses what is not a count', () => {
    for (const options of [{ count: 0 }, { length: -1 }, { sinusoids: 2.5 }, { count: NaN }]) {
      assert.throws(() => generateSignals(options), refusal('invalid-argument'));
    }
  });
});

describe('nextSampleWindows and splitRows', () => {
  const signals = tensor([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]);

  it('shifts targets by the horizon', () => {
    const { x, y } = nextSampleWindows(signals);
    assert.deepEqual([x.shape, y.shape], [[3, 3, 1], [3, 3, 1]]);
    assert.deepEqual(Array.from(x.data), [1, 2, 3, 5, 6, 7, 9, 10, 11]);
    assert.deepEqual(Array.from(y.data), [2, 3, 4, 6, 7, 8, 10, 11, 12]);
    assert.deepEqual(Array.from(nextSampleWindows(signals, 3).y.data), [4, 8, 12]);
  });

  it('splits rows', () => {
    const [first, rest] = splitRows(signals, 2);
    assert.deepEqual([first.shape, Array.from(first.data)], [[2, 4], [1, 2, 3, 4, 5, 6, 7, 8]]);
    assert.deepEqual([rest.shape, Array.from(rest.data)], [[1, 4], [9, 10, 11, 12]]);
  });

  it('refuse what cannot be', () => {
    for (const horizon of [0, -1, 1.5, 4, NaN]) assert.throws(() => nextSampleWindows(signals, horizon), refusal('invalid-argument'));
    for (const rows of [0, 3, -1, 1.5]) assert.throws(() => splitRows(signals, rows), refusal('invalid-argument'));
    assert.throws(() => nextSampleWindows({ data: signals.data, shape: [12] }), refusal('invalid-shape', /\[12\]/));
  });
});

describe('augmentedWindows', () => {
  const signals = tensor([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]);

  it('begins where it is told, forwards and backwards, with zeros of no weight behind the end', () => {
    const { x, y, sampleWeight } = augmentedWindows(signals, { horizon: 2, starts: [0, 2], backwards: true });
    assert.deepEqual([x.shape, y.shape, sampleWeight.shape], [[8, 3, 1], [8, 3, 1], [8, 3]]);
    assert.deepEqual(Array.from(x.data), [1, 2, 3, 3, 0, 0, 5, 4, 3, 3, 0, 0, 6, 7, 8, 8, 0, 0, 10, 9, 8, 8, 0, 0]);
    assert.deepEqual(Array.from(y.data), [3, 4, 5, 5, 0, 0, 3, 2, 1, 1, 0, 0, 8, 9, 10, 10, 0, 0, 8, 7, 6, 6, 0, 0]);
    assert.deepEqual(Array.from(sampleWeight.data), [1.5, 1.5, 1.5, 1.5, 0, 0, 1.5, 1.5, 1.5, 1.5, 0, 0, 1.5, 1.5, 1.5, 1.5, 0, 0, 1.5, 1.5, 1.5, 1.5, 0, 0]);
  });

  it('is nextSampleWindows where nothing is added', () => {
    const { x, y, sampleWeight } = augmentedWindows(signals);
    assert.deepEqual({ x, y }, nextSampleWindows(signals));
    assert.ok(sampleWeight.data.every((weight) => weight === 1));
  });

  it('refuses a start outside', () => {
    for (const start of [-1, 4, 1.5, NaN]) assert.throws(() => augmentedWindows(signals, { starts: [start] }), refusal('invalid-argument', /0 to 3/));
    assert.throws(() => augmentedWindows(signals, { starts: [] }), refusal('invalid-argument'));
  });
});

describe('baselines', () => {
  it('persistence is the mean squared difference', () => {
    const signals = tensor([[1, 2, 4], [0, 0, 3]]);
    assert.equal(persistenceBaseline(signals, 1).testLoss, (1 + 4 + 0 + 9) / 4);
    assert.equal(persistenceBaseline(signals, 2).testLoss, (9 + 9) / 2);
  });

  it('finds the recursion that made a signal', () => {
    const rows = [1, -2, 0.5].map((impulse) => {
      const x = [impulse];
      while (x.length < 60) x.push(1.2 * x.at(-1)! - 0.9 * (x.at(-2) ?? 0));
      return x;
    });
    const weights = fitAutoregression(tensor(rows), 2, 1);
    assert.ok(Math.abs(weights[0]! - 1.2) < 1e-9 && Math.abs(weights[1]! + 0.9) < 1e-9, `${weights.join(', ')}`);
  });

  it('solves the least-squares problem: the residual is orthogonal to every regressor', () => {
    const signals = generateSignals({ count: 6, length: 80 });
    for (const [order, horizon] of [[1, 1], [4, 1], [7, 5]] as const) {
      const w = fitAutoregression(signals, order, horizon);
      const gradient = new Float64Array(order);
      for (let row = 0; row < 6; row++) {
        const x = (t: number) => (t < 0 ? 0 : signals.data[row * 80 + t]!);
        for (let t = 0; t + horizon < 80; t++) {
          const residual = x(t + horizon) - w.reduce((sum, weight, k) => sum + weight * x(t - k), 0);
          for (let k = 0; k < order; k++) gradient[k]! += residual * x(t - k);
        }
      }
      assert.ok(gradient.every((value) => Math.abs(value) < 1e-4), `AR(${order}): ${gradient.join(', ')}`);
    }
  });

  it('judges on the test rows, the first positions included', () => {
    const train = tensor([[1, 2, 4, 8], [3, 6, 12, 24]]);
    const test = tensor([[1, 2, 5]]);
    const { order, testLoss } = arBaseline(train, test, 1, 1);
    assert.equal(order, 1);
    assert.ok(Math.abs(testLoss - 0.5) < 1e-9); // predicts 2 and 4
  });

  it('agrees with a singular-value solver on the recorded signals', skipWithout('data/signals/data.npy'), async () => {
    const [train, test] = splitRows(await loadSignals(join(SHARED, 'data/signals/data.npy')), 66);
    const expected = { 4: 0.4253376657, 10: 0.3172496515, 20: 0.2951608357, 100: 0.2916155948 }; // numpy.linalg.lstsq
    for (const [order, loss] of Object.entries(expected)) {
      assert.ok(Math.abs(arBaseline(train, test, Number(order), 1).testLoss - loss) < 1e-6, `AR(${order})`);
    }
  });

  it('refuse impossible orders and signals that are all zero', () => {
    const signals = generateSignals({ count: 2, length: 20 });
    for (const order of [0, -1, 2.5, 20]) assert.throws(() => fitAutoregression(signals, order, 1), refusal('invalid-argument'));
    assert.throws(() => fitAutoregression({ data: new Float64Array(40), shape: [2, 20] }, 3, 1), refusal('invalid-data'));
  });
});

describe('loadSignals', () => {
  const npy = (descr: string, shape: string, data: ArrayBufferView) => {
    const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
    const start = Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(text.length)}\x00${text}`, 'latin1');
    return Buffer.concat([start, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
  };
  const load = (bytes: Uint8Array, check: (outcome: Promise<Tensor<Float64Array>>) => Promise<void>) =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'signals.npy'), bytes);
      await check(loadSignals(join(folder, 'signals.npy')));
    });

  it('reads any number type as doubles', () =>
    load(npy('<f4', '(2, 16)', new Float32Array(32).fill(0.5)), async (outcome) => {
      assert.deepEqual(await outcome, { data: new Float64Array(32).fill(0.5), shape: [2, 16] });
    }));

  it('refuses wrong shapes', async () => {
    for (const shape of ['(32,)', '(1, 32)', '(4, 8)', '(2, 4, 4)', '()']) {
      const count = shape === '()' ? 1 : 32;
      await load(npy('<f8', shape, new Float64Array(count)), (outcome) => assert.rejects(outcome, refusal('invalid-shape', /signals\.npy/)));
    }
  });

  it('names the sample that is not finite', async () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const data = new Float64Array(32);
      data[21] = value;
      await load(npy('<f8', '(2, 16)', data), (outcome) => assert.rejects(outcome, refusal('invalid-data', /signal 1, sample 5/)));
    }
  });

  it('names a missing file', () => assert.rejects(loadSignals('absent.npy'), refusal('file-not-found', /absent\.npy/)));
});
