/**
 * Winograd's ops one after the other, as a layer lays them out, against double precision: all three passes, and how much they lose beside the
 * direct convolution. `node --import tsx --test tests/ops/winograd.test.ts` prints the figures of docs/numerics.md.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { filterScratch, panelSlabOf, slabOf } from '../../src/layers/convolution/winograd.js';
import { blocksOf, imageBlock, winogradBlocks } from '../../src/plan/blocking.js';
import { Kernel, type OpName } from '../../src/plan/ops.js';
import { Purpose, RandomStream } from '../../src/random.js';
import {
  absWinogradBackwardFilter, absWinogradBackwardInput, absWinogradForward, assertClose, conv2dBackwardFilter, conv2dBackwardInput, type Conv2dSizes,
  conv2dForward, convGeometry, elementTolerances, type Matrix, POSITIONS, randomArray, transpose, type Values, WINOGRAD, type WinogradMatrices, winogradMatrices,
  winogradTilings,
} from '../reference/index.js';
import { blank, floats, type OpCase, type Operand, OpRunner } from './harness.js';
import { packed, TILE_ROWS } from './sweeps/gemm.js';
import { BOUND, ROUNDINGS } from './sweeps/winograd.js';

interface Data {
  x: Values; // [N, H, W, inC]
  kernel: Values; // [3, 3, inC, outC]
  dy: Values; // [N, outH, outW, outC]
}
type Passes = Record<'y' | 'dx' | 'dKernel', Values>;

let runner: OpRunner;
before(async () => void (runner = await OpRunner.create('strict', 2)));
after(() => runner.close());

const run = <Name extends OpName>(name: Name, args: OpCase<Name>['args'], blocks: number, scratch = 0) =>
  runner.run(name, { label: name, args, blocks, scratch, check: () => undefined });

/** The arguments of both ways. */
function geometryOf(sizes: Conv2dSizes) {
  const { batch, height: inH, width: inW, inChannels: inC, filters: outC } = sizes;
  const { outputHeight: outH, outputWidth: outW, pads } = convGeometry(sizes);
  return { batch, inH, inW, inC, outH, outW, outC, padTop: pads.top, padLeft: pads.left };
}

function byWinograd(sizes: Conv2dSizes, { x, kernel, dy }: Data): Passes {
  const geometry = geometryOf(sizes);
  const { batch, inH, inW, inC, outH, outW, outC } = geometry;
  const { tiles } = winogradTilings(sizes);
  const images = { ...geometry, ...winogradBlocks(batch, tiles / batch) };
  const blocks = blocksOf(batch, images.blockImages);
  const scratch = (channels: number): number =>
    Kernel.transformBytes + Kernel.tileBytes * images.chunk + 4 * POSITIONS * (Math.max(inC, outC) + slabOf(images.chunk, channels));
  const slab = (channels: number): Operand => blank(POSITIONS * slabOf(tiles, channels));
  const filter = (transposed: number): Operand => {
    const args = { panels: blank(POSITIONS * panelSlabOf(inC, outC)), filter: floats(kernel), inC, outC, transposed };
    return floats(run('winogradFilter', args, (transposed ? inC : outC) / Kernel.panel, Kernel.transformBytes).panels);
  };

  const { y, v } = run('winogradForward', {
    y: blank(batch * outH * outW * outC), v: slab(inC), x: floats(x), panels: filter(0), bias: undefined, ...images, relu: 0,
  }, blocks, scratch(outC));
  const { dx, m } = run('winogradBackwardInput', {
    dx: blank(batch * inH * inW * inC), m: slab(outC), sums: blank(blocks * outC), dy: floats(dy), y: undefined, panels: filter(1), ...images,
  }, blocks, scratch(inC));
  const { u } = run('winogradBackwardFilter', {
    u: blank(POSITIONS * inC * outC), v: floats(v), m: floats(m), batch, outH, outW, inC, outC, blockImages: images.blockImages, chunk: images.chunk,
  }, POSITIONS, filterScratch(images.chunk, inC, outC));
  const { gradient } = run('winogradFilterGradient', { gradient: blank(9 * inC * outC), u: floats(u), inC, outC }, inC, Kernel.transformBytes);
  return { y, dx, dKernel: gradient };
}

function direct(sizes: Conv2dSizes, { x, kernel, dy }: Data): Passes {
  const geometry = geometryOf(sizes);
  const { batch, inH, inW, inC, outH, outW, outC } = geometry;
  const images = { ...geometry, kernelH: 3, kernelW: 3, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, groups: 1, blockImages: imageBlock(batch) };
  const blocks = blocksOf(batch, images.blockImages);
  const patch = 9 * inC;
  const padded = 4 * inC * (outH + 2) * (outW + 2);
  const tile = Kernel.rowTableBytes + 2 * Kernel.edgeBytes + 32 + padded;
  const panels = packed(kernel, { k: patch, n: outC, strideK: outC, strideN: 1, matrixStride: 0, matrices: 1 });
  const transposed = packed(kernel, { k: outC, n: inC, strideK: 1, strideN: outC, matrixStride: inC * outC, matrices: 9 });

  const { y } = run('conv2dForward', {
    y: blank(batch * outH * outW * outC), x: floats(x), filterPanels: floats(panels), bias: undefined, ...images, relu: 0,
  }, blocks, tile + 4 * TILE_ROWS * patch);
  const { dx } = run('conv2dBackwardInput', {
    dx: blank(batch * inH * inW * inC), dy: floats(dy), filterPanels: floats(transposed), ...images,
  }, blocks, tile);
  const size = patch * outC;
  const { partials } = run('conv2dBackwardFilter', { partials: blank(blocks * size), x: floats(x), dy: floats(dy), ...images }, blocks, tile);
  const { out } = run('reducePartials', { out: blank(size), partials: floats(partials), size, count: blocks, stride: size, blockSize: size }, 1);
  return { y, dx, dKernel: out };
}

function exactly(sizes: Conv2dSizes, { x, kernel, dy }: Data): Passes {
  return {
    y: conv2dForward({ ...sizes, x, kernel }), dx: conv2dBackwardInput({ ...sizes, dy, kernel }), dKernel: conv2dBackwardFilter({ ...sizes, x, dy }),
  };
}

function dataOf(sizes: Conv2dSizes, draw: (length: number, seed: number) => Float64Array): Data {
  const { batch, inH, inW, inC, outH, outW, outC } = geometryOf(sizes);
  return { x: draw(batch * inH * inW * inC, 1), kernel: draw(9 * inC * outC, 2), dy: draw(batch * outH * outW * outC, 3) };
}

const normal = (length: number, seed: number): Float64Array => {
  const stream = new RandomStream(seed, Purpose.initialize);
  return Float64Array.from({ length }, () => Math.fround(stream.normal()));
};

const meanError = (values: Values, exact: Values): number =>
  Array.from(values, (value, i) => Math.abs(value - exact[i]!)).reduce((sum, error) => sum + error, 0) / values.length;

describe('the passes of a convolution by Winograd', () => {
  const shapes: readonly Omit<Conv2dSizes, 'kernelSize'>[] = [
    { batch: 1, height: 3, width: 3, inChannels: 16, filters: 16 },
    { batch: 3, height: 5, width: 7, inChannels: 24, filters: 16, padding: 'same' },
    { batch: 19, height: 6, width: 6, inChannels: 16, filters: 24 }, // two images a block
    { batch: 2, height: 13, width: 13, inChannels: 32, filters: 40, padding: 'same' },
    { batch: 1, height: 30, width: 34, inChannels: 16, filters: 16 }, // an image of several chunks
  ];
  for (const shape of shapes) {
    it(JSON.stringify(shape), () => {
      const sizes: Conv2dSizes = { ...shape, kernelSize: [3, 3] };
      const data = dataOf(sizes, randomArray);
      const { x, kernel, dy } = data;
      const { y, dx, dKernel } = byWinograd(sizes, data);
      const exact = exactly(sizes, data);
      const { input, inputGradient, output, outputGradient, filter, filterGradient, overlap } = ROUNDINGS;
      const within = (values: Values, expected: Values, sums: Values, roundings: number, name: string): void =>
        assertClose(values, expected, elementTolerances(sums, roundings), name);
      within(y, exact.y, absWinogradForward({ ...sizes, x, kernel }, BOUND), input + filter + sizes.inChannels + output, 'y');
      within(dx, exact.dx, absWinogradBackwardInput({ ...sizes, dy, kernel }, BOUND), outputGradient + filter + sizes.filters + inputGradient + overlap, 'dx');
      const { tiles } = winogradTilings(sizes);
      within(dKernel, exact.dKernel, absWinogradBackwardFilter({ ...sizes, x, dy }, BOUND), input + outputGradient + tiles + filterGradient, 'dKernel');
    });
  }
});

describe('what Winograd loses', () => {
  const kernelSize = [3, 3] as const;
  const measured: readonly [readonly (keyof Passes)[], Conv2dSizes][] = [
    [['y', 'dx'], { batch: 8, height: 13, width: 13, inChannels: 64, filters: 64, kernelSize }],
    [['dKernel'], { batch: 128, height: 13, width: 13, inChannels: 16, filters: 16, kernelSize }], // a sum over a whole batch
  ];
  for (const [names, sizes] of measured) {
    it(`is a small multiple of what the direct convolution loses: ${names.join(', ')}`, (t) => {
      const data = dataOf(sizes, normal);
      const [winograd, plain, exact] = [byWinograd, direct, exactly].map((way) => way(sizes, data)) as [Passes, Passes, Passes];
      for (const name of names) {
        const size = meanError(exact[name], new Float64Array(exact[name].length));
        const [error, directError] = [winograd, plain].map((passes) => meanError(passes[name], exact[name]) / size) as [number, number];
        const ratio = error / directError;
        t.diagnostic(`${name}: mean error ${error.toExponential(2)} of the mean size, direct ${directError.toExponential(2)}, ratio ${ratio.toFixed(2)}`);
        assert.ok(ratio < 3, `${name}: ${ratio}`);
      }
    });
  }

  it('is less than with the points ±1, ±2', (t) => {
    const positive = (length: number, seed: number): Float64Array => randomArray(length, seed, 0, 1);
    for (const [kind, draw] of Object.entries({ 'normal numbers': normal, 'an input in [0, 1)': positive })) {
      const [chosen, common] = [WINOGRAD(4), winogradMatrices([0, 1, -1, 2, -2])].map((matrices) => lossOf(matrices, draw)) as [number, number];
      t.diagnostic(`mean error for ${kind}, relative to the plain sum: ${chosen.toFixed(2)}, with ±1, ±2 ${common.toFixed(2)}`);
      assert.ok(chosen < 0.7 * common, `${chosen} and ${common}`);
    }
  });
});

/** The mean error of a tile in float32, a sum over 64 channels with a normal filter, relative to that of the plain sum of its products in order. */
function lossOf({ a, b, g }: WinogradMatrices, draw: (length: number, seed: number) => Float64Array): number {
  const channels = 64;
  const trials = 200;
  const squares = (size: number, values: Float64Array): Matrix[] =>
    Array.from({ length: channels }, (_, c) => Array.from({ length: size }, (__, i) => [...values.subarray((c * size + i) * size, (c * size + i + 1) * size)]));
  const errors = { winograd: 0, plain: 0 };
  for (let trial = 0; trial < trials; trial++) {
    const d = squares(6, draw(channels * 36, trial));
    const f = squares(3, normal(channels * 9, trials + trial));
    const products = d.map((patch, c) => {
      const u = float32Sandwich(g, f[c]!);
      return float32Sandwich(transpose(b), patch).map((row, i) => row.map((value, j) => Math.fround(value * u[i]![j]!)));
    });
    const m = products.reduce((sum, own) => sum.map((row, i) => row.map((value, j) => Math.fround(value + own[i]![j]!))));
    const y = float32Sandwich(transpose(a), m);
    for (let at = 0; at < 16; at++) {
      const [row, column] = [at >> 2, at & 3];
      let exact = 0;
      let plain = 0;
      for (let k = 0; k < 9; k++) {
        for (let c = 0; c < channels; c++) {
          const term = f[c]![Math.floor(k / 3)]![k % 3]! * d[c]![row + Math.floor(k / 3)]![column + (k % 3)]!;
          exact += term;
          plain = Math.fround(plain + Math.fround(term));
        }
      }
      errors.winograd += Math.abs(y[row]![column]! - exact);
      errors.plain += Math.abs(plain - exact);
    }
  }
  return errors.winograd / errors.plain;
}

/** m·s·mᵀ, every sum in float32. */
function float32Sandwich(m: Matrix, s: Matrix): Matrix {
  const product = (x: Matrix, y: Matrix): Matrix =>
    x.map((row) => y[0]!.map((_, j) => row.reduce((sum, value, k) => Math.fround(sum + Math.fround(Math.fround(value) * y[k]![j]!)), 0)));
  return product(product(m, s), transpose(m));
}
