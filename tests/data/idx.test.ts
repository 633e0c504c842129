import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { readIdxFile } from '../../src/data/idx-file.js';
import { parseIdx, type IdxKind } from '../../src/data/idx.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { idxBytes, refusal, SHARED, skipWithout, withFolder } from './helpers.js';

const IMAGES = idxBytes(8, [3, 2, 4], Array.from({ length: 24 }, (_, i) => i * 7));

describe('parseIdx', () => {
  it('reads every element type, big-endian', () => {
    const elements = (type: number, count: number, bytes: number[]) => Array.from(parseIdx(idxBytes(type, [count], bytes)).data);
    assert.deepEqual(elements(0x08, 2, [0, 255]), [0, 255]);
    assert.deepEqual(elements(0x09, 2, [127, 255]), [127, -1]);
    assert.deepEqual(elements(0x0b, 2, [0xff, 0xfe, 1, 44]), [-2, 300]);
    assert.deepEqual(elements(0x0c, 1, [0xff, 0xff, 0, 0]), [-65536]);
    assert.deepEqual(elements(0x0d, 2, [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0]), [1.5, -2]);
    assert.deepEqual(elements(0x0e, 1, [0x40, 0x59, 0, 0, 0, 0, 0, 0]), [100]);
  });

  it('reads at any offset of a larger buffer', () => {
    const padded = new Uint8Array(IMAGES.length + 6);
    padded.set(IMAGES, 3);
    const { data, shape } = parseIdx(padded.subarray(3, 3 + IMAGES.length), { kind: 'images' });
    assert.deepEqual(shape, [3, 2, 4]);
    assert.deepEqual(Array.from(data), Array.from(IMAGES.subarray(16)));
  });

  it('refuses a good file cut at any byte, and one byte more', () => {
    for (let length = 0; length < IMAGES.length; length++) {
      assert.throws(() => parseIdx(IMAGES.subarray(0, length), { kind: 'images', where: 'cut' }), refusal('invalid-file', /^cut: /));
    }
    assert.throws(() => parseIdx(Uint8Array.of(...IMAGES, 0)), refusal('invalid-file', /expected 40 bytes, received 41/));
  });

  it('states its limit on dimensions', () => {
    assert.equal(parseIdx(idxBytes(8, Array<number>(8).fill(1), [5])).shape.length, 8);
    assert.throws(() => parseIdx(idxBytes(8, Array<number>(9).fill(1), [5])), refusal('unsupported', /at most 8/));
  });

  it('is not fooled by sizes that wrap or vanish', () => {
    assert.throws(() => parseIdx(idxBytes(8, [65536, 65536, 1], [])), refusal('invalid-file', /4294967312 bytes/));
    assert.throws(() => parseIdx(idxBytes(8, Array<number>(4).fill(2 ** 32 - 1), [])), refusal('invalid-file', /impossible/));
    assert.deepEqual(parseIdx(idxBytes(8, [0, 2 ** 32 - 1, 2 ** 32 - 1], [])).shape, [0, 4294967295, 4294967295]);
  });
});

describe('readIdxFile', () => {
  const readBytes = async (folder: string, bytes: Uint8Array) => {
    const file = join(folder, 'file');
    await writeFile(file, bytes);
    return readIdxFile(file, { kind: 'images' });
  };

  it('reads plain and gzip files, told apart by content', () =>
    withFolder(async (folder) => {
      for (const bytes of [IMAGES, gzipSync(IMAGES), Buffer.concat([gzipSync(IMAGES.subarray(0, 9)), gzipSync(IMAGES.subarray(9))])]) {
        const { data, shape } = await readBytes(folder, bytes);
        assert.deepEqual(shape, [3, 2, 4]);
        assert.deepEqual(Array.from(data), Array.from(IMAGES.subarray(16)));
      }
    }));

  it('refuses a file cut at any byte, and one with bytes after it, zeros too', () =>
    withFolder(async (folder) => {
      for (const whole of [IMAGES, gzipSync(IMAGES)]) {
        for (let length = 0; length < whole.length; length++) {
          await assert.rejects(readBytes(folder, whole.subarray(0, length)), refusal('invalid-file'), `${length} bytes`);
        }
        for (const tail of [[0], [0, 0, 0, 0], [1, 2, 3], Array<number>(500_000).fill(0)]) {
          await assert.rejects(readBytes(folder, Buffer.concat([whole, Uint8Array.from(tail)])), refusal('invalid-file'));
        }
      }
    }));

  it('refuses images after the last one that the header counts', () =>
    withFolder(async (folder) => {
      const promised = idxBytes(8, [500, 28, 28], new Uint8Array(500 * 784));
      const longer = Buffer.concat([promised, new Uint8Array(784)]);
      assert.deepEqual((await readBytes(folder, gzipSync(promised))).shape, [500, 28, 28]);
      for (const bytes of [longer, gzipSync(longer)]) {
        await assert.rejects(readBytes(folder, bytes), refusal('invalid-file', /expected 392016 bytes, received more/));
      }
    }));

  it('refuses any wrong byte of the compressed data and its checksums', () =>
    withFolder(async (folder) => {
      const whole = gzipSync(IMAGES);
      for (let i = 10; i < whole.length; i++) {
        const wrong = Uint8Array.from(whole);
        wrong[i]! ^= 255;
        await assert.rejects(readBytes(folder, wrong), refusal('invalid-file'), `byte ${i}`);
      }
    }));

  it('stops a gzip bomb at the promised size, in little memory', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'bomb.gz');
      await writeFile(file, gzipSync(Buffer.concat([IMAGES, Buffer.alloc(128 << 20)])));
      const module = JSON.stringify(new URL('../../src/data/idx-file.ts', import.meta.url).href);
      const script = `
        const { readIdxFile } = await import(${module});
        const before = process.resourceUsage().maxRSS;
        const message = await readIdxFile(process.argv[1]).then(() => 'accepted', (error) => error.message);
        console.log(JSON.stringify({ message, kilobytes: process.resourceUsage().maxRSS - before }));`;
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, file]);
      const { message, kilobytes } = JSON.parse(stdout) as { message: string; kilobytes: number };
      assert.match(message, /expected 40 bytes, received more/);
      assert.ok(kilobytes < 32 * 1024, `${kilobytes} kB more`);
    }));

  it('refuses a claim that no gzip file of this size can keep', () =>
    withFolder(async (folder) => {
      const claim = gzipSync(idxBytes(8, [100_000, 28, 28], [1, 2, 3]));
      await assert.rejects(readBytes(folder, claim), refusal('invalid-file', /can hold at most/));
    }));

  it('names a missing file and a folder', () =>
    withFolder(async (folder) => {
      await assert.rejects(readIdxFile(join(folder, 'absent')), refusal('file-not-found', /absent/));
      await assert.rejects(readIdxFile(folder), refusal('file-not-found', /not a file/));
    }));
});

interface Case {
  file: string;
  kind: IdxKind;
  expect: 'accept' | 'reject' | 'either';
  facts?: { shape?: number[]; sum?: number; values?: number[] };
}

describe('shared IDX cases', skipWithout('cases/idx/manifest.json'), () => {
  const folder = join(SHARED, 'cases/idx');
  const cases = (): Case[] => (JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { cases: Case[] }).cases;

  it('accepts and refuses as the manifest says', async () => {
    assert.ok(cases().length > 30);
    for (const { file, kind, expect, facts } of cases()) {
      const path = join(folder, file);
      if (expect === 'accept') {
        const fromFile = await readIdxFile(path, { kind });
        checkFacts(fromFile, facts, file);
        if (!file.endsWith('.gz')) assert.deepEqual(parseIdx(readFileSync(path), { kind }), fromFile);
      } else if (expect === 'reject') {
        await assert.rejects(readIdxFile(path, { kind }), refusal('invalid-file'), file);
        assert.throws(() => parseIdx(readFileSync(path), { kind }), refusal('invalid-file'), file);
      } else {
        await assert.rejects(readIdxFile(path, { kind }), refusal('unsupported'), file);
      }
    }
  });

  function checkFacts({ data, shape }: Tensor, facts: Case['facts'], file: string): void {
    const values = Array.from(data);
    if (facts?.shape) assert.deepEqual(shape, facts.shape, file);
    if (facts?.values) assert.deepEqual(values, facts.values, file);
    if (facts?.sum !== undefined) assert.equal(values.reduce((a, b) => a + b, 0), facts.sum, file);
  }
});

describe('real downloads that were cut off', skipWithout('data/fashion-mnist/truncated-real'), () => {
  it('are refused in one clear line', async () => {
    for (const name of ['train-images-idx3-ubyte.gz', 't10k-images-idx3-ubyte.gz']) {
      const path = join(SHARED, 'data/fashion-mnist/truncated-real', name);
      await assert.rejects(readIdxFile(path, { kind: 'images' }), refusal('invalid-file', /gzip data ends early.*fetch the file again/));
    }
  });
});
