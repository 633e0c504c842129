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

/** The mask of `dropoutSteps`: [pairs of groups][features][8], one for each sequence (a lane of one of the pair's groups) and feature. */
export function sequenceMask({ key0, key1, threshold }: MaskKey, step: number, pairs: number, features: number): Uint8Array {
  return Uint8Array.from({ length: pairs * features * 8 }, (_, element) => {
    const word = threefry2x32(key0, key1, 4 * (element >> 3) + (element & 3), step)[(element >> 2) & 1]!;
    return word >>> 8 >= threshold ? 1 : 0;
  });
}

export interface Flip {
  batch: number;
  height: number;
  width: number;
  channels: number;
  horizontal: boolean;
  vertical: boolean;
  key0: number;
  key1: number;
  step: number;
}

/** Images as `randomFlip` mirrors them: the lowest bit of an image's first word decides left and right, the next one top and bottom. */
export function flipped(x: Float64Array, { batch, height, width, channels, horizontal, vertical, key0, key1, step }: Flip): Float64Array {
  const y = new Float64Array(batch * height * width * channels);
  for (let n = 0; n < batch; n++) {
    const [word] = threefry2x32(key0, key1, n, step);
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++) {
        const from = (n * height + (vertical && word & 2 ? height - 1 - h : h)) * width + (horizontal && word & 1 ? width - 1 - w : w);
        for (let c = 0; c < channels; c++) y[((n * height + h) * width + w) * channels + c] = x[from * channels + c]!;
      }
    }
  }
  return y;
}
