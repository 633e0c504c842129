import assert from 'node:assert/strict';
import { Activation } from '../../../src/plan/ops.js';
import {
  activations, type Activation as StepName, assertClose, elementTolerances, erf, geluArgument, geluInner, map, normalDensity, normalDistribution, pointwise,
  type PointwiseName, randomArray, UNIT_ROUNDOFF,
} from '../../reference/index.js';
import { blank, floats, type Sweep } from '../harness.js';
import { activationTolerance, sizes } from './element-wise.js';

type Kind = keyof typeof Activation;
const kinds = Object.keys(Activation) as Kind[];
const isStep = (kind: Kind): kind is StepName => kind in activations;

const u = UNIT_ROUNDOFF;
const TINY = 2 ** -148;
/** For the products of roundings that a bound of first order leaves out. */
const SECOND_ORDER = 1.001;
/** Twice the stated bounds of assembly/simd/math.ts, in units in the last place: a unit is at most 2u of the value. */
const ERF = 4.2;
const TANH = 5.2;
const SIGMOID = 5.2;
const SOFTPLUS = 4.2;
const EXPM1 = 1.86;

/** alpha in the sweeps, a float32. */
const ALPHAS: Partial<Record<Kind, readonly number[]>> = { leakyRelu: [0, 0.25, Math.fround(0.3)], elu: [1, 0, 1.5] };
const alphasOf = (kind: Kind): readonly number[] => ALPHAS[kind] ?? [0];

const forwardOf = (kind: Kind, x: number, alpha: number): number => (isStep(kind) ? activations[kind].forward(x) : pointwise[kind].forward(x, alpha));

/** In units of u: of 1 + erf(x/√2), whose argument is off by 2u, or of 1 + tanh of gelu's polynomial, which is off by 5u. */
const erfRoundings = (x: number): number => ERF * Math.abs(erf(x * Math.SQRT1_2)) + 2 * Math.abs(x) * 2 * normalDensity(x) + 2 * normalDistribution(x);
function tanhRoundings(x: number): number {
  const v = geluArgument(x);
  return TANH * Math.abs(Math.tanh(v)) + 5 * Math.abs(v) * (1 - Math.tanh(v) ** 2) + (1 + Math.tanh(v));
}

const FORWARD: Record<PointwiseName, (x: number, y: number) => number> = {
  leakyRelu: (_, y) => Math.abs(y),
  elu: (_, y) => (EXPM1 + 1) * Math.abs(y),
  gelu: (x, y) => 0.5 * Math.abs(x) * erfRoundings(x) + 2 * Math.abs(y),
  geluTanh: (x, y) => 0.5 * Math.abs(x) * tanhRoundings(x) + 2 * Math.abs(y),
  silu: (_, y) => (SIGMOID + 1) * Math.abs(y),
  softplus: (_, y) => SOFTPLUS * Math.abs(y),
};

const forwardTolerance = (kind: Kind, x: number, y: number): number =>
  isStep(kind) ? activationTolerance(kind, y) : SECOND_ORDER * u * FORWARD[kind](x, y) + TINY;

const forwardSweep: Sweep<'activationForward'> = function* () {
  for (const { blocks, ...elements } of sizes()) {
    for (const kind of kinds) {
      for (const alpha of alphasOf(kind)) {
        const values = randomArray(elements.size, 1, -6, 6);
        for (const inPlace of [false, true]) {
          const x = floats(values);
          yield {
            label: `${kind} ${alpha} ${JSON.stringify(elements)}${inPlace ? ' in place' : ''}`,
            args: { y: inPlace ? x : blank(elements.size), x, ...elements, kind: Activation[kind], alpha },
            blocks,
            check({ y }) {
              const exact = map(values, (value) => forwardOf(kind, value, alpha));
              assertClose(y, exact, map(exact, (value, i) => forwardTolerance(kind, values[i]!, value)), 'y');
            },
          };
        }
      }
    }
  }
  for (const kind of kinds) {
    const values = [NaN, Infinity, -Infinity, 0, -0, 3e38, -3e38, 2 ** -149, NaN];
    yield {
      label: `${kind} of special values`,
      args: { y: blank(values.length), x: floats(values), size: values.length, blockSize: 8, kind: Activation[kind], alpha: 0.5 },
      blocks: 2,
      check: ({ y }) => values.forEach((x, i) => {
        const exact = forwardOf(kind, Math.fround(x), 0.5);
        if (Number.isNaN(exact)) assert.ok(Number.isNaN(y[i]), `${x} gives ${y[i]}`);
        else assertClose([y[i]!], [exact], Number.isFinite(exact) ? forwardTolerance(kind, Math.fround(x), exact) : 0, `${x}`);
      }),
    };
  }
};

/** The slope as the kernel takes it, from z = f(x) or, for the last three, from z = x; and the roundings of it, in units of u. */
const SLOPES: Record<Kind, (z: number, alpha: number) => { slope: number; roundings: number }> = {
  linear: () => ({ slope: 1, roundings: 0 }),
  relu: (z) => ({ slope: z > 0 ? 1 : 0, roundings: 0 }),
  tanh: (z) => ({ slope: 1 - z * z, roundings: 3 * (1 + z * z) }),
  sigmoid: (z) => ({ slope: z * (1 - z), roundings: 3 * (z + z * z) }),
  hardSigmoid: (z) => ({ slope: z > 0 && z < 1 ? 1 / 6 : 0, roundings: 2 / 6 }),
  hardSigmoidTfjs: (z) => ({ slope: z > 0 && z < 1 ? 0.2 : 0, roundings: 2 * 0.2 }),
  leakyRelu: (z, alpha) => ({ slope: z > 0 ? 1 : alpha, roundings: 1 }),
  elu: (z, alpha) => ({ slope: z > 0 ? 1 : z + alpha, roundings: 2 * (Math.abs(z) + alpha) }),
  softplus: (z) => ({ slope: -Math.expm1(-z), roundings: EXPM1 + 1 }),
  gelu: (z) => {
    const tail = Math.abs(z * normalDensity(z));
    return { slope: pointwise.gelu.derivative(z), roundings: 0.5 * erfRoundings(z) + 2 * normalDistribution(z) + (0.5 * z * z + 8) * tail };
  },
  geluTanh: (z) => {
    const [v, inner] = [geluArgument(z), geluInner(z)];
    const t = Math.tanh(v);
    const flat = 1 - t * t;
    const tail = 0.5 * Math.abs(z) * inner;
    return {
      slope: pointwise.geluTanh.derivative(z),
      roundings: 0.5 * tanhRoundings(z) + (1 + t) + tail * (2 * TANH * t * t + 10 * Math.abs(v * t) * flat + t * t + flat) + 10 * tail * flat,
    };
  },
  silu: (z) => {
    const s = 1 / (1 + Math.exp(-z));
    const bracket = 1 + Math.abs(z) * (1 - s);
    return { slope: pointwise.silu.derivative(z), roundings: s * ((SIGMOID + 3) * bracket + Math.abs(z) * (SIGMOID * s + 2 * (1 - s))) };
  },
};

const backwardSweep: Sweep<'activationBackward'> = function* () {
  for (const { blocks, ...elements } of sizes()) {
    for (const kind of kinds) {
      for (const alpha of alphasOf(kind)) {
        const gradients = randomArray(elements.size, 2);
        const x = randomArray(elements.size, 1, -6, 6);
        const z = ['gelu', 'geluTanh', 'silu'].includes(kind) ? x : map(x, (value) => Math.fround(forwardOf(kind, value, alpha)));
        for (const inPlace of [false, true]) {
          const dy = floats(gradients);
          yield {
            label: `${kind} ${alpha} ${JSON.stringify(elements)}${inPlace ? ' in place' : ''}`,
            args: { dx: inPlace ? dy : blank(elements.size), dy, z: floats(z), ...elements, kind: Activation[kind], alpha },
            blocks,
            check({ dx }) {
              const slopes = Array.from(z, (value) => SLOPES[kind](value, alpha));
              const bound = map(gradients, (value, i) => SECOND_ORDER * u * Math.abs(value) * slopes[i]!.roundings + TINY);
              assertClose(dx, map(gradients, (value, i) => value * slopes[i]!.slope), bound, 'dx');
            },
          };
        }
      }
    }
  }
  yield* flatEnds();
};

/** Far from 0 a slope is that of a line, and not a product of an infinity and nothing. */
const flatEnds: Sweep<'activationBackward'> = function* () {
  const z = [30, -30, 1e20, -1e20, 3e38, -3e38, 17, -17];
  for (const kind of ['gelu', 'geluTanh', 'silu'] as const) {
    yield {
      label: `${kind} far from 0`,
      args: { dx: blank(z.length), dy: floats(z.map(() => 1)), z: floats(z), size: z.length, blockSize: 8, kind: Activation[kind], alpha: 0 },
      blocks: 1,
      check: ({ dx }) => assertClose(dx, z.map((value) => Number(value > 0)), elementTolerances(z.map(() => 10), 10), 'dx'),
    };
  }
};

export const activationSweeps = { activationForward: forwardSweep, activationBackward: backwardSweep };
