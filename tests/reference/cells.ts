/**
 * Recurrent layers as cells that are unrolled over a sequence. A cell takes one sequence by one step, and gives the way back of that step with it;
 * gradients of its weights add up in the cell.
 */
import { type Activation, activations } from './activation.js';
import { generate, requireShape, type Values } from './values.js';

interface Step {
  /** The states after the step, the output first. Each: [U]. */
  after: Float64Array[];
  /** From the gradients of the states after to those of the input and of the states before. */
  back: (dAfter: readonly Float64Array[]) => { dx: Float64Array; dBefore: Float64Array[] };
}

export interface Cell {
  /** How many states there are. */
  readonly states: number;
  readonly units: number;
  /** Gradients of the weights, in their order. */
  readonly dWeights: Float64Array[];
  /** x: [F]; before: the states; factors: [U], of the first state in its products. */
  step: (x: Float64Array, before: readonly Float64Array[], factors: Values) => Step;
}

export interface CellWeights {
  features: number; // F
  units: number; // U
  kernel: Values; // [F, gates·U]
  recurrentKernel: Values; // [U, gates·U]
  bias?: Values | undefined; // [gates·U]; GRU with resetAfter: [2, gates·U]
  activation?: Activation; // default 'tanh'
  recurrentActivation?: Activation; // default 'sigmoid'
}

/** A function, and its derivative written as a function of the output. */
interface Fn {
  forward: (x: number) => number;
  derivative: (y: number) => number;
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** x · w, columns `first` … `first + count - 1` of a matrix of `columns` columns; and the way back, which adds to dw. */
function product(x: Float64Array, w: Values, dw: Float64Array, columns: number, first: number, count: number): {
  y: Float64Array; back: (dy: Float64Array) => Float64Array;
} {
  return {
    y: generate(count, (c) => x.reduce((sum, value, k) => sum + value * w[k * columns + first + c]!, 0)),
    back: (dy) => generate(x.length, (k) => range(count).reduce((sum, c) => {
      dw[k * columns + first + c]! += x[k]! * dy[c]!;
      return sum + w[k * columns + first + c]! * dy[c]!;
    }, 0)),
  };
}

const sum = (...all: readonly (Float64Array | undefined)[]): Float64Array =>
  generate(all[0]!.length, (i) => all.reduce((total, values) => total + (values?.[i] ?? 0), 0));
const times = (a: Values, b: Values): Float64Array => generate(a.length, (i) => a[i]! * b[i]!);
function addTo(into: Float64Array | undefined, values: Float64Array, offset = 0): void {
  if (into) values.forEach((value, i) => (into[offset + i]! += value));
}

/** Common to all cells: checked weights and their gradients. */
function prepare({ features, units, kernel, recurrentKernel, bias, activation = 'tanh', recurrentActivation = 'sigmoid' }: CellWeights, gates: number) {
  const columns = gates * units;
  requireShape('kernel', kernel, [features, columns]);
  requireShape('recurrentKernel', recurrentKernel, [units, columns]);
  const dWeights = [kernel, recurrentKernel, ...(bias ? [bias] : [])].map(({ length }) => new Float64Array(length));
  const phi: Fn = activations[activation];
  const sigma: Fn = activations[recurrentActivation];
  const slope = (f: Fn, dy: Float64Array, y: Float64Array): Float64Array => generate(dy.length, (i) => dy[i]! * f.derivative(y[i]!));
  return { columns, dWeights, phi, sigma, slope };
}

/** h' = φ(x·kernel + h·recurrentKernel + bias) */
export function simpleRnnCell(weights: CellWeights): Cell {
  const { units, kernel, recurrentKernel, bias } = weights;
  const { columns, dWeights, phi, slope } = prepare(weights, 1);
  return {
    states: 1, units, dWeights,
    step(x, [h], factors) {
      const input = product(x, kernel, dWeights[0]!, columns, 0, columns);
      const recurrent = product(times(h!, factors), recurrentKernel, dWeights[1]!, columns, 0, columns);
      const y = sum(input.y, recurrent.y, bias && Float64Array.from(bias)).map(phi.forward);
      return {
        after: [y],
        back([dy]) {
          const d = slope(phi, dy!, y);
          addTo(dWeights[2], d);
          return { dx: input.back(d), dBefore: [times(recurrent.back(d), factors)] };
        },
      };
    },
  };
}

/** i, f, g, o = σ, σ, φ, σ(x·kernel + h·recurrentKernel + bias); c' = f·c + i·g; h' = o·φ(c') */
export function lstmCell(weights: CellWeights): Cell {
  const { units, kernel, recurrentKernel, bias } = weights;
  const { columns, dWeights, phi, sigma, slope } = prepare(weights, 4);
  return {
    states: 2, units, dWeights,
    step(x, [h, c], factors) {
      const input = product(x, kernel, dWeights[0]!, columns, 0, columns);
      const recurrent = product(times(h!, factors), recurrentKernel, dWeights[1]!, columns, 0, columns);
      const sums = sum(input.y, recurrent.y, bias && Float64Array.from(bias));
      const [i, f, g, o] = [sigma, sigma, phi, sigma].map((fn, gate) => sums.slice(gate * units, (gate + 1) * units).map(fn.forward)) as
        [Float64Array, Float64Array, Float64Array, Float64Array];
      const cell = sum(times(f, c!), times(i, g));
      const y = cell.map(phi.forward);
      return {
        after: [times(o, y), cell],
        back([dh, dc]) {
          const dCell = sum(dc, slope(phi, times(dh!, o), y));
          const d = Float64Array.from([
            ...slope(sigma, times(dCell, g), i), ...slope(sigma, times(dCell, c!), f), ...slope(phi, times(dCell, i), g), ...slope(sigma, times(dh!, y), o),
          ]);
          addTo(dWeights[2], d);
          return { dx: input.back(d), dBefore: [times(recurrent.back(d), factors), times(dCell, f)] };
        },
      };
    },
  };
}

/**
 * z, r = σ(x·kernel + h·recurrentKernel + biases); g = φ(x·kernel + bias + r·(h·recurrentKernel + recurrent bias)) with resetAfter, else
 * φ(x·kernel + (r·h)·recurrentKernel + bias); h' = z·h + (1 - z)·g
 */
export function gruCell({ resetAfter = true, ...weights }: CellWeights & { resetAfter?: boolean }): Cell {
  const { units, kernel, recurrentKernel, bias } = weights;
  const { columns, dWeights, phi, sigma, slope } = prepare(weights, 3);
  if (bias) requireShape('bias', bias, resetAfter ? [2, columns] : [columns]);
  const ofInput = bias && Float64Array.from(bias).subarray(0, columns);
  const ofState = bias && resetAfter ? Float64Array.from(bias).subarray(columns) : undefined;
  return {
    states: 1, units, dWeights,
    step(x, [h], factors) {
      const dropped = times(h!, factors);
      const input = product(x, kernel, dWeights[0]!, columns, 0, columns);
      const sums = sum(input.y, ofInput);
      const gateProduct = product(dropped, recurrentKernel, dWeights[1]!, columns, 0, 2 * units);
      const gates = sum(sums.slice(0, 2 * units), gateProduct.y, ofState?.slice(0, 2 * units)).map(sigma.forward);
      const [z, r] = [gates.slice(0, units), gates.slice(units)];
      const candidateProduct = product(resetAfter ? dropped : times(r, dropped), recurrentKernel, dWeights[1]!, columns, 2 * units, units);
      const inner = sum(candidateProduct.y, ofState?.slice(2 * units));
      const g = sum(sums.slice(2 * units), resetAfter ? times(r, inner) : inner).map(phi.forward);
      return {
        after: [generate(units, (u) => z[u]! * h![u]! + (1 - z[u]!) * g[u]!)],
        back([dh]) {
          const dg = slope(phi, generate(units, (u) => dh![u]! * (1 - z[u]!)), g);
          const dz = slope(sigma, generate(units, (u) => dh![u]! * (h![u]! - g[u]!)), z);
          const dInner = resetAfter ? times(dg, r) : dg;
          const dCandidate = candidateProduct.back(dInner);
          const dr = slope(sigma, times(resetAfter ? dg : dCandidate, resetAfter ? inner : dropped), r);
          const dGates = Float64Array.from([...dz, ...dr]);
          const d = Float64Array.from([...dGates, ...dg]);
          addTo(dWeights[2], d);
          if (ofState) addTo(dWeights[2], Float64Array.from([...dGates, ...dInner]), columns);
          const dDropped = sum(gateProduct.back(dGates), resetAfter ? dCandidate : times(dCandidate, r));
          return { dx: input.back(d), dBefore: [sum(times(dh!, z), times(dDropped, factors))] };
        },
      };
    },
  };
}

export interface UnrollOptions {
  cell: Cell;
  batch: number; // N
  steps: number; // T
  features: number; // F
  x: Values; // [N, T, F]
  goBackwards?: boolean;
  mask?: Values | undefined; // [N, T], 0 in steps that only carry the states over
  factors?: Values | undefined; // [N, U], of the first state in its products
  initialStates?: readonly Values[] | undefined; // each [N, U]; default zeros
}

export interface Unrolled {
  /** The first state after each step taken: [N, T, U]. */
  h: Float64Array;
  /** The states after the last step, each [N, U]. */
  states: Float64Array[];
  /** From the gradient of h to those of x and the initial states; the cell's gradients are added to. */
  back: (dh: Values) => { dx: Float64Array; dInitialStates: Float64Array[] };
}

/** Runs a cell over sequences, one after the other. */
export function unroll({ cell, batch, steps, features, x, goBackwards = false, mask, factors, initialStates }: UnrollOptions): Unrolled {
  requireShape('x', x, [batch, steps, features]);
  const { units } = cell;
  const h = new Float64Array(batch * steps * units);
  const states = range(cell.states).map(() => new Float64Array(batch * units));
  const taken: (Step | undefined)[] = []; // [N, T], undefined where the mask leaves a step out
  const place = (n: number, t: number): number => n * steps + (goBackwards ? steps - 1 - t : t);
  for (let n = 0; n < batch; n++) {
    const own = factors ? Float64Array.from(factors).subarray(n * units, (n + 1) * units) : new Float64Array(units).fill(1);
    let now: Float64Array[] = range(cell.states).map((s) => generate(units, (u) => initialStates?.[s]?.[n * units + u] ?? 0));
    for (let t = 0; t < steps; t++) {
      const at = place(n, t);
      const step = mask && mask[at] === 0 ? undefined : cell.step(generate(features, (f) => x[at * features + f]!), now, own);
      taken.push(step);
      now = step?.after ?? now;
      h.set(now[0]!, (n * steps + t) * units);
    }
    now.forEach((state, s) => states[s]!.set(state, n * units));
  }
  return {
    h, states,
    back(dh) {
      requireShape('dh', dh, [batch, steps, units]);
      const dx = new Float64Array(batch * steps * features);
      const dInitialStates = range(cell.states).map(() => new Float64Array(batch * units));
      for (let n = 0; n < batch; n++) {
        let later: Float64Array[] = range(cell.states).map(() => new Float64Array(units));
        for (let t = steps - 1; t >= 0; t--) {
          later[0] = generate(units, (u) => later[0]![u]! + dh[(n * steps + t) * units + u]!);
          const step = taken[n * steps + t];
          if (!step) continue;
          const { dx: ofStep, dBefore } = step.back(later);
          dx.set(ofStep, place(n, t) * features);
          later = dBefore;
        }
        later.forEach((value, s) => dInitialStates[s]!.set(value, n * units));
      }
      return { dx, dInitialStates };
    },
  };
}
