import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { after, before, describe, it } from 'node:test';
import '../../src/entry.node.js';
import { LanewiseError } from '../../src/errors.js';
import { fixedRef } from '../../src/plan/buffer.js';
import { PlanBuilder } from '../../src/plan/builder.js';
import { Control } from '../../src/plan/ops.js';
import { Engine } from '../../src/runtime/engine.js';
import { detectFeatures } from '../../src/runtime/features.js';
import { loadKernels } from '../../src/runtime/load.js';
import { nodePlatform } from '../../src/runtime/platform/node.js';
import { usePlatform } from '../../src/runtime/platform/platform.js';
import { resolveThreads, type Threads } from '../../src/runtime/threads.js';

const GIB = 2 ** 30;
const engines: Engine[] = [];
after(() => engines.forEach((engine) => engine.close()));

async function newEngine(threads = 1): Promise<Engine> {
  const engine = await Engine.load({ build: 'strict', base: Control.end, control: Control });
  await engine.start({ threads });
  engines.push(engine);
  return engine;
}

/** A plan of one op, y = 2·x over `size` floats at `address`, in blocks of 8. */
function doubling(engine: Engine, address: number, size: number): number {
  const plan = new PlanBuilder();
  const x = fixedRef(address, 4 * size);
  plan.op('affine', { y: x, x, size, blockSize: 8, scale: 2, offset: 0 }, Math.ceil(size / 8));
  return plan.encode(engine, engine.reserve(0), 0);
}

const codeIs = (code: string) => (error: unknown): boolean => error instanceof LanewiseError && error.code === code;

describe('reserved memory', () => {
  let engine: Engine;
  before(async () => void (engine = await newEngine()));

  it('is aligned, zero, apart, and grows with the need', () => {
    const sizes = [1, 64, 65, 200_000, 3_000_000];
    const addresses = sizes.map((bytes) => engine.reserve(bytes));
    addresses.forEach((address, i) => {
      assert.equal(address % 64, 0);
      assert.ok(address >= (i === 0 ? Control.end : addresses[i - 1]! + sizes[i - 1]!));
      const values = engine.floats(address, Math.floor(sizes[i]! / 4));
      assert.ok(values.every((value) => value === 0));
      values.fill(i + 1);
    });
    sizes.forEach((bytes, i) => assert.ok(engine.floats(addresses[i]!, Math.floor(bytes / 4)).every((value) => value === i + 1)));
  });

  it('that is not to be had is refused with the bytes asked for, and nothing changes', () => {
    const before = engine.reserve(64);
    for (const bytes of [4 * GIB, 5 * GIB, 2 ** 50]) {
      assert.throws(() => engine.reserve(bytes), (error) => codeIs('out-of-memory')(error) && (error as Error).message.includes(`${bytes} bytes`));
    }
    assert.equal(engine.reserve(64), before + 64);
  });
});

describe('an engine', () => {
  for (const threads of [1, 2, 3]) {
    it(`runs every block once on ${threads} threads, plan after plan`, async () => {
      const engine = await newEngine(threads);
      assert.equal(engine.threads, threads);
      const size = 1003;
      const address = engine.reserve(4 * size);
      engine.floats(address, size).fill(1);
      const plan = doubling(engine, address, size);
      for (let step = 1; step <= 10; step++) {
        engine.run(plan);
        assert.ok(engine.floats(address, size).every((value) => value === 2 ** step), `step ${step}`);
      }
    });
  }

  it('starts as many workers as it has threads beside the caller, and ends them', async () => {
    const started: number[] = [];
    const ended: number[] = [];
    usePlatform({
      ...nodePlatform,
      startWorker: async (job) => {
        const worker = await nodePlatform.startWorker(job);
        started.push(job.thread);
        return { ...worker, terminate: () => (ended.push(job.thread), worker.terminate()) };
      },
    });
    const engine = await newEngine(4);
    assert.deepEqual(started.sort(), [1, 2, 3]);
    assert.deepEqual(ended, []);
    engine.close();
    engine.close();
    assert.deepEqual(ended, [1, 2, 3]);
    await newEngine(1);
    assert.deepEqual(started, [1, 2, 3]);
    usePlatform(nodePlatform);
  });

  it('that cannot start all its workers ends those it has, and goes on alone if that will do', async () => {
    const ended: number[] = [];
    const failure = new LanewiseError('worker-failed', 'no more threads');
    usePlatform({
      ...nodePlatform,
      startWorker: ({ thread }) => (thread < 3 ? Promise.resolve({ terminate: () => void ended.push(thread), isAlive: () => true }) : Promise.reject(failure)),
    });
    await assert.rejects(newEngine(5), (error) => error === failure);
    assert.deepEqual(ended.sort(), [1, 2]);
    const alone = await Engine.load({ build: 'strict', base: Control.end, control: Control });
    await alone.start({ threads: 5, oneWillDo: true });
    assert.equal(alone.threads, 1);
    const address = alone.reserve(64);
    alone.floats(address, 16).fill(1);
    alone.run(doubling(alone, address, 16));
    assert.ok(alone.floats(address, 16).every((value) => value === 2));
    usePlatform(nodePlatform);
  });

  it('that is closed while its workers start ends each of them', async () => {
    const ended: number[] = [];
    usePlatform({
      ...nodePlatform,
      startWorker: async (job) => {
        const worker = await nodePlatform.startWorker(job);
        return { ...worker, terminate: () => (ended.push(job.thread), worker.terminate()) };
      },
    });
    const engine = await Engine.load({ build: 'strict', base: Control.end, control: Control });
    const starting = engine.start({ threads: 3 });
    const address = engine.reserve(2 ** 20); // memory may be set aside meanwhile
    engine.close();
    await starting;
    assert.deepEqual(ended.sort(), [1, 2]);
    assert.throws(() => engine.run(doubling(engine, address, 16)), codeIs('invalid-state'));
    usePlatform(nodePlatform);
  });

  it('does not disturb another one', async () => {
    const pair = await Promise.all([newEngine(2), newEngine(2)]);
    const work = pair.map((engine) => ({ engine, address: engine.reserve(4 * 64) }));
    const plans = work.map(({ engine, address }) => doubling(engine, address, 64));
    work.forEach(({ engine, address }, i) => engine.floats(address, 64).fill(i + 1));
    for (let step = 0; step < 5; step++) work.forEach(({ engine }, i) => engine.run(plans[i]!));
    work.forEach(({ engine, address }, i) => assert.ok(engine.floats(address, 64).every((value) => value === (i + 1) * 32)));
  });

  it('refuses to run when closed; closing again does nothing', async () => {
    const engine = await newEngine(2);
    const plan = doubling(engine, engine.reserve(64), 16);
    engine.close();
    engine.close();
    assert.throws(() => engine.run(plan), codeIs('invalid-state'));
  });

  for (const threads of [1, 2, 3]) {
    it(`of ${threads} threads that meets a trap stops at once, and is closed`, async () => {
      const engine = await newEngine(threads);
      const plan = doubling(engine, 4 * GIB - 8192, 1024);
      const start = performance.now();
      assert.throws(() => engine.run(plan), (error) => error instanceof WebAssembly.RuntimeError || codeIs('worker-failed')(error));
      assert.ok(performance.now() - start < 2000);
      assert.throws(() => engine.run(plan), codeIs('invalid-state'));
    });
  }
});

describe('threads', () => {
  it("are the machine's with 'auto', up to 8", () => assert.equal(resolveThreads('auto'), Math.min(availableParallelism(), 8)));

  it('are refused out of range', () => {
    for (const threads of [0, -1, 1.5, NaN, Infinity, 65, '2' as unknown as Threads]) assert.throws(() => resolveThreads(threads), codeIs('invalid-argument'));
    for (const threads of [1, 2, 64]) assert.equal(resolveThreads(threads), threads);
  });
});

describe('feature probes', () => {
  const file = (build: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(`../../build/wasm/${build}.wasm`, import.meta.url)));

  it('agree with what the engine says to the builds themselves', () => {
    const { simd, threads, relaxedSimd } = detectFeatures();
    assert.equal(simd && threads, WebAssembly.validate(file('strict')));
    assert.equal(simd && threads && relaxedSimd, WebAssembly.validate(file('relaxed')));
  });

  it('find what every engine that runs these tests has', () => {
    assert.deepEqual({ ...detectFeatures(), relaxedSimd: false }, { simd: true, threads: true, relaxedSimd: false });
  });

  it('refuse the relaxed build where the engine lacks it', { skip: detectFeatures().relaxedSimd && 'this engine has relaxed SIMD' }, async () => {
    await assert.rejects(loadKernels('relaxed'), (error) => codeIs('unsupported')(error) && /relaxed SIMD.*strict/.test((error as Error).message));
  });
});
