import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson, type JsonValue } from '../../src/io/json.js';
import { refusal } from '../data/helpers.js';

/** As `JSON.parse` gives it, where no key is lost. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item as JsonValue)]));
  if (Array.isArray(value)) return value.map((item: JsonValue) => plain(item));
  return typeof value === 'bigint' ? Number(value) : value;
}

test('reads what JSON.parse reads', () => {
  const texts = [
    'null', ' true ', '\t[ ]\r\n', '{}', '[1, -2, 3.5, 1e3, -0.5E-2, 0]', '"\\u00e9\\n\\"\\\\/\\/"', '{"a":{"b":[{"c":null}]},"":false}', '"\ud83d\ude00\u2028"',
  ];
  for (const text of texts) assert.deepEqual(plain(parseJson(text, 'test')), JSON.parse(text));
});

test('refuses what JSON.parse refuses', () => {
  const texts = [
    '', ' ', '{', '[', '[1,]', '{"a":1,}', '{a:1}', "{'a':1}", '{"a" 1}', '[1 2]', '01', '1.', '.5', '+1', '1e', '-', 'nul', 'NaN', 'truefalse', '"', '"\\',
    '"\\x"', '"\\u12"', '"\n"', '"\u0000"', '{}{}', '1 2', '[1]x', '\ufeff{}', '\u00a0{}', '// a\n{}',
  ];
  for (const text of texts) {
    assert.throws(() => JSON.parse(text));
    assert.throws(() => parseJson(text, 'test'), refusal('invalid-file', /^test: not valid JSON/), text);
  }
});

test('refuses a key that occurs twice, also in other spelling and further down', () => {
  for (const text of ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '[{"x":{"a":1,"b":2,"a":3}}]']) {
    assert.throws(() => parseJson(text, 'test'), refusal('invalid-file', /second time/));
  }
});

test('keeps integers exact and apart from other numbers', () => {
  assert.deepEqual(parseJson('[9007199254740993, 4, 4.0, 4e0, -0, -1]', 'test'), [9007199254740993n, 4n, 4, 4, -0, -1n]);
  assert.equal(parseJson('9'.repeat(400), 'test'), Infinity);
});

test('no key has a meaning', () => {
  const value = parseJson('{"__proto__":{"polluted":true}}', 'test');
  assert.ok(value instanceof Map);
  assert.deepEqual([...value.keys()], ['__proto__']);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('nests to a limit, and reads long texts in linear time', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.ok(parseJson(nested(128), 'test'));
  assert.throws(() => parseJson(nested(129), 'test'), refusal('invalid-file', /deeper than 128/));
  assert.throws(() => parseJson('['.repeat(1_000_000), 'test'), refusal('invalid-file', /deeper/));
  const begin = performance.now();
  assert.throws(() => parseJson(`"${'\\\\a'.repeat(1_000_000)}`, 'test'), refusal('invalid-file', /without an end/));
  assert.equal((parseJson(`[${'{"a":"b"},'.repeat(100_000)}0]`, 'test') as unknown[]).length, 100_001);
  assert.ok(performance.now() - begin < 3000);
});

test('takes millions of values for what they are', () => {
  assert.equal((parseJson(`[${'0,'.repeat(2 ** 21 - 2)}0]`, 'test') as unknown[]).length, 2 ** 21 - 1);
  for (const text of ['0,', '[],', '{},', '"",', 'null,']) {
    assert.throws(() => parseJson(`[${text.repeat(2 ** 21)}0]`, 'test'), refusal('invalid-file', /more than 2097152 values/));
  }
});
