import THREAD from '#workers/thread.browser';
import { LanewiseError } from '../../errors.js';
import { configured } from '../configure.js';
import type { ThreadJob } from '../thread.js';
import type { Platform, WorkerHandle } from './platform.js';
import { startScript, type Start } from './script.js';

export const browserPlatform: Platform = {
  name: 'browser',
  availableThreads: () => navigator.hardwareConcurrency || 1,
  unpack,
  instantiate: async (module, imports) => (await WebAssembly.instantiate(module, imports)).exports,
  startWorker,
  yieldToEventLoop,
  lines: () => ({ print: (line) => console.log(line) }),
};

async function unpack(packed: string): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const reader = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** In order: where the program says, from the code itself, from the file beside it (which Vite and webpack find and take along). */
function startsOf(name: string): Start[] {
  const { workerUrl } = configured();
  if (workerUrl !== undefined) return [() => new Worker(workerUrl, { name })];
  return [THREAD, () => new Worker(new URL('./thread.browser.js', import.meta.url), { type: 'module', name })];
}

async function startWorker(job: ThreadJob): Promise<WorkerHandle> {
  const name = `lanewise ${job.thread}`;
  try {
    const worker = await startScript(startsOf(name), job, name);
    return { terminate: () => worker.terminate(), isAlive: () => true };
  } catch (cause) {
    throw new LanewiseError('worker-failed', 'a worker thread did not start', {
      where: `thread ${job.thread}`, cause,
      remedy: "Allow blob: in worker-src of the page's content security policy, give the script with configure({ workerUrl }), or use threads: 1",
    });
  }
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
