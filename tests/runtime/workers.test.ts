/** Threads that die: the call rejects soon, no weight is wrong, and training goes on to the same bits. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { adam, layers, sequential } from '../../src/entry.node.js';
import type { CompileOptions, Sequential } from '../../src/entry.node.js';
import { fixedRef } from '../../src/plan/buffer.js';
import { PlanBuilder } from '../../src/plan/builder.js';
import { Control } from '../../src/plan/ops.js';
import { Engine } from '../../src/runtime/engine.js';
import { nodePlatform } from '../../src/runtime/platform/node.js';
import { usePlatform, type WorkerHandle } from '../../src/runtime/platform/platform.js';
import { randomLabels, randomTensor, refused, weightsHash } from '../model/helpers.js';
import { type Death, startFailingWorker } from './failing-worker.js';

const x = randomTensor([24, 6], 1);
const y = randomLabels(24, 3, 2);
const options = { optimizer: adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy', threads: 2 } satisfies CompileOptions;
const training = { epochs: 2, batchSize: 8 };
/** A pending call rejects within this, in milliseconds; the machine may be busy. */
const SOON = 2000;

const make = (): Sequential => sequential([layers.dense({ units: 8, activation: 'relu', inputShape: [6] }), layers.dropout({ rate: 0.2 }), layers.dense({ units: 3 })]);

async function uninterrupted(): Promise<string> {
  const model = make();
  await model.compile(options);
  await model.fit(x, y, training);
  model.close();
  return weightsHash(model);
}

/** Names of the ops of a training step. */
async function opsOfStep(): Promise<string[]> {
  const model = make();
  await model.compile({ ...options, threads: 1 });
  const { compiled } = model as unknown as { compiled: { executor: { program: { plan: (kind: string, batch: number) => { ops: { name: string }[] } } } } };
  const names = compiled.executor.program.plan('train', 8).ops.map(({ name }) => name);
  model.close();
  return names;
}

const dyingBy = (death: Death): void => usePlatform({ ...nodePlatform, startWorker: (job) => startFailingWorker(job, death) });

afterEach(() => usePlatform(nodePlatform));

describe('a worker that dies', () => {
  for (const [how, moments] of [['exit', ['idle', 'working', 'done']], ['throw', ['working']]] as const) {
    for (const when of moments) {
      it(`by ${how}, ${when}, at each op of a step: the fit rejects soon, and goes on from there to the same bits`, async () => {
        const expected = await uninterrupted();
        const names = await opsOfStep();
        let whole = 0;
        for (const [op, name] of names.entries()) {
          dyingBy({ how, job: 3, op, when });
          const model = make();
          await model.compile(options);
          let last = model.checkpoint.bind(model);
          const callbacks = { onBatchEnd: () => { const taken = model.checkpoint(); last = () => taken; } };
          const begin = performance.now();
          await assert.rejects(model.fit(x, y, { ...training, callbacks }), refused('worker-failed', /thread failed during a step.*Compile/));
          assert.ok(performance.now() - begin < SOON, `${name}: noticed after ${performance.now() - begin} ms`);
          await assert.rejects(model.fit(x, y), refused('invalid-state'));

          usePlatform(nodePlatform);
          const updating = names[when === 'done' ? op + 1 : op] === 'adam'; // where thread 0 waits for it
          let resume = last();
          if (updating) {
            // half of the weights may be new: nothing of them may be had
            for (const read of [() => model.getWeights(), () => model.checkpoint(), () => model.layers[0]!.getWeights()]) {
              assert.throws(read, refused('invalid-state', /lost when a thread failed/));
            }
          } else {
            resume = model.checkpoint();
            whole++;
          }
          // behind the last barrier the step is done, and the next one cannot begin
          assert.equal(resume.progress.step, when === 'done' && op === names.length - 1 ? 3 : 2);
          await model.compile(options);
          if (updating) await assert.rejects(model.fit(x, y, training), refused('invalid-state', /lost when a thread failed/));
          await model.fit(x, y, { ...training, resume });
          assert.equal(weightsHash(model), expected, `dead at op ${op}, ${name}`);
          model.close();
        }
        assert.equal(whole, names.length - 1);
      });
    }
  }

  it('loses weights that may be set again', async () => {
    const names = await opsOfStep();
    dyingBy({ how: 'exit', job: 1, op: names.length - 1, when: 'working' });
    const model = make();
    await model.compile(options);
    await assert.rejects(model.trainOnBatch(x, y), refused('worker-failed'));
    usePlatform(nodePlatform);
    assert.throws(() => model.layers[0]!.setWeights(make().layers[0]!.getWeights()), refused('invalid-state', /lost/));
    model.setWeights(make().getWeights());
    await model.compile(options);
    await model.fit(x, y, training);
    assert.equal(weightsHash(model), await uninterrupted());
    model.close();
  });

  it('in evaluate or predict leaves the weights as they are', async () => {
    for (const call of [(model: Sequential) => model.evaluate(x, y), (model: Sequential) => model.predict(x)]) {
      dyingBy({ how: 'exit', job: 1, op: 0, when: 'working' });
      const model = make();
      const weights = weightsHash(model);
      await model.compile(options);
      await assert.rejects(call(model), refused('worker-failed'));
      assert.equal(weightsHash(model), weights);
      model.close();
    }
  });
});

describe('a worker that is ended from outside', () => {
  /** Handles of the workers started from now on. */
  function caught(): WorkerHandle[] {
    const handles: WorkerHandle[] = [];
    usePlatform({
      ...nodePlatform,
      startWorker: async (job) => {
        const handle = await nodePlatform.startWorker(job);
        handles.push(handle);
        return handle;
      },
    });
    return handles;
  }

  it('between two steps is missed by the next one', async () => {
    const handles = caught();
    const model = make();
    await model.compile({ ...options, threads: 3 });
    await model.fit(x, y, training);
    handles[1]!.terminate();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = weightsHash(model);
    const begin = performance.now();
    await assert.rejects(model.trainOnBatch(x, y), refused('worker-failed'));
    assert.ok(performance.now() - begin < SOON);
    assert.equal(weightsHash(model), before);
    model.close();
  });

  it('at any moment: the fit ends well or rejects soon, and goes on to the same bits', async () => {
    const expected = await uninterrupted();
    for (let round = 0; round < 12; round++) {
      const handles = caught();
      const model = make();
      await model.compile(options);
      let last = undefined as ReturnType<Sequential['checkpoint']> | undefined;
      const callbacks = {
        onBatchEnd: (batch: number) => {
          last = model.checkpoint();
          if (batch === round % 3) handles[0]!.terminate(); // takes effect in the course of the next step
        },
      };
      const begin = performance.now();
      await model.fit(x, y, { ...training, callbacks }).catch(refused('worker-failed'));
      assert.ok(performance.now() - begin < SOON);
      usePlatform(nodePlatform);
      await model.compile(options);
      await model.fit(x, y, { ...training, resume: last! });
      assert.equal(weightsHash(model), expected);
      model.close();
    }
  });
});

it('a worker that lives but never answers counts as failed after the time stated', async () => {
  dyingBy({ how: 'silence', job: 1, op: 0, when: 'idle' });
  const engine = await Engine.load({ build: 'strict', base: Control.end, control: Control, patience: 0.5 });
  await engine.start({ threads: 2 });
  const plan = new PlanBuilder();
  const data = fixedRef(engine.reserve(64), 64);
  plan.op('affine', { y: data, x: data, size: 16, blockSize: 8, scale: 2, offset: 0 }, 2);
  const address = plan.encode(engine, engine.reserve(0), 0);
  const begin = performance.now();
  assert.throws(() => engine.run(address), refused('worker-failed'));
  const waited = performance.now() - begin;
  assert.ok(waited >= 450 && waited < SOON, `${waited} ms`);
});
