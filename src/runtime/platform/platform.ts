/** What differs between Node and a browser. */
export interface Platform {
  readonly name: 'node' | 'browser';
  /** Threads worth using on this machine. */
  availableThreads(): number;
  /** Starts a worker that runs `work` of the module over the shared memory; resolves when it is ready to take jobs. */
  startWorker(job: WorkerJob): Promise<WorkerHandle>;
  /** Lets timers, input and servers go on. */
  yieldToEventLoop(): Promise<void>;
}

/** What a worker needs. All of it can be posted. */
export interface WorkerJob {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  thread: number;
  threads: number;
  /** The last job given out before this worker started. */
  lastJob: number;
  /** Addresses of Control.failed and Control.barrier, for a worker that traps. */
  failed: number;
  barrier: number;
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
