/**
 * The web app as it is built: what a visitor does with it in Chromium, and that it works in Firefox too. With SCREENSHOTS=folder it leaves pictures there, at three widths, light and
 * dark.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build, preview, type PreviewServer } from 'vite';
import { generateGarments } from '../../src/data/index.js';
import { encodeModel, layers, sequential } from '../../src/entry.node.js';
import { pngDataUri } from '../../src/report/png.js';
import type { FrameResult } from './app-in-frame.js';
import { executable } from './browsers.js';
import { openFirefox } from './firefox.js';
import { javascriptOf, serve } from './server.js';

const ROOT = fileURLToPath(new URL('../../examples/web/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-web-'));
const outDir = join(folder, 'dist');
const APP_IN_FRAME = fileURLToPath(new URL('app-in-frame.ts', import.meta.url));
const WAIT = 30_000;

let browser: Browser;
let site: PreviewServer;
let url: string;

before(async () => {
  await build({ root: ROOT, logLevel: 'error', build: { outDir } });
  site = await preview({ root: ROOT, logLevel: 'error', build: { outDir }, preview: { port: 0 } });
  url = site.resolvedUrls!.local[0]!;
  browser = await chromium.launch({ executablePath: executable('chromium'), args: ['--no-sandbox'] });
});
after(async () => {
  await browser.close();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Visit {
  page: Page;
  /** Errors and warnings of the console, and errors nobody caught. */
  complaints: string[];
}

async function visit(task: 'garments' | 'signals', options: Parameters<Browser['newContext']>[0] = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT);
  const complaints: string[] = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.goto(`${url}#${task}`);
  await ready(page);
  return { page, complaints };
}

const ready = (page: Page): Promise<unknown> => page.waitForSelector('.play:not([disabled])');
const leave = (page: Page): Promise<void> => page.context().close();
const headline = (page: Page): Promise<string> => page.locator('.headline').innerText();
const said = async (page: Page, text: RegExp): Promise<void> => page.locator('.headline', { hasText: text }).waitFor();
const steps = async (page: Page): Promise<number> => Number(/([\d,]+) (?:of|steps)|step ([\d,]+)/.exec(await page.locator('.state .note').innerText())?.slice(1).find(Boolean)?.replaceAll(',', '') ?? NaN);
/** Steps of which the stage speaks: `step 12 of 1,256` or `12 steps in 3 s`. */
const stepsAbove = (page: Page, count: number): Promise<unknown> =>
  page.waitForFunction((least) => Number(/step ([\d,]+)/.exec(document.querySelector('.state .note')!.textContent)?.[1]?.replaceAll(',', '')) > least, count);
const pixels = (page: Page, selector: string): Promise<string> => page.locator(selector).first().evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
const toggle = (page: Page): Promise<void> => page.locator('.play').click();
const pause = async (page: Page): Promise<void> => {
  await toggle(page);
  await said(page, /Paused/);
};

describe('the classifier', { timeout: 180_000 }, () => {
  it('shows an untrained network, then trains it while curves, filters and probabilities move', async () => {
    const { page, complaints } = await visit('garments');
    assert.equal(await headline(page), 'Knows nothing yet');
    await page.waitForSelector('.maps .filter');
    const [filter, curve] = [await pixels(page, '.maps .filter'), await pixels(page, '.curve canvas')];
    const guess = await page.locator('.bars').innerText();
    await toggle(page);
    await stepsAbove(page, 150);
    assert.notEqual(await pixels(page, '.maps .filter'), filter);
    assert.notEqual(await pixels(page, '.curve canvas'), curve);
    assert.notEqual(await page.locator('.bars').innerText(), guess);
    // the page looks at the test data now and then only: the accuracy it shows may be of some steps before
    await page.waitForFunction((least) => Number.parseFloat(document.querySelector('.figures .main dd')!.textContent) > least, 40);
    const diagonal = await page.locator('.confusion .hit').allInnerTexts();
    assert.ok(diagonal.map(Number).reduce((sum, count) => sum + count) > 200);
    await pause(page);
    assert.deepEqual(complaints, []);
    await leave(page);
  });

  it('stands still while it is paused, goes on from there, and goes back to nothing', async () => {
    const { page, complaints } = await visit('garments');
    await toggle(page);
    await stepsAbove(page, 20);
    await pause(page);
    const held = await steps(page);
    await page.waitForTimeout(400);
    assert.equal(await steps(page), held);
    await toggle(page);
    await stepsAbove(page, held + 5);
    await page.getByRole('button', { name: 'Reset' }).click();
    await said(page, /Knows nothing yet/);
    await page.locator('.runs tbody tr').waitFor(); // the run that was is kept for comparison
    await toggle(page);
    await stepsAbove(page, 5);
    assert.equal(await page.locator('.runs tbody tr').count(), 2);
    await pause(page);
    assert.deepEqual(complaints, []);
    await leave(page);
  });

  it('goes on after a reload from where it was', async () => {
    const { page, complaints } = await visit('garments');
    await toggle(page);
    await stepsAbove(page, 60);
    await pause(page);
    await page.locator('.stored').waitFor();
    const [held, accuracy] = [await steps(page), await page.locator('.figures .main dd').innerText()];
    await page.reload();
    await said(page, /Paused/);
    assert.equal(await steps(page), held);
    await page.locator('.figures .main dd', { hasText: accuracy.slice(0, 2) }).waitFor();
    await toggle(page);
    await stepsAbove(page, held + 5);
    await pause(page);
    assert.deepEqual(complaints, []);
    await leave(page);
  });

  it('saves a run as safetensors, loads it again, and exports a report', async () => {
    const { page, complaints } = await visit('garments');
    await toggle(page);
    await stepsAbove(page, 165); // an epoch and a little more
    await pause(page);
    const held = await steps(page);
    const save = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as safetensors' }).click();
    const file = join(folder, 'run.safetensors');
    await (await save).saveAs(file);
    await page.getByRole('button', { name: 'Reset' }).click();
    await said(page, /Knows nothing yet/);
    await page.locator('input[accept=".safetensors"]').setInputFiles(file);
    await said(page, /Paused/);
    assert.equal(await steps(page), held);
    const exported = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export the report' }).click();
    const report = await readFile(await (await exported).path(), 'utf8');
    assert.match(report, /<h1>A network that tells garments apart<\/h1>/);
    assert.match(report, /<svg/);
    assert.match(report, /class="confusion"/);
    assert.doesNotMatch(report, /undefined|\[object/);
    assert.deepEqual(complaints, []);
    await leave(page);
  });

  it('takes the layers and weights of a model that was saved elsewhere', async () => {
    const { page, complaints } = await visit('garments');
    const model = sequential([
      layers.rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }), layers.conv2d({ filters: 6, kernelSize: 5, activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 4 }), layers.flatten(), layers.dense({ units: 10 }),
    ]);
    const file = { name: 'elsewhere.safetensors', mimeType: 'application/octet-stream', buffer: Buffer.from(await encodeModel(model)) };
    await page.locator('input[accept=".safetensors"]').setInputFiles(file);
    await said(page, /Knows what the file knew/);
    await page.locator('.maps[aria-label^="6 filters"]').waitFor();
    const chances = (await page.locator('.bars b').allInnerTexts()).map(Number.parseFloat);
    assert.ok(Math.abs(chances.reduce((sum, chance) => sum + chance, 0) - 100) < 1, `${chances.join(' ')} %`); // of logits
    assert.deepEqual(complaints, []);
    await leave(page);
  });

  it('learns from dropped IDX files, and says what is wrong with others', async () => {
    const { page, complaints } = await visit('garments');
    const { train } = generateGarments({ trainCount: 600, testCount: 10, seed: 9 });
    const images = join(folder, 'images-idx3-ubyte.gz');
    const labels = join(folder, 'labels-idx1-ubyte');
    writeFileSync(images, gzipSync(idx([600, 28, 28], train.images.data)));
    writeFileSync(labels, idx([600], train.labels.data));
    const broken = join(folder, 'broken-idx3-ubyte');
    writeFileSync(broken, 'not what it says it is');
    const input = page.locator('.drop input');
    await input.setInputFiles(broken);
    await page.locator('.notice.error', { hasText: 'broken-idx3-ubyte: not an IDX file' }).waitFor();
    await input.setInputFiles(images);
    await page.locator('.notice.error', { hasText: 'Drop the file of labels together with the file of images' }).waitFor();
    await input.setInputFiles([images, labels]);
    await page.locator('.notice.info', { hasText: '500 to learn from, 100 to be judged by' }).waitFor();
    await ready(page);
    await page.reload();
    await page.locator('input[accept=".safetensors"]').setInputFiles(broken); // while the network is still being made
    await page.locator('.data .note', { hasText: 'images-idx3-ubyte.gz' }).waitFor(); // kept in the browser
    await page.locator('.notice.error').waitFor();
    await ready(page);
    await page.locator('.picture input[type=file]').setInputFiles(broken);
    await page.locator('.picture .error', { hasText: 'not a picture' }).waitFor();
    await page.locator('input[accept=".safetensors"]').setInputFiles(broken);
    await page.locator('.notice.error').waitFor();
    await ready(page);
    assert.equal(await headline(page), 'Knows nothing yet');
    assert.deepEqual(complaints, []);
    await leave(page);
  });

  it('fetches the archives from another site that allows it, and says so of one that does not', async () => {
    const { page, complaints } = await visit('garments');
    const set = generateGarments({ trainCount: 400, testCount: 50, seed: 4 });
    const archives = new Map([
      ['train-images', idx([400, 28, 28], set.train.images.data)], ['train-labels', idx([400], set.train.labels.data)],
      ['t10k-images', idx([50, 28, 28], set.test.images.data)], ['t10k-labels', idx([50], set.test.labels.data)],
    ]);
    await page.route('https://open.example/**', (route) => {
      const name = new URL(route.request().url()).pathname.split('/').at(-1)!.split('-idx')[0]!;
      return route.fulfill({ body: gzipSync(archives.get(name)!), headers: { 'access-control-allow-origin': '*' } });
    });
    await page.route('https://closed.example/**', (route) => route.abort());
    const address = page.locator('.address input');
    await address.fill('https://closed.example/data');
    await page.keyboard.press('Enter');
    await page.locator('.notice.error', { hasText: 'closed.example could not be reached' }).waitFor();
    await address.fill('https://open.example/data');
    await page.keyboard.press('Enter');
    await page.locator('.data .note', { hasText: 'open.example: 400 pictures to learn from, 50' }).waitFor();
    await ready(page);
    assert.deepEqual(complaints.filter((text) => !/ERR_FAILED/.test(text)), []); // the browser itself complains of the closed site
    await leave(page);
  });

  it('brings a photograph to what the network knows: 28 × 28, light on dark', async () => {
    const { page, complaints } = await visit('garments');
    const dark = Uint8Array.from({ length: 60 * 40 }, (_, index) => (Math.abs((index % 60) - 30) < 12 && index > 60 * 8 && index < 60 * 32 ? 20 : 250)); // on white
    const png = Buffer.from(pngDataUri(dark, 60, 40).split(',')[1]!, 'base64');
    await page.locator('.picture input[type=file]').setInputFiles({ name: 'bag.png', mimeType: 'image/png', buffer: png });
    await page.locator('.truth', { hasText: 'your own picture' }).waitFor();
    const [corner, middle] = await page.locator('.pad').evaluate((canvas) => {
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, 28, 28);
      return [data[4 * (28 + 1)], data[4 * (14 * 28 + 14)]];
    });
    assert.ok((corner ?? 255) < 20 && (middle ?? 0) > 235, `corner ${corner}, middle ${middle}`);
    assert.deepEqual(complaints, []);
    await leave(page);
  });

  it('is played and drawn on by keyboard alone', async () => {
    const { page, complaints } = await visit('garments');
    await page.locator('.play').focus();
    await page.keyboard.press('Enter');
    await stepsAbove(page, 10);
    await page.locator('body').evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.keyboard.press('Space');
    await said(page, /Paused/);
    await page.locator('.pad').focus();
    const picture = await pixels(page, '.pad');
    const guess = await page.locator('.bars').innerText();
    await page.keyboard.press('Backspace');
    for (const key of ['ArrowLeft', 'Space', 'Shift+ArrowDown', 'Shift+ArrowDown']) await page.keyboard.press(key);
    assert.notEqual(await pixels(page, '.pad'), picture);
    await page.waitForFunction((before) => (document.querySelector('.bars') as HTMLElement).innerText !== before, guess);
    assert.match(await page.locator('.truth').innerText(), /your own picture/);
    assert.deepEqual(complaints, []);
    await leave(page);
  });

  it('says that new settings ask for a new run, and compares the two', async () => {
    const { page, complaints } = await visit('garments');
    await toggle(page);
    await stepsAbove(page, 20);
    await pause(page);
    await page.getByLabel('Batch size').selectOption('128');
    await page.getByRole('button', { name: 'Start with the new settings' }).click();
    await stepsAbove(page, 10);
    await pause(page);
    const first = page.locator('.runs tbody tr').nth(1);
    await first.locator('input').check();
    await page.locator('.legend', { hasText: 'run 1, test' }).first().waitFor();
    assert.deepEqual(complaints, []);
    await leave(page);
  });
});

describe('the predictor', { timeout: 120_000 }, () => {
  it('draws prediction over truth, and learns on when the horizon moves', async () => {
    const { page, complaints } = await visit('signals');
    const before = await pixels(page, '.signal canvas');
    await toggle(page);
    await stepsAbove(page, 40);
    assert.notEqual(await pixels(page, '.signal canvas'), before);
    await page.getByLabel(/^Horizon/).focus();
    for (let press = 0; press < 3; press++) await page.keyboard.press('ArrowRight');
    await page.locator('.signal', { hasText: '4 samples later' }).waitFor();
    await stepsAbove(page, 5);
    await pause(page);
    assert.equal(await page.locator('.runs tbody tr').count(), 2);
    assert.deepEqual(complaints, []);
    await leave(page);
  });

  it('trains to the end, far better than a simple predictor', async () => {
    const { page, complaints } = await visit('signals');
    await toggle(page);
    await said(page, /Trained/);
    assert.match(await page.locator('.figures .main').innerText(), /better than/);
    assert.deepEqual(complaints, []);
    await leave(page);
  });
});

describe('the page', { timeout: 180_000 }, () => {
  for (const [width, height] of [[390, 844], [820, 1180], [1440, 900]] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`fits ${width} pixels, ${colorScheme}`, async () => {
        for (const task of ['garments', 'signals'] as const) {
          const { page, complaints } = await visit(task, { viewport: { width, height }, colorScheme });
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
          const folder = process.env['SCREENSHOTS'];
          if (folder) {
            await toggle(page);
            await page.waitForTimeout(4000);
            await page.screenshot({ path: join(folder, `${task}-${width}-${colorScheme}.png`), fullPage: true });
          }
          assert.deepEqual(complaints, []);
          await leave(page);
        }
      });
    }
  }
});

/** An IDX file of bytes. */
function idx(shape: readonly number[], bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  return Buffer.concat([header, bytes]);
}

describe('in Firefox', { timeout: 180_000 }, () => {
  for (const task of ['garments', 'signals'] as const) {
    it(`the ${task} train on a page that may have threads, and the curves move`, async () => {
      const site = await serve({ isolated: true, root: outDir, pages: { '/app-in-frame.js': await javascriptOf(APP_IN_FRAME) } });
      const firefox = await openFirefox();
      try {
        const page = await firefox.newPage();
        await page.goto(site.url);
        const told = await page.evaluate<FrameResult>(`import('/app-in-frame.js').then(({ trainInFrame }) => trainInFrame('${task}'))`);
        assert.deepEqual({ ...told, headline: /Paused/.exec(told.headline)?.[0] }, { isolated: true, headline: 'Paused', complaints: [] });
      } finally {
        await firefox.close();
        site.close();
      }
    });
  }
});
