/** Models and checkpoints in the hands of Hugging Face's own reader, and its files in ours. Runs where Python has safetensors and numpy. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LanewiseError, adam } from '../../src/entry.node.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/io/safetensors.js';
import { modelCheckpoint, saveModel } from '../../src/node.js';
import { SHARED, skipWithout, withFolder } from '../data/helpers.js';
import { randomTensor, smallCnn } from '../model/helpers.js';

const PYTHON = process.env['PYTHON'] ?? 'python3';
const SCRIPT = fileURLToPath(new URL('hugging-face.py', import.meta.url));
const skip = spawnSync(PYTHON, ['-c', 'import numpy, safetensors']).status !== 0 && 'no safetensors in Python (PYTHON says where it is): these tests did not run';

interface Content {
  metadata: Record<string, string>;
  tensors: Record<string, [dtype: string, shape: number[], sha256: string]>;
}

function python(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, [SCRIPT, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  assert.equal(status, 0, stderr);
  return stdout;
}

const theirs = (...files: string[]): (Content | null)[] => python('read', ...files).trimEnd().split('\n').map((line) => JSON.parse(line) as Content | null);

const DTYPES: Readonly<Record<string, string>> = { Float32Array: 'F32', Float64Array: 'F64', Int32Array: 'I32', Uint8Array: 'U8' };

function ours(file: string): Content {
  const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
  const content: Content = { metadata: Object.fromEntries(metadata), tensors: Object.create(null) as Content['tensors'] };
  for (const [name, { data, shape }] of tensors) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    content.tensors[name] = [DTYPES[data.constructor.name]!, [...shape], createHash('sha256').update(bytes).digest('hex')];
  }
  return content;
}

describe("Hugging Face's safetensors", { skip }, () => {
  it('reads models and checkpoints as we do', () => withFolder(async (folder) => {
    const [whole, checkpoint, odd] = ['model', 'checkpoint', 'odd'].map((name) => join(folder, `${name}.safetensors`)) as [string, string, string];
    const model = smallCnn();
    await model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', threads: 1 });
    const x = randomTensor([6, ...model.inputShape], 1);
    await model.fit(x, { data: Uint8Array.of(0, 1, 2, 0, 1, 2), shape: [6] }, { epochs: 2, batchSize: 4, callbacks: modelCheckpoint({ filepath: checkpoint, saveFreq: 1 }) });
    await saveModel(whole, model);
    model.close();
    await writeFile(odd, encodeSafetensors([
      { name: 'é\0\n"\\', tensor: { data: Float32Array.of(1, -0, NaN, Infinity, 3e-40, -1.5), shape: [3, 2] } },
      { name: '', tensor: { data: Float64Array.of(0.1), shape: [] } },
      { name: 'constructor', tensor: { data: new Int32Array(0), shape: [2, 0] } },
      { name: '../x', tensor: { data: Uint8Array.of(7, 8, 9), shape: [3] } },
    ], { 'é': '\u0001' }));
    const files = [whole, checkpoint, odd];
    for (const [index, content] of theirs(...files).entries()) {
      assert.ok(content, `${files[index]} was refused`);
      assert.ok(Object.keys(content.tensors).length >= 4);
      assert.deepEqual({ ...content.tensors }, { ...ours(files[index]!).tensors }, files[index]);
      assert.deepEqual(content.metadata, ours(files[index]!).metadata, files[index]);
    }
  }));

  it('writes files that we read', () => withFolder((folder) => {
    const file = join(folder, 'theirs.safetensors');
    python('write', file);
    const { tensors, metadata } = decodeSafetensors(readFileSync(file));
    assert.deepEqual([...metadata], [['é', '"\n']]);
    assert.deepEqual([...tensors.keys()].sort(), ['float32', 'float64', 'int16', 'int32', 'int8', 'uint16', 'uint32', 'uint8']);
    for (const [name, { data, shape }] of tensors) {
      assert.equal(data.constructor.name.toLowerCase(), `${name}array`);
      assert.deepEqual([...data, ...shape], [0, 1, 2, 3, 4, 5, 2, 3], name);
    }
    return Promise.resolve();
  }));

  it('is no stricter than we are, over the collection of good and bad files', skipWithout('cases/safetensors/manifest.json'), () => {
    const folder = join(SHARED, 'cases/safetensors');
    const { cases } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { cases: { file: string; expect: string }[] };
    const contents = theirs(...cases.map(({ file }) => join(folder, file)));
    let read = 0;
    for (const [index, { file, expect }] of cases.entries()) {
      let own: Content | undefined;
      try {
        own = ours(join(folder, file));
      } catch (error) {
        assert.ok(error instanceof LanewiseError, file);
        continue;
      }
      read++;
      if (expect === 'either' && contents[index] === null) continue;
      assert.ok(contents[index], `${file}: read by us, refused by them`);
      for (const [name, [, shape, sha256]] of Object.entries(own.tensors)) assert.deepEqual(contents[index].tensors[name]?.slice(1), [shape, sha256], file);
    }
    assert.ok(read > 10);
  });
});
