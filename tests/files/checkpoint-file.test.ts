import assert from 'node:assert/strict';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { sgd } from '../../src/entry.node.js';
import type { Callbacks, FitOptions, Sequential } from '../../src/entry.node.js';
import { loadCheckpoint, modelCheckpoint, saveCheckpoint } from '../../src/files/checkpoint-file.js';
import { refusal, withFolder } from '../data/helpers.js';
import { classifier, classify, randomLabels, randomTensor, weightsHash } from '../model/helpers.js';

const x = randomTensor([10, 4], 1);
const y = randomLabels(10, 3, 2);
/** So fast that the loss goes up and down. */
const jumpy = sgd({ learningRate: 12, momentum: 0.5 });
const options = { epochs: 8, batchSize: 4, validationData: [x, y] } satisfies FitOptions;

async function ready(optimizer = jumpy): Promise<Sequential> {
  const model = classifier();
  await model.compile({ ...classify, optimizer });
  return model;
}

const inFile = (use: (file: string, folder: string) => Promise<void>): Promise<void> => withFolder((folder) => use(join(folder, 'run.safetensors'), folder));

describe('modelCheckpoint', () => {
  it('keeps the end of the last epoch, from which a run goes on', () =>
    inFile(async (file, folder) => {
      const whole = await ready();
      await whole.fit(x, y, options);
      const model = await ready();
      const positions: number[][] = [];
      const note: Callbacks = { onEpochEnd: async () => void positions.push([(await loadCheckpoint(file)).progress.epoch, (await loadCheckpoint(file)).progress.batch]) };
      await model.fit(x, y, { ...options, epochs: 3, callbacks: [modelCheckpoint({ filepath: file, notes: { by: 'me' } }), note] });
      assert.deepEqual(positions, [[1, 0], [2, 0], [3, 0]]);
      assert.equal((await loadCheckpoint(file)).notes.get('by'), 'me');
      const other = await ready();
      await other.fit(x, y, { ...options, resume: await loadCheckpoint(file), callbacks: modelCheckpoint({ filepath: file }) });
      assert.equal(weightsHash(other), weightsHash(whole), 'also where it saves over the file just loaded');
      assert.equal((await loadCheckpoint(file)).progress.epoch, 8);
      assert.deepEqual(await readdir(folder), ['run.safetensors']);
      [whole, model, other].forEach((each) => each.close());
    }));

  it('keeps every so many steps, and the end', () =>
    inFile(async (file) => {
      const model = await ready();
      const steps: number[] = [];
      const note: Callbacks = {
        onBatchEnd: async () => void steps.push(await stat(file).then(async () => (await loadCheckpoint(file)).progress.step, () => 0)),
      };
      await model.fit(x, y, { ...options, epochs: 3, callbacks: [modelCheckpoint({ filepath: file, saveFreq: 4 }), note] });
      assert.deepEqual(steps, [0, 0, 0, 4, 4, 4, 4, 8, 8]);
      assert.equal((await loadCheckpoint(file)).progress.step, 9);
      assert.equal((await loadCheckpoint(file)).progress.history.epoch.length, 3);
      model.close();
    }));

  for (const monitor of ['valLoss', 'valAccuracy', 'loss'] as const) {
    it(`keeps the best epoch by ${monitor}, also over a stop`, () =>
      inFile(async (file) => {
        const whole = await ready();
        const { history } = await whole.fit(x, y, options);
        const values = history[monitor]!;
        const best = monitor === 'valAccuracy' ? Math.max(...values) : Math.min(...values);
        assert.ok(values.indexOf(best) < 7 && values.some((value, i) => i > values.indexOf(best) && value !== best), 'the example ought to have its best inside');
        for (let stop = 1; stop < 8; stop++) {
          const last = `${file}.${stop}`;
          const callbacks = (): Callbacks[] => [modelCheckpoint({ filepath: file, saveBestOnly: true, monitor }), modelCheckpoint({ filepath: last })];
          const model = await ready();
          await model.fit(x, y, { ...options, epochs: stop, callbacks: callbacks() });
          const resumed = await ready();
          await resumed.fit(x, y, { ...options, resume: await loadCheckpoint(last), callbacks: callbacks() });
          assert.equal((await loadCheckpoint(file)).progress.epoch, values.indexOf(best) + 1, `stopped after ${stop} epochs`);
          [model, resumed].forEach((each) => each.close());
        }
        whole.close();
      }));
  }

  it('refuses, before the first step, a place where nothing can be written', () =>
    inFile(async (file, folder) => {
      await mkdir(file);
      const model = await ready();
      for (const filepath of [file, join(folder, 'none', 'run')]) {
        await assert.rejects(model.fit(x, y, { callbacks: modelCheckpoint({ filepath }) }), refusal('write-failed'));
        assert.equal(model.step, 0);
      }
      model.close();
    }));

  it('refuses what it cannot watch', () =>
    inFile(async (file) => {
      for (const saveFreq of [0, -1, 1.5, NaN]) assert.throws(() => modelCheckpoint({ filepath: file, saveFreq }), refusal('invalid-argument', /saveFreq/));
      assert.throws(() => modelCheckpoint({ filepath: file, saveFreq: 3, saveBestOnly: true }), refusal('invalid-argument', /saveBestOnly/));
      const model = await ready();
      const callbacks = modelCheckpoint({ filepath: file, saveBestOnly: true });
      await assert.rejects(model.fit(x, y, { callbacks }), refusal('invalid-argument', /nothing to watch.*expected loss, accuracy.*received valLoss/));
      model.close();
    }));
});

describe('saveCheckpoint', () => {
  it('called again before it is done keeps the order of the calls', () =>
    inFile(async (file) => {
      const model = await ready();
      await model.fit(x, y, options);
      const { setup, progress, tensors } = model.checkpoint();
      const save = (step: number): Promise<void> => saveCheckpoint(file, { setup, progress: { ...progress, step }, tensors });
      await Promise.all(Array.from({ length: 20 }, (_, step) => save(step)));
      assert.equal((await loadCheckpoint(file)).progress.step, 19);
      model.close();
    }));
});
