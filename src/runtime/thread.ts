/** The life of a thread beside the caller's, the same in a browser and in Node. Bundled into the source of each worker: it imports nothing. */

/** What a thread needs. All of it can be posted. */
export interface ThreadJob {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  thread: number;
  threads: number;
  /** The last job given out before this thread started. */
  lastJob: number;
  /** Addresses of Control.failed and Control.barrier, for a thread that traps. */
  failed: number;
  barrier: number;
}

/**
 * Takes jobs until it is told to stop. A trap marks the run as failed and wakes the others, so that no thread waits for one that is gone; thread 0
 * watches over all.
 */
export function runThread({ module, memory, thread, threads, lastJob, failed, barrier }: ThreadJob, ready: () => void): void {
  const words = new Int32Array(memory.buffer);
  const { exports } = new WebAssembly.Instance(module, { env: { memory, othersLive: () => 1, sleep: sleepOn(words) } });
  ready();
  try {
    (exports['work'] as (thread: number, threads: number, lastJob: number) => void)(thread, threads, lastJob);
  } catch (error) {
    Atomics.store(words, failed >> 2, 1);
    Atomics.notify(words, barrier >> 2);
    throw error;
  }
}

/** What kernels sleep by. */
export const sleepOn = (words: Int32Array) => (address: number, value: number, milliseconds: number): void =>
  void Atomics.wait(words, address >> 2, value, milliseconds);
