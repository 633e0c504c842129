import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { schedules } from '../../src/entry.node.js';
import { assertClose } from '../reference/index.js';
import { refused } from './helpers.js';

const { cosineDecay, linearDecay, oneCycle } = schedules;
const halfCosine = (from: number, to: number, share: number): number => to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;

describe('oneCycle', () => {
  const schedule = oneCycle({ maxLearningRate: 0.01, totalSteps: 1000 });

  it('rises from a 25th to the top in the first 30 %, and falls to a 10 000th of the start', () => {
    assertClose([schedule(0), schedule(150), schedule(300), schedule(999)], [4e-4, 5.2e-3, 1e-2, 4e-8], 1e-12);
  });

  it('goes along half cosines', () => {
    for (let step = 0; step < 1000; step += 37) {
      const expected = step < 300 ? halfCosine(4e-4, 1e-2, step / 300) : halfCosine(1e-2, 4e-8, (step - 300) / 699);
      assertClose([schedule(step)], [expected], 1e-14, `step ${step}`);
    }
  });

  it('stays at its end', () => assertClose([schedule(1000), schedule(1e6)], [4e-8, 4e-8], 1e-14));

  it('takes other shares and factors', () => {
    const other = oneCycle({ maxLearningRate: 1, totalSteps: 11, warmup: 0.5, startFactor: 10, endFactor: 100 });
    assertClose([other(0), other(10)], [0.1, 1e-3], 1e-15);
    const rates = Array.from({ length: 11 }, (_, step) => other(step));
    assert.ok(rates.every((rate, step) => step === 0 || (step < 5.5 ? rate > rates[step - 1]! : step > 6 ? rate < rates[step - 1]! : true)));
  });

  it('refuses rates, steps and factors out of range', () => {
    for (const bad of [0, -1, NaN, Infinity]) {
      assert.throws(() => oneCycle({ maxLearningRate: bad, totalSteps: 10 }), refused('invalid-argument', /maxLearningRate/));
      assert.throws(() => oneCycle({ maxLearningRate: 1, totalSteps: bad }), refused('invalid-argument', /totalSteps/));
      assert.throws(() => oneCycle({ maxLearningRate: 1, totalSteps: 10, startFactor: bad }), refused('invalid-argument', /startFactor/));
      assert.throws(() => oneCycle({ maxLearningRate: 1, totalSteps: 10, endFactor: bad }), refused('invalid-argument', /endFactor/));
    }
  });
});

describe('cosineDecay', () => {
  it('falls along half a cosine to zero, and stays there', () => {
    const schedule = cosineDecay({ learningRate: 0.1, totalSteps: 100 });
    for (const step of [0, 1, 25, 50, 75, 99, 100, 200]) assertClose([schedule(step)], [halfCosine(0.1, 0, Math.min(step, 100) / 100)], 1e-16, `step ${step}`);
  });

  it('rises in a straight line before', () => {
    const schedule = cosineDecay({ learningRate: 1, totalSteps: 12, warmupSteps: 4 });
    assertClose([0, 1, 2, 3, 4, 8, 12].map(schedule), [0.25, 0.5, 0.75, 1, 1, 0.5, 0], 1e-15);
  });

  it('refuses rates and steps out of range', () => {
    for (const bad of [{ learningRate: 0 }, { learningRate: NaN }, { totalSteps: 0 }, { totalSteps: 3 }, { warmupSteps: -1 }, { warmupSteps: 10 }]) {
      assert.throws(() => cosineDecay({ learningRate: 1, totalSteps: 10, warmupSteps: 3, ...bad }), refused('invalid-argument', /cosineDecay/));
      assert.throws(() => linearDecay({ learningRate: 1, totalSteps: 10, warmupSteps: 3, ...bad }), refused('invalid-argument', /linearDecay/));
    }
  });
});

describe('linearDecay', () => {
  it('rises and falls in straight lines, and stays at zero', () => {
    const schedule = linearDecay({ learningRate: 0.1, totalSteps: 12, warmupSteps: 2 });
    assertClose([0, 1, 2, 7, 11, 12, 100].map(schedule), [0.05, 0.1, 0.1, 0.05, 0.01, 0, 0], 1e-15);
  });
});
