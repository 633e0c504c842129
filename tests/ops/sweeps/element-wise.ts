import assert from 'node:assert/strict';
import { blocksOf } from '../../../src/plan/blocking.js';
import { Kernel, STATE_BYTES, State } from '../../../src/plan/ops.js';
import { type Activation as ActivationName, assertClose, elementTolerances, map, randomArray } from '../../reference/index.js';
import { blank, cycle, type Data, floats, type Operand, type Sweep } from '../harness.js';
import { dropoutMask, flipped, sequenceMask } from '../mask.js';

/** One to several vectors and blocks, with every length of a tail. */
export function* sizes(): Iterable<{ size: number; blockSize: number; blocks: number }> {
  for (let size = 1; size <= 35; size++) {
    for (const blockSize of [8, 16, 8192]) yield { size, blockSize, blocks: blocksOf(size, blockSize) };
  }
  yield { size: 1000, blockSize: 64, blocks: 16 };
}

/** Stated bounds of assembly/simd/math.ts, in units in the last place; a unit is at most 2^-23 of the value. */
const ULPS = { linear: 0, relu: 0, tanh: 2.6, sigmoid: 2.6 };
/** A hard sigmoid rounds its slope, a product below a half, where the line is not cut off, and a sum below 1. */
const HARD = 2.001 * 2 ** -24;
export const activationTolerance = (kind: ActivationName, y: number): number =>
  (kind === 'hardSigmoid' || kind === 'hardSigmoidTfjs' ? HARD : ULPS[kind] * (2 ** -23 * Math.abs(y) + 2 ** -149));

const affineSweep: Sweep<'affine'> = function* () {
  const scales = cycle([1 / 255, -3, 1]);
  const offsets = cycle([0, -0.5]);
  for (const { blocks, ...elements } of sizes()) {
    const values = randomArray(elements.size, 3, 0, 255);
    const [scale, offset] = [Math.fround(scales()), Math.fround(offsets())];
    for (const inPlace of [false, true]) {
      const x = floats(values);
      yield {
        label: `${scale}, ${offset} ${JSON.stringify(elements)}${inPlace ? ' in place' : ''}`,
        args: { y: inPlace ? x : blank(elements.size), x, ...elements, scale, offset },
        blocks,
        check({ y }) {
          const absolute = map(values, (value) => Math.abs(value * scale) + Math.abs(offset));
          assertClose(y, map(values, (value) => value * scale + offset), elementTolerances(absolute, 2), 'y');
        },
      };
    }
  }
};

/** Figures of the state that are whole numbers, and those in single precision; the others are in double. */
const WHOLE: readonly string[] = ['step', 'overflow', 'held'];
const SINGLE: readonly string[] = ['learningRate', 'plainRate', 'gradientScale', 'weightDecay', 'averageGain'];

/** The state as a buffer; what is not given is zero. */
export function stateOf(values: Partial<Record<keyof typeof State, number>>): Operand {
  const view = new DataView(new ArrayBuffer(STATE_BYTES));
  for (const [name, value] of Object.entries(values) as [keyof typeof State, number][]) {
    if (WHOLE.includes(name)) view.setUint32(State[name], value, true);
    else if (SINGLE.includes(name)) view.setFloat32(State[name], value, true);
    else view.setFloat64(State[name], value, true);
  }
  return { Type: Float32Array, length: STATE_BYTES / 4, data: new Float32Array(view.buffer) };
}

/** Every figure of the state, those not named being zero; the gradient scale may be off by `tolerance`. */
export function assertState(state: Data, expected: Partial<Record<keyof typeof State, number>>, tolerance = 0): void {
  const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  for (const name of Object.keys(State) as (keyof typeof State)[]) {
    const actual = WHOLE.includes(name) ? view.getUint32(State[name], true)
      : SINGLE.includes(name) ? view.getFloat32(State[name], true)
      : view.getFloat64(State[name], true);
    const wanted = expected[name] ?? 0;
    if (!(Number.isNaN(wanted) && Number.isNaN(actual))) assertClose([actual], [wanted], name === 'gradientScale' ? tolerance : 0, name);
  }
}

const masks = (bits: 16 | 24): (() => { key0: number; key1: number; threshold: number; scale: number; step: number }) => {
  const rates = cycle([0.3, 0.5, 0.01, 0.99, 0.2, 0.9, 0.7]);
  const keys = cycle([[0, 0], [0x13198a2e, 0x03707344], [-1, -1]] as const);
  const steps = cycle([0, 1, 2, 1000, 0xffffffff]);
  return () => {
    const rate = rates();
    const [key0, key1] = keys();
    return { key0, key1, threshold: Math.round(rate * 2 ** bits), scale: Math.fround(1 / (1 - rate)), step: steps() };
  };
};

const dropoutSweep: Sweep<'dropout'> = function* () {
  const next = masks(16);
  for (const { blocks, ...elements } of sizes()) {
    if (elements.blockSize % Kernel.randomGroup !== 0) continue;
    const values = randomArray(elements.size, 6);
    for (const inPlace of [false, true]) {
      const { step, ...mask } = next();
      const x = floats(values);
      const kept = dropoutMask(mask, step, elements.size);
      const groups = Math.ceil(elements.size / (2 * Kernel.randomGroup)); // of 32 bits
      yield {
        label: `step ${step} ${JSON.stringify({ ...mask, ...elements })}${inPlace ? ' in place' : ''}`,
        args: {
          y: inPlace ? x : blank(elements.size), kept: inPlace ? undefined : blank(4 * groups, Uint8Array), x, state: stateOf({ step }), ...elements,
          ...mask,
        },
        blocks,
        scratch: Kernel.randomBytes,
        check({ y, kept: bits }) {
          assertClose(y, map(values, (value, i) => kept[i]! * Math.fround(value * mask.scale)), 0, 'y');
          if (!inPlace) assert.deepEqual(bitsOf(bits, elements.size), kept);
        },
      };
    }
  }
};

const bitsOf = (bytes: ArrayLike<number>, count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1);

const dropoutBackwardSweep: Sweep<'dropoutBackward'> = function* () {
  const scale = Math.fround(1 / 0.7);
  for (const { blocks, ...elements } of sizes()) {
    const values = randomArray(elements.size, 8);
    const bytes = Uint8Array.from({ length: 4 * Math.ceil(elements.size / 32) }, (_, i) => (i * 151 + 90) & 255);
    for (const inPlace of [false, true]) {
      const dy = floats(values);
      yield {
        label: `${JSON.stringify(elements)}${inPlace ? ' in place' : ''}`,
        args: { dx: inPlace ? dy : blank(elements.size), dy, kept: { Type: Uint8Array, length: bytes.length, data: bytes }, ...elements, scale },
        blocks,
        check: ({ dx }) => assertClose(dx, map(values, (value, i) => bitsOf(bytes, elements.size)[i]! * Math.fround(value * scale)), 0, 'dx'),
      };
    }
  }
};

const dropoutStepsSweep: Sweep<'dropoutSteps'> = function* () {
  const next = masks(24);
  for (const groups of [1, 2, 3]) {
    for (const time of [1, 2, 5]) {
      for (let features = 1; features <= 9; features++) {
        const values = randomArray(groups * time * features * 4, 7);
        for (const inPlace of [false, true]) {
          const { step, ...mask } = next();
          const x = floats(values);
          const kept = sequenceMask(mask, step, Math.ceil(groups / 2), features);
          const maskAt = (i: number): number => {
            const group = Math.floor(i / (time * features * 4));
            const feature = Math.floor(i / 4) % features;
            return kept[((group >> 1) * features + feature) * 8 + (group & 1) * 4 + (i % 4)]!;
          };
          yield {
            label: `step ${step} ${JSON.stringify({ groups, time, features, ...mask })}${inPlace ? ' in place' : ''}`,
            args: { y: inPlace ? x : blank(values.length), x, state: stateOf({ step }), time, features, ...mask },
            blocks: groups,
            scratch: Kernel.randomBytes + 16 * features,
            check: ({ y }) => assertClose(y, map(values, (value, i) => maskAt(i) * Math.fround(value * mask.scale)), 0, 'y'),
          };
        }
      }
    }
  }
};

const dropoutStepsMaskSweep: Sweep<'dropoutStepsMask'> = function* () {
  const next = masks(24);
  for (const groups of [1, 2, 3, 5]) {
    for (let features = 1; features <= 9; features++) {
      const { step, ...mask } = next();
      const kept = sequenceMask(mask, step, Math.ceil(groups / 2), features);
      yield {
        label: `step ${step} ${JSON.stringify({ groups, features, ...mask })}`,
        args: { mask: blank(groups * features * 4), state: stateOf({ step }), features, ...mask },
        blocks: groups,
        scratch: Kernel.randomBytes,
        check: ({ mask: drawn }) =>
          assertClose(drawn, Float64Array.from(drawn, (_, i) => {
            const group = Math.floor(i / (features * 4));
            return kept[((group >> 1) * features + (Math.floor(i / 4) % features)) * 8 + (group & 1) * 4 + (i % 4)]! * Math.fround(mask.scale);
          }), 0, 'mask'),
      };
    }
  }
};

const randomFlipSweep: Sweep<'randomFlip'> = function* () {
  const steps = cycle([0, 1, 7, 0xffffffff]);
  for (const [height, width, channels] of [[1, 1, 1], [1, 2, 1], [2, 1, 3], [3, 4, 1], [4, 3, 2], [5, 5, 9]] as const) {
    for (const [horizontal, vertical] of [[true, false], [false, true], [true, true], [false, false]] as const) {
      const sizes = { height, width, channels, key0: 0x13198a2e, key1: 0x03707344 };
      const batch = 9;
      const step = steps();
      const values = randomArray(batch * height * width * channels, 9);
      yield {
        label: `step ${step} ${JSON.stringify({ ...sizes, horizontal, vertical })}`,
        args: { y: blank(values.length), x: floats(values), state: stateOf({ step }), ...sizes, horizontal: Number(horizontal), vertical: Number(vertical) },
        blocks: batch,
        scratch: Kernel.randomBytes,
        check: ({ y }) => assertClose(y, flipped(values, { batch, ...sizes, horizontal, vertical, step }), 0, 'y'),
      };
    }
  }
};

export const elementWiseSweeps = {
  affine: affineSweep, dropout: dropoutSweep, randomFlip: randomFlipSweep, dropoutBackward: dropoutBackwardSweep,
  dropoutSteps: dropoutStepsSweep, dropoutStepsMask: dropoutStepsMaskSweep,
};
