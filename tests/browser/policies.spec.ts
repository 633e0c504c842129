/** Pages that forbid or lack what the library would like to use: it works by what is left, or says in one error what is missing. In Chromium. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as lanewise from '../../src/entry.node.js';
import { openChromium, type TestBrowser } from './browsers.js';
import { serve } from './server.js';
import { train } from './trainings.js';

const SELF = "default-src 'none'; connect-src 'self'; img-src data:";
const WASM = "script-src 'self' 'wasm-unsafe-eval'";
const LIBRARY = `const lanewise = await import('/build/js/entry.browser.js'); const { cnn, images, labels, train } = await import('/tests/browser/trainings.ts');`;
const TRAIN = `(options) => train(lanewise, options)`;
const IN_WORKER = (option: string): string => `async () => {
  const compile = { optimizer: lanewise.adam(), loss: 'sparseCategoricalCrossentropy', threads: 1 };
  const training = lanewise.trainInWorker(cnn(lanewise), images(32), { data: labels(32, 10), shape: [32] }, { compile, fit: {}${option} });
  return (await training.finished).history.loss.length;
}`;

interface Outcome {
  result?: unknown;
  /** Of what was thrown. */
  error?: { name: string; code: string; message: string };
  /** Files that were asked for. */
  files: string[];
}

describe('a page', { timeout: 120_000 }, () => {
  let browser: TestBrowser;
  let digests: readonly string[];
  before(async () => {
    browser = await openChromium();
    ({ digests } = await train(lanewise, { threads: 1 }));
  });
  after(() => browser.close());

  /** What comes of a function, after some preparations, on a cross-origin isolated page with a policy. */
  async function outcome(csp: string | undefined, run: string, prepare = ''): Promise<Outcome> {
    const site = await serve({ isolated: true, ...(csp !== undefined && { csp }) });
    const page = await browser.newPage();
    await page.goto(site.url);
    const found = await page.evaluate<Outcome>(`(async () => {
      ${LIBRARY}
      ${prepare}
      const outcome = await (${run})({ threads: 2 }).then((result) => ({ result }), ({ name, code, message }) => ({ error: { name, code, message } }));
      return { ...outcome, files: performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname) };
    })()`);
    await page.close();
    site.close();
    return found;
  }

  it("with a policy of 'self' alone takes kernels and threads from files, to the bits of Node", async () => {
    const configure = "lanewise.configure({ wasmUrl: '/build/wasm/strict.wasm', workerUrl: '/build/workers/thread.js' });";
    const { result, files } = await outcome(`${SELF}; ${WASM}; worker-src 'self'`, TRAIN, configure);
    assert.deepEqual(result, { digests, threads: 2 });
    assert.ok(files.includes('/build/wasm/strict.wasm'));
    assert.ok(!files.includes('/build/wasm/strict.js'), 'what is embedded is not loaded too');
  });

  it("that forbids workers from blob: URLs has its threads from the file beside the code, without being told", async () => {
    assert.deepEqual((await outcome(`${SELF}; ${WASM}; worker-src 'self'`, TRAIN)).result, { digests, threads: 2 });
  });

  it('that forbids workers trains on its own thread, if the number of threads is left to the library', async () => {
    const none = `${SELF}; ${WASM}; worker-src 'none'`;
    assert.deepEqual((await outcome(none, `() => train(lanewise, {})`)).result, { digests, threads: 1 });
    const { error } = await outcome(none, TRAIN);
    assert.deepEqual([error?.name, error?.code], ['LanewiseError', 'worker-failed']);
    assert.match(error!.message, /worker-src/);
  });

  it('that forbids blob: workers is told by trainInWorker what to do, and that helps', async () => {
    const policy = `${SELF}; ${WASM}; worker-src 'self'`;
    const { error } = await outcome(policy, IN_WORKER(''));
    assert.deepEqual([error?.name, error?.code], ['LanewiseError', 'worker-failed']);
    assert.match(error!.message, /worker-src/);
    assert.equal((await outcome(policy, IN_WORKER(", worker: () => new Worker('/build/workers/training.js')"))).result, 1);
  });

  it("whose policy lacks 'wasm-unsafe-eval' gets one clear error", async () => {
    const { error } = await outcome(`${SELF}; script-src 'self'; worker-src 'self' blob:`, TRAIN);
    assert.deepEqual([error?.name, error?.code], ['LanewiseError', 'unsupported']);
    assert.match(error!.message, /could not be compiled.*'wasm-unsafe-eval'/s);
  });

  for (const [lack, opcode] of [['SIMD', 0xfd], ['shared memory and atomics', 0xfe]] as const) {
    it(`in an engine without ${lack} gets one clear error`, async () => {
      // such an engine refuses every module that has an instruction of that prefix
      const { error } = await outcome(undefined, TRAIN, `
        const { validate } = WebAssembly;
        WebAssembly.validate = (bytes) => !bytes.includes(${opcode}) && validate.call(WebAssembly, bytes);`);
      assert.deepEqual([error?.name, error?.code], ['LanewiseError', 'unsupported']);
      assert.match(error!.message, new RegExp(`WebAssembly has no ${lack}`));
    });
  }

  it('that does not find the kernels, or finds others, says so', async () => {
    const absent = await outcome(undefined, TRAIN, "lanewise.configure({ wasmUrl: '/nowhere.wasm' });");
    assert.equal(absent.error?.code, 'network-failed');
    assert.match(absent.error.message, /nowhere\.wasm.*404/s);
    const other = await outcome(undefined, TRAIN, "lanewise.configure({ wasmUrl: '/build/wasm/relaxed.wasm' });");
    assert.equal(other.error?.code, 'wasm-altered');
  });
});
