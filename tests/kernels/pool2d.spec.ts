import { averagePoolBackward } from "../../assembly/pool2d/average-backward";
import { averagePoolForward } from "../../assembly/pool2d/average-forward";
import { maxPoolBackward } from "../../assembly/pool2d/max-backward";
import { maxPoolForward } from "../../assembly/pool2d/max-forward";
import { at, blank, eighths, floats, mismatches } from "./buffers";

/** Two images [size, size, channels], windows of `pool` every `stride`, `pad` rows and columns of padding before. */
function check(size: i32, channels: i32, pool: i32, stride: i32, pad: i32, out: i32): i32 {
  const x = eighths(2 * size * size * channels, 1), dy = eighths(2 * out * out * channels, 2);
  const y = blank(2 * out * out * channels), argmax = blank(2 * out * out * channels), dx = blank(2 * size * size * channels);
  for (let block = 0; block < 2; block++) {
    maxPoolForward(block, 0, y, argmax, x, size, size, channels, out, out, pool, pool, stride, stride, pad, pad);
    maxPoolBackward(block, 0, dx, dy, argmax, size, size, channels, out, out, pool, pool, stride, stride, pad, pad);
  }
  const largest = new StaticArray<f64>(2 * out * out * channels), gradient = new StaticArray<f64>(2 * size * size * channels);
  for (let i = 0; i < largest.length; i++) {
    const n = i / (out * out * channels), oh = (i / (out * channels)) % out, ow = (i / channels) % out, c = i % channels;
    let best = -1;
    for (let tap = 0; tap < pool * pool; tap++) {
      const h = oh * stride + tap / pool - pad, w = ow * stride + (tap % pool) - pad;
      if (h < 0 || h >= size || w < 0 || w >= size) continue;
      const place = ((n * size + h) * size + w) * channels + c;
      if (best < 0 || at(x, place) > at(x, best)) best = place;
    }
    largest[i] = at(x, best);
    gradient[best] += at(dy, i);
  }
  return mismatches(y, largest) + mismatches(dx, gradient);
}

describe("max pooling", () => {
  test("finds the first of the largest values, and gives it the gradient", () => {
    for (let channels = 1; channels <= 9; channels++) {
      expect(check(4, channels, 2, 2, 0, 2)).toBe(0, `whole windows, ${channels} channels`);
      expect(check(5, channels, 2, 2, 0, 2)).toBe(0, `a rest, ${channels} channels`);
      expect(check(5, channels, 3, 1, 0, 3)).toBe(0, `overlap, ${channels} channels`);
      expect(check(5, channels, 3, 2, 1, 3)).toBe(0, `padding, ${channels} channels`);
      expect(check(6, channels, 2, 3, 0, 2)).toBe(0, `gaps, ${channels} channels`);
    }
  });

  test("lets NaN win", () => {
    const x = floats([1, NaN, 3, 2]), y = blank(1), argmax = blank(1);
    maxPoolForward(0, 0, y, argmax, x, 2, 2, 1, 1, 1, 2, 2, 2, 2, 0, 0);
    expect(isNaN(at(y, 0))).toBe(true);
    expect(load<i32>(argmax)).toBe(1);
  });

  test("does without argmax", () => {
    const x = floats([1, 4, 3, 2]), y = blank(1);
    maxPoolForward(0, 0, y, 0, x, 2, 2, 1, 1, 1, 2, 2, 2, 2, 0, 0);
    expect(at(y, 0)).toBe(4);
  });
});

/** One image [size, size, channels] of eighths, windows of 2×2 that tile it: means and shares are exact. */
function checkMeans(size: i32, channels: i32): i32 {
  const out = size / 2;
  const x = eighths(size * size * channels, 1), dy = eighths(out * out * channels, 2), y = blank(out * out * channels), dx = blank(size * size * channels);
  averagePoolForward(0, 0, y, x, 0, size, size, channels, out, out, 2, 2, 2, 2, 0, 0);
  averagePoolBackward(0, 0, dx, dy, 0, size, size, channels, out, out, 2, 2, 2, 2, 0, 0);
  const means = new StaticArray<f64>(out * out * channels), shares = new StaticArray<f64>(size * size * channels);
  for (let i = 0; i < shares.length; i++) {
    const window = ((i / (2 * size * channels)) * out + ((i / channels) % size) / 2) * channels + (i % channels);
    means[window] += at(x, i) / 4;
    shares[i] = at(dy, window) / 4;
  }
  return mismatches(y, means) + mismatches(dx, shares);
}

describe("average pooling", () => {
  test("gives the mean of each window, and each place its share", () => {
    for (let channels = 1; channels <= 21; channels++) expect(checkMeans(4, channels)).toBe(0, `${channels} channels`);
  });

  test("counts neither padding nor what a mask leaves out", () => {
    const x = floats([1, 2, 4, 8]), mask = floats([1, 1, 0, 1]), y = blank(4), dx = blank(4), dy = floats([6, 2, 8, 1]);
    averagePoolForward(0, 0, y, x, mask, 2, 2, 1, 2, 2, 2, 2, 1, 1, 0, 0);
    expect(at(y, 1)).toBe(5); // of 2 and 8
    expect(at(y, 2)).toBe(8);
    averagePoolBackward(0, 0, dx, dy, mask, 2, 2, 1, 2, 2, 2, 2, 1, 1, 0, 0);
    expect(at(dx, 0)).toBe(2);
    expect(at(dx, 1)).toBe(3);
    expect(at(dx, 2)).toBe(0);
    expect(at(dx, 3)).toBe(12);
  });
});
