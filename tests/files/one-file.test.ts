/** A file that names paths and URLs has none of them opened: the file itself is all that is read. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, it, mock } from 'node:test';
import { loadModel } from '../../src/files/model-file.js';
import { loadCheckpoint } from '../../src/files/checkpoint-file.js';
import { readWholeFile } from '../../src/data/file.js';
import { LanewiseError } from '../../src/errors.js';
import { encodeSealed } from '../../src/io/sealed.js';
import { decodeWeights } from '../../src/io/weights.js';
import { withFolder } from '../data/helpers.js';

const NAMES = ['../x', '/etc/passwd', 'file:///etc/passwd', 'http://127.0.0.1/x', 'https://example.org/x', '\\\\host\\share', 'C:\\x', '__proto__', 'a\0b'];
const opened: string[] = [];

before(() => {
  const watch = (target: object, name: string): void => {
    const original = (target as Record<string, (...args: unknown[]) => unknown>)[name]!;
    mock.method(target as Record<string, () => void>, name, (path: unknown, ...rest: unknown[]) => {
      opened.push(String(path));
      return original.call(target, path, ...rest);
    });
  };
  for (const name of ['open', 'readFile', 'opendir', 'readdir', 'writeFile']) watch(promises, name);
  for (const name of ['open', 'openSync', 'readFile', 'readFileSync', 'createReadStream']) watch(fs, name);
  watch(globalThis, 'fetch');
  syncBuiltinESMExports();
});
after(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
});
beforeEach(() => void (opened.length = 0));

it('names of tensors, layers and metadata are never opened', () =>
  withFolder(async (folder) => {
    const tensors = NAMES.map((name) => ({ name: `${name}/kernel`, tensor: { data: new Float32Array(4), shape: [2, 2] } }));
    const model = {
      format: 'lanewise-model', version: 1, name: 'file:///x', seed: 1,
      layers: NAMES.map((name, i) => ({ type: 'dense', name, units: 2, useBias: false, ...(i === 0 && { inputShape: [2] }) })),
    };
    const progress = JSON.stringify({ step: 0, epoch: 0, batch: 0, lossSum: 0, correct: 0 });
    const metadata = { data: '/etc/passwd', location: '../x', external_data: 'http://127.0.0.1/x' };
    const files: readonly (readonly [Record<string, string>, (file: string) => Promise<unknown>])[] = [
      [{ ...metadata, format: 'lanewise-model', config: JSON.stringify(model) }, loadModel],
      [{ ...metadata, format: 'lanewise-checkpoint', version: '1', setup: JSON.stringify(NAMES), progress }, loadCheckpoint],
      [{ ...metadata, format: 'pt' }, async (file) => decodeWeights(await readWholeFile(file), file)],
      [{ ...metadata, format: 'lanewise-model', config: JSON.stringify({ ...model, weights: '../x' }) }, (file) => loadModel(file).catch((error: unknown) => assert.ok(error instanceof LanewiseError))],
    ];
    for (const [index, [notes, load]] of files.entries()) {
      const file = join(folder, `${index}.safetensors`);
      await promises.writeFile(file, await encodeSealed(tensors, notes));
      opened.length = 0;
      await load(file);
      assert.deepEqual(opened, [file]);
    }
  }));
