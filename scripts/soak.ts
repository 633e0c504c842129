/**
 * A million training steps of a small network: memory must stay flat. `npm run soak -- --steps 1000000`. Ends with code 1 if it grew.
 * Every hundredth of the steps the heap after a collection, WebAssembly's memory and the process's are noted; what counts is the growth from the end of the
 * first tenth, when all code is compiled and all caches are full.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseArgs } from 'node:util';
import { adam, layers, sequential } from '../src/entry.node.js';

const { values } = parseArgs({ options: { steps: { type: 'string', default: '1000000' } } });
const STEPS = Number(values.steps);
if (!Number.isSafeInteger(STEPS) || STEPS < 1000) throw new Error('--steps is a whole number of at least 1000');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const ROWS = 4;
const EPOCH = 1000;
const HEAP_SLACK = 2 << 20;
const PROCESS_SLACK = 24 << 20;

interface Memory {
  step: number;
  heap: number;
  buffers: number;
  process: number;
}

const model = sequential([
  layers.dense({ units: 6, activation: 'tanh', inputShape: [4] }), layers.dropout({ rate: 0.2 }), layers.dense({ units: 3 }),
], { seed: 1 });
await model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], threads: 1 });
const x = { data: Float32Array.from({ length: 4 * ROWS * EPOCH }, (_, index) => Math.sin(index)), shape: [ROWS * EPOCH, 4] };
const y = { data: Uint8Array.from({ length: ROWS * EPOCH }, (_, index) => index % 3), shape: [ROWS * EPOCH] };

function measure(): Memory {
  collect();
  const { heapUsed, arrayBuffers, external, rss } = process.memoryUsage();
  return { step: model.step, heap: heapUsed, buffers: Math.max(arrayBuffers, external), process: rss };
}

const notes: Memory[] = [];
const begin = performance.now();
const every = Math.max(EPOCH, Math.floor(STEPS / 100));
const count = Math.ceil(every / EPOCH);
for (let from = 0; model.step < STEPS; from += count) {
  await model.fit(x, y, { batchSize: ROWS, initialEpoch: from, epochs: from + count });
  notes.push(measure());
}
const seconds = (performance.now() - begin) / 1000;
model.close();

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
const warm = notes[Math.floor(notes.length / 10)]!;
const last = notes.at(-1)!;
const grown = { heap: last.heap - warm.heap, buffers: last.buffers - warm.buffers, process: last.process - warm.process };
for (const note of notes.filter((_, index) => index % 10 === 0 || index === notes.length - 1)) {
  console.log(`${String(note.step).padStart(9)} steps: heap ${mib(note.heap)}, buffers ${mib(note.buffers)}, process ${mib(note.process)} MiB`);
}
console.log(`${last.step} steps in ${seconds.toFixed(1)} s; grown from step ${warm.step}: heap ${mib(grown.heap)}, buffers ${mib(grown.buffers)}, process ${mib(grown.process)} MiB`);
if (grown.heap > HEAP_SLACK || grown.buffers > 0 || grown.process > PROCESS_SLACK) {
  console.error('memory grew');
  process.exitCode = 1;
}
