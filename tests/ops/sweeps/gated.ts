/** Recurrences with states before the first step, masks and dropped states; all of LSTM and GRU. */
import { Activation, Kernel } from '../../../src/plan/ops.js';
import { type Activation as ActivationName, activations, assertClose, map, randomArray, type Values } from '../../reference/index.js';
import { activate, activateBackward, type Bounded, dot, exact, minus, plus, times } from '../bounded.js';
import { blank, cycle, floats, type Operand, type Sweep } from '../harness.js';
import { stateOf } from './element-wise.js';

const LANES = Kernel.lanes;
const KINDS = ['linear', 'relu', 'tanh', 'sigmoid', 'hardSigmoid', 'hardSigmoidTfjs'] as const satisfies readonly ActivationName[];
const ZERO = exact(0);

interface Recurrence {
  batch: number;
  groups: number;
  time: number;
  units: number;
  kind: ActivationName;
  recurrentKind: ActivationName;
  /** Factors of the states before: [groups][units][4]. */
  drop: Float64Array | undefined;
  /** 1 where a step counts: [groups][time][4]. */
  mask: Float64Array | undefined;
  /** States before the first step, [groups][units][4], zero in lanes beyond the batch. */
  h0: Float64Array | undefined;
  c0: Float64Array | undefined;
}

function* recurrences(): Iterable<Recurrence> {
  const shapes = cycle([[5, 1], [16, 4], [17, 2], [8, 9], [3, 5], [4, 3], [9, 3]] as const);
  const pairs = cycle([['tanh', 'sigmoid'], ...KINDS.flatMap((kind) => KINDS.map((recurrentKind) => [kind, recurrentKind] as const))] as const);
  const extras = cycle([0, 1, 2, 4, 7, 5, 3, 6]);
  for (let units = 1; units <= 11; units++) {
    for (let round = 0; round < 6; round++) {
      const [batch, most] = shapes();
      const groups = Math.ceil(batch / LANES);
      const [kind, recurrentKind] = pairs();
      const bounded = [kind, recurrentKind].every((name) => name !== 'linear' && name !== 'relu');
      const time = bounded ? most : Math.min(most, 3); // products of gates without a bound outgrow float32 soon
      const extra = extras();
      const state = (seed: number): Float64Array =>
        map(randomArray(groups * units * LANES, seed), (value, i) => (laneHasSequence({ batch, row: units }, i) ? value : 0));
      yield {
        batch, groups, time, units, kind, recurrentKind,
        drop: extra & 1 ? map(randomArray(groups * units * LANES, 40), (value) => (value < -0.3 ? 0 : 1.25)) : undefined,
        mask: extra & 2 ? map(randomArray(groups * time * LANES, 41), (value) => Number(value < 0.3)) : undefined,
        h0: extra & 4 ? state(42) : undefined,
        c0: extra & 4 ? state(43) : undefined,
      };
    }
  }
}

/** Whether element i of [groups][row][4] is of a sequence. */
const laneHasSequence = ({ batch, row }: { batch: number; row: number }, i: number): boolean => Math.floor(i / (row * LANES)) * LANES + (i % LANES) < batch;

const label = ({ drop, mask, h0, batch, time, units, kind, recurrentKind }: Recurrence): string =>
  JSON.stringify({ batch, time, units, kind, recurrentKind, drop: !!drop, mask: !!mask, h0: !!h0 });
const optional = (values: Values | undefined): Operand | undefined => values && floats(values);
const stepsOf = ({ time, units, kind, mask, drop }: Recurrence) => ({ time, units, kind: Activation[kind], mask: optional(mask), drop: optional(drop) });
const argsOf = (sizes: Recurrence) => ({ ...stepsOf(sizes), batch: sizes.batch, recurrentKind: Activation[sizes.recurrentKind] });
const pairsOf = ({ groups }: Recurrence): number => Math.ceil(groups / 2);

/** One lane of one group of a recurrence: where its values lie. */
class Lane {
  constructor(
    private readonly sizes: Recurrence,
    private readonly group: number,
    private readonly lane: number,
  ) {}

  /** Index into [groups][time][rows · units][4]. */
  at(t: number, row: number, rows = 1): number {
    const { time, units } = this.sizes;
    return ((this.group * time + t) * rows * units + row) * LANES + this.lane;
  }

  /** Index into [groups][units][4]. */
  state(unit: number): number {
    return (this.group * this.sizes.units + unit) * LANES + this.lane;
  }

  /** Whether a step changes the states. */
  lives(t: number): boolean {
    const { mask, time } = this.sizes;
    return !mask || mask[(this.group * time + t) * LANES + this.lane] === 1;
  }

  get hasSequence(): boolean {
    return this.group * LANES + this.lane < this.sizes.batch;
  }

  /** The states before a step, times the factors of the product. */
  dropped(states: readonly Bounded[]): Bounded[] {
    const { drop } = this.sizes;
    return states.map((state, u) => (drop ? times(state, exact(drop[this.state(u)]!)) : state));
  }

  before(t: number, states: readonly Bounded[], first: Values | undefined): Bounded[] {
    return t > 0 ? [...states] : Array.from({ length: this.sizes.units }, (_, u) => exact(first?.[this.state(u)] ?? 0));
  }
}

function* lanes(sizes: Recurrence): Iterable<Lane> {
  for (let group = 0; group < sizes.groups; group++) for (let lane = 0; lane < LANES; lane++) yield new Lane(sizes, group, lane);
}

/** Σ states[k]·w[k][column] on top of a start; w has `columns` columns. */
const project = (start: Bounded, states: readonly Bounded[], w: Values, column: number, columns: number): Bounded =>
  dot(start, states.map((state, k) => [state, w[k * columns + column]!] as const));

/** What a kernel should have written, filled in one by one. */
class Expected {
  private readonly value: Float64Array;
  private readonly error: Float64Array;

  constructor(readonly length: number) {
    this.value = new Float64Array(length).fill(NaN); // nothing may be left out
    this.error = new Float64Array(length);
  }

  set(index: number, { value, error }: Bounded): void {
    this.value[index] = value;
    this.error[index] = error;
  }

  check(actual: Values, message: string): void {
    assertClose(actual, this.value, this.error, message);
  }
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

const simpleForward: Sweep<'simpleRnnForward'> = function* () {
  for (const sizes of recurrences()) {
    const { groups, time, units, kind, h0 } = sizes;
    const projection = randomArray(groups * time * units * LANES, 44);
    const w = randomArray(units * units, 45, -0.7, 0.7);
    yield {
      label: label(sizes), args: { h: floats(projection), w: floats(w), h0: optional(h0), batch: sizes.batch, ...stepsOf(sizes) }, blocks: pairsOf(sizes),
      scratch: sizes.drop ? 32 * units : 0,
      check({ h }) {
        const expected = new Expected(h.length);
        for (const lane of lanes(sizes)) {
          let states: Bounded[] = [];
          for (let t = 0; t < time; t++) {
            const before = lane.before(t, states, h0);
            const source = lane.dropped(before);
            states = range(units).map((u) => {
              if (!lane.hasSequence) return ZERO;
              return lane.lives(t) ? activate(project(exact(projection[lane.at(t, u)]!), source, w, u, units), kind) : before[u]!;
            });
            states.forEach((state, u) => expected.set(lane.at(t, u), state));
          }
        }
        expected.check(h, 'h');
      },
    };
  }
};

const simpleBackward: Sweep<'simpleRnnBackward'> = function* () {
  for (const sizes of recurrences()) {
    const { groups, time, units, kind } = sizes;
    const h = map(randomArray(groups * time * units * LANES, 46, -3, 3), (value) => Math.fround(activations[kind].forward(value)));
    const values = randomArray(h.length, 47);
    const wTransposed = randomArray(units * units, 48, -0.7, 0.7);
    for (const inPlace of [false, true]) {
      const dy = floats(values);
      yield {
        label: `${label(sizes)}${inPlace ? ' in place' : ''}`,
        args: { d: inPlace ? dy : blank(h.length), dy, h: floats(h), wTransposed: floats(wTransposed), groups, ...stepsOf(sizes) }, blocks: pairsOf(sizes),
        scratch: sizes.mask || sizes.drop ? 80 * units : 0,
        check({ d }) {
          const expected = new Expected(d.length);
          for (const lane of lanes(sizes)) {
            let carry: Bounded[] = range(units).map(() => ZERO);
            for (let t = time - 1; t >= 0; t--) {
              const total = carry.map((value, u) => plus(exact(values[lane.at(t, u)]!), value));
              const own = total.map((value, u) => (lane.lives(t) ? activateBackward(value, exact(h[lane.at(t, u)]!), kind) : ZERO));
              own.forEach((value, u) => expected.set(lane.at(t, u), value));
              const back = lane.dropped(range(units).map((u) => project(ZERO, own, wTransposed, u, units)));
              carry = back.map((value, u) => (lane.lives(t) ? value : plus(total[u]!, value)));
            }
          }
          expected.check(d, 'd');
        },
      };
    }
  }
};

const lstmForward: Sweep<'lstmForward'> = function* () {
  for (const sizes of recurrences()) {
    const { groups, time, units, kind, recurrentKind, h0, c0 } = sizes;
    const length = groups * time * units * LANES;
    const projection = randomArray(4 * length, 50);
    const w = randomArray(units * 4 * units, 51, -0.7, 0.7);
    yield {
      label: label(sizes),
      args: { h: blank(length), c: blank(length), gates: floats(projection), w: floats(w), h0: optional(h0), c0: optional(c0), ...argsOf(sizes) },
      blocks: pairsOf(sizes), scratch: 48 * units,
      check(written) {
        const [h, c, gates] = [new Expected(length), new Expected(length), new Expected(4 * length)];
        for (const lane of lanes(sizes)) {
          let [states, cells]: [Bounded[], Bounded[]] = [[], []];
          for (let t = 0; t < time; t++) {
            const [before, cellsBefore] = [lane.before(t, states, h0), lane.before(t, cells, c0)];
            const source = lane.dropped(before);
            const z = range(4 * units).map((row) => {
              const sum = project(exact(projection[lane.at(t, row, 4)]!), source, w, row, 4 * units);
              return activate(sum, Math.floor(row / units) === 2 ? kind : recurrentKind);
            });
            z.forEach((value, row) => gates.set(lane.at(t, row, 4), value));
            const live = lane.hasSequence && lane.lives(t);
            cells = range(units).map((u) => {
              const [i, f, g] = [z[u]!, z[units + u]!, z[2 * units + u]!];
              return live ? plus(times(f, cellsBefore[u]!), times(i, g)) : cellsBefore[u]!;
            });
            states = range(units).map((u) => (live ? times(activate(cells[u]!, kind), z[3 * units + u]!) : before[u]!));
            states.forEach((state, u) => h.set(lane.at(t, u), state));
            cells.forEach((cell, u) => c.set(lane.at(t, u), cell));
          }
        }
        gates.check(written.gates, 'gates');
        c.check(written.c, 'c');
        h.check(written.h, 'h');
      },
    };
  }
};

/** Gates of a step as activations may give them: [groups][time][rows · units][4], the rows of `ofKind` by φ. */
function gatesOf({ groups, time, units, kind, recurrentKind }: Recurrence, rows: number, ofKind: number): Float64Array {
  return map(randomArray(groups * time * rows * units * LANES, 52, -3, 3), (value, i) => {
    const gate = Math.floor(i / (units * LANES)) % rows;
    return Math.fround(activations[gate === ofKind ? kind : recurrentKind].forward(value));
  });
}

const lstmBackward: Sweep<'lstmBackward'> = function* () {
  for (const sizes of recurrences()) {
    const { groups, time, units, kind, recurrentKind, c0 } = sizes;
    const length = groups * time * units * LANES;
    const [values, c, wTransposed] = [randomArray(length, 53), randomArray(length, 54, -2, 2), randomArray(4 * units * units, 55, -0.7, 0.7)];
    const z = gatesOf(sizes, 4, 2);
    for (const inPlace of [false, true]) {
      const gates = floats(z);
      yield {
        label: `${label(sizes)}${inPlace ? ' in place' : ''}`,
        args: {
          dz: inPlace ? gates : blank(4 * length), dy: floats(values), gates, c: floats(c), wTransposed: floats(wTransposed), c0: optional(c0),
          ...argsOf(sizes),
        },
        blocks: pairsOf(sizes), scratch: 128 * units,
        check({ dz }) {
          const expected = new Expected(4 * length);
          for (const lane of lanes(sizes)) {
            let carry = range(units).map(() => ZERO);
            let dc = range(units).map(() => ZERO);
            for (let t = time - 1; t >= 0; t--) {
              const before = t > 0 ? range(units).map((u) => exact(c[lane.at(t - 1, u)]!)) : lane.before(0, [], c0);
              const live = lane.lives(t);
              const own = new Array<Bounded>(4 * units).fill(ZERO);
              const total = carry.map((value, u) => plus(exact(values[lane.at(t, u)]!), value));
              dc = dc.map((later, u) => {
                if (!live) return later;
                const [i, f, g, o] = [0, 1, 2, 3].map((gate) => exact(z[lane.at(t, gate * units + u, 4)]!)) as [Bounded, Bounded, Bounded, Bounded];
                const y = activate(exact(c[lane.at(t, u)]!), kind);
                const dCell = plus(later, activateBackward(times(total[u]!, o), y, kind));
                own[u] = activateBackward(times(dCell, g), i, recurrentKind);
                own[units + u] = activateBackward(times(dCell, before[u]!), f, recurrentKind);
                own[2 * units + u] = activateBackward(times(dCell, i), g, kind);
                own[3 * units + u] = activateBackward(times(total[u]!, y), o, recurrentKind);
                return times(dCell, f);
              });
              own.forEach((value, row) => expected.set(lane.at(t, row, 4), value));
              const back = lane.dropped(range(units).map((u) => project(ZERO, own, wTransposed, u, units)));
              carry = back.map((value, u) => (live ? value : plus(total[u]!, value)));
            }
          }
          expected.check(dz, 'dz');
        },
      };
    }
  }
};

const gruForward: Sweep<'gruForward'> = function* () {
  const withBias = cycle([true, false, true]);
  for (const sizes of recurrences()) {
    for (const resetAfter of [1, 0]) {
      const { groups, time, units, kind, recurrentKind, h0 } = sizes;
      const length = groups * time * units * LANES;
      const projection = randomArray(3 * length, 60);
      const w = randomArray(units * 3 * units, 61, -0.7, 0.7);
      const bias = resetAfter && withBias() ? randomArray(3 * units, 62) : undefined;
      yield {
        label: `resetAfter ${resetAfter}${bias ? ' bias' : ''} ${label(sizes)}`,
        args: {
          h: blank(length), gates: floats(projection), inner: blank(length), w: floats(w), bias: optional(bias), h0: optional(h0), ...argsOf(sizes), resetAfter,
        },
        blocks: pairsOf(sizes), scratch: 192 * units,
        check(written) {
          const [h, gates, inner] = [new Expected(length), new Expected(3 * length), new Expected(length)];
          for (const lane of lanes(sizes)) {
            let states: Bounded[] = [];
            for (let t = 0; t < time; t++) {
              const before = lane.before(t, states, h0);
              const source = lane.dropped(before);
              const x = (row: number): Bounded => exact(projection[lane.at(t, row, 3)]!);
              const sum = (row: number): Bounded => project(exact(bias?.[row] ?? 0), source, w, row, 3 * units);
              const z = range(2 * units).map((row) =>
                activate(resetAfter ? plus(x(row), sum(row)) : project(x(row), source, w, row, 3 * units), recurrentKind));
              const within = range(units).map((u) => (resetAfter ? sum(2 * units + u) : times(z[units + u]!, source[u]!)));
              const g = range(units).map((u) => {
                const row = 2 * units + u;
                return activate(resetAfter ? plus(x(row), times(z[units + u]!, within[u]!)) : project(x(row), within, w, row, 3 * units), kind);
              });
              const live = lane.hasSequence && lane.lives(t);
              states = range(units).map((u) => (live ? plus(g[u]!, times(z[u]!, minus(before[u]!, g[u]!))) : before[u]!));
              [...z, ...g].forEach((value, row) => gates.set(lane.at(t, row, 3), value));
              within.forEach((value, u) => inner.set(lane.at(t, u), value));
              states.forEach((state, u) => h.set(lane.at(t, u), state));
            }
          }
          inner.check(written.inner, 'inner');
          gates.check(written.gates, 'gates');
          h.check(written.h, 'h');
        },
      };
    }
  }
};

const gruBackward: Sweep<'gruBackward'> = function* () {
  const places = cycle([true, false]);
  for (const sizes of recurrences()) {
    for (const resetAfter of [1, 0]) {
      const { groups, time, units, kind, recurrentKind, h0 } = sizes;
      const length = groups * time * units * LANES;
      const [values, h, inner] = [randomArray(length, 63), randomArray(length, 64), randomArray(length, 65)];
      const wTransposed = randomArray(3 * units * units, 66, -0.7, 0.7);
      const z = gatesOf(sizes, 3, 2);
      const inPlace = places();
      const gates = floats(z);
      yield {
        label: `resetAfter ${resetAfter} ${label(sizes)}${inPlace ? ' in place' : ''}`,
        args: {
          d: inPlace ? gates : blank(3 * length), dInner: resetAfter ? blank(3 * length) : undefined, dy: floats(values), h: floats(h), gates,
          inner: floats(inner), wTransposed: floats(wTransposed), h0: optional(h0), ...argsOf(sizes), resetAfter,
        },
        blocks: pairsOf(sizes), scratch: 80 * units,
        check(written) {
          const [d, dInner] = [new Expected(3 * length), new Expected(3 * length)];
          for (const lane of lanes(sizes)) {
            let carry = range(units).map(() => ZERO);
            for (let t = time - 1; t >= 0; t--) {
              const before = t > 0 ? range(units).map((u) => exact(h[lane.at(t - 1, u)]!)) : lane.before(0, [], h0);
              const source = lane.dropped(before);
              const live = lane.lives(t);
              const gate = (row: number): Bounded => exact(z[lane.at(t, row, 3)]!);
              const total = carry.map((value, u) => plus(exact(values[lane.at(t, u)]!), value));
              const ofZ = total.map((value, u) =>
                (live ? activateBackward(times(value, minus(before[u]!, gate(2 * units + u))), gate(u), recurrentKind) : ZERO));
              const ofG = total.map((value, u) => (live ? activateBackward(times(value, minus(exact(1), gate(u))), gate(2 * units + u), kind) : ZERO));
              const past = total.map((value, u) => (live ? times(value, gate(u)) : value));
              const back = (own: readonly Bounded[], firstRow: number): Bounded[] =>
                range(units).map((u) => project(ZERO, own, wTransposed.subarray(firstRow * units), u, units));
              // resetAfter: r multiplies the product; without: the state before it
              const ofProduct = back(ofG, 2 * units);
              const ofR = range(units).map((u) => {
                const r = gate(units + u);
                return activateBackward(resetAfter ? times(ofG[u]!, exact(inner[lane.at(t, u)]!)) : times(ofProduct[u]!, source[u]!), r, recurrentKind);
              });
              const recurrent = [...ofZ, ...ofR, ...ofG.map((value, u) => times(value, gate(units + u)))];
              [...ofZ, ...ofR, ...ofG].forEach((value, row) => d.set(lane.at(t, row, 3), value));
              recurrent.forEach((value, row) => dInner.set(lane.at(t, row, 3), value));
              const arriving = lane.dropped(back(resetAfter ? recurrent : [...ofZ, ...ofR], 0));
              const reset = resetAfter ? undefined : lane.dropped(range(units).map((u) => times(ofProduct[u]!, gate(units + u))));
              carry = arriving.map((value, u) => plus(plus(past[u]!, value), reset?.[u] ?? ZERO));
            }
          }
          d.check(written.d, 'd');
          if (resetAfter) dInner.check(written.dInner, 'dInner');
        },
      };
    }
  }
};

const previousSteps: Sweep<'previousSteps'> = function* () {
  for (const sizes of recurrences()) {
    const { groups, time, units: features, drop, h0 } = sizes;
    const x = randomArray(groups * time * features * LANES, 70);
    yield {
      label: label(sizes), args: { y: blank(x.length), x: floats(x), x0: optional(h0), factors: optional(drop), time, features }, blocks: groups,
      check({ y }) {
        const expected = new Float64Array(y.length);
        for (const lane of lanes(sizes)) {
          for (let t = 0; t < time; t++) {
            for (let f = 0; f < features; f++) {
              const value = t > 0 ? x[lane.at(t - 1, f)]! : (h0?.[lane.state(f)] ?? 0);
              expected[lane.at(t, f)] = Math.fround(value * (drop?.[lane.state(f)] ?? 1));
            }
          }
        }
        assertClose(y, expected, 0, 'y');
      },
    };
  }
};

const reverseSteps: Sweep<'reverseSteps'> = function* () {
  for (const sizes of recurrences()) {
    const { groups, time, units: features } = sizes;
    const x = randomArray(groups * time * features * LANES, 71);
    yield {
      label: label(sizes), args: { y: blank(x.length), x: floats(x), time, features }, blocks: groups,
      check({ y }) {
        const expected = new Float64Array(y.length);
        for (const lane of lanes(sizes)) {
          for (let t = 0; t < time; t++) for (let f = 0; f < features; f++) expected[lane.at(t, f)] = x[lane.at(time - 1 - t, f)]!;
        }
        assertClose(y, expected, 0, 'y');
      },
    };
  }
};

const keepState: Sweep<'keepState'> = function* () {
  const steps = cycle([{ batchLoss: 1 }, { batchLoss: NaN }, { batchLoss: 1, overflow: 1 }]);
  for (const { groups, time, units: features } of recurrences()) {
    for (const training of [1, 0]) {
      const [before, states] = [randomArray(groups * features * LANES, 72), randomArray(groups * time * features * LANES, 73)];
      const step = steps();
      const keeps = training === 0 || (step.batchLoss === 1 && step.overflow !== 1);
      yield {
        label: JSON.stringify({ groups, time, features, training, ...step }),
        args: { kept: floats(before), steps: floats(states), state: stateOf(step), time, features, training }, blocks: groups,
        check({ kept }) {
          const size = features * LANES;
          const last = before.map((_, i) => states[(Math.floor(i / size) * time + time - 1) * size + (i % size)]!);
          assertClose(kept, keeps ? last : before, 0, 'kept');
        },
      };
    }
  }
};

/** Cases of the simple recurrence beside those of recurrent.ts. */
export const maskedSimple = { simpleRnnForward: simpleForward, simpleRnnBackward: simpleBackward };
export const gatedSweeps = { lstmForward, lstmBackward, gruForward, gruBackward, previousSteps, reverseSteps, keepState };
