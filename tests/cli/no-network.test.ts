/** The command line with the network taken away: nobody asks for it but a download of the archives, and that has a stand-in. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'node:test';
import { withFolder } from '../data/helpers.js';
import { outcomeOf, start, writeGarments, type Outcome } from './helpers.js';

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'fixtures/no-network.ts')).href;

/** In a home where nothing is found. */
const run = (args: readonly string[], folder: string): Promise<Outcome> =>
  outcomeOf(start(args, { NODE_OPTIONS: `--import tsx --import ${PRELOAD}`, XDG_CACHE_HOME: join(folder, 'cache'), FASHION_MNIST_DIR: '', LANEWISE_OFFLINE: '' }));

describe('with the network taken away', { concurrency: 2 }, () => {
  it('networks train, are stored and judged without asking for it', () =>
    withFolder(async (folder) => {
      const [data, weights, report] = [await writeGarments(join(folder, 'data')), join(folder, 'w.safetensors'), join(folder, 'r.html')];
      const calls = [
        ['info'],
        ['train', 'fashion-mnist', '--data', data, '--epochs', '1', '--save', weights, '--report', report, '--threads', '2'],
        ['evaluate', 'fashion-mnist', '--data', data, '--weights', weights],
        ['train', 'signals', '--epochs', '1', '--limit', '8'],
      ];
      for (const args of calls) {
        const { code, stderr } = await run(args, folder);
        assert.equal(code, 0, stderr);
        assert.doesNotMatch(stderr, /network asked for/, args.join(' '));
      }
    }));

  it('a download that cannot be is told of, and the stand-in is trained on', () =>
    withFolder(async (folder) => {
      const { code, stderr, stdout } = await run(['train', 'fashion-mnist', '--epochs', '1', '--limit', '128', '--json'], folder);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /network asked for/); // the test would see it
      assert.match(stdout, /"synthetic":true/);
    }));
});
