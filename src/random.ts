/**
 * Counter-based random numbers: Threefry-2x32, 20 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011). A number is a function of (seed, purpose, counter), never of history, so shuffles, initial
 * weights and dropout masks can be recomputed at any step. Only integer operations and exact float arithmetic are used,
 * so every engine gives the same bits.
 */
import { logarithm } from './numerics.js';

/** What a stream is for. The numbers are part of the reproducibility promise: never renumber. */
export const Purpose = { initialize: 1, shuffle: 2, dropout: 3, signals: 4, garments: 5, split: 6, augment: 7, recurrentDropout: 8, mixup: 9 } as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;

/** One Threefry-2x32-20 block: 64 random bits from a 64-bit key and a 64-bit counter. */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const keys = [key0 | 0, key1 | 0, (PARITY ^ key0 ^ key1) | 0] as const;
  let x0 = (counter0 + keys[0]) | 0;
  let x1 = (counter1 + keys[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = ROTATIONS[round & 7]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if ((round & 3) === 3) {
      const injection = (round >> 2) + 1;
      x0 = (x0 + keys[injection % 3]!) | 0;
      x1 = (x1 + keys[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** Folds a seed, a purpose and an index (a layer, an epoch, a step) into the 64-bit key of a stream. */
export function streamKey(seed: number, purpose: Purpose, index = 0): [number, number] {
  return threefry2x32(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, purpose, index >>> 0);
}

/** A sequence of random numbers: a key and a counter. */
export class RandomStream {
  private counter = 0;
  private spareWord: number | undefined;
  private spareNormal: number | undefined;
  private readonly key: [number, number];

  constructor(seed: number, purpose: Purpose, index = 0) {
    this.key = streamKey(seed, purpose, index);
  }

  /** 32 random bits. */
  uint32(): number {
    if (this.spareWord !== undefined) {
      const word = this.spareWord;
      this.spareWord = undefined;
      return word;
    }
    const [first, second] = threefry2x32(this.key[0], this.key[1], this.counter++, 0);
    this.spareWord = second;
    return first;
  }

  /** Uniform in [low, high), on a grid of 2^-24 of the range. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * ((this.uint32() >>> 8) / 2 ** 24);
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
