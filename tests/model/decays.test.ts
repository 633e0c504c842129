import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { schedules } from '../../src/entry.node.js';
import { exponential, power } from '../../src/numerics.js';
import { assertClose } from '../reference/index.js';
import { refused } from './helpers.js';

const { cosineDecayRestarts, exponentialDecay, piecewiseConstantDecay, polynomialDecay } = schedules;

describe('elementary functions from + - * /', () => {
  it('exponential agrees with Math.exp to 4 units of 2^-53', () => {
    for (let x = -700; x <= 700; x += 0.737) assertClose([exponential(x) / Math.exp(x)], [1], 4 * 2 ** -52, `e^${x}`);
    assert.deepEqual([exponential(0), exponential(-1000), exponential(1000)], [1, 0, Infinity]);
  });

  it('power agrees with **', () => {
    for (const base of [0.01, 0.5, 0.96, 1, 1.5, 7]) {
      for (const exponent of [-1.5, 0, 0.25, 1, 3, 17.3]) assertClose([power(base, exponent) / base ** exponent], [1], 1e-13, `${base}^${exponent}`);
    }
  });
});

describe('schedules in Keras\'s form', () => {
  it('piecewiseConstantDecay changes after each boundary', () => {
    const rate = piecewiseConstantDecay({ boundaries: [2, 5], values: [1, 0.5, 0.1] });
    assert.deepEqual([0, 2, 3, 5, 6, 100].map(rate), [1, 1, 0.5, 0.5, 0.1, 0.1]);
  });

  it('exponentialDecay, smooth and in stairs', () => {
    const smooth = exponentialDecay({ learningRate: 0.1, decaySteps: 10, decayRate: 0.9 });
    const stairs = exponentialDecay({ learningRate: 0.1, decaySteps: 10, decayRate: 0.9, staircase: true });
    for (const step of [0, 3, 10, 25, 1000]) {
      assertClose([smooth(step), stairs(step)], [0.1 * 0.9 ** (step / 10), 0.1 * 0.9 ** Math.floor(step / 10)], 1e-15, `step ${step}`);
    }
  });

  it('polynomialDecay comes down to its end and stays', () => {
    const rate = polynomialDecay({ learningRate: 0.1, decaySteps: 8, endLearningRate: 0.02, power: 1.7 });
    for (const step of [0, 1, 5, 7, 8, 50]) assertClose([rate(step)], [0.08 * (1 - Math.min(step, 8) / 8) ** 1.7 + 0.02], 1e-15, `step ${step}`);
  });

  it('cosineDecayRestarts falls again and again', () => {
    for (const [tMul, mMul, alpha] of [[2, 1, 0], [2, 0.5, 0.1], [1, 0.7, 0.2], [1.5, 0.9, 0]] as const) {
      const rate = cosineDecayRestarts({ learningRate: 0.1, firstDecaySteps: 7, tMul, mMul, alpha });
      for (let step = 0; step < 120; step++) {
        let [start, length, round] = [0, 7, 0];
        while (step >= start + length) [start, length, round] = [start + length, length * tMul, round + 1];
        const cosine = 0.5 * mMul ** round * (1 + Math.cos((Math.PI * (step - start)) / length));
        assertClose([rate(step)], [0.1 * ((1 - alpha) * cosine + alpha)], 1e-14, `step ${step}, ${tMul}`);
      }
    }
  });

  it('are refused out of range', () => {
    const good = { learningRate: 0.1, decaySteps: 10, decayRate: 0.9, firstDecaySteps: 5 };
    for (const bad of [0, -1, NaN, Infinity]) {
      for (const option of ['learningRate', 'decaySteps', 'decayRate']) assert.throws(() => exponentialDecay({ ...good, [option]: bad }), refused('invalid-argument', new RegExp(option)));
      assert.throws(() => polynomialDecay({ ...good, power: bad }), refused('invalid-argument', /power/));
      assert.throws(() => cosineDecayRestarts({ ...good, firstDecaySteps: bad }), refused('invalid-argument', /firstDecaySteps/));
    }
    assert.throws(() => cosineDecayRestarts({ ...good, tMul: 0.5 }), refused('invalid-argument', /tMul/));
    assert.throws(() => cosineDecayRestarts({ ...good, alpha: 2 }), refused('invalid-argument', /alpha/));
    assert.throws(() => polynomialDecay({ ...good, endLearningRate: -1 }), refused('invalid-argument', /endLearningRate/));
    assert.throws(() => piecewiseConstantDecay({ boundaries: [1], values: [1] }), refused('invalid-argument', /values/));
    assert.throws(() => piecewiseConstantDecay({ boundaries: [2, 1], values: [1, 1, 1] }), refused('invalid-argument', /boundaries/));
  });
});
