import { instantiateSync } from '@assemblyscript/loader';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { inflateRaw } from 'node:zlib';
import { LanewiseError } from '../../errors.js';
import THREAD from '#workers/thread.node';
import type { ThreadJob } from '../thread.js';
import type { Lines, Platform, WorkerHandle } from './platform.js';

export const nodePlatform: Platform = {
  name: 'node',
  availableThreads: availableParallelism,
  unpack: (packed) => promisify(inflateRaw)(Buffer.from(packed, 'base64')),
  // the loader's `instantiate` asks for a Response, at which Node loads its HTTP client: some 30 ms
  instantiate: (module, imports) => Promise.resolve(instantiateSync<WebAssembly.Exports>(module, imports).exports),
  startWorker,
  yieldToEventLoop: () => new Promise((resolve) => setImmediate(resolve)),
  lines,
};

/** Clears the line that the cursor is in. */
const CLEAR = '\r\x1b[K';

/** Standard output. Drawn lines are cut to its width: one that wraps could not be drawn over. */
function lines(): Lines {
  const { stdout } = process;
  const write = (text: string): void => void stdout.write(text);
  if (!stdout.isTTY || process.env['TERM'] === 'dumb') return { print: (line) => write(`${line}\n`) };
  return { print: (line) => write(`${CLEAR}${line}\n`), draw: (line) => write(CLEAR + line.slice(0, stdout.columns - 1)) };
}

/** From source text, so that no bundler of a server can lose a file. */
function startWorker(job: ThreadJob): Promise<WorkerHandle> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(THREAD, { eval: true, workerData: job, name: `lanewise ${job.thread}` });
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
