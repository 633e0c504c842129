/**
 * Counter-based random numbers: Threefry-2x32, 20 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011). A number is a function of (seed, purpose, counter), never of history, so shuffles, initial
 * weights and dropout masks can be recomputed at any step. Only integer operations and exact float arithmetic are used,
 * so every engine gives the same bits.
 */
import { logarithm } from './numerics.js';

/** What a stream is for. The numbers are part of the reproducibility promise: never renumber. */
export const Purpose = { initialize: 1, shuffle: 2, dropout: 3, signals: 4, garments: 5, split: 6, augment: 7, recurrentDropout: 8, mixup: 9, infoBatch: 10, alternatingFlip: 11 } as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

const PARITY = 0x1bd11bda;

/** What `mix` leaves: a pair returned would be an allocation for every block. */
const words = new Uint32Array(2);

/** The rounds, four between one injection of the key and the next. */
function mix(key0: number, key1: number, counter0: number, counter1: number): void {
  let [first, second, third] = [key1 | 0, PARITY ^ key0 ^ key1, key0 | 0];
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  for (let injection = 1; injection <= 5; injection++) {
    if (injection & 1) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    } else {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    }
    x0 = (x0 + first) | 0;
    x1 = (x1 + second + injection) | 0;
    [first, second, third] = [second, third, first];
  }
  words[0] = x0;
  words[1] = x1;
}

/** One Threefry-2x32-20 block: 64 random bits from a 64-bit key and a 64-bit counter. */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  mix(key0, key1, counter0, counter1);
  return [words[0]!, words[1]!];
}

/** Folds a seed, a purpose and an index (a layer, an epoch, a step) into the 64-bit key of a stream. */
export function streamKey(seed: number, purpose: Purpose, index = 0): [number, number] {
  return threefry2x32(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, purpose, index >>> 0);
}

/** A sequence of random numbers: a key and a counter. */
export class RandomStream {
  private counter = 0;
  /** The second word of a block, if `hasSpare`: a number that may be undefined would be an object each. */
  private readonly spare = new Uint32Array(1);
  private hasSpare = false;
  private spareNormal: number | undefined;
  /** 32 bits with a sign each: those are no objects either. */
  private readonly key0: number;
  private readonly key1: number;

  constructor(seed: number, purpose: Purpose, index = 0) {
    const [key0, key1] = streamKey(seed, purpose, index);
    this.key0 = key0 | 0;
    this.key1 = key1 | 0;
  }

  /** 32 random bits. */
  uint32(): number {
    this.hasSpare = !this.hasSpare;
    if (!this.hasSpare) return this.spare[0]!;
    mix(this.key0, this.key1, this.counter++, 0);
    this.spare[0] = words[1]!;
    return words[0]!;
  }

  /** Uniform in [low, high), on a grid of 2^-24 of the range. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * ((this.uint32() >>> 8) / 2 ** 24);
  }

  /** Values such as `uniform` gives, one after the other. */
  fillUniform(values: Float32Array, low: number, high: number): Float32Array {
    for (let i = 0; i < values.length; i++) values[i] = this.uniform(low, high);
    return values;
  }

  /** Uniform integer in [0, bound), without bias (rejection). */
  integer(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % bound;
  }

  /** Normal with mean 0 and variance 1: Marsaglia's polar method, with our own logarithm. */
  normal(): number {
    if (this.spareNormal !== undefined) {
      const value = this.spareNormal;
      this.spareNormal = undefined;
      return value;
    }
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const scale = Math.sqrt((-2 * logarithm(s)) / s);
        this.spareNormal = v * scale;
        return u * scale;
      }
    }
  }

  /** Fisher–Yates, in place. */
  shuffle(items: Uint32Array): Uint32Array {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const item = items[i]!;
      items[i] = items[j]!;
      items[j] = item;
    }
    return items;
  }
}

/** The order of rows in an epoch: a permutation of 0 … count-1 that depends on (seed, epoch) alone. */
export function epochOrder(seed: number, epoch: number, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  return new RandomStream(seed, Purpose.shuffle, epoch).shuffle(order);
}
