/** A worker thread in the browser: instantiates the module over the shared memory and takes jobs until it is told to stop. */
import type { WorkerJob } from './platform/platform.js';

addEventListener('message', ({ data }: MessageEvent<WorkerJob>) => {
  const { module, memory, thread, threads, lastJob, failed, barrier } = data;
  const instance = new WebAssembly.Instance(module, { env: { memory, abort: () => {}, othersLive: () => 1 } });
  const { work } = instance.exports as { work: (thread: number, threads: number, lastJob: number) => void };
  postMessage('ready');
  try {
    work(thread, threads, lastJob);
  } catch (error) {
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, failed >> 2, 1);
    Atomics.notify(words, barrier >> 2);
    throw error;
  }
});
