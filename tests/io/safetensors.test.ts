import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LanewiseError } from '../../src/errors.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../../src/io/safetensors.js';
import { SHARED, refusal, skipWithout } from '../data/helpers.js';

const tensors: NamedTensor[] = [
  { name: 'conv2d_1/kernel', tensor: { data: Float32Array.of(1, -0, NaN, Infinity, 3e-40, -1.5), shape: [3, 2] } },
  { name: '__proto__', tensor: { data: Uint8Array.of(7, 8, 9), shape: [3] } },
  { name: '', tensor: { data: Float64Array.of(0.1), shape: [] } },
  { name: 'é\0\n"\\', tensor: { data: new Int32Array(0), shape: [2, 0] } },
];

test('what is written can be read: every bit, names, order, metadata', () => {
  const bytes = encodeSafetensors(tensors, { network: 'é', __proto__x: '1' });
  const { tensors: read, metadata } = decodeSafetensors(bytes);
  assert.deepEqual([...read], tensors.map(({ name, tensor }) => [name, tensor]));
  assert.deepEqual([...metadata], [['network', 'é'], ['__proto__x', '1']]);
  const bits = ({ data }: { data: { buffer: ArrayBufferLike } }): string => Buffer.from(data.buffer).toString('hex');
  for (const { name, tensor } of tensors) assert.equal(bits(read.get(name)!), bits(tensor));
});

test('the data begin at a multiple of 8, behind spaces', () => {
  for (let length = 0; length < 9; length++) {
    const bytes = encodeSafetensors([{ name: 'n'.repeat(length), tensor: { data: Float32Array.of(2.5), shape: [1] } }]);
    const dataStart = bytes.length - 4;
    assert.equal(dataStart % 8, 0);
    assert.equal(new DataView(bytes.buffer).getBigUint64(0, true), BigInt(dataStart - 8));
    assert.match(new TextDecoder().decode(bytes.subarray(8, dataStart)), /^\{"n*":\{"dtype":"F32","shape":\[1\],"data_offsets":\[0,4\]\}\} {0,7}$/);
  }
});

test('a part of a larger buffer can be written and read', () => {
  const data = Float32Array.of(0, 1, 2, 3).subarray(1, 3);
  const bytes = encodeSafetensors([{ name: 'x', tensor: { data, shape: [2] } }]);
  const shifted = Buffer.concat([Buffer.from('abc'), bytes]).subarray(3);
  const { data: read } = decodeSafetensors(shifted).tensors.get('x')!;
  assert.deepEqual(read, Float32Array.of(1, 2));
  shifted.fill(0);
  assert.deepEqual(read, Float32Array.of(1, 2), 'the tensor owns its data');
});

test('names that cannot be written', () => {
  const named = (...names: string[]) => names.map((name) => ({ name, tensor: { data: new Float32Array(0), shape: [0] } }));
  assert.throws(() => encodeSafetensors(named('a', 'a')), refusal('invalid-argument', /occurs twice/));
  assert.throws(() => encodeSafetensors(named('__metadata__')), refusal('invalid-argument', /reserved/));
  assert.throws(() => encodeSafetensors(named('\ud800')), refusal('invalid-argument', /well-formed/));
});

test('a file cut anywhere, or one byte too long, is refused', () => {
  const bytes = encodeSafetensors(tensors, { a: 'b' });
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeSafetensors(bytes.subarray(0, length), 'cut'), refusal('invalid-file', /^cut/));
  }
  assert.throws(() => decodeSafetensors(Buffer.concat([bytes, Buffer.alloc(1)])), refusal('invalid-file', /bytes after the last tensor/));
});

test('an element type without an array in JavaScript is named', () => {
  const header = Buffer.from('{"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}');
  const bytes = Buffer.concat([Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]), header, Buffer.alloc(2)]);
  assert.throws(() => decodeSafetensors(bytes, 'file'), refusal('unsupported', /file, tensor "x": dtype "BF16" cannot be read \(expected F32, /));
});

interface Case {
  file: string;
  expect: 'accept' | 'reject' | 'either';
  facts?: Record<string, unknown>;
}

test('the collection of good and bad files', skipWithout('cases/safetensors/manifest.json'), () => {
  const folder = join(SHARED, 'cases/safetensors');
  const { cases } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { cases: Case[] };
  assert.ok(cases.length > 80);
  for (const { file, expect } of cases) {
    const begin = performance.now();
    const verdict = judge(readFileSync(join(folder, file)), file);
    if (expect !== 'either') assert.equal(verdict, expect, file);
    assert.ok(performance.now() - begin < 3000, `${file} took too long`);
  }
  assert.equal(({} as Record<string, unknown>)['dtype'], undefined, 'Object.prototype is as it was');
});

function judge(bytes: Uint8Array, file: string): 'accept' | 'reject' {
  try {
    decodeSafetensors(bytes, file);
    return 'accept';
  } catch (error) {
    assert.ok(error instanceof LanewiseError, `${file}: ${String(error)}`);
    assert.ok(error.code === 'invalid-file' || error.code === 'unsupported', `${file}: ${error.code}`);
    assert.doesNotMatch(error.message, /\n/);
    return 'reject';
  }
}

test('values of the collection', skipWithout('cases/safetensors/manifest.json'), () => {
  const read = (file: string) => decodeSafetensors(readFileSync(join(SHARED, 'cases/safetensors', file))).tensors;
  assert.deepEqual(read('ok-basic.safetensors').get('test')!.shape, [2, 2]);
  assert.deepEqual(read('ok-empty-tensor.safetensors').get('test')!.shape, [2, 0]);
  assert.deepEqual(Array.from(read('ok-order.safetensors').get('a')!.data), [1, 2]);
  for (let offset = 0; offset < 8; offset++) {
    const { data } = [...read(`ok-unaligned-${offset}.safetensors`)].find(([name]) => name === 'x')![1];
    assert.deepEqual(Array.from(data), [1.5, -2.25, Math.fround(3e-40)]);
  }
  const names = [...read('ok-names.safetensors').keys()];
  for (const name of ['__proto__', 'constructor', '', '../../etc/passwd', 'a\0b', '\u202e']) assert.ok(names.includes(name), JSON.stringify(name));
});
