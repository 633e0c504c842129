/** The optimizers' rules with all that is common to them: decay, moving average, clipping by value, steps that are only kept. */
import { blocksOf } from '../../../src/plan/blocking.js';
import { adagradStep, adamStep, assertClose, gamma, lionStep, map, randomArray, rmspropStep, sgdStep, type Values } from '../../reference/index.js';
import { assertSameBits, type Data, doubles, floats, type Operand, type Sweep } from '../harness.js';
import { assertState, stateOf } from './element-wise.js';

const TINY = 2 ** -140;
const RATE = Math.fround(0.01);
const PLAIN_RATE = Math.fround(0.02);
const EPSILON = Math.fround(1e-7);

interface Variant {
  decay: number;
  /** How far a moving average goes; undefined: none is kept. */
  gain?: number;
  clipvalue: number;
  held: boolean;
  broken?: boolean;
}
const VARIANTS: readonly Variant[] = [
  { decay: 0, clipvalue: Infinity, held: false }, { decay: Math.fround(0.03), gain: Math.fround(0.01), clipvalue: Infinity, held: false },
  { decay: 0, gain: 1, clipvalue: Math.fround(0.7), held: false }, { decay: Math.fround(0.1), gain: Math.fround(0.1), clipvalue: 1, held: true },
  { decay: 0, gain: Math.fround(0.1), clipvalue: Infinity, held: false, broken: true },
];

interface Setting extends Variant {
  label: string;
  w: Float64Array;
  g: Float64Array;
  /** As the rule sees it. */
  clipped: Float64Array;
  /** The weights less their decay. */
  decayed: Float64Array;
  average: Float64Array | undefined;
  size: number;
  blocks: number;
  common: { w: Operand; g: Operand; average: Operand | undefined; state: Operand; size: number; blockSize: number; clipvalue: number };
}

function* settings(): Iterable<Setting> {
  for (let size = 1; size <= 21; size++) {
    for (const blockSize of [8, 8192]) {
      for (const variant of VARIANTS) {
        const { decay, gain, clipvalue, held, broken } = variant;
        const w = randomArray(size, 51);
        const g = randomArray(size, 52, -5, 5).map((value, i) => (i % 5 === 4 ? 0 : value));
        const average = gain === undefined ? undefined : gain === 1 ? new Float64Array(size) : randomArray(size, 53);
        const scale = Math.fround(0.37);
        const state = stateOf({
          learningRate: RATE, plainRate: PLAIN_RATE, gradientScale: scale, batchLoss: broken ? NaN : 1, weightDecay: decay, averageGain: gain ?? 1, held: Number(held),
        });
        yield {
          ...variant, w, g, average, size, label: JSON.stringify({ size, blockSize, ...variant, clipvalue: String(clipvalue) }),
          clipped: map(g, (value) => Math.min(Math.max(value * scale, -clipvalue), clipvalue)), decayed: map(w, (value) => value - value * decay),
          blocks: blocksOf(size, blockSize),
          common: { w: floats(w), g: floats(g), average: average && floats(average), state, size, blockSize, clipvalue },
        };
      }
    }
  }
}

interface Outcome {
  weights: Float64Array;
  /** How far each weight may be off before it is stored. */
  errors: Float64Array;
  slots: Readonly<Record<string, { values: Float64Array; errors: Float64Array; before: Float64Array }>>;
}

/** Weights, moving average and slots against those of the reference; all as they were where the step is left out. */
function checkRule(setting: Setting, written: Readonly<Record<string, Data>>, { weights, errors, slots }: Outcome): void {
  const { w, average, gain = 1, decay, held, broken } = setting;
  if (held || broken) {
    assertSameBits(written['w']!, Float32Array.from(w), 'w');
    if (average) assertSameBits(written['average']!, Float32Array.from(average), 'average');
    for (const [name, { before }] of Object.entries(slots)) assertSameBits(written[name]!, Float32Array.from(before), name);
    return;
  }
  for (const [name, { values, errors: slotErrors }] of Object.entries(slots)) assertClose(written[name]!, values, slotErrors, name);
  const weightErrors = map(weights, (value, i) => errors[i]! + gamma(3) * (Math.abs(w[i]!) * (1 + decay) + Math.abs(value - setting.decayed[i]!)) + TINY);
  assertClose(written['w']!, weights, weightErrors, 'w');
  if (!average) return;
  const next = map(average, (value, i) => value + (weights[i]! - value) * gain);
  const nextErrors = map(average, (value, i) => gain * weightErrors[i]! + gamma(4) * (2 * Math.abs(value) + Math.abs(weights[i]!)) + TINY);
  assertClose(written['average']!, next, nextErrors, 'average');
}

const relative = (values: Values, roundings: number): Float64Array => map(values, (value) => gamma(roundings) * Math.abs(value) + TINY);
/** Of a sum of two terms. */
const blended = (n: number, a: Values, ka: number, b: Values, kb: number): Float64Array =>
  map(a, (value, i) => gamma(n) * (Math.abs(ka * value) + Math.abs(kb * b[i]!)) + TINY);

export const sgdRules: Sweep<'sgd'> = function* () {
  for (const setting of settings()) {
    for (const nesterov of [false, true]) {
      const momentum = Math.fround(0.9);
      const velocity = randomArray(setting.size, 54);
      yield {
        label: `${setting.label}, nesterov ${nesterov}`,
        args: { ...setting.common, velocity: floats(velocity), momentum, nesterov: Number(nesterov) },
        blocks: setting.blocks,
        check(written) {
          const { weights, velocity: values } = sgdStep({ weights: setting.decayed, gradients: setting.clipped, learningRate: RATE, momentum, nesterov, velocity });
          const errors = blended(6, velocity, 1, setting.clipped, 2 * RATE);
          checkRule(setting, written, { weights, errors, slots: { velocity: { values, errors, before: velocity } } });
        },
      };
    }
  }
};

export const adamRules: Sweep<'adam'> = function* () {
  const [gain1, gain2] = [Math.fround(0.1), Math.fround(0.001)];
  for (const setting of settings()) {
    const [m, v] = [randomArray(setting.size, 55), randomArray(setting.size, 56, 0.01, 1)];
    yield {
      label: setting.label,
      args: { ...setting.common, m: floats(m), v: floats(v), gain1, gain2, epsilon: EPSILON },
      blocks: setting.blocks,
      check(written) {
        // at a step where the corrections are 1: the state's rate holds them
        const options = { weights: setting.decayed, gradients: setting.clipped, m, v, step: 1e6, learningRate: RATE, beta1: 1 - gain1, beta2: 1 - gain2, epsilon: EPSILON };
        const exact = adamStep(options);
        const mErrors = blended(6, m, 1 + gain1, setting.clipped, gain1);
        const vErrors = blended(6, v, 1 + gain2, map(setting.clipped, (value) => value ** 2), gain2);
        const errors = map(m, (_, i) => {
          const root = Math.sqrt(exact.v[i]!) + EPSILON;
          const move = (RATE * Math.abs(exact.m[i]!)) / root;
          return 1.01 * ((RATE * mErrors[i]!) / root + move * (vErrors[i]! / (2 * exact.v[i]!) + gamma(5)));
        });
        checkRule(setting, written, {
          weights: exact.weights, errors, slots: { m: { values: exact.m, errors: mErrors, before: m }, v: { values: exact.v, errors: vErrors, before: v } },
        });
      },
    };
  }
};

const rmspropSweep: Sweep<'rmsprop'> = function* () {
  const rho = Math.fround(0.9);
  for (const setting of settings()) {
    for (const [centered, momentum] of [[false, 0], [true, 0], [false, Math.fround(0.8)], [true, Math.fround(0.5)]] as const) {
      const v = randomArray(setting.size, 57, 0.5, 1.5);
      const mean = centered ? randomArray(setting.size, 58, -0.5, 0.5) : undefined;
      const b = momentum > 0 ? randomArray(setting.size, 59) : undefined;
      yield {
        label: `${setting.label}, centered ${centered}, momentum ${momentum}`,
        args: { ...setting.common, v: floats(v), mean: mean && floats(mean), b: b && floats(b), rho, momentum, epsilon: EPSILON },
        blocks: setting.blocks,
        check(written) {
          const g = setting.clipped;
          const exact = rmspropStep({
            weights: setting.decayed, gradients: g, learningRate: RATE, rho, epsilon: EPSILON, v, centered, momentum, ...(mean && { mean }), ...(b && { b }),
          });
          const vErrors = relative(exact.v, 7);
          const meanErrors = mean ? blended(5, mean, rho, g, 1 - rho) : new Float64Array(setting.size);
          const errors = map(g, (gradient, i) => {
            const spread = (centered ? exact.v[i]! - exact.mean[i]! ** 2 : exact.v[i]!) + EPSILON;
            const spreadError = vErrors[i]! + (centered ? 2 * Math.abs(exact.mean[i]!) * meanErrors[i]! + gamma(2) * exact.v[i]! : 0);
            const move = (RATE * Math.abs(gradient)) / Math.sqrt(spread);
            return 1.01 * move * (spreadError / (2 * spread) + gamma(6)) + gamma(3) * (Math.abs((b?.[i] ?? 0) * momentum) + move) + TINY;
          });
          checkRule(setting, written, {
            weights: exact.weights, errors,
            slots: {
              v: { values: exact.v, errors: vErrors, before: v }, ...(mean && { mean: { values: exact.mean, errors: meanErrors, before: mean } }),
              ...(b && { b: { values: exact.b, errors, before: b } }),
            },
          });
        },
      };
    }
  }
};

const adagradSweep: Sweep<'adagrad'> = function* () {
  for (const setting of settings()) {
    const a = randomArray(setting.size, 60, 0.1, 3);
    yield {
      label: setting.label,
      args: { ...setting.common, a: floats(a), epsilon: EPSILON },
      blocks: setting.blocks,
      check(written) {
        const exact = adagradStep({ weights: setting.decayed, gradients: setting.clipped, a, learningRate: RATE, epsilon: EPSILON });
        const aErrors = relative(exact.a, 5);
        const errors = map(setting.clipped, (g, i) => (RATE * Math.abs(g)) / Math.sqrt(exact.a[i]!) * gamma(10) + TINY);
        checkRule(setting, written, { weights: exact.weights, errors, slots: { a: { values: exact.a, errors: aErrors, before: a } } });
      },
    };
  }
};

const lionSweep: Sweep<'lion'> = function* () {
  const [beta1, beta2] = [Math.fround(0.9), Math.fround(0.99)];
  for (const setting of settings()) {
    const m = randomArray(setting.size, 61).map((value, i) => (i % 10 === 4 ? 0 : value)); // with no gradient either: no sign
    yield {
      label: setting.label,
      args: { ...setting.common, m: floats(m), beta1, beta2 },
      blocks: setting.blocks,
      check(written) {
        const exact = lionStep({ weights: setting.decayed, gradients: setting.clipped, m, learningRate: RATE, beta1, beta2 });
        const errors = new Float64Array(setting.size);
        checkRule(setting, written, {
          weights: exact.weights, errors, slots: { m: { values: exact.m, errors: blended(5, m, beta2, setting.clipped, 1 - beta2), before: m } },
        });
      },
    };
  }
};

const muonMomentumSweep: Sweep<'muonMomentum'> = function* () {
  const momentum = Math.fround(0.95), gain = 1 - momentum;
  for (const { held, broken, clipped, size, blocks, label, common: { g, state, blockSize, clipvalue }, ...setting } of settings()) {
    for (const nesterov of [false, true]) {
      const m = randomArray(size, 72);
      yield {
        label: `${label}, nesterov ${nesterov}`, args: { g, m: floats(m), state, size, blockSize, clipvalue, momentum, nesterov: Number(nesterov) }, blocks,
        check(written) {
          if (held || broken) {
            assertSameBits(written.g, Float32Array.from(setting.g), 'g');
            assertSameBits(written.m, Float32Array.from(m), 'm');
            return;
          }
          const mean = map(m, (value, i) => momentum * value + (1 - momentum) * clipped[i]!);
          const errors = blended(5, m, 1 + gain, clipped, gain);
          assertClose(written.m, mean, errors, 'm');
          assertClose(written.g, nesterov ? map(clipped, (value, i) => gain * value + momentum * mean[i]!) : mean, nesterov ? blended(9, m, 1 + 2 * gain, clipped, 2 * gain) : errors, 'g');
        },
      };
    }
  }
};

const muonUpdateSweep: Sweep<'muonUpdate'> = function* () {
  const scale = Math.fround(4.8);
  for (const setting of settings()) {
    const { w, average, state, size, blockSize } = setting.common;
    const o = randomArray(size, 73);
    yield {
      label: setting.label, args: { w, o: floats(o), average, state, size, blockSize, scale }, blocks: setting.blocks,
      check(written) {
        const moves = map(o, (value) => PLAIN_RATE * scale * value);
        checkRule(setting, written, { weights: map(setting.decayed, (value, i) => value - moves[i]!), errors: relative(moves, 3), slots: {} });
      },
    };
  }
};

const newtonSchulzStartSweep: Sweep<'newtonSchulzStart'> = function* () {
  for (let n = 1; n <= 13; n++) {
    for (const size of [1, 1e-3, 0]) {
      const gram = randomArray(n * n, 74).map((value, i) => size * (i % (n + 1) === 0 ? Math.abs(value) : value));
      yield {
        label: JSON.stringify({ n, size }), args: { a: { Type: Float32Array, length: n * n }, q: { Type: Float32Array, length: n * n }, gram: floats(gram), n }, blocks: n,
        check({ a, q }) {
          const trace = gram.reduce((sum, value, i) => (i % (n + 1) === 0 ? sum + value : sum), 1e-14);
          assertClose(a, map(gram, (value) => value / trace), relative(map(gram, (value) => value / trace), 3), 'a');
          const start = map(gram, (_, i) => (i % (n + 1) === 0 ? 1 / Math.sqrt(trace) : 0));
          assertClose(q, start, map(start, (value) => gamma(2) * value), 'q');
        },
      };
    }
  }
};

const newtonSchulzPolynomialSweep: Sweep<'newtonSchulzPolynomial'> = function* () {
  const [c0, c1, c2] = [3.4445, -4.775, 2.0315].map(Math.fround) as [number, number, number];
  for (let n = 1; n <= 13; n++) {
    const [a, square] = [randomArray(n * n, 75), randomArray(n * n, 76)];
    yield {
      label: `n ${n}`, args: { p: floats(square), a: floats(a), n, c0, c1, c2 }, blocks: n,
      check({ p }) {
        const exact = map(a, (value, i) => (i % (n + 1) === 0 ? c0 : 0) + c1 * value + c2 * square[i]!);
        assertClose(p, exact, map(a, (value, i) => gamma(4) * (c0 + Math.abs(c1 * value) + Math.abs(c2 * square[i]!)) + TINY), 'p');
      },
    };
  }
};

function* sizes(): Iterable<{ size: number; blockSize: number; blocks: number }> {
  for (let size = 1; size <= 21; size++) for (const blockSize of [8, 8192]) yield { size, blockSize, blocks: blocksOf(size, blockSize) };
}

const averageSweep: Sweep<'averageGradients'> = function* () {
  for (const { blocks, ...elements } of sizes()) {
    for (const held of [0, 1]) {
      const [g, kept] = [randomArray(elements.size, 62), randomArray(elements.size, 63)];
      const share = Math.fround(1 / 3);
      yield {
        label: JSON.stringify({ ...elements, held }),
        args: { g: floats(g), sum: floats(kept), state: stateOf({ batchLoss: 1, held }), ...elements, share },
        blocks,
        check(written) {
          if (held) assertSameBits(written.g, Float32Array.from(g), 'g');
          else assertClose(written.g, map(g, (value, i) => (value + kept[i]!) * share), map(g, (value, i) => gamma(2) * (Math.abs(value) + Math.abs(kept[i]!)) + TINY), 'g');
        },
      };
    }
  }
};

const keepSweep: Sweep<'keepGradients'> = function* () {
  for (const { blocks, ...elements } of sizes()) {
    for (const [held, batchLoss, overflow] of [[0, 1, 0], [1, 1, 0], [1, NaN, 0], [0, NaN, 0], [0, 1, 1], [1, 1, 1]] as const) {
      const [g, kept] = [randomArray(elements.size, 64), randomArray(elements.size, 65)];
      yield {
        label: JSON.stringify({ ...elements, held, batchLoss: String(batchLoss), overflow }),
        args: { sum: floats(kept), g: floats(g), state: stateOf({ batchLoss, overflow, held }), ...elements },
        blocks,
        check(written) {
          const finite = overflow === 0 && Number.isFinite(batchLoss);
          assertClose(written.sum, map(kept, (value, i) => (!finite ? value : held ? Math.fround(value + g[i]!) : 0)), 0, 'sum');
        },
      };
    }
  }
};

const clipSweep: Sweep<'clipByNorm'> = function* () {
  for (const { blocks, ...elements } of sizes()) {
    for (const [maxNorm, held] of [[0.1, 0], [1e6, 0], [0.1, 1]] as const) {
      const g = randomArray(elements.size, 66);
      const partials = randomArray(3, 67, 0.5, 4);
      yield {
        label: JSON.stringify({ ...elements, maxNorm, held }),
        args: { g: floats(g), partials: doubles(partials), state: stateOf({ batchLoss: 1, held }), ...elements, count: 3, maxNorm: Math.fround(maxNorm) },
        blocks,
        check(written) {
          const norm = Math.sqrt(partials[0]! + partials[1]! + partials[2]!);
          const scale = norm > maxNorm && !held ? Math.fround(maxNorm) / norm : 1;
          assertClose(written.g, map(g, (value) => value * scale), scale === 1 ? 0 : relative(map(g, (value) => value * scale), 2), 'g');
        },
      };
    }
  }
};

const regularizeSweep: Sweep<'regularize'> = function* () {
  for (const { blocks, ...elements } of sizes()) {
    for (const [l1, l2, trained] of [[0, Math.fround(0.01), true], [Math.fround(0.1), 0, true], [Math.fround(0.1), Math.fround(0.3), true], [Math.fround(0.1), Math.fround(0.3), false]] as const) {
      const g = randomArray(elements.size, 68);
      const w = randomArray(elements.size, 69).map((value, i) => (i % 4 === 3 ? 0 : value));
      yield {
        label: JSON.stringify({ ...elements, l1, l2, trained }),
        args: { g: trained ? floats(g) : undefined, partials: { Type: Float64Array, length: blocks }, w: floats(w), ...elements, l1, l2 },
        blocks,
        check(written) {
          const own = (block: number): Float64Array => w.subarray(block * elements.blockSize, (block + 1) * elements.blockSize);
          const penalties = Array.from({ length: blocks }, (_, block) => own(block).reduce((all, value) => all + l1 * Math.abs(value) + l2 * value * value, 0));
          assertClose(written.partials, penalties, penalties.map((value) => 2 ** -46 * value), 'partials');
          if (!trained) return;
          const next = map(g, (value, i) => value + l1 * Math.sign(w[i]!) + 2 * l2 * w[i]!);
          assertClose(written.g, next, map(g, (value, i) => gamma(3) * (Math.abs(value) + l1 + 2 * l2 * Math.abs(w[i]!)) + TINY), 'g');
        },
      };
    }
  }
};

const penaltySweep: Sweep<'addPenalty'> = function* () {
  for (const count of [1, 2, 9]) {
    const partials = randomArray(count, 70, 0, 1);
    yield {
      label: `${count} partials`, args: { state: stateOf({ step: 2, batchLoss: 1.5 }), partials: doubles(partials), count }, blocks: 1,
      check: ({ state }) => assertState(state, { step: 2, batchLoss: partials.reduce((all, value) => all + value, 1.5) }),
    };
  }
};

export const ruleSweeps = {
  rmsprop: rmspropSweep, adagrad: adagradSweep, lion: lionSweep, averageGradients: averageSweep, keepGradients: keepSweep, clipByNorm: clipSweep,
  regularize: regularizeSweep, addPenalty: penaltySweep, muonMomentum: muonMomentumSweep, muonUpdate: muonUpdateSweep,
  newtonSchulzStart: newtonSchulzStartSweep, newtonSchulzPolynomial: newtonSchulzPolynomialSweep,
};
