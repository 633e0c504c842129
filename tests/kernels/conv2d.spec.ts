import { conv2dBackwardFilter } from "../../assembly/conv2d/backward-filter";
import { conv2dBackwardInput } from "../../assembly/conv2d/backward-input";
import { conv2dForward } from "../../assembly/conv2d/forward";
import { packPanels } from "../../assembly/gemm/panels";
import { at, blank, eighths, mismatches } from "./buffers";

/** A convolution, as the three passes take it. */
class Sizes {
  constructor(
    public inH: i32, public inW: i32, public inC: i32, public outC: i32, public kernelH: i32, public kernelW: i32,
    public strideH: i32 = 1, public strideW: i32 = 1, public same: bool = false, public batch: i32 = 2, public blockImages: i32 = 1,
  ) {}
  out(size: i32, kernel: i32, stride: i32): i32 {
    return this.same ? (size + stride - 1) / stride : (size - kernel) / stride + 1;
  }
  pad(size: i32, kernel: i32, stride: i32): i32 {
    return this.same ? max((this.out(size, kernel, stride) - 1) * stride + kernel - size, 0) / 2 : 0;
  }
  get outH(): i32 { return this.out(this.inH, this.kernelH, this.strideH); }
  get outW(): i32 { return this.out(this.inW, this.kernelW, this.strideW); }
  get padTop(): i32 { return this.pad(this.inH, this.kernelH, this.strideH); }
  get padLeft(): i32 { return this.pad(this.inW, this.kernelW, this.strideW); }
  get xLength(): i32 { return this.batch * this.inH * this.inW * this.inC; }
  get yLength(): i32 { return this.batch * this.outH * this.outW * this.outC; }
  get kernelLength(): i32 { return this.kernelH * this.kernelW * this.inC * this.outC; }
  get blocks(): i32 { return (this.batch + this.blockImages - 1) / this.blockImages; }
  /** More than any pass asks for. */
  get scratch(): usize { return blank(4096 + 6 * this.kernelLength + 4 * (this.inH + 9) * (this.inW + 9) * this.inC); }
}

/** Every product of the convolution: y += x · kernel, dx += dy · kernel, or dKernel += x · dy. pass: 0, 1, 2. */
function products(pass: i32, s: Sizes, left: usize, right: usize): StaticArray<f64> {
  const sums = new StaticArray<f64>(pass == 0 ? s.yLength : pass == 1 ? s.xLength : s.kernelLength);
  for (let y = 0; y < s.yLength / s.outC; y++) {
    const n = y / (s.outH * s.outW), oh = (y / s.outW) % s.outH, ow = y % s.outW;
    for (let tap = 0; tap < s.kernelH * s.kernelW; tap++) {
      const h = oh * s.strideH + tap / s.kernelW - s.padTop, w = ow * s.strideW + (tap % s.kernelW) - s.padLeft;
      if (h < 0 || h >= s.inH || w < 0 || w >= s.inW) continue;
      for (let c = 0; c < s.inC; c++) {
        const xAt = ((n * s.inH + h) * s.inW + w) * s.inC + c;
        for (let f = 0; f < s.outC; f++) {
          const yAt = y * s.outC + f, kernelAt = (tap * s.inC + c) * s.outC + f;
          if (pass == 0) sums[yAt] += at(left, xAt) * at(right, kernelAt);
          else if (pass == 1) sums[xAt] += at(left, yAt) * at(right, kernelAt);
          else sums[kernelAt] += at(left, xAt) * at(right, yAt);
        }
      }
    }
  }
  return sums;
}

/** Panels of `matrices` matrices [k, n]. */
function panelsOf(b: usize, k: i32, n: i32, strideK: i32, strideN: i32, matrices: i32): usize {
  const perMatrix = (n + 7) / 8;
  const panels = blank(matrices * perMatrix * k * 8);
  for (let block = 0; block < matrices * perMatrix; block++) packPanels(block, 0, panels, b, k, n, strideK, strideN, k * n);
  return panels;
}

function checkForward(s: Sizes, biased: bool, relu: bool): i32 {
  const x = eighths(s.xLength, 1), kernel = eighths(s.kernelLength, 2), bias = biased ? eighths(s.outC, 3) : 0;
  const panels = panelsOf(kernel, s.kernelH * s.kernelW * s.inC, s.outC, s.outC, 1, 1);
  const y = blank(s.yLength), scratch = s.scratch;
  for (let block = 0; block < s.blocks; block++) {
    conv2dForward(
      block, scratch, y, x, panels, bias, s.batch, s.inH, s.inW, s.inC, s.outH, s.outW, s.outC,
      s.kernelH, s.kernelW, s.strideH, s.strideW, s.padTop, s.padLeft, s.blockImages, 1, 1, 1, i32(relu),
    );
  }
  const expected = products(0, s, x, kernel);
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i] + (biased ? at(bias, i % s.outC) : 0);
    expected[i] = relu ? Math.max(value, 0) : value;
  }
  return mismatches(y, expected);
}

function checkBackwardInput(s: Sizes): i32 {
  const dy = eighths(s.yLength, 4), kernel = eighths(s.kernelLength, 5);
  const panels = panelsOf(kernel, s.outC, s.inC, 1, s.outC, s.kernelH * s.kernelW);
  const dx = blank(s.xLength), scratch = s.scratch;
  for (let block = 0; block < s.blocks; block++) {
    conv2dBackwardInput(
      block, scratch, dx, dy, panels, s.batch, s.inH, s.inW, s.inC, s.outH, s.outW, s.outC,
      s.kernelH, s.kernelW, s.strideH, s.strideW, s.padTop, s.padLeft, s.blockImages, 1, 1, 1,
    );
  }
  return mismatches(dx, products(1, s, dy, kernel));
}

/** All partial sums together. */
function checkBackwardFilter(s: Sizes): i32 {
  const x = eighths(s.xLength, 6), dy = eighths(s.yLength, 7);
  const partials = blank(s.blocks * s.kernelLength), scratch = s.scratch;
  for (let block = 0; block < s.blocks; block++) {
    conv2dBackwardFilter(
      block, scratch, partials, x, dy, s.batch, s.inH, s.inW, s.inC, s.outH, s.outW, s.outC,
      s.kernelH, s.kernelW, s.strideH, s.strideW, s.padTop, s.padLeft, s.blockImages, 1, 1, 1,
    );
  }
  const sum = blank(s.kernelLength);
  for (let i = 0; i < s.kernelLength; i++) {
    let total: f64 = 0;
    for (let block = 0; block < s.blocks; block++) total += at(partials, block * s.kernelLength + i);
    store<f32>(sum + ((<usize>i) << 2), <f32>total);
  }
  return mismatches(sum, products(2, s, x, dy));
}

/** Sizes around a tile of pixels and of channels, all kinds of windows. */
function geometries(): Sizes[] {
  return [
    new Sizes(1, 1, 1, 1, 1, 1), new Sizes(3, 3, 1, 8, 3, 3), new Sizes(4, 5, 2, 9, 3, 2), new Sizes(6, 5, 8, 7, 2, 2),
    new Sizes(5, 6, 9, 3, 3, 3, 1, 1, true), new Sizes(6, 6, 3, 8, 3, 3, 2, 2, true), new Sizes(7, 6, 2, 5, 2, 2, 3, 2),
    new Sizes(4, 4, 1, 17, 5, 5, 1, 1, true), new Sizes(5, 7, 17, 2, 1, 3, 2, 1), new Sizes(4, 4, 2, 3, 3, 3, 1, 1, false, 5, 2),
    new Sizes(2, 3, 10, 10, 4, 4, 1, 1, true, 3, 2),
  ];
}

describe("conv2d", () => {
  test("forward", () => {
    const all = geometries();
    for (let i = 0; i < all.length; i++) {
      expect(checkForward(all[i], false, false)).toBe(0, `geometry ${i}`);
      expect(checkForward(all[i], true, true)).toBe(0, `geometry ${i}, bias and ReLU`);
    }
  });

  test("backward to the input", () => {
    const all = geometries();
    for (let i = 0; i < all.length; i++) expect(checkBackwardInput(all[i])).toBe(0, `geometry ${i}`);
  });

  test("backward to the filter", () => {
    const all = geometries();
    for (let i = 0; i < all.length; i++) expect(checkBackwardFilter(all[i])).toBe(0, `geometry ${i}`);
  });
});
