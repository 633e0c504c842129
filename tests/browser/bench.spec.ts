/** The browser bench as a page: it measures what it is asked for and gives a table to copy. No figure is judged. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { executable } from './browsers.js';
import { serve } from './server.js';

it('the browser bench fills its table by builds and threads, and copies it as Markdown', { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  await build({ root: fileURLToPath(new URL('../../bench/browser/', import.meta.url)), logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
  const site = await serve({ isolated: true, root: folder });
  const browser = await chromium.launch({ executablePath: executable('chromium'), args: ['--no-sandbox'] });
  try {
    const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await context.newPage();
    page.setDefaultTimeout(200_000);
    await page.goto(`${site.url}index.html?rounds=1&threads=1,2`);
    await page.click('#run');
    await page.waitForSelector('#run:not([disabled])');
    assert.equal(await page.textContent('#state'), '');
    const rows = await page.$$eval('tbody tr', (lines) => lines.map((line) => [...line.querySelectorAll('td')].map(({ textContent }) => textContent)));
    const setups = ['fashion-mnist', 'signals'].flatMap((network) => ['strict', 'relaxed'].flatMap((kind) => ['1', '2'].map((threads) => [network, kind, threads])));
    assert.deepEqual(rows.map((cells) => cells.slice(0, 3)), setups);
    for (const cells of rows) assert.ok(Number(cells[3]) > 0 && Number(cells[4]) > 0, cells.join());
    await page.click('#copy');
    await page.waitForFunction("document.querySelector('#state').textContent === 'Copied'");
    const lines = (await page.evaluate<string>('navigator.clipboard.readText()')).split('\n');
    assert.match(lines[0]!, /Chrome.*cores; cross-origin isolated$/);
    assert.deepEqual(lines.slice(4), rows.map((cells) => `| ${cells.join(' | ')} |`));
  } finally {
    await browser.close();
    site.close();
    rmSync(folder, { recursive: true });
  }
});
