/** IDX files on disk, plain and compressed, under seeded mutation: of the file's bytes, or of what it holds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readIdxFile } from '../../src/data/idx-file.js';
import { idxBytes } from '../data/helpers.js';
import { fuzz, type Target } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'lanewise-fuzz-'));
after(() => rmSync(folder, { recursive: true }));

function idxFiles(): Target {
  const plain = [
    idxBytes(8, [2, 3, 3], Array.from({ length: 18 }, (_, index) => index)), idxBytes(8, [5], [1, 2, 3, 4, 5]), idxBytes(8, [300, 28], new Uint8Array(8400)), idxBytes(8, [0, 28, 28], []),
  ];
  const packed = plain.map((bytes) => gzipSync(bytes));
  const several = Buffer.concat([packed[0]!, packed[1]!]); // two members are one stream
  const file = join(folder, 'input');
  return {
    share: 0.02, codes: ['invalid-file', 'unsupported'],
    next(mutator) {
      const inside = mutator.chance(0.4);
      const bytes = inside ? gzipSync(mutator.bytes(mutator.pick(plain), plain)) : mutator.bytes(mutator.pick([...packed, several]), [...packed, ...plain]);
      return {
        read() {
          writeFileSync(file, bytes);
          return readIdxFile(file);
        },
        show: () => Buffer.from(bytes).toString('base64'),
      };
    },
  };
}

describe('mutated files on disk', () => fuzz({ 'IDX, compressed': idxFiles() }, 40));
