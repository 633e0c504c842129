import { LanewiseError } from '../errors.js';
import type { Embedding } from './embedded.js';
import type { Build } from './load.js';
import { loadKernels } from './load.js';
import type { WorkerHandle } from './platform/platform.js';
import { platform } from './platform/platform.js';
import { sleepOn } from './thread.js';

export interface EngineOptions {
  build: Build;
  /** Where all kernels of the strict build are, if its core will not do. */
  kernels?: Embedding | undefined;
  /** First address that buffers may use; below lie the words through which threads meet. */
  base: number;
  /** Addresses of those words. */
  control: { job: number; plan: number; barrier: number; failed: number; op: number; patience: number; sleepless: number };
  /** Seconds after which a thread that lives but gives no answer counts as failed. Default 120: a block of work may take long. */
  patience?: number;
}

export interface ThreadOptions {
  threads: number;
  /** Whether one thread will do where the others are not to be had. Default false. */
  oneWillDo?: boolean;
}

type Kernels = { runStep(plan: number, threads: number): number } & Record<string, unknown>;

const PAGE = 65536;
const MAXIMUM_PAGES = 65536; // 4 GiB, all that 32-bit addresses reach
/** Left free behind the last buffer: a tile may read a few floats past the end of its operands. */
const SLACK = 256;
export const ALIGNMENT = 64;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** One shared memory, the kernels over it, and the threads that run plans in it. */
export class Engine {
  private top: number;
  private closed = false;

  private constructor(
    readonly build: Build,
    private readonly module: WebAssembly.Module,
    private readonly memory: WebAssembly.Memory,
    private readonly kernels: Kernels,
    private readonly workers: WorkerHandle[],
    private readonly control: EngineOptions['control'],
    base: number,
  ) {
    this.top = base;
  }

  /** An engine of one thread. @throws LanewiseError `unsupported` or `out-of-memory`. */
  static async load({ build, kernels, base, control, patience = 120 }: EngineOptions): Promise<Engine> {
    const module = await loadKernels(build, kernels);
    const memory = newMemory();
    const workers: WorkerHandle[] = [];
    const words = new Int32Array(memory.buffer);
    const env = { memory, othersLive: () => workers.every((worker) => worker.isAlive()), sleep: sleepOn(words) };
    const exports = (await platform().instantiate(module, { env })) as Kernels;
    words[control.patience >> 2] = 10 * patience;
    words[control.sleepless >> 2] = maySleep(words) ? 0 : 1;
    return new Engine(build, module, memory, exports, workers, control, base);
  }

  /**
   * Starts the other threads, before the first plan is run. Memory may be set aside and filled meanwhile.
   * @throws LanewiseError `worker-failed`
   */
  async start({ threads, oneWillDo = false }: ThreadOptions): Promise<void> {
    const { module, memory, workers, control: { failed, barrier } } = this;
    const started = await Promise.allSettled(
      Array.from({ length: threads - 1 }, (_, index) => platform().startWorker({ module, memory, thread: index + 1, threads, lastJob: 0, failed, barrier })),
    );
    for (const start of started) if (start.status === 'fulfilled') workers.push(start.value);
    const failure = started.find((start) => start.status === 'rejected');
    if (failure || this.closed) for (const worker of workers.splice(0)) worker.terminate();
    if (failure && !oneWillDo) throw failure.reason as LanewiseError;
    if (workers.length > 0) abandoned.register(this, workers, this);
  }

  /** Threads in use: the caller's, and once they have started the others. */
  get threads(): number {
    return this.workers.length + 1;
  }

  /**
   * Sets bytes aside, zeroed and aligned, until the engine is gone.
   * @throws LanewiseError `out-of-memory`, naming the bytes asked for; nothing is changed then.
   */
  reserve(bytes: number): number {
    const address = this.top;
    const end = address + align(bytes);
    const missing = Math.ceil((end + SLACK - this.memory.buffer.byteLength) / PAGE);
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch (cause) {
        throw new LanewiseError('out-of-memory', 'WebAssembly memory could not grow', {
          expected: 'at most 4 GiB in all', received: `${bytes} bytes more than the ${address} in use`, cause,
          remedy: 'Use a smaller batch or model',
        });
      }
    }
    this.top = end;
    return address;
  }

  /** Views are made anew each time: growing the memory leaves old ones too short. */
  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  integers(address: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, length);
  }

  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }

  /**
   * Runs a plan once on all threads and returns when it is done.
   * @throws LanewiseError `worker-failed` if a thread trapped, died (noticed within a fifth of a second) or fell silent; the engine is closed then.
   */
  run(plan: number): void {
    this.requireOpen();
    let done = false;
    try {
      done = this.kernels.runStep(plan, this.threads) !== 0;
    } finally {
      if (!done) this.close();
    }
    if (!done) throw new LanewiseError('worker-failed', 'a worker thread failed during a step', { remedy: 'Compile the model again' });
  }

  /** @throws LanewiseError `invalid-state` */
  requireOpen(): void {
    if (this.closed) throw new LanewiseError('invalid-state', 'the model is closed', { remedy: 'Compile it again' });
  }

  /** Number of the op at which the last run was, or ended. */
  get op(): number {
    return this.integers(this.control.op, 1)[0]!;
  }

  /** Ends the threads. Memory goes with the last reference; without a call, so do the threads. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    abandoned.unregister(this);
    const words = new Int32Array(this.memory.buffer);
    Atomics.store(words, this.control.plan >> 2, 0);
    Atomics.add(words, this.control.job >> 2, 1);
    Atomics.notify(words, this.control.job >> 2);
    for (const worker of this.workers) worker.terminate();
  }
}

/** Ends the threads of engines nobody closed. */
const abandoned = new FinalizationRegistry<WorkerHandle[]>((workers) => {
  for (const worker of workers) worker.terminate();
});

/** Whether this thread may wait for others asleep: all may but the main thread of a page. */
function maySleep(words: Int32Array): boolean {
  try {
    Atomics.wait(words, 0, 1); // returns at once: there is a 0
    return true;
  } catch {
    return false;
  }
}

function newMemory(): WebAssembly.Memory {
  // A smaller maximum is tried where an engine will not set 4 GiB of addresses aside.
  for (let maximum = MAXIMUM_PAGES; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 2, maximum, shared: true });
    } catch (cause) {
      if (maximum <= 1024) throw new LanewiseError('out-of-memory', 'no shared WebAssembly memory could be made', { cause });
    }
  }
}
