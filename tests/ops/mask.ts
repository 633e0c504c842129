/** The dropout masks as src/random.ts gives them: functions of (key, step, element) alone. */
import { threefry2x32 } from '../../src/random.js';

export interface MaskKey {
  key0: number;
  key1: number;
  /** rate · 2^24. */
  threshold: number;
}

/** 1 where the word of an element reaches the threshold, else 0. */
function keeps({ key0, key1, threshold }: MaskKey, counter: number, word: number, step: number): number {
  return threefry2x32(key0, key1, counter, step)[word]! >>> 8 >= threshold ? 1 : 0;
}

/** The mask of `dropout`: eight elements share four counters, first words before second ones. */
export function dropoutMask(key: MaskKey, step: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, element) => keeps(key, 4 * (element >> 3) + (element & 3), (element >> 2) & 1, step));
}

/** The mask of `dropoutSteps`: [pairs of groups][features][8], one for each sequence (a lane of one of the pair's groups) and feature. */
export function sequenceMask(key: MaskKey, step: number, pairs: number, features: number): Uint8Array {
  return dropoutMask(key, step, pairs * features * 8);
}
