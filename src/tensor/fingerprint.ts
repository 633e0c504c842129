import type { NumericArray } from './tensor.js';

/**
 * 64 bits that tell one set of data from another, in hexadecimal: MurmurHash3's mixing over words of 32 bits, twice with different seeds. Against
 * mix-ups, not against forgers; fast enough to be taken of every training set.
 */
export function fingerprint({ buffer, byteOffset, byteLength }: NumericArray): string {
  const aligned = byteOffset % 4 === 0 ? { buffer, byteOffset } : { buffer: buffer.slice(byteOffset, byteOffset + byteLength), byteOffset: 0 };
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, byteLength >> 2);
  const rest = new Uint8Array(aligned.buffer, aligned.byteOffset + 4 * words.length, byteLength & 3);
  let a = 0x9747b28c;
  let b = 0x3c6ef372;
  const mix = (word: number): void => {
    const first = Math.imul(word, 0xcc9e2d51);
    const mixed = Math.imul((first << 15) | (first >>> 17), 0x1b873593);
    a ^= mixed;
    a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    b ^= Math.imul(mixed, 0x85ebca6b);
    b = (Math.imul((b << 17) | (b >>> 15), 9) + 0x38b34ae5) | 0;
  };
  for (let i = 0; i < words.length; i++) mix(words[i]!);
  for (const byte of rest) mix(byte);
  return finish(a, byteLength) + finish(b, byteLength);
}

function finish(hash: number, length: number): string {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0).toString(16).padStart(8, '0');
}
