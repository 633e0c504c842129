import type { ThreadJob } from '../thread.js';

/** What differs between Node and a browser. */
export interface Platform {
  readonly name: 'node' | 'browser';
  /** Threads worth using on this machine. */
  availableThreads(): number;
  /** What is embedded in the code: base64 of deflated bytes, which a server's gzip brings back to the size of those. */
  unpack(packed: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Exports of the kernels over the given imports. */
  instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports): Promise<WebAssembly.Exports>;
  /**
   * Starts a worker that runs `work` of the module over the shared memory; resolves when it is ready to take jobs.
   * @throws LanewiseError `worker-failed`
   */
  startWorker(job: ThreadJob): Promise<WorkerHandle>;
  /** Lets timers, input and servers go on. */
  yieldToEventLoop(): Promise<void>;
  /** Where text for people goes. */
  lines(): Lines;
}

/** A terminal, or a console that knows whole lines only. */
export interface Lines {
  /** Writes a line, on a terminal in the place of one that is drawn. */
  print(line: string): void;
  /** On a terminal: draws a line in the place of the one drawn before. */
  draw?(line: string): void;
}

export interface WorkerHandle {
  terminate(): void;
  /** Whether the thread is still there; true where that cannot be told. Asked while this thread is kept from its event loop. */
  isAlive(): boolean;
}

let current: Platform | undefined;

/** Called once by the entry point of each platform. */
export function usePlatform(platform: Platform): void {
  current = platform;
}

export function platform(): Platform {
  if (!current) throw new Error('no platform: import lanewise by its package entry point');
  return current;
}
