/** The examples for pages, built by Vite as they are, come to their end in Chromium. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { openChromium, type TestBrowser } from './browsers.js';
import { serve } from './server.js';

const examples = fileURLToPath(new URL('../../examples/browser/', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'lanewise-examples-'));

describe('examples/browser', { timeout: 240_000 }, () => {
  let browser: TestBrowser;
  before(async () => void (browser = await openChromium()));
  after(async () => {
    await browser.close();
    rmSync(out, { recursive: true });
  });

  for (const name of readdirSync(examples)) {
    for (const isolated of [true, false]) {
      it(`${name} trains to its end on a page that is ${isolated ? '' : 'not '}isolated`, async () => {
        const outDir = join(out, `${name}-${isolated}`);
        await build({ root: join(examples, name), base: './', logLevel: 'error', worker: { format: 'es' }, build: { outDir } });
        const site = await serve({ isolated, root: outDir });
        const page = await browser.newPage();
        await page.goto(`${site.url}index.html`);
        const text = await page.evaluate<string>(`(async () => {
          const output = document.querySelector('output');
          for (let i = 0; i < 600 && !output.textContent.startsWith('Done'); i++) await new Promise((resolve) => setTimeout(resolve, 100));
          return output.textContent;
        })()`);
        const [, figure] = /^Done: (?:loss )?([\d.]+)/.exec(text) ?? assert.fail(text);
        assert.ok(name === 'minimal' ? Number(figure) > 90 : Number(figure) < 0.1, text);
        assert.deepEqual(page.messages, []);
        await page.close();
        site.close();
      });
    }
  }
});
