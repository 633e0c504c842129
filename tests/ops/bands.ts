import assert from 'node:assert/strict';
import { guarded, type Guarded } from '../reference/index.js';

interface TypedArrayConstructor<T> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/**
 * What stands around a buffer. `nan`: what is read outside shows in every result, but arithmetic in place, x = x - y, leaves a NaN as it
 * was. `finite`: what is written outside shows. So a kernel is run once with each.
 */
export type Bands = 'nan' | 'finite';

const BAND_BYTES = 64;
/** The bytes of the float 3.25, at any address that is a multiple of four. */
const FINITE = new Uint8Array(Float32Array.of(3.25).buffer);

/** A buffer of NaNs between bands, as `guarded` lays it out. */
export function banded<T extends ArrayBufferView>(
  memory: ArrayBufferLike, byteOffset: number, Type: TypedArrayConstructor<T>, length: number, bands: Bands,
): Guarded<T> {
  const region = guarded(memory, byteOffset, Type, length, BAND_BYTES);
  if (bands === 'nan') return region;
  const { data, end } = region;
  const stop = data.byteOffset + data.byteLength;
  const around = [new Uint8Array(memory, byteOffset, BAND_BYTES), new Uint8Array(memory, stop, end - stop)];
  for (const band of around) band.forEach((_, i) => (band[i] = FINITE[(band.byteOffset + i) & 3]!));
  return {
    ...region,
    assertIntact: (message = 'buffer') => {
      for (const band of around) {
        const at = band.findIndex((value, i) => value !== FINITE[(band.byteOffset + i) & 3]);
        assert.ok(at < 0, `${message}: wrote ${band[at]} at ${band.byteOffset + at - data.byteOffset} bytes from the start of its ${data.byteLength} bytes`);
      }
    },
  };
}
