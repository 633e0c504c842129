import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { weightsSha256 } from '../../src/io/digest.js';

const tensor = (...values: number[]) => ({ data: Float32Array.from(values), shape: [values.length] });

test('the digest of the little-endian bytes, in order', async () => {
  const bytes = Buffer.alloc(12);
  [1, -2.5, 1e-40].forEach((value, index) => bytes.writeFloatLE(value, 4 * index));
  const expected = createHash('sha256').update(bytes).digest('hex');
  assert.equal(await weightsSha256([tensor(1), tensor(-2.5, 1e-40)]), expected);
  assert.equal(await weightsSha256([tensor(1, -2.5, 1e-40)]), expected);
  assert.notEqual(await weightsSha256([tensor(-2.5, 1e-40), tensor(1)]), expected);
  assert.equal(await weightsSha256([]), createHash('sha256').digest('hex'));
});

test('zero and minus zero differ, all NaN are one', async () => {
  assert.notEqual(await weightsSha256([tensor(0)]), await weightsSha256([tensor(-0)]));
  const nan = (bits: number) => ({ data: new Float32Array(Uint32Array.of(bits).buffer), shape: [1] });
  assert.equal(await weightsSha256([nan(0x7fc00001)]), await weightsSha256([nan(0xffc00000)]));
  const before = nan(0x7fc00001);
  await weightsSha256([before]);
  assert.equal(new Uint32Array(before.data.buffer)[0], 0x7fc00001, 'the weights are not touched');
});
