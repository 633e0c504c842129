import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseNpy } from '../../src/data/npy.js';
import { refusal, SHARED, skipWithout } from './helpers.js';

/** A file as numpy.save writes it: header padded with spaces to a multiple of 64 and ended by a new line. */
function npy(header: string, data: Uint8Array, major = 1): Uint8Array {
  const lengthBytes = major === 1 ? 2 : 4;
  const unpadded = 8 + lengthBytes + header.length + 1;
  const text = `${header}${' '.repeat((64 - (unpadded % 64)) % 64)}\n`;
  const length = Array.from({ length: lengthBytes }, (_, i) => (text.length >>> (8 * i)) & 255);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Uint8Array.of(major, 0, ...length), Buffer.from(text, 'latin1'), data]);
}

const header = (descr: string, shape: string, order = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const DOUBLES = Float64Array.of(1.5, -2.25, 1e300, NaN, -Infinity, 5e-324);
const GOOD = npy(header('<f8', '(2, 3)'), bytesOf(DOUBLES));

describe('parseNpy', () => {
  it('reads versions 1, 2 and 3', () => {
    for (const major of [1, 2, 3]) {
      const { data, shape } = parseNpy(npy(header('<f8', '(2, 3)'), bytesOf(DOUBLES), major));
      assert.ok(data instanceof Float64Array);
      assert.deepEqual(data, DOUBLES);
      assert.deepEqual(shape, [2, 3]);
    }
  });

  it('reads every type it promises', () => {
    const read = (descr: string, shape: string, array: ArrayBufferView) => parseNpy(npy(header(descr, shape), bytesOf(array))).data;
    assert.deepEqual(read('<f4', '(2,)', Float32Array.of(1.5, -3)), Float32Array.of(1.5, -3));
    assert.deepEqual(read('|u1', '(3,)', Uint8Array.of(0, 7, 255)), Uint8Array.of(0, 7, 255));
    assert.deepEqual(read('<i4', '(2, 1)', Int32Array.of(-5, 2 ** 31 - 1)), Int32Array.of(-5, 2 ** 31 - 1));
    assert.deepEqual(read('<i8', '(2,)', BigInt64Array.of(-(2n ** 53n), 2n ** 60n)), Float64Array.of(-(2 ** 53), 2 ** 60));
  });

  it('refuses 64-bit integers that a double cannot hold', () => {
    const file = npy(header('<i8', '(2,)'), bytesOf(BigInt64Array.of(1n, 2n ** 53n + 1n)));
    assert.throws(() => parseNpy(file, 'big.npy'), refusal('invalid-data', /big\.npy, element 1.*9007199254740993/));
  });

  it('reads at an odd offset, and owns what it returns', () => {
    const shifted = new Uint8Array(GOOD.length + 1);
    shifted.set(GOOD, 1);
    const { data } = parseNpy(shifted.subarray(1));
    shifted.fill(0);
    assert.deepEqual(data, DOUBLES);
  });

  it('reads scalars, empty arrays, keys in any order, either quote, no last comma', () => {
    assert.deepEqual(parseNpy(npy(header('<f8', '()'), bytesOf(Float64Array.of(7)))), { data: Float64Array.of(7), shape: [] });
    assert.deepEqual(parseNpy(npy(header('<f8', '(0, 500)'), new Uint8Array(0))).shape, [0, 500]);
    const other = `{"shape":(1,2),"fortran_order":False,"descr":"|u1"}`;
    assert.deepEqual(parseNpy(npy(other, Uint8Array.of(3, 4))), { data: Uint8Array.of(3, 4), shape: [1, 2] });
  });

  it('refuses the file cut at any byte, and a byte more', () => {
    for (let length = 0; length < GOOD.length; length++) {
      assert.throws(() => parseNpy(GOOD.subarray(0, length), 'cut.npy'), refusal('invalid-file', /^cut\.npy: /), `${length}`);
    }
    assert.throws(() => parseNpy(Uint8Array.of(...GOOD, 0)), refusal('invalid-file', /expected 48 bytes, received 49/));
  });

  it('names what it cannot read', () => {
    const refuse = (text: string, message: RegExp) =>
      assert.throws(() => parseNpy(npy(text, new Uint8Array(8))), refusal('unsupported', message));
    refuse(header('>f8', '(1,)'), /big-endian/);
    refuse(header('<f8', '(1,)', 'True'), /Fortran.*ascontiguousarray/);
    refuse(header('|O', '(1,)'), /objects/);
    refuse(header('<c8', '(1,)'), /'<c8'.*astype/);
    refuse(header('<U2', '(1,)'), /'<U2'/);
    refuse(`{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (1,), }`, /structured/);
    refuse(header('<f8', `(${'1, '.repeat(33)})`), /too many dimensions/);
    const version = Uint8Array.from(GOOD);
    version[6] = 4;
    assert.throws(() => parseNpy(version), refusal('unsupported', /version 4/));
  });

  it('refuses every other header', () => {
    const good = header('<f8', '(1,)');
    const bad = [
      '', '{}', '[]', good.slice(1), good.replace('}', ''), `${good} x`, `${good}${good}`,
      good.replace('False', 'false'), good.replace('False', '0'), good.replace('False', "'False'"),
      good.replace('(1,)', '(1)'), good.replace('(1,)', '[1]'), good.replace('(1,)', '(-1,)'), good.replace('(1,)', '(1.0,)'),
      good.replace('(1,)', '(1L,)'), good.replace('(1,)', '(0x1,)'), good.replace('(1,)', '(,)'), good.replace('(1,)', '(1,,)'),
      good.replace('(1,)', '(01,)'), good.replace('(1,)', '1'), good.replace('(1,)', "('1',)"), good.replace('(1,)', '(1+0,)'),
      good.replace('shape', 'shap'), good.replace("'descr'", "'shape'"), good.replace(', }', ", 'more': True, }"),
      good.replace(', }', ", '__proto__': True, }"), good.replace("'descr'", "'__proto__'"), good.replace("'<f8'", "'<f8\\x00'"),
      good.replace("'<f8'", 'True'), good.replace("'<f8'", "'<f8' + ''"), good.replace("'descr'", 'descr'), good.replace(':', ''),
      good.replace("'<f8'", '__import__("os")'),
    ];
    for (const text of bad) {
      const outcome = () => parseNpy(npy(text, new Uint8Array(8)));
      const code = text.includes('[1]') ? 'unsupported' : 'invalid-file';
      assert.throws(outcome, refusal(code), text);
    }
    assert.equal(Object.hasOwn(Object.prototype, 'more'), false);
  });

  it('refuses impossible sizes without taking memory', () => {
    for (const shape of ['(4294967296, 4294967296)', '(536870912, 8)', '(9999999999999999,)']) {
      assert.throws(() => parseNpy(npy(header('<f8', shape), new Uint8Array(0))), refusal('invalid-file'), shape);
    }
    const long = npy(header('<f8', '(1,)'), new Uint8Array(8), 2);
    new DataView(long.buffer, long.byteOffset).setUint32(8, 2 ** 32 - 1, true);
    assert.throws(() => parseNpy(long), refusal('invalid-file', /inside its header/));
  });

  it('reads the real signals', skipWithout('data/signals/data.npy'), () => {
    const { data, shape } = parseNpy(readFileSync(join(SHARED, 'data/signals/data.npy')));
    assert.deepEqual(shape, [100, 500]);
    assert.equal(data.length, 50_000);
    assert.ok(data instanceof Float64Array && data.every((value) => Math.abs(value) < 25));
  });
});
