/** What a model takes as data and what it refuses, by name of row; a refused call changes nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { layers, sequential, sgd } from '../../src/entry.node.js';
import type { ErrorCode, Sequential, Tensor, TensorInput } from '../../src/entry.node.js';
import { classifier, classify, randomLabels, randomTensor, refused, timeless, weightsHash } from './helpers.js';

const ROWS = 6;
const x = randomTensor([ROWS, 4], 1);
const y = randomLabels(ROWS, 3, 2);
const WRONG_ROWS = [0, 2, ROWS - 1]; // first, middle, last

let model: Sequential; // of classes
let regression: Sequential;
before(async () => {
  model = classifier();
  await model.compile(classify);
  regression = sequential([layers.dense({ units: 2, inputShape: [4] })]);
  await regression.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
});
after(() => [model, regression].forEach((each) => each.close()));

const untyped = <Value>(value: unknown): Value => value as Value;

/** Every call that takes inputs and targets. */
const withTargets: Readonly<Record<string, (of: Sequential, inputs: TensorInput, targets: TensorInput) => Promise<unknown>>> = {
  fit: (of, inputs, targets) => of.fit(inputs, targets, { batchSize: 4 }),
  'validation in fit': (of, inputs, targets) => of.fit(x, of === regression ? randomTensor([ROWS, 2], 3) : y, { validationData: [inputs, targets] }),
  evaluate: (of, inputs, targets) => of.evaluate(inputs, targets),
  trainOnBatch: (of, inputs, targets) => of.trainOnBatch(inputs, targets),
};

async function assertRefused(of: Sequential, call: () => Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  const weights = weightsHash(of);
  const { step } = of;
  await assert.rejects(call(), refused(code, message));
  assert.equal(weightsHash(of), weights);
  assert.equal(of.step, step);
}

const replaced = ({ data, shape }: Tensor, at: number, value: number): Tensor => ({
  data: Float32Array.from(data, (old, i) => (i === at ? value : old)), shape,
});

describe('refused data', () => {
  for (const [name, call] of Object.entries(withTargets)) {
    for (const row of WRONG_ROWS) {
      it(`${name}: a label out of range in row ${row}`, async () => {
        for (const bad of [-1, 3, 2.5, NaN, Infinity, 2 ** 31]) {
          await assertRefused(model, () => call(model, x, replaced(y, row, bad)), 'invalid-data', new RegExp(`row ${row}: a label.*0 to 2, received ${bad}`));
        }
      });

      it(`${name}: a value that is not finite in row ${row}`, async () => {
        for (const bad of [NaN, Infinity, -Infinity]) {
          for (const column of [0, 3]) {
            const message = new RegExp(`inputs, row ${row}.*not finite.*received ${bad}`);
            await assertRefused(model, () => call(model, replaced(x, 4 * row + column, bad), y), 'invalid-data', message);
          }
          const targets = replaced(randomTensor([ROWS, 2], 3), 2 * row + 1, bad);
          await assertRefused(regression, () => call(regression, x, targets), 'invalid-data', new RegExp(`targets, row ${row}`));
        }
      });
    }

    it(`${name}: no rows`, async () => {
      const none = { data: new Float32Array(0), shape: [0, 4] };
      await assertRefused(model, () => call(model, none, { data: new Uint8Array(0), shape: [0] }), 'invalid-data', /empty/);
      await assertRefused(model, () => call(model, [], []), 'invalid-shape', /received \[0\]/);
    });

    it(`${name}: inputs and targets of different number`, async () => {
      await assertRefused(model, () => call(model, x, randomLabels(ROWS - 1, 3, 1)), 'invalid-shape', new RegExp(`${ROWS} targets.*received ${ROWS - 1}`));
    });

    it(`${name}: wrong shapes`, async () => {
      for (const shape of [[ROWS], [ROWS, 5], [ROWS, 2, 4], [ROWS, 4, 4], []]) {
        await assertRefused(model, () => call(model, randomTensor(shape, 1), y), 'invalid-shape', /rows, 4/);
      }
      for (const shape of [[ROWS, 2], [ROWS, 1, 1], [1, ROWS]]) {
        await assertRefused(model, () => call(model, x, { data: new Uint8Array(shape.reduce((a, b) => a * b, 1)), shape }), 'invalid-shape', /targets/);
      }
      for (const shape of [[ROWS], [ROWS, 1], [ROWS, 3], [ROWS, 1, 2]]) {
        await assertRefused(regression, () => call(regression, x, randomTensor(shape, 1)), 'invalid-shape', /expected \[6, 2\]/);
      }
    });

    it(`${name}: what is no tensor`, async () => {
      const wrong: readonly [TensorInput, ErrorCode][] = [
        [untyped(null), 'invalid-argument'], [untyped(undefined), 'invalid-argument'], [untyped(3), 'invalid-argument'], [untyped('x'), 'invalid-argument'],
        [untyped({ data: [1, 2, 3, 4], shape: [1, 4] }), 'invalid-argument'],
        [untyped({ data: new DataView(new ArrayBuffer(16)), shape: [1, 4] }), 'invalid-argument'],
        [{ data: new Float32Array(7), shape: [2, 4] }, 'invalid-shape'], [{ data: new Float32Array(8), shape: [-2, -4] }, 'invalid-shape'],
        [{ data: new Float32Array(8), shape: [2.5, 3.2] }, 'invalid-shape'], [[[1, 2, 3, 4], [1, 2, 3]], 'invalid-shape'],
        [untyped([[1, 2, 3, 'x']]), 'invalid-shape'], [untyped([[1, 2, 3, [4]]]), 'invalid-shape'], [untyped([1, [2]]), 'invalid-shape'],
      ];
      for (const [bad, code] of wrong) {
        await assertRefused(model, () => call(model, bad, y), code, /./);
        await assertRefused(model, () => call(model, x, bad), code, /./);
      }
    });
  }

  it('a value that is not finite at any place, of an even or an odd number, even or odd', async () => {
    for (const rows of [1, 3, ROWS]) {
      const plain = randomTensor([rows, 3], 5);
      const odd = sequential([layers.dense({ units: 1, inputShape: [3] })]);
      await odd.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
      for (let place = 0; place < 3 * rows; place++) {
        for (const bad of [NaN, Infinity, -Infinity]) {
          const message = new RegExp(`row ${Math.floor(place / 3)}.*not finite.*received ${bad}`);
          await assertRefused(odd, () => odd.predict(replaced(plain, place, bad)), 'invalid-data', message);
        }
      }
      odd.close();
    }
  });

  it('predict: all that is refused as inputs of the others', async () => {
    await assertRefused(model, () => model.predict(replaced(x, 9, NaN)), 'invalid-data', /row 2/);
    const wide = { data: new Float64Array(12).fill(1e300), shape: [3, 4] }; // finite, but not in single precision
    await assertRefused(model, () => model.predict(wide), 'invalid-data', /row 0.*received 1e\+300/);
    await assertRefused(model, () => model.predict({ data: new Float32Array(0), shape: [0, 4] }), 'invalid-data', /empty/);
    await assertRefused(model, () => model.predict(randomTensor([ROWS, 5], 1)), 'invalid-shape', /\[rows, 4\], received \[6, 5\]/);
    await assertRefused(model, () => model.predict(untyped(null)), 'invalid-argument', /./);
  });

  it('counts of rows and epochs that are none', async () => {
    for (const bad of [0, -1, 1.5, NaN, Infinity, untyped<number>('8')]) {
      await assertRefused(model, () => model.fit(x, y, { epochs: bad }), 'invalid-argument', /epochs/);
      await assertRefused(model, () => model.fit(x, y, { batchSize: bad }), 'invalid-argument', /batchSize/);
      await assertRefused(model, () => model.evaluate(x, y, { batchSize: bad }), 'invalid-argument', /batchSize/);
      await assertRefused(model, () => model.predict(x, { batchSize: bad }), 'invalid-argument', /batchSize/);
    }
  });
});

describe('data', () => {
  const nested = ({ data, shape }: Tensor, width: number): number[][] =>
    Array.from({ length: shape[0]! }, (_, row) => [...data.slice(row * width, (row + 1) * width)]);

  it('may be nested arrays', async () => {
    assert.deepEqual(await model.evaluate(nested(x, 4), [...y.data]), await model.evaluate(x, y));
    assert.deepEqual(await model.predict(nested(x, 4)), await model.predict(x));
    const targets = randomTensor([ROWS, 2], 3);
    assert.deepEqual(await regression.evaluate(nested(x, 4), nested(targets, 2)), await regression.evaluate(x, targets));
  });

  it('may be any typed array', async () => {
    const bytes = { data: Uint8Array.from({ length: ROWS * 4 }, (_, i) => i * 7), shape: [ROWS, 4] };
    const expected = await model.predict({ data: Float32Array.from(bytes.data), shape: bytes.shape });
    for (const Type of [Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array]) {
      assert.deepEqual(await model.predict({ data: Type.from(bytes.data), shape: bytes.shape }), expected, Type.name);
      assert.deepEqual(await model.evaluate(x, { data: Type.from(y.data), shape: [ROWS] }), await model.evaluate(x, y), Type.name);
    }
  });

  it('may lie anywhere in its buffer', async () => {
    const shifted = new Float32Array(ROWS * 4 + 1).subarray(1);
    shifted.set(x.data);
    assert.deepEqual(await model.predict({ data: shifted, shape: x.shape }), await model.predict(x));
  });

  it('may leave out axes of size 1, or have more of them', async () => {
    const images = sequential([layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [3, 3, 1] }), layers.flatten(), layers.dense({ units: 3 })]);
    await images.compile(classify);
    const { data } = randomTensor([ROWS, 9], 4);
    const expected = await images.predict({ data, shape: [ROWS, 3, 3, 1] });
    for (const shape of [[ROWS, 3, 3], [ROWS, 1, 3, 3]]) assert.deepEqual(await images.predict({ data, shape }), expected);
    await assert.rejects(images.predict({ data, shape: [ROWS, 9] }), refused('invalid-shape'));
    assert.deepEqual(await model.evaluate(x, { data: y.data, shape: [ROWS, 1] }), await model.evaluate(x, y));
    images.close();
  });

  it('is read, never written', async () => {
    const [inputs, labels] = [x.data.slice(), y.data.slice()];
    await model.fit(x, y, { epochs: 2, batchSize: 4 });
    await model.evaluate(x, y);
    await model.predict(x);
    assert.deepEqual([x.data, y.data], [inputs, labels]);
  });
});

describe('data that change or go away', () => {
  const inputs = (): { data: Float32Array<ArrayBuffer>; shape: number[] } => ({ data: Float32Array.from(x.data), shape: [ROWS, 4] });
  const labels = (): { data: Uint8Array<ArrayBuffer>; shape: number[] } => ({ data: Uint8Array.from(y.data), shape: [ROWS] });

  const calls: Readonly<Record<string, (of: Sequential, a: Tensor, b: Tensor) => Promise<unknown>>> = {
    ...withTargets, predict: (of, a) => of.predict(a), 'long fit': (of, a, b) => of.fit(a, b, { epochs: 40, batchSize: 1 }),
  };

  for (const [name, call] of Object.entries(calls)) {
    it(`${name}: overwritten while the call is at work, they make no difference`, async () => {
      const [alone, other] = [classifier(), classifier()];
      for (const each of [alone, other]) await each.compile(classify);
      const expected = await call(alone, inputs(), labels());
      const [a, b] = [inputs(), labels()];
      const working = call(other, a, b);
      a.data.fill(NaN);
      b.data.fill(200);
      assert.deepEqual(timeless(await working), timeless(expected));
      assert.equal(weightsHash(other), weightsHash(alone));
      [alone, other].forEach((each) => each.close());
    });

    it(`${name}: transferred away while the call is at work, they make no difference; before, they are refused`, async () => {
      const [a, b] = [inputs(), labels()];
      const working = call(model, a, b);
      structuredClone([a.data, b.data], { transfer: [a.data.buffer, b.data.buffer] });
      await working;
      await assertRefused(model, () => call(model, a, labels()), 'invalid-shape', /24 values.*received 0 values.*transferred/);
      if (name !== 'predict') await assertRefused(model, () => call(model, inputs(), b), 'invalid-shape', /received 0 values/);
    });
  }

  it('may be shared with other threads, or lie in a buffer that is resized', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 4 * ROWS));
    shared.set(x.data);
    type Resizable = ArrayBuffer & { resize(bytes: number): void };
    const buffer = new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(4 * 4 * ROWS, { maxByteLength: 4096 });
    const resizable = new Float32Array(buffer, 0, 4 * ROWS);
    resizable.set(x.data);
    const expected = await model.predict(x);
    assert.deepEqual(await model.predict({ data: shared, shape: x.shape }), expected);
    const working = model.predict({ data: resizable, shape: x.shape });
    buffer.resize(8);
    assert.deepEqual(await working, expected);
    await assertRefused(model, () => model.predict({ data: resizable, shape: x.shape }), 'invalid-shape', /received 0 values/);
  });

  it('may be a Buffer or an array of another realm, but not of big integers', async () => {
    const bytes = { data: Buffer.from([1, 2, 3, 4]), shape: [1, 4] };
    const foreign = { data: runInNewContext('Uint8Array.of(1, 2, 3, 4)') as Uint8Array, shape: [1, 4] };
    const expected = await model.predict([[1, 2, 3, 4]]);
    for (const data of [bytes, foreign]) assert.deepEqual(await model.predict(data), expected);
    const big = untyped<Tensor>({ data: BigInt64Array.of(1n, 2n, 3n, 4n), shape: [1, 4] });
    await assertRefused(model, () => model.predict(big), 'invalid-argument', /typed array of numbers.*received BigInt64Array/);
  });

  it('a mutation by a callback in the middle of an epoch is not seen', async () => {
    const [alone, other] = [classifier(), classifier()];
    for (const each of [alone, other]) await each.compile(classify);
    await alone.fit(x, y, { epochs: 3, batchSize: 2, validationData: [x, y] });
    const [a, b] = [inputs(), labels()];
    const callbacks = { onBatchEnd: () => (a.data.fill(1e30), void b.data.fill(255)) };
    await other.fit(a, b, { epochs: 3, batchSize: 2, validationData: [a, b], callbacks });
    assert.equal(weightsHash(other), weightsHash(alone));
    [alone, other].forEach((each) => each.close());
  });
});
