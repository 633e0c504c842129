/** A stand-in for a worker thread that takes part in steps until a moment at which it dies. */
import { Worker } from 'node:worker_threads';
import { Control, OpHeader, PLAN_HEADER_BYTES, PlanHeader } from '../../src/plan/ops.js';
import { hasEventLoop } from '../../src/runtime/platform/node.js';
import type { WorkerHandle } from '../../src/runtime/platform/platform.js';
import type { ThreadJob } from '../../src/runtime/thread.js';

export interface Death {
  /** How: by ending the process, by an error nobody catches, or not at all: it lives and gives no answer. */
  how: 'exit' | 'throw' | 'silence';
  /** In which job, from 1. */
  job: number;
  /** At which op of it. */
  op: number;
  /** Before it takes a block, with a block in hand, or behind the barrier after the op. */
  when: 'idle' | 'working' | 'done';
}

/** It runs no blocks: thread 0 does them all, which makes no difference. */
const SOURCE = `
const { parentPort, workerData: { memory, threads, lastJob, death, Control, OpHeader, PlanHeader, headerBytes } } = require('node:worker_threads');
const words = new Int32Array(memory.buffer);
const die = () => {
  if (death.how === 'exit') process.exit(0);
  if (death.how === 'throw') throw new Error('this thread was told to fail');
  for (;;) Atomics.wait(words, Control.plan >> 2, -1, 1000);
};
const meet = (row) => {
  const passed = Atomics.load(words, Control.barrier >> 2);
  if (Atomics.add(words, Control.arrived >> 2, 1) + 1 === threads) {
    Atomics.store(words, (row + OpHeader.counter) >> 2, 0);
    Atomics.store(words, Control.arrived >> 2, 0);
    Atomics.add(words, Control.barrier >> 2, 1);
    Atomics.notify(words, Control.barrier >> 2);
    return;
  }
  while (Atomics.load(words, Control.barrier >> 2) === passed) Atomics.wait(words, Control.barrier >> 2, passed, 100);
};
parentPort.postMessage('ready');
for (let job = lastJob, number = 1; ; number++) {
  while (Atomics.load(words, Control.job >> 2) === job) Atomics.wait(words, Control.job >> 2, job, 1000);
  job = Atomics.load(words, Control.job >> 2);
  const plan = words[Control.plan >> 2];
  if (plan === 0) break;
  let row = plan + headerBytes;
  for (let op = 0; op < words[(plan + PlanHeader.ops) >> 2]; op++) {
    const now = number === death.job && op === death.op;
    if (now && death.when === 'idle') die();
    if (now && death.when === 'working') {
      Atomics.add(words, (row + OpHeader.counter) >> 2, 1);
      die();
    }
    meet(row);
    if (now && death.when === 'done') die();
    row += words[(row + OpHeader.bytes) >> 2];
  }
}`;

export function startFailingWorker(job: ThreadJob, death: Death): Promise<WorkerHandle> {
  return new Promise((resolve) => {
    const worker = new Worker(SOURCE, { eval: true, workerData: { ...job, death, Control, OpHeader, PlanHeader, headerBytes: PLAN_HEADER_BYTES } });
    worker.on('error', () => {});
    worker.once('message', () => {
      worker.unref();
      resolve({ terminate: () => void worker.terminate(), isAlive: () => hasEventLoop(worker) });
    });
  });
}
