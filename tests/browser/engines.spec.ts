/** The library as it was built, in real browsers, from a plain module script: the same bits as in Node. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as lanewise from '../../src/entry.node.js';
import { openChromium, type TestBrowser } from './browsers.js';
import { openFirefox } from './firefox.js';
import { serve, type Site } from './server.js';
import { train } from './trainings.js';

const expected = await train(lanewise, { threads: 1 });

/** In a page, or in a worker of it that answers with the result. */
const TRAIN = `import * as lanewise from '/build/js/entry.browser.js'; import { train } from '/tests/browser/trainings.ts';`;
const IN_PAGE = (options: string): string => `(async () => {
  const lanewise = await import('/build/js/entry.browser.js');
  const { train } = await import('/tests/browser/trainings.ts');
  return train(lanewise, ${options});
})()`;
const IN_WORKER = (options: string): string => `new Promise((resolve, reject) => {
  const worker = new Worker('/worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => data.error ? reject(new Error(data.error)) : resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(${options});
})`;
const pages = { '/worker.js': `${TRAIN} onmessage = ({ data }) => train(lanewise, data).then(postMessage, (error) => postMessage({ error: error.message }));` };

for (const [name, open] of [['Chromium', openChromium], ['Firefox', openFirefox]] as const) {
  describe(name, { timeout: 240_000 }, () => {
    let browser: TestBrowser;
    before(async () => void (browser = await open()));
    after(() => browser.close());

    for (const isolated of [true, false]) {
      describe(isolated ? 'on a cross-origin isolated page' : 'on a page that is not isolated', () => {
        let site: Site;
        before(async () => void (site = await serve({ isolated, pages })));
        after(() => site.close());

        for (const [where, script] of [['a worker', IN_WORKER], ['the main thread', IN_PAGE]] as const) {
          for (const threads of isolated ? [1, 3] : [3]) {
            it(`trains in ${where} on ${isolated ? threads : 'one of the'} thread${threads > 1 ? 's' : ''} asked for, to the bits of Node`, async () => {
              const page = await browser.newPage();
              await page.goto(site.url);
              assert.equal(await page.evaluate('crossOriginIsolated'), isolated);
              const result = await page.evaluate(script(`{ threads: ${threads} }`));
              assert.deepEqual(result, { digests: expected.digests, threads: isolated ? threads : 1 });
              assert.deepEqual(page.messages, []);
              await page.close();
            });
          }
        }
      });
    }
  });
}
