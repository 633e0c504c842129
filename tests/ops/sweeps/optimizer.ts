import { blocksOf } from '../../../src/plan/blocking.js';
import { adamStep, assertClose, gamma, map, randomArray, sgdStep, type Values } from '../../reference/index.js';
import { assertSameBits, type Data, floats, type Sweep } from '../harness.js';
import { stateOf } from './element-wise.js';
import { adamRules, sgdRules } from './rules.js';

const TINY = 2 ** -148;

function* sizes(): Iterable<{ size: number; blockSize: number; blocks: number }> {
  for (let size = 1; size <= 21; size++) {
    for (const blockSize of [8, 8192]) yield { size, blockSize, blocks: blocksOf(size, blockSize) };
  }
}

const LEARNING_RATE = Math.fround(0.01);
const SCALES = [1, Math.fround(0.37)];

/** States in which nothing may be written. */
const SKIPPED = [{ batchLoss: NaN, overflow: 0 }, { batchLoss: Infinity, overflow: 0 }, { batchLoss: -Infinity, overflow: 0 }, { batchLoss: 1, overflow: 1 }];

const sgdSweep: Sweep<'sgd'> = function* () {
  yield* sgdRules();
  for (const { blocks, ...elements } of sizes()) {
    for (const scale of SCALES) {
      for (const [momentum, nesterov] of [[0, false], [Math.fround(0.9), false], [Math.fround(0.9), true], [0, true]] as const) {
        const w = randomArray(elements.size, 1);
        const g = randomArray(elements.size, 2, -5, 5);
        const velocity = momentum > 0 ? randomArray(elements.size, 3) : undefined;
        yield {
          label: JSON.stringify({ ...elements, scale, momentum, nesterov }),
          args: {
            w: floats(w), g: floats(g), velocity: velocity && floats(velocity),
            state: stateOf({ learningRate: LEARNING_RATE, gradientScale: scale, batchLoss: 1 }), ...elements, average: undefined, clipvalue: Infinity, momentum, nesterov: Number(nesterov),
          },
          blocks,
          check(written) {
            const gradients = g.map((value) => value * scale);
            const next = sgdStep({ weights: w, gradients, learningRate: LEARNING_RATE, momentum, nesterov, ...(velocity && { velocity }) });
            // products of three, sums of up to four terms
            const absolute = map(w, (value, i) => Math.abs(value) + 2 * LEARNING_RATE * Math.abs(gradients[i]!) + Math.abs(velocity?.[i] ?? 0));
            const tolerance = absolute.map((value) => gamma(6) * value + TINY);
            assertClose(written.w, next.weights, tolerance, 'w');
            if (velocity) assertClose(written.velocity, next.velocity, tolerance, 'velocity');
          },
        };
      }
    }
  }
  for (const skipped of SKIPPED) {
    const w = floats(randomArray(11, 4));
    const velocity = floats(randomArray(11, 5));
    yield {
      label: `loss ${skipped.batchLoss}, overflow ${skipped.overflow}`,
      args: {
        w, g: floats(randomArray(11, 6)), velocity, state: stateOf({ learningRate: 1, gradientScale: 1, ...skipped }), size: 11, blockSize: 8,
        average: undefined, clipvalue: Infinity, momentum: 0.5, nesterov: 0,
      },
      blocks: 2,
      check(written) {
        assertSameBits(written.w, w.data!, 'w');
        assertSameBits(written.velocity, velocity.data!, 'velocity');
      },
    };
  }
};

const adamSweep: Sweep<'adam'> = function* () {
  yield* adamRules();
  const [gain1, gain2, epsilon] = [Math.fround(0.1), Math.fround(0.001), Math.fround(1e-7)];
  for (const { blocks, ...elements } of sizes()) {
    for (const scale of SCALES) {
      for (const started of [false, true]) {
        const slot = (seed: number, low: number): Float64Array => (started ? randomArray(elements.size, seed, low, 1) : new Float64Array(elements.size));
        const w = randomArray(elements.size, 7);
        const g = randomArray(elements.size, 8, -5, 5).map((value, i) => (i % 5 === 4 ? 0 : value));
        const m = slot(9, -1);
        const v = slot(10, 0);
        yield {
          label: JSON.stringify({ ...elements, scale, started }),
          args: {
            w: floats(w), g: floats(g), m: floats(m), v: floats(v), state: stateOf({ learningRate: LEARNING_RATE, gradientScale: scale, batchLoss: 1 }),
            ...elements, average: undefined, clipvalue: Infinity, gain1, gain2, epsilon,
          },
          blocks,
          check: (written) => checkAdam({ w, g: g.map((value) => value * scale), m, v, gain1, gain2, epsilon }, written),
        };
      }
    }
  }
  for (const skipped of SKIPPED) {
    const operands = { w: floats(randomArray(11, 11)), m: floats(randomArray(11, 12)), v: floats(randomArray(11, 13, 0, 1)) };
    yield {
      label: `loss ${skipped.batchLoss}, overflow ${skipped.overflow}`,
      args: {
        ...operands, g: floats(randomArray(11, 14)), state: stateOf({ learningRate: 1, gradientScale: 1, ...skipped }), size: 11, blockSize: 8,
        average: undefined, clipvalue: Infinity, gain1, gain2, epsilon,
      },
      blocks: 2,
      check(written) {
        for (const name of ['w', 'm', 'v'] as const) assertSameBits(written[name], operands[name].data!, name);
      },
    };
  }
};

interface AdamInputs {
  w: Float64Array;
  g: Float64Array;
  m: Float64Array;
  v: Float64Array;
  gain1: number;
  gain2: number;
  epsilon: number;
}

/** One step; the state's learning rate holds the bias corrections, so the reference is told of a step at which they are 1. */
function checkAdam({ w, g, m, v, gain1, gain2, epsilon }: AdamInputs, written: Record<'w' | 'm' | 'v', Data>): void {
  const options = { weights: w, gradients: g, m, v, step: 1e6, learningRate: LEARNING_RATE, beta1: 1 - gain1, beta2: 1 - gain2, epsilon };
  const exact = adamStep(options);
  const bound = (slot: Values, next: (i: number) => number, gain: number): Float64Array =>
    map(slot, (value, i) => gamma(5) * (Math.abs(value) + gain * (Math.abs(next(i)) + Math.abs(value))) + TINY);
  const mError = bound(m, (i) => g[i]!, gain1);
  const vError = bound(v, (i) => g[i]! ** 2, gain2);
  assertClose(written.m, exact.m, mError, 'm');
  assertClose(written.v, exact.v, vError, 'v');
  const wError = map(w, (value, i) => {
    const root = Math.sqrt(exact.v[i]!);
    const mean = Math.abs(exact.m[i]!);
    const divisor = root + epsilon;
    const rootError = Math.min(Math.sqrt(vError[i]!), vError[i]! / (root || TINY)) + gamma(2) * divisor;
    const step = (LEARNING_RATE * mean) / divisor;
    const stepError = (LEARNING_RATE * mError[i]!) / divisor + (step * rootError) / divisor;
    return 1.01 * (stepError + gamma(4) * step + gamma(1) * (Math.abs(value) + step)) + TINY;
  });
  assertClose(written.w, exact.weights, wError, 'w');
}

export const optimizerSweeps = { sgd: sgdSweep, adam: adamSweep };
