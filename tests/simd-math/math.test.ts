/**
 * The vector functions of assembly/simd/math.ts against double precision over the whole range of float32: every 1009th of the
 * 2^32 bit patterns and the neighbourhoods of all thresholds. `LANEWISE_EXHAUSTIVE=1` takes every pattern (minutes).
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { erf } from '../reference/index.js';
import { functions, type FunctionName, LANES, loadVectorMath, type VectorMath } from './compile.js';

const PATTERNS = 2 ** 32;
const STRIDE = process.env['LANEWISE_EXHAUSTIVE'] === '1' ? 1 : 1009;
const names = Object.keys(functions) as FunctionName[];

const reference: Record<FunctionName, (x: number) => number> = {
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  expm1Below: (x) => Math.expm1(x > 0 ? 0 : x),
  erf,
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

/** Stated in the doc comments of assembly/simd/math.ts, in ULP. */
const bound: Record<FunctionName, number> = { exp: 1, log: 0.96, tanh: 2.6, sigmoid: 2.6, expm1Below: 0.93, erf: 2.1, softplus: 2.1 };

let math: VectorMath;
before(async () => {
  math = await loadVectorMath();
});

describe('the compiled functions', () => {
  it('need no data segment, no relaxed instruction and no import but the memory', () => {
    assert.doesNotMatch(math.text, /\(data|relaxed/);
    assert.deepEqual(WebAssembly.Module.imports(math.module).map((entry) => entry.name), ['memory']);
  });

  for (const name of names)
    it(`${name} stays within ${bound[name]} ULP of the double-precision result`, () => {
      const worst = new WorstError(name);
      for (let first = 0; first < PATTERNS; first += LANES * STRIDE) {
        setPatterns(first, STRIDE);
        worst.judge();
      }
      const near = patternsNearThresholds();
      for (let first = 0; first < near.length; first += LANES) {
        math.inputBits.fill(0).set(near.subarray(first, first + LANES));
        worst.judge();
      }
      assert.ok(worst.error <= bound[name], `${worst.error} ULP at x = ${worst.argument}`);
      assert.ok(worst.error > 0.5, 'a worst error under half a unit would mean that nothing was compared');
    });

  it('give the exact results of special arguments', () => {
    const cases: Record<FunctionName, [number, number][]> = {
      exp: [[NaN, NaN], [Infinity, Infinity], [-Infinity, 0], [0, 1], [-0, 1], [89, Infinity], [-104, 0], [2 ** -149, 1]],
      log: [[NaN, NaN], [Infinity, Infinity], [-Infinity, NaN], [0, -Infinity], [-0, -Infinity], [1, 0], [-1, NaN], [-(2 ** -149), NaN]],
      tanh: [[NaN, NaN], [Infinity, 1], [-Infinity, -1], [0, 0], [-0, -0], [2 ** -149, 2 ** -149], [-(2 ** -126), -(2 ** -126)]],
      sigmoid: [[NaN, NaN], [Infinity, 1], [-Infinity, 0], [0, 0.5], [-0, 0.5], [-105, 0], [2 ** -149, 0.5]],
      expm1Below: [[NaN, NaN], [Infinity, 0], [-Infinity, -1], [0, 0], [-0, 0], [5, 0], [-18, -1], [-(2 ** -149), -(2 ** -149)]],
      erf: [[NaN, NaN], [Infinity, 1], [-Infinity, -1], [0, 0], [-0, -0], [4, 1], [-4, -1], [2 ** -149, 2 ** -149]],
      softplus: [[NaN, NaN], [Infinity, Infinity], [-Infinity, 0], [0, Math.fround(Math.LN2)], [-105, 0], [30, 30], [3e38, Math.fround(3e38)]],
    };
    for (const name of names)
      for (const [x, expected] of cases[name]) assert.ok(Object.is(at(name, x), expected), `${name}(${x}) is ${at(name, x)}`);
  });

  it('pass through the subnormal numbers on the way to 0', () => {
    const smallest = 2 ** -149;
    for (const name of ['exp', 'sigmoid'] as const) {
      assert.equal(at(name, -103.9), smallest);
      assert.equal(at(name, -104), 0);
    }
    assert.equal(at('log', smallest), Math.fround(Math.log(smallest)));
  });

  it('tanh is odd to the last bit and never leaves [-1, 1]', () => {
    const negative = 0x80000000;
    const nan = 0x7f800001; // the first of them
    for (let first = 0; first < nan; first += LANES * 1009) {
      setPatterns(first, 1009);
      math.evaluate('tanh');
      const mirrored = math.outputBits.slice();
      setPatterns(first + negative, 1009);
      math.evaluate('tanh');
      for (let lane = 0; lane < LANES && first + lane * 1009 < nan; lane++) {
        assert.equal(math.outputBits[lane], mirrored[lane]! + negative, `tanh(${math.input[lane]})`);
        assert.ok(Math.abs(math.output[lane]!) <= 1, `tanh(${math.input[lane]})`);
      }
    }
  });

  it('saturate exactly, and never come back', () => {
    assertEqualFrom('tanh', 8.5, Infinity, 1);
    assertEqualFrom('tanh', -8.5, -Infinity, -1);
    assertEqualFrom('sigmoid', 17.4, Infinity, 1);
    assertEqualFrom('sigmoid', -104, -Infinity, 0);
    assertEqualFrom('exp', 88.73, Infinity, Infinity);
    assertEqualFrom('exp', -104, -Infinity, 0);
  });

  it('treat each lane by itself', () => {
    const specials = [NaN, Infinity, -Infinity, 0, -0, 2 ** -149, -1e38, 88.7];
    for (const name of names)
      for (let lane = 0; lane < 4; lane++) {
        const value = (vector: number): number => Math.fround((vector - LANES / 8) / 70); // -117 … 117
        math.input.forEach((_, i, input) => (input[i] = value(i >> 2)));
        math.evaluate(name);
        const alone = math.outputBits.slice();
        math.input.forEach((_, i, input) => (input[i] = (i & 3) === lane ? value(i >> 2) : specials[(i >> 2) % 8]!));
        math.evaluate(name);
        for (let i = lane; i < LANES; i += 4)
          if (!Number.isNaN(math.output[i])) assert.equal(math.outputBits[i], alone[i], `${name}(${math.input[i]}), lane ${lane}`);
      }
  });

  // The promise of equal bits on every engine (NaNs made equal first). A program in C, compiled for x86-64 without
  // contraction, gave the same digests. Whoever changes one changes the weights of every network that uses the function.
  const digests: Record<FunctionName, string> = {
    exp: 'e0962d9475b43159',
    log: '9cb1737a4dae0c4f',
    tanh: '259b1449d4d86c1e',
    sigmoid: '82cdfc8b4e9fb5d5',
    expm1Below: '72cd54246d4cb9a7',
    erf: 'e75ddfd7e21a1f2c',
    softplus: '529fa6d316dc8cd9',
  };
  for (const name of names)
    it(`${name} gives the same bits on every engine`, () => {
      const hash = createHash('sha256');
      for (let first = 0; first < PATTERNS; first += LANES * 16411) {
        setPatterns(first, 16411);
        math.evaluate(name);
        math.output.forEach((y, lane) => Number.isNaN(y) && (math.outputBits[lane] = 0x7fc00000));
        hash.update(math.outputBits);
      }
      assert.equal(hash.digest('hex').slice(0, 16), digests[name]);
    });
});

/** The arguments of the next evaluation: `LANES` bit patterns from `first` on (modulo 2^32), `stride` apart. */
function setPatterns(first: number, stride: number): void {
  let pattern = first | 0;
  for (let lane = 0; lane < LANES; lane++) {
    math.inputBits[lane] = pattern;
    pattern = (pattern + stride) | 0;
  }
}

/** name(x) in lane 0. */
function at(name: FunctionName, x: number): number {
  math.input.fill(0);
  math.input[0] = x;
  math.evaluate(name);
  return math.output[0]!;
}

/** Every argument from `first` to `last` gives `expected`; LANES steps, evenly spaced in bit patterns. */
function assertEqualFrom(name: FunctionName, first: number, last: number, expected: number): void {
  const [low, high] = new Uint32Array(Float32Array.of(first, last).buffer);
  math.inputBits.forEach((_, lane, bits) => (bits[lane] = low! + Math.round(((high! - low!) * lane) / (LANES - 1))));
  math.evaluate(name);
  math.output.forEach((y, lane) => assert.equal(y, expected, `${name}(${math.input[lane]})`));
}

/** Greatest error of a function over all chunks judged, in ULP. */
class WorstError {
  error = 0;
  argument = NaN;
  constructor(private readonly name: FunctionName) {}

  /** Evaluates the arguments that are in memory. */
  judge(): void {
    const exact = reference[this.name];
    const { input, output } = math;
    math.evaluate(this.name);
    for (let lane = 0; lane < LANES; lane++) {
      const x = input[lane]!;
      const error = ulpError(output[lane]!, exact(x));
      if (error > this.error) {
        this.error = error;
        this.argument = x;
      }
    }
  }
}

const OVERFLOW = 2 ** 128; // stands for infinity, which is one step above the largest float32

/** |actual - exact| in float32 units in the last place of `exact`; infinite if just one of them is NaN. */
function ulpError(actual: number, exact: number): number {
  if (Number.isNaN(actual) || Number.isNaN(exact)) return Number.isNaN(actual) && Number.isNaN(exact) ? 0 : Infinity;
  const target = clip(exact);
  return Math.abs(clip(actual) - target) / unitInTheLastPlace(target);
}

function clip(x: number): number {
  return x > OVERFLOW ? OVERFLOW : x < -OVERFLOW ? -OVERFLOW : x;
}

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);
/** 2^(e - 23) for a double's exponent field e + 1023, with e held at -126, below which float32 is equally spaced. */
const units = Float64Array.from({ length: 2048 }, (_, field) => 2 ** (Math.max(field - 1023, -126) - 23));

function unitInTheLastPlace(x: number): number {
  double[0] = x;
  return units[(doubleWords[1]! >>> 20) & 0x7ff]!;
}

/** 65 bit patterns around every point, of either sign, where a function changes branch, binade, n or k; and specials. */
function patternsNearThresholds(): Uint32Array {
  const points = [0, 2 ** -149, 2 ** -126, 1, 3.92, 4, 8.49, 9, 17.33, 18, 60, 87.3365, 88.7228, 89, 103.279, 103.972, 104, 104.5, 105, 3.4e38, Infinity, NaN];
  for (let n = 0; n <= 310; n++) points.push(((n + 0.5) * Math.LN2) / 2); // n changes: exp and sigmoid at odd ones, tanh at all
  for (let k = -149; k < 128; k++) points.push(2 ** k, 2 ** k * Math.SQRT2);
  const centers = new Uint32Array(Float32Array.from(points).buffer);
  const patterns: number[] = [];
  for (const center of centers)
    for (let offset = -32; offset <= 32; offset++) patterns.push(center + offset, center + offset + 0x80000000);
  return Uint32Array.from(patterns);
}
