import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { metrics } from '../../src/entry.node.js';
import { csvLogger } from '../../src/node.js';
import { classifier, classify, randomLabels, randomTensor, refused } from '../model/helpers.js';

const x = randomTensor([12, 4], 1);
const y = randomLabels(12, 3, 2);

describe('csvLogger', () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), 'lanewise-csv-'))));
  after(() => rm(folder, { recursive: true }));

  it('writes a line for each epoch, also after a stop', async () => {
    const file = join(folder, 'log.csv');
    const model = classifier();
    await model.compile(classify);
    const { history } = await model.fit(x, y, { epochs: 2, validationData: [x, y], callbacks: csvLogger(file) });
    const table = async (): Promise<string[][]> => (await readFile(file, 'utf8')).trimEnd().split('\n').map((line) => line.split(','));
    const [names, ...rows] = await table();
    assert.deepEqual(names, ['epoch', 'loss', 'accuracy', 'seconds', 'stepMs', 'valLoss', 'valAccuracy']);
    assert.deepEqual(rows.map(([epoch, loss, , , , valLoss]) => [epoch, loss, valLoss].map(Number)), [0, 1].map((epoch) => [epoch, history.loss![epoch], history.valLoss![epoch]]));
    const resumed = await model.fit(x, y, { epochs: 3, validationData: [x, y], callbacks: csvLogger(file), resume: model.checkpoint() });
    const again = await table();
    assert.deepEqual(again.slice(0, 3), [names, ...rows]);
    assert.deepEqual(again.slice(1).map(([epoch, loss]) => [epoch, loss].map(Number)), [0, 1, 2].map((epoch) => [epoch, resumed.history.loss![epoch]]));
    model.close();
  });

  it('writes the figures of metrics', async () => {
    const file = join(folder, 'metrics.csv');
    const model = classifier();
    await model.compile({ ...classify, metrics: ['precision', metrics.topKAccuracy({ k: 2, name: 'topKAccuracy_2' })] });
    await model.fit(x, y, { validationData: [x, y], callbacks: csvLogger(file) });
    assert.equal((await readFile(file, 'utf8')).split('\n')[0], 'epoch,loss,precision,topKAccuracy_2,seconds,stepMs,valLoss,valPrecision,valTopKAccuracy_2');
    model.close();
  });

  it('ends the fit where it cannot write', async () => {
    const model = classifier();
    await model.compile(classify);
    await assert.rejects(model.fit(x, y, { callbacks: csvLogger(join(folder, 'nowhere', 'log.csv')) }), refused('write-failed'));
    model.close();
  });
});
