import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadFashionMnist, type DownloadProgress } from '../../src/data/fashion-mnist.js';
import { filesBelow, idxBytes, refusal, SHARED, skipWithout, withFolder } from './helpers.js';

const NAMES = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'];

interface Contents {
  images?: Uint8Array;
  labels?: Uint8Array;
}

const images = (count: number, size = 28) =>
  idxBytes(8, [count, size, size], Array.from({ length: count * size * size }, (_, i) => i % 251));
const labels = (values: number[]) => idxBytes(8, [values.length], values);

/** Four files: three training images and two test images, unless told otherwise. */
async function writeSet(folder: string, { train = {}, test = {}, gzip = false }: { train?: Contents; test?: Contents; gzip?: boolean } = {}) {
  await mkdir(folder, { recursive: true });
  const contents = [train.images ?? images(3), train.labels ?? labels([0, 9, 4]), test.images ?? images(2), test.labels ?? labels([1, 2])];
  for (const [i, name] of NAMES.entries()) {
    await writeFile(join(folder, gzip ? `${name}.gz` : name), gzip ? gzipSync(contents[i]!) : contents[i]!);
  }
}

describe('loadFashionMnist', () => {
  const workingFolder = process.cwd();
  const environment = { ...process.env };
  beforeEach(() => {
    delete process.env['FASHION_MNIST_DIR'];
    delete process.env['XDG_CACHE_HOME'];
  });
  afterEach(() => {
    process.chdir(workingFolder);
    process.env = { ...environment };
  });

  /** A folder to work in, with a cache folder of its own. */
  const isolated = (use: (folder: string) => Promise<void>) =>
    withFolder(async (folder) => {
      process.chdir(folder);
      process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
      await use(folder).finally(() => process.chdir(workingFolder));
    });

  it('reads plain and gzip files and says that they are not the official ones', () =>
    isolated(async (folder) => {
      for (const gzip of [false, true]) {
        const directory = join(folder, `${gzip}`);
        await writeSet(directory, { gzip });
        const { source, synthetic, train, test } = await loadFashionMnist({ directory });
        assert.ok(source.includes('not the official archives') && source.includes(directory));
        assert.equal(synthetic, false);
        assert.deepEqual(train.images.shape, [3, 28, 28, 1]);
        assert.deepEqual(train.images.data, images(3).subarray(16));
        assert.deepEqual(Array.from(train.labels.data), [0, 9, 4]);
        assert.deepEqual(test.images.shape, [2, 28, 28, 1]);
        assert.deepEqual(test.labels.shape, [2]);
      }
    }));

  it('looks in a given directory and nowhere else', () =>
    isolated(async (folder) => {
      await writeSet(join(folder, 'data', 'fashion-mnist'));
      await assert.rejects(loadFashionMnist({ directory: 'absent' }), refusal('file-not-found', /absent.*train-images.*t10k-labels/));
    }));

  it('looks in FASHION_MNIST_DIR, ./data/fashion-mnist, the cache, in this order', () =>
    isolated(async (folder) => {
      const load = async () => (await loadFashionMnist({ offline: true })).train.labels.data[0];
      await assert.rejects(load(), refusal('file-not-found', /data.fashion-mnist.*lanewise/));
      await writeSet(join(folder, 'cache', 'lanewise', 'fashion-mnist'), { train: { labels: labels([3, 3, 3]) } });
      assert.equal(await load(), 3);
      await writeSet(join(folder, 'data', 'fashion-mnist'), { train: { labels: labels([2, 2, 2]) } });
      assert.equal(await load(), 2);
      await writeSet(join(folder, 'mine'), { train: { labels: labels([1, 1, 1]) } });
      process.env['FASHION_MNIST_DIR'] = join(folder, 'mine');
      assert.equal(await load(), 1);
    }));

  it('names both counts when images and labels differ in number', () =>
    isolated(async (folder) => {
      await writeSet(folder, { test: { labels: labels([1, 2, 3]) } });
      await assert.rejects(loadFashionMnist({ directory: folder }), refusal('invalid-data', /t10k.*2 images and 3 labels/));
    }));

  it('names the index of a label out of range', () =>
    isolated(async (folder) => {
      for (const index of [0, 1, 2]) {
        const values = [5, 5, 5];
        values[index] = 10;
        await writeSet(folder, { train: { labels: labels(values) } });
        await assert.rejects(loadFashionMnist({ directory: folder }), refusal('invalid-data', new RegExp(`10 at index ${index}`)));
      }
    }));

  it('refuses images of another size, an empty set, and swapped files', () =>
    isolated(async (folder) => {
      const refuse = async (train: Contents, code: 'invalid-file' | 'invalid-data', message: RegExp) => {
        await writeSet(folder, { train });
        await assert.rejects(loadFashionMnist({ directory: folder }), refusal(code, message));
      };
      await refuse({ images: images(3, 14) }, 'invalid-file', /expected 28×28 pixels, received 14×14/);
      await refuse({ images: images(0), labels: labels([]) }, 'invalid-data', /empty/);
      await refuse({ images: labels([1, 2, 3]) }, 'invalid-file', /does not hold images/);
      await refuse({ labels: images(3) }, 'invalid-file', /does not hold labels/);
    }));

  it('refuses a file of the official size with other contents', () =>
    isolated(async (folder) => {
      const officialBytes = 5148;
      const values = Array<number>(officialBytes - 8).fill(1);
      await writeSet(folder, { test: { labels: labels(values), images: images(values.length) } });
      await copyFile(join(folder, NAMES[3]!), join(folder, `${NAMES[3]}.gz`));
      await assert.rejects(loadFashionMnist({ directory: folder }), refusal('invalid-file', /t10k-labels.*wrong SHA-256/));
    }));

  it('fails distinguishably without data and network, and leaves nothing behind', () =>
    isolated(async (folder) => {
      const server = createServer((_, response) => response.writeHead(404).end());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      await assert.rejects(loadFashionMnist({ baseUrl }), refusal('network-failed', /404/));
      await new Promise((resolve) => server.close(resolve));
      await assert.rejects(loadFashionMnist({ baseUrl }), refusal('network-failed', /ECONNREFUSED/));
      assert.deepEqual(await filesBelow(folder), []);
    }));
});

describe('the official archives', skipWithout('data/fashion-mnist/train-images-idx3-ubyte.gz'), () => {
  const directory = join(SHARED, 'data/fashion-mnist');

  it('are recognised by their checksums', async () => {
    const { source, train, test } = await loadFashionMnist({ directory });
    assert.match(source, /^Fashion-MNIST, checksums verified/);
    assert.deepEqual(train.images.shape, [60_000, 28, 28, 1]);
    assert.equal(train.images.data.length, 60_000 * 784);
    assert.deepEqual(test.images.shape, [10_000, 28, 28, 1]);
    assert.deepEqual(Array.from(train.labels.data.subarray(0, 10)), [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]);
    const perClass = Array.from({ length: 10 }, (_, label) => train.labels.data.filter((value) => value === label).length);
    assert.deepEqual(perClass, Array(10).fill(6000));
  });

  it('are downloaded into the cache, once and only what is missing', () =>
    withFolder(async (folder) => {
      const requests: string[] = [];
      const server = createServer((request, response) => {
        requests.push(basename(request.url!));
        createReadStream(join(directory, basename(request.url!))).pipe(response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const cache = join(folder, 'lanewise', 'fashion-mnist');
      await mkdir(cache, { recursive: true });
      const present = join(cache, `${NAMES[0]}.gz`);
      await copyFile(join(directory, `${NAMES[0]}.gz`), present);
      await chmod(present, 0o644);
      process.env['XDG_CACHE_HOME'] = folder;
      const workingFolder = process.cwd();
      process.chdir(folder); // away from any ./data/fashion-mnist
      try {
        const progress: DownloadProgress[] = [];
        const first = await loadFashionMnist({ baseUrl, onProgress: (step) => progress.push(step) });
        assert.match(first.source, /checksums verified/);
        assert.deepEqual(requests, NAMES.slice(1).map((name) => `${name}.gz`));
        assert.deepEqual(progress.at(-1), { file: `${NAMES[3]}.gz`, received: 4_456_765, total: 4_456_765 });
        assert.ok(progress.every(({ received }, i) => received > (progress[i - 1]?.received ?? 0)));
        assert.equal((await filesBelow(folder)).length, 4);
        await loadFashionMnist({ baseUrl });
        assert.equal(requests.length, 3);
      } finally {
        process.chdir(workingFolder);
        delete process.env['XDG_CACHE_HOME'];
        await new Promise((resolve) => server.close(resolve));
      }
    }));
});
