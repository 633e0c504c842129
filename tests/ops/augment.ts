/** What `randomAffine` and `randomErasing` do to images, in double precision, and their adjoints. */
import { cosineOfTurns, sineOfTurns } from '../../src/numerics.js';
import { Fill } from '../../src/plan/ops.js';
import { threefry2x32 } from '../../src/random.js';

export interface Images {
  batch: number;
  height: number;
  width: number;
  channels: number;
  key0: number;
  key1: number;
  step: number;
}

type Range = readonly [number, number];

/** Uniform numbers in [0, 1) of an image: the first words of four counters, then the second ones. */
function draws(image: number, { key0, key1, step }: Images): number[] {
  const blocks = [0, 1, 2, 3].map((lane) => threefry2x32(key0, key1, 4 * image + lane, step));
  return [...blocks.map(([first]) => first), ...blocks.map(([, second]) => second)].map((word) => (word >>> 8) / 2 ** 24);
}
const between = ([low, high]: Range, share: number): number => Math.fround(low) + (Math.fround(high) - Math.fround(low)) * share;

export interface Motion extends Images {
  fill: number;
  fillValue: number;
  turns: Range;
  down: Range;
  right: Range;
}

/** The index that stands for one outside, found by walking; undefined for the fill value. */
function within(at: number, size: number, fill: number): number | undefined {
  if (at >= 0 && at < size) return at;
  if (fill === Fill.constant) return undefined;
  if (fill === Fill.nearest) return at < 0 ? 0 : size - 1;
  if (fill === Fill.wrap) return within(at < 0 ? at + size : at - size, size, fill);
  return within(at < 0 ? -1 - at : 2 * size - 1 - at, size, fill);
}

interface Tap {
  /** Index of an input pixel; undefined for the fill value. */
  from: number | undefined;
  weight: number;
}

/** For each output pixel what it is made of. */
function tapsOf(image: number, options: Motion): Tap[][] {
  const { height, width, fill } = options;
  const [angle, downShare, rightShare] = draws(image, options) as [number, number, number];
  const turns = between(options.turns, angle);
  const [cosine, sine] = [cosineOfTurns(turns), sineOfTurns(turns)];
  const [down, right] = [between(options.down, downShare) * height, between(options.right, rightShare) * width];
  const [middleH, middleW] = [(height - 1) / 2, (width - 1) / 2];
  const result: Tap[][] = [];
  for (let h = 0; h < height; h++) {
    for (let w = 0; w < width; w++) {
      const [fromH, fromW] = [h - down - middleH, w - right - middleW];
      const [y, x] = [sine * fromW + cosine * fromH + middleH, cosine * fromW - sine * fromH + middleW];
      const [top, left] = [Math.floor(y), Math.floor(x)];
      const taps: Tap[] = [];
      for (const [row, weightH] of [[top, 1 - (y - top)], [top + 1, y - top]] as const) {
        for (const [column, weightW] of [[left, 1 - (x - left)], [left + 1, x - left]] as const) {
          const [inH, inW] = [within(row, height, fill), within(column, width, fill)];
          taps.push({ from: inH === undefined || inW === undefined ? undefined : inH * width + inW, weight: weightH * weightW });
        }
      }
      result.push(taps);
    }
  }
  return result;
}

export function moved(x: Float64Array, options: Motion): Float64Array {
  const { batch, height, width, channels, fillValue } = options;
  const y = new Float64Array(x.length);
  const size = height * width * channels;
  for (let image = 0; image < batch; image++) {
    tapsOf(image, options).forEach((taps, pixel) => {
      for (let c = 0; c < channels; c++) {
        y[image * size + pixel * channels + c] = taps.reduce((sum, { from, weight }) => sum + weight * (from === undefined ? Math.fround(fillValue) : x[image * size + from * channels + c]!), 0);
      }
    });
  }
  return y;
}

export function movedBack(dy: Float64Array, options: Motion): Float64Array {
  const { batch, height, width, channels } = options;
  const dx = new Float64Array(dy.length);
  const size = height * width * channels;
  for (let image = 0; image < batch; image++) {
    tapsOf(image, options).forEach((taps, pixel) => {
      for (const { from, weight } of taps) {
        if (from === undefined) continue;
        for (let c = 0; c < channels; c++) dx[image * size + from * channels + c]! += weight * dy[image * size + pixel * channels + c]!;
      }
    });
  }
  return dx;
}

export interface Erasing extends Images {
  chance: number;
  scale: Range;
  fillValue: number;
}

export function erased(x: Float64Array, options: Erasing): Float64Array {
  const { batch, height, width, channels, chance, scale, fillValue } = options;
  const y = Float64Array.from(x);
  for (let image = 0; image < batch; image++) {
    const [luck, area, form, downShare, rightShare] = draws(image, options) as [number, number, number, number, number];
    if (luck >= Math.fround(chance)) continue;
    const pixels = between(scale, area) * (height * width);
    const ratio = 0.3 + (1 / 0.3 - 0.3) * form;
    const side = (square: number, size: number): number => Math.min(size, Math.max(1, Math.floor(Math.sqrt(square) + 0.5)));
    const [rows, columns] = [side(pixels * ratio, height), side(pixels / ratio, width)];
    const [top, left] = [Math.floor(downShare * (height - rows + 1)), Math.floor(rightShare * (width - columns + 1))];
    for (let h = top; h < top + rows; h++) {
      const row = (image * height + h) * width;
      y.fill(Math.fround(fillValue), (row + left) * channels, (row + left + columns) * channels);
    }
  }
  return y;
}
