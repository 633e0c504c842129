import assert from 'node:assert/strict';
import { blocksOf, usesWindowWinograd } from '../../../src/plan/blocking.js';
import { Kernel } from '../../../src/plan/ops.js';
import { pooledBackwardScratch, pooledForwardScratch } from '../../../src/layers/convolution/pooled-conv2d.js';
import {
  absConv2dBackwardFilter, absConv2dBackwardInput, absConv2dForward, assertClose, columnSums, conv2dBackwardFilter, conv2dBackwardInput,
  conv2dForward, type Conv2dSizes, convGeometry, elementTolerances, map, maxPoolForward, randomArray, type Values,
} from '../../reference/index.js';
import { blank, bytes, cycle, floats, type OpCase, type Sweep } from '../harness.js';
import { packed } from './gemm.js';

type Window = Pick<Conv2dSizes, 'height' | 'width' | 'kernelSize' | 'strides' | 'padding'>;

/** From one pooling window over less than a band of them to several bands; odd outputs, whose last row or column no window takes. */
const WINDOWS: readonly Window[] = [
  { height: 2, width: 2, kernelSize: [1, 1] },
  { height: 4, width: 4, kernelSize: [3, 3] },
  { height: 6, width: 7, kernelSize: [3, 3] },
  { height: 5, width: 6, kernelSize: [3, 3], padding: 'same' },
  { height: 8, width: 10, kernelSize: [1, 2], strides: [2, 2] },
  { height: 9, width: 11, kernelSize: [3, 3], strides: [2, 2], padding: 'same' },
  { height: 7, width: 9, kernelSize: [2, 2], strides: [3, 2] },
  { height: 7, width: 5, kernelSize: [5, 5], padding: 'same' },
  { height: 2, width: 2, kernelSize: [5, 4], padding: 'same' },
  { height: 12, width: 11, kernelSize: [2, 2] },
  { height: 4, width: 7, kernelSize: [3, 1], strides: [1, 2], padding: 'same' }, // padded above, cut off at the right
  { height: 4, width: 36, kernelSize: [3, 3] },
];

interface Case {
  sizes: Conv2dSizes;
  blockImages: number;
  bias: boolean;
  relu: boolean;
}

/** Every channel count up to several tiles of taps with filters near the edges of a tile, every window with several channel counts. */
function* convolutions(): Iterable<Case> {
  // lists of coprime lengths, so that every choice meets every other
  const windows = cycle(WINDOWS);
  const images = cycle([[1, 1], [3, 1], [4, 3], [3, 2], [2, 2]] as const);
  const flags = cycle([true, false, false, true, true, false, true]);
  const make = (window: Window, inChannels: number, filters: number): Case => {
    const [batch, blockImages] = images();
    return { sizes: { ...window, batch, inChannels, filters }, blockImages, bias: flags(), relu: flags() };
  };
  for (let inChannels = 1; inChannels <= 10; inChannels++) {
    for (const filters of [1, 3, 4, 5, 8, 9, 17]) yield make(windows(), inChannels, filters);
  }
  for (const window of WINDOWS) {
    for (const [inChannels, filters] of [[1, 2], [1, 16], [2, 7], [3, 8]] as const) yield make(window, inChannels, filters);
  }
  yield { sizes: { height: 6, width: 6, kernelSize: [3, 3], batch: 9, inChannels: 4, filters: 8 }, blockImages: 2, bias: true, relu: true };
}

function geometryOf({ sizes, blockImages }: Pick<Case, 'sizes' | 'blockImages'>) {
  const { batch, height, width, inChannels, filters, kernelSize: [kernelH, kernelW], strides: [strideH, strideW] = [1, 1] } = sizes;
  const { outputHeight: outH, outputWidth: outW, pads } = convGeometry(sizes);
  const args = {
    batch, inH: height, inW: width, inC: inChannels, outH, outW, outC: filters, kernelH, kernelW, strideH, strideW,
    padTop: pads.top, padLeft: pads.left, blockImages,
  };
  const padded = 4 * inChannels * ((outH - 1) * strideH + kernelH) * ((outW - 1) * strideW + kernelW);
  return {
    args, blocks: blocksOf(batch, blockImages), patch: kernelH * kernelW * inChannels, padded,
    pooledLength: batch * (outH >> 1) * (outW >> 1) * filters,
  };
}

/** Added to a place where ReLU lets no gradient through. */
const SHUT = 128;
/** A window's places, as the kernels name them. */
const PLACES = [0, 4, 8, 12];

/** The four outputs of the convolution in the window of each pooled value, as indices. */
function windowsOf({ sizes }: Case): number[][] {
  const { filters } = sizes;
  const { outputHeight, outputWidth } = convGeometry(sizes);
  const [pooledH, pooledW] = [outputHeight >> 1, outputWidth >> 1];
  return Array.from({ length: sizes.batch * pooledH * pooledW * filters }, (_, i) => {
    const [f, w, h] = [i % filters, Math.floor(i / filters) % pooledW, Math.floor(i / filters / pooledW) % pooledH];
    const n = Math.floor(i / filters / pooledW / pooledH);
    return [0, 1, 2, 3].map((place) => ((n * outputHeight + 2 * h + (place >> 1)) * outputWidth + 2 * w + (place & 1)) * filters + f);
  });
}

const forwardSweep: Sweep<'conv2dMaxPoolForward'> = function* () {
  for (const option of convolutions()) {
    for (const winograd of usesWindowWinograd(geometryOf(option).args) ? [true, false] : [false]) {
      yield forwardCase(option, 'random', winograd);
      yield forwardCase(option, 'ties', winograd);
    }
  }
  yield* notANumber();
};

/** ties: small whole numbers, whose sums are exact and often equal, so that the winner must be the reference's. */
function forwardCase(option: Case, kind: 'random' | 'ties', winograd: boolean): OpCase<'conv2dMaxPoolForward'> {
  const { sizes, relu } = option;
  const { args, blocks, patch, padded, pooledLength } = geometryOf(option);
  const draw = (length: number, seed: number): Float64Array => {
    const values = randomArray(length, seed, ...(kind === 'ties' ? ([-1.5, 1.5] as const) : []));
    return kind === 'ties' ? values.map(Math.round) : values;
  };
  const x = draw(args.batch * args.inH * args.inW * args.inC, 1);
  const kernel = draw(patch * args.outC, 2);
  const bias = option.bias ? draw(args.outC, 3) : undefined;
  const winners = kind === 'ties' || option.bias ? blank(pooledLength, Uint8Array) : undefined;
  return {
    label: `${JSON.stringify(option)} ${kind}${winograd ? ', Winograd' : ''}`,
    args: {
      y: blank(pooledLength), winners, x: floats(x), filterPanels: floats(panelsOf(kernel, patch, args.outC)), bias: bias && floats(bias), ...args,
      winograd: Number(winograd), relu: Number(relu),
    },
    blocks,
    scratch: pooledForwardScratch(args, winograd) + padded,
    check(written) {
      const sums = map(conv2dForward({ ...sizes, x, kernel }), (value, i) => value + (bias?.[i % args.outC] ?? 0));
      const absolute = map(absConv2dForward({ ...sizes, x, kernel }), (value, i) => value + Math.abs(bias?.[i % args.outC] ?? 0));
      const limits = kind === 'ties' ? new Float64Array(sums.length) : elementTolerances(absolute, patch + 1);
      const windows = windowsOf(option);
      const largest = windows.map((window) => Math.max(...window.map((at) => sums[at]!)));
      const slack = windows.map((window) => Math.max(...window.map((at) => limits[at]!))); // a maximum is off by no more than its values
      assertClose(written.y, relu ? map(largest, (value) => Math.max(value, 0)) : largest, slack, 'y');
      if (winners) windows.forEach((window, i) => checkWinner(written.winners[i]!, window.map((at) => sums[at]!), relu, slack[i]!));
    },
  };
}

/** Whether the winner is one of those that may be the largest; exactly the first of the largest if nothing was rounded. */
function checkWinner(winner: number, window: readonly number[], relu: boolean, slack: number): void {
  const largest = Math.max(...window);
  const shut = winner >= SHUT;
  if (Math.abs(largest) > slack || slack === 0) assert.equal(shut, relu && largest <= 0, `winner ${winner} of ${window.join(', ')}`);
  const place = PLACES.indexOf(winner % SHUT);
  assert.ok(place >= 0, `winner ${winner}`);
  if (slack === 0) assert.equal(place, window.indexOf(largest), `winner of ${window.join(', ')}`);
  else assert.ok(window[place]! >= largest - 2 * slack, `winner ${winner} of ${window.join(', ')}`);
}

/** One NaN at each place of an image: its window gives NaN, and it is the winner; with ReLU nothing goes back. */
function* notANumber(): Iterable<OpCase<'conv2dMaxPoolForward'>> {
  const sizes = { batch: 1, height: 4, width: 4, inChannels: 1, filters: 9, kernelSize: [1, 1] } as const;
  const { args, blocks, patch, pooledLength } = geometryOf({ sizes, blockImages: 1 });
  const clean = randomArray(16, 5);
  const kernel = randomArray(args.outC, 6, 0.5, 1);
  for (const relu of [true, false]) {
    for (let bad = 0; bad < clean.length; bad++) {
      // the reference does not treat NaN; a value above all others wins the same windows
      const { y, argmax } = maxPoolForward({ batch: 1, height: 4, width: 4, channels: 1, poolSize: [2, 2], x: clean.with(bad, 100) });
      yield {
        label: `NaN at ${bad}${relu ? ', ReLU' : ''}`,
        args: {
          y: blank(pooledLength), winners: blank(pooledLength, Uint8Array), x: floats(clean.with(bad, NaN)),
          filterPanels: floats(panelsOf(kernel, patch, args.outC)), bias: undefined, ...args, winograd: 0, relu: Number(relu),
        },
        blocks,
        scratch: pooledForwardScratch(args, false),
        check(written) {
          Array.from(written.winners).forEach((winner, i) => {
            const window = Math.floor(i / args.outC);
            const at = argmax[window]!;
            const shut = relu && (at === bad || y[window]! <= 0);
            assert.equal(winner >= SHUT, shut, `winner ${i}`);
            if (!shut) assert.equal(winner, PLACES[2 * (Math.floor(at / 4) % 2) + (at % 2)], `winner ${i}`);
            assert.equal(Number.isNaN(written.y[i]), at === bad, `y ${i}`);
          });
        },
      };
    }
  }
}

const panelsOf = (kernel: Float64Array, patch: number, filters: number): Values =>
  packed(kernel, { k: patch, n: filters, strideK: filters, strideN: 1, matrixStride: 0, matrices: 1 });

/** Winners and gradients for the passes back; what is shut must not show, so its gradient is NaN. */
function gradientOf(option: Case): { winners: Values; dy: Float64Array; outputs: Float64Array } {
  const { pooledLength, args } = geometryOf(option);
  const next = cycle([...PLACES, SHUT, SHUT + 8]);
  const order = randomArray(pooledLength, 7, 0, 3);
  const winners = Array.from(order, (skip) => {
    for (let i = 0; i < Math.floor(skip); i++) next();
    return next();
  });
  const dy = randomArray(pooledLength, 8).map((value, i) => (winners[i]! < SHUT ? value : NaN));
  const outputs = new Float64Array(args.batch * args.outH * args.outW * args.outC);
  windowsOf(option).forEach((window, i) => {
    if (winners[i]! < SHUT) outputs[window[winners[i]! / 4]!] = dy[i]!;
  });
  return { winners, dy, outputs };
}

const backwardFilterSweep: Sweep<'conv2dMaxPoolBackwardFilter'> = function* () {
  for (const option of convolutions()) {
    const { sizes, blockImages } = option;
    const { args, blocks, patch, padded } = geometryOf(option);
    const { winners, dy, outputs } = gradientOf(option);
    const x = randomArray(args.batch * args.inH * args.inW * args.inC, 1);
    const size = (patch + 1) * args.outC;
    yield {
      label: JSON.stringify(option),
      args: { partials: blank(blocks * size), x: floats(x), dy: floats(dy), winners: bytes(winners), ...args },
      blocks,
      scratch: pooledBackwardScratch(patch, args.outC) + padded,
      check({ partials }) {
        for (let block = 0; block < blocks; block++) {
          const batch = Math.min(blockImages, sizes.batch - block * blockImages);
          const images = (values: Float64Array): Float64Array => {
            const each = values.length / sizes.batch;
            return values.subarray(block * blockImages * each, (block * blockImages + batch) * each);
          };
          const options = { ...sizes, batch, x: images(x), dy: images(outputs) };
          const sums = { x: options.dy, rows: options.dy.length / args.outC, columns: args.outC };
          const expected = [...conv2dBackwardFilter(options), ...columnSums(sums)];
          const absolute = [...absConv2dBackwardFilter(options), ...columnSums({ ...sums, x: sums.x.map(Math.abs) })];
          const own = Float64Array.from(partials).subarray(block * size, (block + 1) * size);
          assertClose(own, expected, elementTolerances(absolute, sums.rows), `partial sum ${block}`);
        }
      },
    };
  }
};

const backwardInputSweep: Sweep<'conv2dMaxPoolBackwardInput'> = function* () {
  for (const option of convolutions()) {
    const { sizes } = option;
    const { args, blocks, padded } = geometryOf(option);
    const { inC, outC, kernelH, kernelW, outH, outW } = args;
    const { winners, dy, outputs } = gradientOf(option);
    const kernel = randomArray(kernelH * kernelW * inC * outC, 2);
    const panels = packed(kernel, { k: outC, n: inC, strideK: 1, strideN: outC, matrixStride: inC * outC, matrices: kernelH * kernelW });
    yield {
      label: JSON.stringify(option),
      args: {
        dx: blank(args.batch * args.inH * args.inW * inC), dy: floats(dy), winners: bytes(winners), filterPanels: floats(panels), ...args,
      },
      blocks,
      scratch: 4 * outH * outW * outC + Kernel.rowTableBytes + 2 * Kernel.edgeBytes + 32 + padded,
      check({ dx }) {
        const options = { ...sizes, dy: outputs, kernel };
        assertClose(dx, conv2dBackwardInput(options), elementTolerances(absConv2dBackwardInput(options), kernelH * kernelW * outC), 'dx');
      },
    };
  }
};

export const pooledConv2dSweeps = {
  conv2dMaxPoolForward: forwardSweep, conv2dMaxPoolBackwardFilter: backwardFilterSweep, conv2dMaxPoolBackwardInput: backwardInputSweep,
};
