/** What a dropout mask is like: its rate, and what it depends on. That it is the mask of src/random.ts is the sweep's business. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Kernel } from '../../src/plan/ops.js';
import { Purpose, streamKey } from '../../src/random.js';
import { blank, type Data, floats, OpRunner } from './harness.js';
import { stateOf } from './sweeps/element-wise.js';

const SIZE = 100_000;

let runner: OpRunner;
before(async () => void (runner = await OpRunner.create('strict', 1)));
after(() => runner.close());

/** dropout of ones. */
function masked({ rate = 0.3, seed = 1, stream = 0, step = 0 }): Data {
  const [key0, key1] = streamKey(seed, Purpose.dropout, stream);
  const mask = { key0, key1, threshold: Math.round(rate * 2 ** 16), scale: Math.fround(1 / (1 - rate)) };
  const args = { y: blank(SIZE), kept: undefined, x: floats(new Float32Array(SIZE).fill(1)), state: stateOf({ step }), size: SIZE, blockSize: 8192, ...mask };
  return runner.run('dropout', { label: '', args, blocks: Math.ceil(SIZE / 8192), scratch: Kernel.randomBytes, check: () => {} }).y;
}

/** Fails if a share of SIZE independent draws is further from its probability than 5 standard deviations. */
function assertShare(hits: number, probability: number, what: string): void {
  const deviation = Math.sqrt(SIZE * probability * (1 - probability));
  assert.ok(Math.abs(hits - SIZE * probability) <= 5 * deviation, `${what}: ${hits} of ${SIZE}, expected about ${SIZE * probability}`);
}

describe('a dropout mask', () => {
  for (const rate of [0.05, 0.3, 0.5, 0.9]) {
    it(`drops ${rate} of the values, and scales what is left`, () => {
      const y = masked({ rate });
      assertShare(y.filter((value) => value === 0).length, rate, 'dropped');
      assert.ok(y.every((value) => value === 0 || value === Math.fround(1 / (1 - rate))));
    });
  }

  it('drops neighbours independently', () => {
    const y = masked({ rate: 0.5 });
    for (const distance of [1, 2, 4, 8, 8192]) {
      assertShare(y.filter((value, i) => value === y[(i + distance) % SIZE]).length, 0.5, `equal to the value ${distance} further`);
    }
  });

  it('is another one for another seed, layer or step, and the same for the same', () => {
    const y = masked({ rate: 0.5 });
    assert.deepEqual(masked({ rate: 0.5 }), y);
    for (const other of [{ seed: 2 }, { stream: 1 }, { step: 1 }]) {
      const different = masked({ rate: 0.5, ...other });
      assertShare(y.filter((value, i) => value === different[i]).length, 0.5, `equal with ${JSON.stringify(other)}`);
    }
  });
});
