import assert from 'node:assert/strict';
import { Purpose, RandomStream } from '../../src/random.js';
import { generate, type Values } from './values.js';

/** Uniform numbers in [low, high), each of them a float32: the fast kernel and the reference start from the same values. */
export function randomArray(length: number, seed: number, low = -1, high = 1): Float64Array {
  const stream = new RandomStream(seed, Purpose.initialize);
  return generate(length, () => Math.fround(stream.uniform(low, high)));
}

export function toFloat32(values: Values): Float32Array {
  return Float32Array.from(values);
}

interface TypedArrayConstructor<T> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

export interface Guarded<T> {
  /** The buffer between the bands; `data.byteOffset` is its address. It starts as NaN, as the bands do. */
  data: T;
  /** The first free byte offset after the second band, a multiple of 16. */
  end: number;
  /** Fails if a byte of either band has changed. */
  assertIntact: (message?: string) => void;
}

/**
 * Lays out `byteOffset → [band][length elements of Type][band] → end` in a memory. A kernel that writes outside of its
 * buffer changes a band; one that reads outside and uses what it finds makes a NaN, which `assertClose` refuses; so does
 * an element that was never written.
 */
export function guarded<T>(
  buffer: ArrayBufferLike,
  byteOffset: number,
  Type: TypedArrayConstructor<T>,
  length: number,
  guardBytes = 64,
): Guarded<T> {
  const start = byteOffset + guardBytes;
  const stop = start + length * Type.BYTES_PER_ELEMENT;
  const end = Math.ceil((stop + guardBytes) / 16) * 16;
  const bytes = new Uint8Array(buffer, byteOffset, end - byteOffset);
  for (let i = 0; i < bytes.length; i++) bytes[i] = sentinel(byteOffset + i);

  function assertIntact(message = 'guarded buffer'): void {
    for (let address = byteOffset; address < end; address++) {
      if (address >= start && address < stop) continue;
      const [distance, side] = address < start ? [start - address, 'before'] : [address - stop + 1, 'after'];
      const byte = bytes[address - byteOffset];
      assert.equal(byte, sentinel(address), `${message}: wrote ${byte} at ${distance} bytes ${side} its ${stop - start} bytes`);
    }
  }
  return { data: new Type(buffer, start, length), end, assertIntact };
}

/**
 * Byte `address` of a run of little-endian float32 quiet NaNs, 0x7fc0nnnn, where n is the word's own address: a band
 * copied onto another one, or overwritten by some other NaN, shows.
 */
function sentinel(address: number): number {
  const word = (0x7fc00000 | (0xffff & Math.imul((address >>> 2) + 1, 0x9e37))) >>> 0;
  return (word >>> (8 * (address & 3))) & 0xff;
}
