/**
 * The most arithmetic a core can do: the bare register tile on data in a first-level cache. On several threads each has a worker of its own and
 * they run at once, since clocks fall when all cores are busy.
 */
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

type TileRows = (rows: number, b: number, k: number) => void;
type TileGemmStrip = (c: number, ldc: number, start: number, ldStart: number, a: number, aStep: number, b: number, k: number) => void;
interface Tiles {
  tileRows: TileRows;
  tileGemmStrip: TileGemmStrip;
}

interface Job {
  module: WebAssembly.Module;
  seconds: number;
  /** [0] counts the threads that are ready; all begin when it reaches `threads`. */
  ready: Int32Array;
  threads: number;
}

const DEPTH = 256;
const MOST_ROWS = 8;
const TABLE = 64;
const C = 1024; // [8][16]
const A = 4096; // [8][256] or [256][8]
const B = 16384; // [256][8]

/** Loads this file in a worker, where the TypeScript loader of the main thread does not reach. */
const LOADER = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ tsImport }) => tsImport(${JSON.stringify(import.meta.url)}, 'file:///'))`;

/** GFLOP/s of the machine's `threads` cores together, and of the module's tiles on them. */
export async function peakArithmetic(module: WebAssembly.Module, threads: number, seconds: number): Promise<number> {
  const ready = new Int32Array(new SharedArrayBuffer(4));
  const job: Job = { module, seconds, ready, threads };
  const others = Array.from({ length: threads - 1 }, () => new Promise<number>((resolve, reject) => {
    new Worker(LOADER, { eval: true, workerData: job }).once('message', resolve).once('error', reject);
  }));
  // the main thread waits too, by looking, so that it does not begin before the workers have loaded
  while (Atomics.load(ready, 0) < threads - 1) await new Promise((resolve) => setTimeout(resolve, 1));
  const rates = [runTiles(job), ...(await Promise.all(others))];
  return rates.reduce((sum, rate) => sum + rate, 0);
}

/** The better of the two tiles, by its best hundredth of the time. */
function runTiles({ module, seconds, ready, threads }: Job): number {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const { tileRows, tileGemmStrip } = new WebAssembly.Instance(module, { env: { memory, abort() {}, othersLive: () => true, sleep() {} } }).exports as unknown as Tiles;
  const table = new Uint32Array(memory.buffer, TABLE, 2 * MOST_ROWS);
  for (let row = 0; row < MOST_ROWS; row++) table.set([A + 4 * DEPTH * row, C + 64 * row], 2 * row);
  const works = [() => tileRows(TABLE, B, DEPTH), () => tileGemmStrip(C, 64, C, 64, A, 4 * MOST_ROWS, B, DEPTH)];
  const sizes = works.map((work) => elementsWritten(memory, work));
  Atomics.add(ready, 0, 1);
  while (Atomics.load(ready, 0) < threads);
  return Math.max(...works.map((work, index) => (2 * sizes[index]! * DEPTH * bestRate(work, seconds / 2)) / 1e9));
}

/** Elements of C in a tile, seen from what it writes. */
function elementsWritten(memory: WebAssembly.Memory, work: () => void): number {
  const c = new Float32Array(memory.buffer, C, 16 * MOST_ROWS);
  new Float32Array(memory.buffer, A).fill(1);
  c.fill(0);
  work();
  return c.filter((value) => value !== 0).length;
}

/** Runs a second, in the best of many short stretches. */
function bestRate(work: () => void, seconds: number): number {
  let best = 0;
  for (const end = performance.now() + 1000 * seconds; performance.now() < end;) {
    const begin = performance.now();
    for (let i = 0; i < 2000; i++) work();
    best = Math.max(best, 2000 / (performance.now() - begin));
  }
  return 1000 * best;
}

if (!isMainThread && (workerData as Job | undefined)?.ready) parentPort!.postMessage(runTiles(workerData as Job));
