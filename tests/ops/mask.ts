/** The dropout masks as src/random.ts gives them: functions of (key, step, element) alone. */
import { threefry2x32 } from '../../src/random.js';

export interface MaskKey {
  key0: number;
  key1: number;
  /** rate · 2^16 for `dropout`, rate · 2^24 for `dropoutSteps`. */
  threshold: number;
}

/** The mask of `dropout`: sixteen elements share four counters, first words before second ones, lower halves of a word before upper ones. */
export function dropoutMask({ key0, key1, threshold }: MaskKey, step: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, element) => {
    const word = threefry2x32(key0, key1, 4 * (element >> 4) + ((element >> 1) & 3), step)[(element >> 3) & 1]!;
    return ((word >>> (16 * (element & 1))) & 0xffff) >= threshold ? 1 : 0;
  });
}

/** The mask of `dropoutSteps`: [groups][features][8], one for each sequence (a lane of a group) and feature. */
export function sequenceMask({ key0, key1, threshold }: MaskKey, step: number, groups: number, features: number): Uint8Array {
  return Uint8Array.from({ length: groups * features * 8 }, (_, element) => {
    const word = threefry2x32(key0, key1, 4 * (element >> 3) + (element & 3), step)[(element >> 2) & 1]!;
    return word >>> 8 >= threshold ? 1 : 0;
  });
}
