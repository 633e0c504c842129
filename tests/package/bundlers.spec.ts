/**
 * The package as npm installs it, in a fresh project of each bundler, without configuration: it trains in Chromium, in the page and in a worker, to the
 * bits of Node, and no file is missing.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as lanewise from '../../src/entry.node.js';
import { openChromium, type TestBrowser } from '../browser/browsers.js';
import { serve } from '../browser/server.js';
import { cnn, images, labels, train } from '../browser/trainings.js';
import { BUNDLERS } from './bundlers.js';
import { freshProject, trainingsScript, type FreshProject } from './fresh.js';

const ROWS = 96;
const PROGRAM = `
import * as lanewise from 'lanewise';
import { cnn, images, labels, train } from './trainings.js';

globalThis.inPage = () => train(lanewise, { threads: 2 });
globalThis.inWorker = async () => {
  const model = cnn(lanewise);
  const compile = { optimizer: lanewise.adam(), loss: 'sparseCategoricalCrossentropy', threads: 2 };
  const training = lanewise.trainInWorker(model, images(${ROWS}), { data: labels(${ROWS}, 10), shape: [${ROWS}] }, { compile, fit: { batchSize: 32 } });
  const { threads } = await training.started;
  await training.finished;
  return { digest: await lanewise.weightsSha256(model.getWeights()), threads };
};`;

const page = (script: string): string => `<!doctype html><link rel="icon" href="data:,"><title>fresh</title>${script}`;
const module = (source: string): string => page(`<script type="module" src="${source}"></script>`);

/** What Node comes to. */
async function expected(): Promise<{ digests: string[]; digest: string }> {
  const { digests } = await train(lanewise, { threads: 1 });
  const model = cnn(lanewise);
  await model.compile({ optimizer: lanewise.adam(), loss: 'sparseCategoricalCrossentropy', threads: 1 });
  await model.fit(images(ROWS), { data: labels(ROWS, 10), shape: [ROWS] }, { batchSize: 32 });
  model.close();
  return { digests, digest: await lanewise.weightsSha256(model.getWeights()) };
}

describe('in a fresh project', { timeout: 240_000 }, () => {
  let project: FreshProject;
  let browser: TestBrowser;
  let node: Awaited<ReturnType<typeof expected>>;
  before(async () => {
    project = freshProject();
    project.write('src/index.html', module('./index.js'));
    project.write('src/index.js', PROGRAM);
    project.write('src/trainings.js', trainingsScript());
    [browser, node] = await Promise.all([openChromium(), expected()]);
  });
  after(async () => {
    await browser.close();
    project.remove();
  });

  async function trains(root: string, index?: string): Promise<void> {
    const site = await serve({ isolated: true, root, ...(index !== undefined && { pages: { '/index.html': index } }) });
    const tab = await browser.newPage();
    await tab.goto(`${site.url}index.html`);
    assert.deepEqual(await tab.evaluate('inPage()'), { digests: node.digests, threads: 2 });
    assert.deepEqual(await tab.evaluate('inWorker()'), { digest: node.digest, threads: 2 });
    assert.deepEqual(tab.messages, []); // a request that fails is told here
    await tab.close();
    site.close();
  }

  for (const [index, { name, build, script }] of BUNDLERS.entries()) {
    it(`with ${name}, trains in the page and in a worker to the bits of Node, and misses no file`, async () => {
      const out = `out-${index}`;
      await build(project.folder, 'src/index.js', out);
      await trains(join(project.folder, out), script && module(script('src/index.js')));
    });
  }

  it('without a bundler, from a plain module script, does so too', () =>
    trains(project.folder, page(`<script type="module">${
      PROGRAM.replace("'lanewise'", "'/node_modules/lanewise/build/js/entry.browser.js'").replace('./trainings.js', '/src/trainings.js')}</script>`)));
});
