import { LanewiseError } from '../../errors.js';
import type { Platform, WorkerHandle, WorkerJob } from './platform.js';

export const browserPlatform: Platform = {
  name: 'browser',
  availableThreads: () => navigator.hardwareConcurrency || 1,
  startWorker,
  yieldToEventLoop,
};

function startWorker(job: WorkerJob): Promise<WorkerHandle> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('../worker.js', import.meta.url), { type: 'module', name: `lanewise ${job.thread}` });
    worker.onerror = (event): void =>
      reject(
        new LanewiseError('worker-failed', 'a worker thread did not start', {
          where: `thread ${job.thread}`, cause: event.message, remedy: 'Use threads: 1, or allow workers in the page\'s policy',
        }),
      );
    worker.onmessage = (): void => resolve({ terminate: () => worker.terminate(), isAlive: () => true });
    worker.postMessage(job);
  });
}

/** A message to oneself comes back as a task of its own, without the delay of a timer. */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (): void => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
