import '../../src/entry.node.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Writable } from 'node:stream';
import { generateGarments } from '../../src/data/garments.js';
import type { LabelledImages } from '../../src/data/image-dataset.js';
import { run } from '../../src/cli/run.js';
import type { OutputStream } from '../../src/cli/streams.js';
import { idxBytes } from '../data/helpers.js';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line in this process. */
export async function runHere(args: readonly string[], { tty = false } = {}): Promise<Outcome> {
  const [stdout, stderr] = [collector(tty), collector(tty)];
  const code = await run(args, { stdout: stdout.stream, stderr: stderr.stream });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** A stream that keeps what is written. */
export function collector(isTTY: boolean): { stream: OutputStream; text: () => string } {
  let text = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 100 }), text: () => text };
}

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

/** Starts the command line as a process of its own. */
export function start(args: readonly string[], environment: Record<string, string> = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { env: { ...process.env, ...environment }, stdio: 'pipe' });
}

export async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, stdout, stderr };
}

export interface JsonEvent extends Record<string, unknown> {
  data: { source: string; synthetic: boolean; train: number; test: number };
}

/** The objects on standard output; fails on a line that is anything else. */
export const events = ({ stdout }: Outcome): JsonEvent[] => stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as JsonEvent);

export interface GarmentFiles {
  train?: number;
  test?: number;
  /** Default: one for each test image. */
  testLabels?: number;
  /** Whether the test images are the first training images. */
  sameImages?: boolean;
}

/** Writes small IDX files under the names of Fashion-MNIST's archives. */
export async function writeGarments(folder: string, { train = 200, test = 100, testLabels = test, sameImages }: GarmentFiles = {}): Promise<string> {
  const garments = generateGarments({ trainCount: train, testCount: Math.max(test, testLabels), seed: 7 });
  const testSet = sameImages ? garments.train : garments.test;
  const images = ({ images: { data } }: LabelledImages, count: number): Uint8Array => idxBytes(8, [count, 28, 28], data.subarray(0, count * 784));
  const labels = ({ labels: { data } }: LabelledImages, count: number): Uint8Array => idxBytes(8, [count], data.subarray(0, count));
  const files = {
    'train-images-idx3-ubyte': images(garments.train, train), 'train-labels-idx1-ubyte': labels(garments.train, train),
    't10k-images-idx3-ubyte': images(testSet, test), 't10k-labels-idx1-ubyte': labels(testSet, testLabels),
  };
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}
