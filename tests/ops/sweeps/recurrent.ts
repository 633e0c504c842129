import assert from 'node:assert/strict';
import { STEP_ACTIVATIONS } from '../../../src/layers/activations.js';
import { gradientScratch } from '../../../src/layers/lanes.js';
import { blocksOf } from '../../../src/plan/blocking.js';
import { Activation, Kernel } from '../../../src/plan/ops.js';
import { activations, type Activation as ActivationName, assertClose, gamma, map, randomArray, type Values } from '../../reference/index.js';
import { blank, cycle, floats, type OpCase, type Sweep } from '../harness.js';
import { activationTolerance } from './element-wise.js';
import { gatedSweeps, maskedSimple } from './gated.js';
import { TILE_ROWS } from './gemm.js';

const LANES = Kernel.lanes;
const TINY = 2 ** -148;

interface Sequences {
  batch: number;
  time: number;
  features: number;
  /** The steps that the rows hold. */
  first: number;
  count: number;
}

function* sequences(): Iterable<Sequences> {
  for (const batch of [1, 3, 4, 5, 8, 9, 17]) {
    for (const time of [1, 2, 5]) {
      for (const features of [1, 3, 8]) {
        yield { batch, time, features, first: 0, count: time };
        yield { batch, time, features, first: time - 1, count: 1 };
        if (time > 2) yield { batch, time, features, first: 1, count: 2 };
      }
    }
  }
}

/** Index into lanes [groups][time][features][4] of step `first + t` of a sequence. */
const laneIndex = ({ time, features, first }: Sequences, n: number, t: number, f: number): number =>
  ((Math.floor(n / LANES) * time + first + t) * features + f) * LANES + (n % LANES);

function* places(sizes: Sequences): Iterable<{ row: number; lane: number }> {
  const { batch, count, features } = sizes;
  for (let row = 0; row < batch * count * features; row++) {
    const n = Math.floor(row / (count * features));
    yield { row, lane: laneIndex(sizes, n, Math.floor(row / features) % count, row % features) };
  }
}

const groupsOf = (batch: number): number => Math.ceil(batch / LANES);
const lanesLength = ({ batch, time, features }: Sequences): number => groupsOf(batch) * time * features * LANES;

const toLanesSweep: Sweep<'toLanes'> = function* () {
  for (const sizes of sequences()) {
    const rows = randomArray(sizes.batch * sizes.count * sizes.features, 1);
    const expected = new Float64Array(lanesLength(sizes));
    for (const { row, lane } of places(sizes)) expected[lane] = rows[row]!;
    yield {
      label: JSON.stringify(sizes),
      args: { lanes: blank(expected.length), rows: floats(rows), ...sizes },
      blocks: groupsOf(sizes.batch),
      check: ({ lanes }) => assertClose(lanes, expected, 0, 'lanes'),
    };
  }
};

const fromLanesSweep: Sweep<'fromLanes'> = function* () {
  for (const sizes of sequences()) {
    const lanes = randomArray(lanesLength(sizes), 2);
    const expected = new Float64Array(sizes.batch * sizes.count * sizes.features);
    for (const { row, lane } of places(sizes)) expected[row] = lanes[lane]!;
    yield {
      label: JSON.stringify(sizes),
      args: { rows: blank(expected.length), lanes: floats(lanes), ...sizes },
      blocks: groupsOf(sizes.batch),
      check: ({ rows }) => assertClose(rows, expected, 0, 'rows'),
    };
  }
};

interface Steps {
  groups: number;
  time: number;
  features: number;
  units: number;
  blockSteps: number;
}

function* steps(): Iterable<Steps> {
  const shapes = cycle([[1, 1], [2, 3], [1, 7], [3, 2], [4, 5]] as const); // groups alone, in pairs, and a pair and one
  const blocks = cycle([128, 2, 3, 1, 4]);
  for (let units = 1; units <= 2 * TILE_ROWS + 1; units++) {
    for (let features = 1; features <= 9; features++) {
      const [groups, time] = shapes();
      yield { groups, time, features, units, blockSteps: blocks() };
    }
  }
  yield { groups: 2, time: 150, features: 10, units: 5, blockSteps: 128 };
  for (const features of [31, 32, 33]) for (const units of [32, 34]) yield { groups: 3, time: 9, features, units, blockSteps: 4 };
}

/** Blocks of steps of whatever `groups` counts: groups, or pairs of them. */
const blocksOfSteps = (groups: number, { time, blockSteps }: Steps): number => groups * blocksOf(time, blockSteps);
const pairsOf = (groups: number): number => Math.ceil(groups / 2);

const lanesForwardSweep: Sweep<'lanesForward'> = function* () {
  const flags = cycle([true, false, true, true, false, false, true]);
  for (const sizes of steps()) {
    const { groups, time, features, units, blockSteps } = sizes;
    const x = randomArray(groups * time * features * LANES, 3);
    const w = randomArray(features * units, 4);
    const bias = flags() ? randomArray(units, 5) : undefined;
    const length = groups * time * units * LANES;
    yield {
      label: JSON.stringify(sizes),
      args: { y: blank(length), x: floats(x), w: floats(w), bias: bias && floats(bias), groups, time, features, units, blockSteps },
      blocks: blocksOfSteps(pairsOf(groups), sizes),
      scratch: 16 * units,
      check({ y }) {
        const expected = new Float64Array(length);
        const tolerance = new Float64Array(length);
        for (let i = 0; i < length; i++) {
          const unit = Math.floor(i / LANES) % units;
          const step = Math.floor(i / (LANES * units));
          let sum = bias?.[unit] ?? 0;
          let absolute = Math.abs(sum);
          for (let f = 0; f < features; f++) {
            const product = x[(step * features + f) * LANES + (i % LANES)]! * w[f * units + unit]!;
            sum += product;
            absolute += Math.abs(product);
          }
          expected[i] = sum;
          tolerance[i] = gamma(features + 1) * absolute + TINY;
        }
        assertClose(y, expected, tolerance, 'y');
      },
    };
  }
};

const backwardKernelSweep: Sweep<'lanesBackwardKernel'> = function* () {
  for (const sizes of steps()) {
    for (const [shift, withBias] of [[0, 1], [1, 0], [0, 0], [1, 1]] as const) {
      const { groups, time, features, units, blockSteps } = sizes;
      const x = randomArray(groups * time * features * LANES, 6);
      const dy = randomArray(groups * time * units * LANES, 7);
      const blocks = blocksOfSteps(groups, sizes);
      yield {
        label: `shift ${shift}${withBias ? ', bias' : ''} ${JSON.stringify(sizes)}`,
        args: {
          partials: blank(blocks * (features + withBias) * units), x: floats(x), dy: floats(dy), time, features, units, shift, withBias, blockSteps,
        },
        blocks,
        scratch: gradientScratch(blockSteps, features, units),
        check: ({ partials }) => checkKernelGradient({ ...sizes, shift, withBias, x, dy }, partials),
      };
    }
  }
};

interface Gradient extends Steps {
  shift: number;
  withBias: number;
  x: Values;
  dy: Values;
}

/** Σ x[t - shift][f]·dy[t][u] over the steps of each block, and of ones with dy in the last row: the bias, over all steps. */
function checkKernelGradient({ groups, time, features, units, blockSteps, shift, withBias, x, dy }: Gradient, partials: Values): void {
  const perGroup = blocksOf(time, blockSteps);
  const expected = new Float64Array(partials.length);
  const absolute = new Float64Array(partials.length);
  for (let group = 0; group < groups; group++) {
    for (let t = 0; t < time; t++) {
      const block = group * perGroup + Math.floor(t / blockSteps);
      // the first step of a recurrent kernel has no step before it
      for (let f = t < shift ? features : 0; f < features + withBias; f++) {
        for (let u = 0; u < units; u++) {
          const at = (block * (features + withBias) + f) * units + u;
          for (let lane = 0; lane < LANES; lane++) {
            const input = f === features ? 1 : x[((group * time + t - shift) * features + f) * LANES + lane]!;
            const product = input * dy[((group * time + t) * units + u) * LANES + lane]!;
            expected[at]! += product;
            absolute[at]! += Math.abs(product);
          }
        }
      }
    }
  }
  const bound = gamma(LANES * Math.min(time, blockSteps) + 1);
  assertClose(partials, expected, absolute.map((sum) => bound * sum + TINY), 'partials');
}

interface Recurrence {
  groups: number;
  /** Sequences; the last group may have lanes without one. */
  batch: number;
  time: number;
  units: number;
  kind: ActivationName;
}

function* recurrences(): Iterable<Recurrence> {
  const shapes = cycle([[5, 1], [16, 4], [17, 2], [8, 9], [3, 5], [4, 3], [9, 3]] as const);
  for (let units = 1; units <= 2 * TILE_ROWS + 1; units++) {
    for (const kind of STEP_ACTIVATIONS) {
      const [batch, time] = shapes();
      yield { groups: groupsOf(batch), batch, time, units, kind };
    }
  }
  const units = cycle([5, 6, 3, 11, 10, 1, 8]);
  for (let batch = 1; batch <= 17; batch++) {
    for (const time of [1, 2, 3]) yield { groups: groupsOf(batch), batch, time, units: units(), kind: 'tanh' };
  }
}

/** |f'| nowhere exceeds this. */
const STEEPEST: Record<ActivationName, number> = { linear: 1, relu: 1, tanh: 1, sigmoid: 0.25, hardSigmoid: 1 / 6, hardSigmoidTfjs: 0.2 };

/** Σ v[k]·w[k][unit] and the same of absolute values, for one lane of one step. */
function product(values: Values, start: number, w: Values, units: number, unit: number, absolute: boolean): number {
  let sum = 0;
  for (let k = 0; k < units; k++) {
    const term = values[start + k * LANES]! * w[k * units + unit]!;
    sum += absolute ? Math.abs(term) : term;
  }
  return sum;
}

/** No state before the first step, no mask, nothing dropped; see gated.ts for the others. */
const plain = { h0: undefined, mask: undefined, drop: undefined };

const rnnForwardSweep: Sweep<'simpleRnnForward'> = function* () {
  yield* maskedSimple.simpleRnnForward();
  for (const { groups, batch, time, units, kind } of recurrences()) {
    const projection = randomArray(groups * time * units * LANES, 8);
    const w = randomArray(units * units, 9, -0.7, 0.7);
    yield {
      label: JSON.stringify({ batch, time, units, kind }),
      args: { h: floats(projection), w: floats(w), ...plain, batch, time, units, kind: Activation[kind] },
      blocks: pairsOf(groups),
      check({ h }) {
        const exact = new Float64Array(h.length);
        const error = new Float64Array(h.length); // grows from step to step by |w|·|f'|
        const stride = units * LANES;
        for (let i = 0; i < h.length; i++) {
          const unit = Math.floor(i / LANES) % units;
          const before = i - (i % stride) - stride + (i % LANES);
          const later = Math.floor(i / stride) % time > 0;
          const sum = projection[i]! + (later ? product(exact, before, w, units, unit, false) : 0);
          const absolute = Math.abs(projection[i]!) + (later ? product(exact, before, w, units, unit, true) : 0);
          const carried = later ? product(error, before, w, units, unit, true) : 0;
          const y = activations[kind].forward(sum);
          exact[i] = y;
          error[i] = 1.01 * (STEEPEST[kind] * (carried + gamma(units + 1) * absolute) + activationTolerance(kind, y)) + TINY;
        }
        const hasSequence = (i: number): boolean => Math.floor(i / (time * stride)) * LANES + (i % LANES) < batch;
        assertClose(h, exact.map((value, i) => (hasSequence(i) ? value : 0)), error, 'h');
        assert.ok(h.every((value, i) => hasSequence(i) || Object.is(value, 0)), 'lanes without a sequence are not zero');
      },
    };
  }
};

const rnnBackwardSweep: Sweep<'simpleRnnBackward'> = function* () {
  yield* maskedSimple.simpleRnnBackward();
  for (const sizes of recurrences()) {
    const { groups, time, units, kind } = sizes;
    const length = groups * time * units * LANES;
    const h = map(randomArray(length, 10, -3, 3), (value) => Math.fround(activations[kind].forward(value)));
    const values = { dy: randomArray(length, 11), h, wTransposed: randomArray(units * units, 12, -0.7, 0.7) };
    for (const inPlace of [false, true]) {
      const dy = floats(values.dy);
      yield {
        label: `${JSON.stringify(sizes)}${inPlace ? ' in place' : ''}`,
        args: { d: inPlace ? dy : blank(length), dy, h: floats(h), wTransposed: floats(values.wTransposed), mask: undefined, drop: undefined, groups, time, units, kind: Activation[kind] },
        blocks: pairsOf(groups),
        check: ({ d }) => checkBackward(sizes, values, d),
      } satisfies OpCase<'simpleRnnBackward'>;
    }
  }
};

/** d[t] = f'(h[t])·(dy[t] + d[t+1]·wᵀ), with a running bound of the error. */
function checkBackward({ time, units, kind }: Recurrence, { dy, h, wTransposed }: { dy: Values; h: Values; wTransposed: Values }, d: Values): void {
  const exact = new Float64Array(d.length);
  const error = new Float64Array(d.length);
  const stride = units * LANES;
  for (let i = d.length - 1; i >= 0; i--) {
    const unit = Math.floor(i / LANES) % units;
    const after = i - (i % stride) + stride + (i % LANES);
    const later = Math.floor(i / stride) % time < time - 1;
    const sum = dy[i]! + (later ? product(exact, after, wTransposed, units, unit, false) : 0);
    const absolute = Math.abs(dy[i]!) + (later ? product(exact, after, wTransposed, units, unit, true) : 0);
    const carried = later ? product(error, after, wTransposed, units, unit, true) : 0;
    const slope = activations[kind].derivative(h[i]!);
    const rounded = kind === 'hardSigmoid' || kind === 'hardSigmoidTfjs' ? slope : 0; // the slope itself is
    const terms = kind === 'tanh' || kind === 'sigmoid' ? 1 + h[i]! ** 2 : rounded; // what cancels in 1 - h², or h·(1 - h)
    exact[i] = slope * sum;
    error[i] = 1.01 * (Math.abs(slope) * (carried + gamma(units + 1) * absolute) + gamma(3) * terms * Math.abs(sum)) + TINY;
  }
  assertClose(d, exact, error, 'd');
}

const transposeSweep: Sweep<'transpose'> = function* () {
  for (let rows = 1; rows <= 9; rows++) {
    for (let columns = 1; columns <= 9; columns++) {
      const x = randomArray(rows * columns, 13);
      yield {
        label: `${rows} × ${columns}`,
        args: { out: blank(x.length), x: floats(x), rows, columns },
        blocks: 1,
        check: ({ out }) => assertClose(out, x.map((_, i) => x[(i % rows) * columns + Math.floor(i / rows)]!), 0, 'out'),
      };
    }
  }
};

export const recurrentSweeps = {
  toLanes: toLanesSweep, fromLanes: fromLanesSweep, lanesForward: lanesForwardSweep, lanesBackwardKernel: backwardKernelSweep,
  simpleRnnForward: rnnForwardSweep, simpleRnnBackward: rnnBackwardSweep, transpose: transposeSweep, ...gatedSweeps,
};
