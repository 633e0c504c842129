import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { LanewiseError } from '../../errors.js';
import type { Platform, WorkerHandle, WorkerJob } from './platform.js';

/**
 * The worker, as source text so that no bundler can lose a file. A trap marks the run as failed and wakes the others, so that no thread waits
 * for one that is gone (the two addresses are Control.failed and Control.barrier).
 */
const WORKER = `
const { parentPort, workerData: { module, memory, thread, threads, lastJob, failed, barrier } } = require('node:worker_threads');
const instance = new WebAssembly.Instance(module, { env: { memory, abort() {}, othersLive: () => 1 } }); // thread 0 watches over all
parentPort.postMessage('ready');
try {
  instance.exports.work(thread, threads, lastJob);
} catch (error) {
  const words = new Int32Array(memory.buffer);
  Atomics.store(words, failed >> 2, 1);
  Atomics.notify(words, barrier >> 2);
  throw error;
}`;

export const nodePlatform: Platform = {
  name: 'node',
  availableThreads: availableParallelism,
  startWorker,
  yieldToEventLoop: () => new Promise((resolve) => setImmediate(resolve)),
};

function startWorker(job: WorkerJob): Promise<WorkerHandle> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, { eval: true, workerData: job, name: `lanewise ${job.thread}` });
    const fail = (cause: unknown): void =>
      reject(new LanewiseError('worker-failed', 'a worker thread did not start', { where: `thread ${job.thread}`, cause }));
    worker.once('error', fail);
    worker.once('exit', fail);
    worker.once('message', () => {
      worker.off('error', fail);
      worker.off('exit', fail);
      worker.on('error', () => {}); // a trap shows as a failed step; without a listener it would end the process
      let ended = false;
      worker.once('exit', () => (ended = true));
      worker.unref(); // an idle worker must not keep the process alive
      resolve({ terminate: () => void worker.terminate(), isAlive: () => !ended && hasEventLoop(worker) });
    });
  });
}

/**
 * Whether a worker is still there. Its `exit` event needs our event loop, which does not turn while a step waits; but the times of its own loop are
 * read at once, and once it is gone they are 0 in all, or the idle time is -1.
 */
export function hasEventLoop(worker: Worker): boolean {
  const { idle, active } = worker.performance.eventLoopUtilization();
  return idle >= 0 && active > 0;
}
