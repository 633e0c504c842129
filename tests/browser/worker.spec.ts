/** `trainInWorker` in real browsers: the bits of Node, and a page that goes on. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as lanewise from '../../src/entry.node.js';
import { openChromium, type TestBrowser } from './browsers.js';
import { openFirefox } from './firefox.js';
import { serve, type Site } from './server.js';
import { cnn, images, labels } from './trainings.js';

const ROWS = 96;
const compile = `{ optimizer: lanewise.adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] }`;
const IMPORTS = `
  const lanewise = await import('/build/js/entry.browser.js');
  const { cnn, images, labels, numbers } = await import('/tests/browser/trainings.ts');
  const model = cnn(lanewise);
  const [x, y] = [images(${ROWS}), { data: labels(${ROWS}, 10), shape: [${ROWS}] }];
  const compile = ${compile};
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));`;

async function expected(epochs: number): Promise<string> {
  const model = cnn(lanewise);
  await model.compile({ optimizer: lanewise.adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], threads: 1 });
  await model.fit(images(ROWS), { data: labels(ROWS, 10), shape: [ROWS] }, { epochs, batchSize: 32 });
  model.close();
  return lanewise.weightsSha256(model.getWeights());
}

for (const [name, open] of [['Chromium', openChromium], ['Firefox', openFirefox]] as const) {
  describe(`${name}: a training in a worker`, { timeout: 120_000 }, () => {
    let browser: TestBrowser;
    before(async () => void (browser = await open()));
    after(() => browser.close());

    for (const isolated of [true, false]) {
      it(`of a page that is ${isolated ? '' : 'not '}isolated pauses, goes on, and comes to the bits of Node`, async () => {
        const site = await serve({ isolated });
        const page = await browser.newPage();
        await page.goto(site.url);
        const result = await page.evaluate<{ threads: number; batches: number; rested: boolean; digest: string; live: string }>(`(async () => {${IMPORTS}
          let batches = 0;
          const training = lanewise.trainInWorker(model, x, y, { compile: { ...compile, threads: 2 }, fit: { epochs: 20, batchSize: 32 }, onBatchEnd: () => batches++ });
          const { threads } = await training.started;
          while (batches === 0) await wait(1);
          training.pause();
          const live = await lanewise.weightsSha256(await training.weights());
          const before = batches;
          await wait(100);
          const rested = batches === before;
          training.resume();
          await training.finished;
          return { threads, batches, rested, live, digest: await lanewise.weightsSha256(model.getWeights()) };
        })()`);
        assert.equal(result.threads, isolated ? 2 : 1);
        assert.equal(result.batches, 60);
        assert.ok(result.rested);
        assert.notEqual(result.live, result.digest);
        assert.equal(result.digest, await expected(20));
        await page.close();
        site.close();
      });
    }
  });
}

describe('a page whose worker trains', { timeout: 120_000 }, () => {
  let browser: TestBrowser;
  let site: Site;
  before(async () => {
    [browser, site] = await Promise.all([openChromium(), serve({ isolated: true })]);
  });
  after(() => (site.close(), browser.close()));

  it('has no task of over 50 ms on account of it, with 120 MB of data and a report of each batch', async () => {
    const page = await browser.newPage();
    await page.goto(site.url);
    const { tasks, control, reports } = await page.evaluate<{ tasks: number[]; control: number[]; reports: number }>(`(async () => {${IMPORTS}
      const { adam, layers, sequential, trainInWorker } = lanewise;
      const rows = 40000; // of 784 floats, 125 MB
      const wide = { data: new Float32Array(rows * 784), shape: [rows, 784] };
      for (let row = 0; row < rows; row++) wide.data[784 * row + row % 784] = 1;
      const network = sequential([layers.dense({ units: 128, activation: 'relu', inputShape: [784] }), layers.dense({ units: 10 })]);
      const targets = { data: labels(rows, 10), shape: [rows] };
      const durations = [];
      const observer = new PerformanceObserver((list) => durations.push(...list.getEntries().map(({ duration }) => duration)));
      observer.observe({ entryTypes: ['longtask'] });
      await wait(100);
      durations.length = 0;
      let reports = 0;
      const training = trainInWorker(network, wide, targets, { compile, fit: { epochs: 50, batchSize: 16 }, onBatchEnd: () => reports++ });
      await training.started;
      while (reports < 2000) await wait(10);
      await training.weights();
      training.cancel();
      await training.finished.catch(() => {});
      await wait(100);
      const tasks = durations.splice(0);
      for (const end = performance.now() + 80; performance.now() < end;); // the observer sees what is there to be seen
      await wait(100);
      return { tasks, control: durations, reports };
    })()`);
    assert.ok(reports >= 2000);
    assert.deepEqual(tasks, []);
    assert.ok(control.length > 0);
  });
});
