import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { dataset, progress } from '../../src/entry.node.js';
import type { FitOptions, Sequential } from '../../src/entry.node.js';
import { showProgress } from '../../src/model/callbacks/progress.js';
import { classifier, classify, randomLabels, randomTensor } from './helpers.js';

const x = randomTensor([10, 4], 1);
const y = randomLabels(10, 3, 2);
const TIMES = String.raw`(\d+ ms|\d+\.\d s|\d+ min \d+ s), \d+(\.\d+)? ms/step`;
const FIGURES = String.raw`loss \d\.\d+, accuracy \d\.\d{4}`;

async function ready(): Promise<Sequential> {
  const model = classifier();
  await model.compile(classify);
  return model;
}

describe('progress', () => {
  it('prints one line an epoch where there is no terminal', async () => {
    const model = await ready();
    const printed: string[] = [];
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 4, validationData: [x, y], callbacks: progress({ print: (line) => printed.push(line) }) });
    assert.equal(printed.length, 2);
    printed.forEach((line, epoch) => assert.match(line, new RegExp(`^Epoch ${epoch + 1}/2: 3 steps, ${TIMES} - ${FIGURES}, valLoss \\d\\.\\d+, valAccuracy \\d\\.\\d{4}$`)));
    assert.ok(printed[1]!.includes(`loss ${history.loss![1]!.toFixed(4)}, accuracy ${history.accuracy![1]!.toFixed(4)}, valLoss ${history.valLoss![1]!.toFixed(4)}`));
    model.close();
  });

  it('draws a bar on a terminal, with the figures of the epoch so far', async () => {
    const model = await ready();
    const printed: string[] = [];
    const drawn: string[] = [];
    let time = 0;
    const bars = showProgress({ print: (line) => printed.push(line), draw: (line) => drawn.push(line) }, () => (time += 2000));
    const { history } = await model.fit(x, y, { batchSize: 4, callbacks: bars });
    assert.equal(printed[0], 'Epoch 1/1');
    assert.match(printed[1]!, new RegExp(`^3/3 ━{20} ${TIMES} - ${FIGURES}$`));
    const parts = [['1/3', '━{6}─{14}'], ['2/3', '━{13}─{7}'], ['3/3', '━{20}']];
    assert.equal(drawn.length, 3);
    drawn.forEach((line, batch) => assert.match(line, new RegExp(`^${parts[batch]!.join(' ')} 2000 ms/step, ${['4.0 s', '2.0 s', '0 ms'][batch]} left - ${FIGURES}$`)));
    assert.ok(drawn[2]!.endsWith(`loss ${history.loss![0]!.toFixed(4)}, accuracy ${history.accuracy![0]!.toFixed(4)}`));
    model.close();
  });

  it('does without the number of steps where a dataset does not know it', async () => {
    const model = await ready();
    const rows = dataset.fromArrays(x, y);
    const printed: string[] = [];
    const drawn: string[] = [];
    let time = 0;
    const callbacks = showProgress({ print: (line) => printed.push(line), draw: (line) => drawn.push(line) }, () => (time += 2000));
    await model.fit(dataset.fromIterable(() => rows.batch(4)), { callbacks });
    drawn.forEach((line, batch) => assert.match(line, new RegExp(`^${batch + 1}/\\? 2000 ms/step - ${FIGURES}$`)));
    assert.equal(drawn.length, 3);
    assert.match(printed[1]!, new RegExp(`^3/3 ━{20} ${TIMES} - ${FIGURES}$`));
    model.close();
  });

  it('draws no more often than is of use, but always the last step, and goes on in the middle of an epoch', async () => {
    const model = await ready();
    const controller = new AbortController();
    const options = { epochs: 1, batchSize: 1 } satisfies FitOptions;
    await assert.rejects(model.fit(x, y, { ...options, signal: controller.signal, callbacks: { onBatchEnd: (batch) => void (batch === 3 && controller.abort()) } }));
    const drawn: string[] = [];
    await model.fit(x, y, { ...options, resume: model.checkpoint(), callbacks: showProgress({ print: () => {}, draw: (line) => drawn.push(line) }, () => 0) });
    assert.deepEqual(drawn.map((line) => line.slice(0, 6)), [' 5/10 ', '10/10 ']);
    model.close();
  });

  it('writes plain lines into a pipe', () => {
    const program = `
      import { layers, progress, sequential, sgd } from './src/entry.node.ts';
      const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
      await model.compile({ optimizer: sgd(), loss: 'mse', metrics: ['mae'], threads: 1 });
      await model.fit([[1], [2], [3]], [[1], [2], [3]], { epochs: 2, callbacks: progress() });`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const lines = stdout.split('\n');
    assert.deepEqual([lines.length, lines[2]], [3, '']);
    for (const epoch of [1, 2]) assert.match(lines[epoch - 1]!, new RegExp(`^Epoch ${epoch}/2: one step, ${TIMES} - loss \\d+\\.\\d+, mae \\d\\.\\d+$`));
  });
});
