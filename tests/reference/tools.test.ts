/** The tools of the judge: what must fail does fail, and says where. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  absGemm,
  assertClose,
  elementTolerances,
  finiteDifference,
  gamma,
  gemm,
  gradientCheck,
  guarded,
  randomArray,
  relativeTolerances,
  sumTolerance,
  toFloat32,
  UNIT_ROUNDOFF,
} from './index.js';

describe('assertClose', () => {
  it('names the first bad index, the value, the expected one and the error', () => {
    assert.throws(() => assertClose([1, 2.5, 9], [1, 2, 3], 0.25, 'y'), {
      name: 'AssertionError',
      message: 'y: index 1 of 3 is 2.5, expected 2 (error 0.5, tolerance 0.25)',
    });
  });

  it('takes one tolerance for each element', () => {
    assertClose([1.5, 2], [1, 2], [0.5, 0]);
    assert.throws(() => assertClose([1.5, 2.5], [1, 2], [0.5, 0]), /index 1/);
    assert.throws(() => assertClose([1, 2], [1, 2], [0]), /tolerance: expected \[2\]/);
  });

  it('refuses NaN, another length and a tolerance that is NaN; an infinity is itself', () => {
    assert.throws(() => assertClose([NaN], [0], 1), /index 0 of 1 is NaN/);
    assert.throws(() => assertClose([NaN], [NaN], 1), /expected NaN/);
    assert.throws(() => assertClose([0], [NaN], Infinity), /expected NaN/);
    assert.throws(() => assertClose([1], [1, 1], 1), /1 values, expected 2/);
    assert.throws(() => assertClose([1], [1.5], NaN), /tolerance NaN/);
    assert.throws(() => assertClose([Infinity], [-Infinity], 1), /index 0/);
    assertClose([Infinity, -Infinity], [Infinity, -Infinity], 0);
  });
});

describe('tolerances', () => {
  /** One float32 accumulator, from first to last. */
  function float32Dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < a.length; i++) total = Math.fround(total + Math.fround(a[i]! * b[i]!));
    return total;
  }

  it('gamma is n·u / (1 - n·u)', () => {
    assert.equal(gamma(0), 0);
    assert.equal(gamma(2 ** 23), 1);
    assert.throws(() => gamma(2 ** 24), RangeError);
  });

  it('hold for float32 sums of every length, and sumTolerance is the looser one', () => {
    for (let length = 1; length <= 300; length++) {
      const a = randomArray(length, length);
      const b = randomArray(length, length + 1000);
      const options = { m: 1, n: 1, k: length, a, b };
      const [tight] = elementTolerances(absGemm(options), length);
      assertClose([float32Dot(a, b)], gemm(options), tight!, `length ${length}`);
      assert.ok(tight! <= sumTolerance(length, 1));
    }
  });

  it('are not far above what happens: 1 + u + u + … stays 1 in float32', () => {
    const length = 1000;
    const a = new Float64Array(length).fill(UNIT_ROUNDOFF);
    a[0] = 1;
    const ones = new Float64Array(length).fill(1);
    const options = { m: 1, n: 1, k: length, a, b: ones };
    const error = gemm(options)[0]! - float32Dot(a, ones);
    const [tolerance] = elementTolerances(absGemm(options), length);
    assert.ok(error <= tolerance! && error > 0.99 * tolerance!, `error ${error}, tolerance ${tolerance}`);
  });

  it('hold for products among the subnormals', () => {
    const tiny = [1.5 * 2 ** -75, 1.25 * 2 ** -75];
    const options = { m: 1, n: 1, k: 2, a: tiny, b: tiny };
    assertClose([float32Dot(tiny, tiny)], gemm(options), elementTolerances(absGemm(options), 2));
  });

  it('relative ones grow with the expected value', () => {
    assertClose(relativeTolerances([0, -10], 0.5, 1), [1, 6], 0);
  });
});

describe('finite differences', () => {
  const cubes = (x: Float64Array): number => x[0]! ** 3 + 2 * x[1]!;

  it('approximate the gradient', () => assertClose(finiteDifference(cubes, [2, 5]), [12, 2], 1e-7));

  it('find a wrong gradient and leave x alone', () => {
    const x = [2, 5];
    gradientCheck({ f: cubes, x, gradient: [12, 2] });
    assert.throws(() => gradientCheck({ f: cubes, x, gradient: [12, 2.01], message: 'dx' }), /dx: index 1 of 2 is 2.01/);
    assert.deepEqual(x, [2, 5]);
  });
});

describe('randomArray', () => {
  it('gives float32 values in the range, the same for the same seed', () => {
    const values = randomArray(1000, 7, -2, 3);
    assert.deepEqual(values, randomArray(1000, 7, -2, 3));
    assert.notDeepEqual(values, randomArray(1000, 8, -2, 3));
    assertClose(toFloat32(values), values, 0);
    assert.ok(values.every((value) => value >= -2 && value < 3));
    assert.ok(Math.min(...values) < -1.9 && Math.max(...values) > 2.9);
  });
});

describe('guarded', () => {
  const LENGTH = 5;

  function twoBuffers(): { x: ReturnType<typeof floats>; y: ReturnType<typeof floats>; all: Uint8Array } {
    const memory = new SharedArrayBuffer(1024);
    const x = floats(memory, 32);
    return { x, y: floats(memory, x.end), all: new Uint8Array(memory) };
  }

  function floats(memory: SharedArrayBuffer, byteOffset: number) {
    return guarded(memory, byteOffset, Float32Array, LENGTH);
  }

  it('lays out band, data, band', () => {
    const { x, all } = twoBuffers();
    assert.equal(x.data.byteOffset, 32 + 64);
    assert.equal(x.data.length, LENGTH);
    assert.equal(x.end, 192); // 32 + 64 + 20 + 64 = 180, rounded up to a multiple of 16
    assert.ok(all.subarray(0, 32).every((byte) => byte === 0));
  });

  it('starts as NaN, so that reading outside and not writing show', () => {
    const { x } = twoBuffers();
    assert.ok(x.data.every(Number.isNaN));
    const around = new Float32Array(x.data.buffer, x.data.byteOffset - 64, 16);
    assert.ok(around.every(Number.isNaN));
  });

  it('is intact after writes inside', () => {
    const { x, y } = twoBuffers();
    x.data.fill(1);
    y.data.fill(2);
    x.assertIntact();
    y.assertIntact();
  });

  it('finds each single byte changed outside', () => {
    const { x, all } = twoBuffers();
    for (let address = 32; address < x.end; address++) {
      if (address >= x.data.byteOffset && address < x.data.byteOffset + LENGTH * 4) continue;
      all[address]! ^= 1;
      assert.throws(() => x.assertIntact('x'), /^AssertionError.*x: wrote \d+ at \d+ bytes (before|after) its 20 bytes/s);
      all[address]! ^= 1;
    }
    x.assertIntact();
  });

  it('finds a copy of one band onto another', () => {
    const { x, y, all } = twoBuffers();
    const bytes = (LENGTH + 1) * 4; // one element too many
    all.copyWithin(y.data.byteOffset, x.data.byteOffset, x.data.byteOffset + bytes);
    assert.throws(() => y.assertIntact('y'), /1 bytes after|2 bytes after/);
  });

  it('guards bytes of any length', () => {
    const memory = new ArrayBuffer(256);
    const mask = guarded(memory, 0, Uint8Array, 7, 16);
    mask.data.fill(1);
    mask.assertIntact();
    new Uint8Array(memory)[16 + 7] = 1;
    assert.throws(() => mask.assertIntact('mask'), /mask: wrote 1 at 1 bytes after its 7 bytes/);
  });
});
