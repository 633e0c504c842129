import { filterScratch, panelSlabOf, slabOf } from '../../../src/layers/convolution/winograd.js';
import { blocksOf } from '../../../src/plan/blocking.js';
import { Kernel } from '../../../src/plan/ops.js';
import {
  absolute, absoluteMatrices, absWinogradBackwardInput, absWinogradForward, assertClose, columnSums, conv2dBackwardInput, type Conv2dSizes,
  conv2dForward, elementTolerances, fromTiles, generate, map, type MatricesOf, type Matrix, type MatrixOf, outputsOf, type Padding, positionProducts, POSITIONS, product,
  randomArray, type Tiling, toTiles, transpose, type Values, WINOGRAD,
  winogradTilings,
} from '../../reference/index.js';
import { blank, cycle, floats, type Operand, type Sweep } from '../harness.js';
import { biased } from './conv2d.js';
import { packed } from './gemm.js';

/**
 * Roundings on the way through a transform. A line of it is a sum of at most so many terms, which is one addition less, in any order; a
 * term's factor may be applied in two steps; G's factors are themselves rounded (those of A and B are exact). A transform is two lines.
 */
const line = (terms: number, rounded = 0): number => terms - 1 + 2 + rounded;
/** Roundings on the way from an input to what takes its place in a tile of fewer outputs: six operations one after the other. */
const FOLD = 6;
export const ROUNDINGS = {
  input: 2 * (line(4) + FOLD), // Bᵀ d B
  inputGradient: 2 * (line(5) + FOLD), // B x Bᵀ
  output: 2 * line(5), // Aᵀ m A
  outputGradient: 2 * line(4), // A y Aᵀ
  filter: 2 * line(3, 1), // G g Gᵀ
  filterGradient: 2 * line(5, 1), // Gᵀ u G
  overlap: 3, // four patches lie over a pixel at most
} as const;

const A: MatrixOf = (outputs) => WINOGRAD(outputs).a;
const B: MatrixOf = (outputs) => WINOGRAD(outputs).b;
const G: MatrixOf = (outputs) => WINOGRAD(outputs).g;
const [POINT_A, POINT_B] = [0.75, 1.5];

/**
 * Absolute values of what is added up on the way to the inputs that take the place of those that n outputs do not depend on, by input: rows of the
 * six from the six. See assembly/winograd/fold.ts.
 */
function absFold(n: number): Matrix {
  const input = (i: number): number[] => Array.from({ length: 6 }, (_, j) => Number(i === j));
  const sum = (...terms: readonly (readonly [number, readonly number[]])[]): number[] => input(-1).map((_, j) => terms.reduce((s, [factor, row]) => s + factor * row[j]!, 0));
  if (n === 4) return [0, 1, 2, 3, 4, 5].map(input);
  const [aa, bb] = [POINT_A ** 2, POINT_B ** 2];
  const d2 = n === 1 ? sum([POINT_A, input(1)]) : input(2);
  const d3 = n < 3 ? sum([aa, input(1)]) : input(3);
  const d4 = sum([aa, d2], [POINT_B, d3], [POINT_B * aa, input(1)]);
  const d5 = sum([1, input(n + 1)], [1, [d2, d3, d4][n - 1]!], [aa + bb, d3], [aa * bb, input(1)]);
  return [input(0), input(1), d2, d3, d4, d5];
}

/** Absolute values of all that the kernels add up: |A|, |fold|ᵀ|B|, |G|. */
export const BOUND: MatricesOf = (outputs) => {
  const { a, g } = absoluteMatrices(WINOGRAD)(outputs);
  return { a, b: product(transpose(absFold(outputs)), absoluteMatrices(WINOGRAD)(4).b), g };
};
const absA: MatrixOf = (outputs) => BOUND(outputs).a;
const absB: MatrixOf = (outputs) => BOUND(outputs).b;
const absG: MatrixOf = (outputs) => BOUND(outputs).g;
const transposed = (m: MatrixOf): MatrixOf => (outputs) => transpose(m(outputs));

/** From one output to beyond two tiles, and three and four with an odd end. */
const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13];
const PADDINGS: readonly Padding[] = [
  'valid', 'same', { top: 2, bottom: 0, left: 0, right: 1 }, { top: 0, bottom: 1, left: 2, right: 0 }, { top: 1, bottom: 0, left: 0, right: 2 },
];
/** What the kernels take: multiples of a panel. */
const CHANNELS = [8, 16, 24];

interface Case {
  sizes: Conv2dSizes;
  blockImages: number;
  chunk: number;
  bias: boolean;
  relu: boolean;
}

/** Every size with every other. */
function* convolutions(): Iterable<Case> {
  // lists of coprime lengths, so that every choice meets every other
  const paddings = cycle(PADDINGS);
  const channels = cycle(CHANNELS.flatMap((inChannels) => CHANNELS.map((filters) => ({ inChannels, filters }))));
  const batches = cycle([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 2, 5]);
  const blockImages = cycle([1, 2, 5, 1, 2, 5, 2]);
  const options = cycle([1, 3, 9, 45].flatMap((chunk) => [true, false].flatMap((bias) => [true, false].map((relu) => ({ chunk, bias, relu })))));
  for (const outH of SIZES) {
    for (const outW of SIZES) {
      const padding = paddings();
      const { top, bottom, left, right } = padsOf(padding);
      const [height, width] = [outH + 2 - top - bottom, outW + 2 - left - right];
      yield { sizes: { batch: batches(), height, width, ...channels(), kernelSize: [3, 3], padding }, blockImages: blockImages(), ...options() };
    }
  }
}

function padsOf(padding: Padding): { top: number; bottom: number; left: number; right: number } {
  if (typeof padding !== 'string') return padding;
  const each = padding === 'same' ? 1 : 0;
  return { top: each, bottom: each, left: each, right: each };
}

/** The arguments that the passes share, and what else a test needs to know. */
function geometryOf({ sizes, blockImages, chunk }: Case) {
  const { batch, height: inH, width: inW, inChannels: inC, filters: outC } = sizes;
  const { input, output, filter, tiles } = winogradTilings(sizes);
  const args = { batch, inH, inW, inC, outH: output.height, outW: output.width, outC, padTop: input.top, padLeft: input.left, blockImages, chunk };
  const kernel = randomArray(9 * inC * outC, 2);
  return { args, tilings: { input, output, filter }, tiles, blocks: blocksOf(batch, blockImages), kernel, u: toTiles(G, kernel, filter) };
}

/** Bytes of scratch for a pass whose products have so many channels. */
const scratchOf = ({ inC, outC, chunk }: { inC: number; outC: number; chunk: number }, channels: number): number =>
  Kernel.transformBytes + Kernel.tileBytes * chunk + 4 * POSITIONS * (Math.max(inC, outC) + slabOf(chunk, channels));

/** 36 positions of `size` floats, `step` apart; what stands between them nobody knows: NaN. */
const withRoom = (positions: Values, size: number, step: number): Float64Array =>
  generate(POSITIONS * step, (i) => (i % step < size ? positions[Math.floor(i / step) * size + (i % step)]! : NaN));
const withoutRoom = (positions: Values, size: number, step: number): Float64Array => Float64Array.from(positions).filter((_, i) => i % step < size);

/** [36][inC][outC] in panels [36][outC / 8][inC][8], or, transposed, [36][inC / 8][outC][8]. */
function inPanels(u: Values, inC: number, outC: number, transposed: boolean): Float64Array {
  const order = transposed ? { k: outC, n: inC, strideK: 1, strideN: outC } : { k: inC, n: outC, strideK: outC, strideN: 1 };
  return packed(u, { ...order, matrixStride: inC * outC, matrices: POSITIONS });
}

/** The panels as an operand. */
const panelsOf = (u: Values, inC: number, outC: number, transposed: boolean): Operand =>
  floats(withRoom(inPanels(u, inC, outC, transposed), inC * outC, panelSlabOf(inC, outC)));

/** A transformed tensor [36][tiles][channels] as an operand. */
const slabsOf = (values: Values, tiles: number, channels: number): Operand => floats(withRoom(values, tiles * channels, slabOf(tiles, channels)));

/** What a kernel is to write, and how far it may stray; computed once, though a case is run more than once. */
interface Judged {
  expected: Float64Array;
  tolerances: Float64Array;
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** A transformed image. */
const judgedTiles = (image: Values, [m, absM]: [MatrixOf, MatrixOf], tiling: Tiling, roundings: number): Judged => ({
  expected: toTiles(m, image, tiling), tolerances: elementTolerances(toTiles(absM, absolute(image), tiling), roundings),
});

interface Chunks {
  batch: number;
  outH: number;
  outW: number;
  blockImages: number;
  chunk: number;
}

/**
 * The tiles of a batch by their places: in each chunk first those short of columns, then the whole ones, those short of rows, those short of both.
 * With each, whether it takes a position.
 */
function placesOf({ batch, outH, outW, blockImages, chunk }: Chunks): { tile: number; takes: (position: number) => boolean }[] {
  const [down, across] = [Math.ceil(outH / 4), Math.ceil(outW / 4)];
  const perImage = down * across;
  const tiles = Array.from({ length: batch * perImage }, (_, tile) => {
    const rows = outputsOf(outH, Math.floor(tile / across) % down);
    const columns = outputsOf(outW, tile % across);
    const taken = (i: number, outputs: number): boolean => i < outputs + 1 || i === 5;
    const kind = rows < 4 ? (columns < 4 ? 3 : 2) : columns < 4 ? 0 : 1;
    return { tile, kind, takes: (position: number) => taken(Math.floor(position / 6), rows) && taken(position % 6, columns) };
  });
  const blockTiles = blockImages * perImage;
  return Array.from({ length: blocksOf(batch, blockImages) }, (_, block) => tiles.slice(block * blockTiles, (block + 1) * blockTiles))
    .flatMap((ofBlock) => Array.from({ length: Math.ceil(ofBlock.length / chunk) }, (_, i) => ofBlock.slice(i * chunk, (i + 1) * chunk)))
    .flatMap((ofChunk) => ofChunk.sort((p, q) => p.kind - q.kind)); // stable: within a kind by their numbers
}

/** [36][tiles][channels] by places; zeros for what a tile leaves out. */
function byPlaces(values: Values, channels: number, chunks: Chunks): Float64Array {
  const places = placesOf(chunks);
  const tiles = places.length;
  return generate(values.length, (i) => {
    const position = Math.floor(i / (tiles * channels));
    const { tile, takes } = places[Math.floor(i / channels) % tiles]!;
    return takes(position) ? values[(position * tiles + tile) * channels + (i % channels)]! : 0;
  });
}

/** A transformed tensor [36][tiles][channels] against the slabs that a kernel wrote. What stands for products left out nobody reads. */
function checkTiles(written: Values, { expected, tolerances }: Judged, channels: number, chunks: Chunks, name: string): void {
  const size = expected.length / POSITIONS;
  const tiles = size / channels;
  const places = placesOf(chunks);
  const read = withoutRoom(written, size, slabOf(tiles, channels))
    .map((value, i) => (places[Math.floor(i / channels) % tiles]!.takes(Math.floor(i / size)) ? value : 0));
  assertClose(read, byPlaces(expected, channels, chunks), byPlaces(tolerances, channels, chunks), name);
}

const filterSweep: Sweep<'winogradFilter'> = function* () {
  for (const inC of [...CHANNELS, 40]) {
    for (const outC of [...CHANNELS, 40]) {
      for (const transposed of [false, true]) {
        const filter = randomArray(9 * inC * outC, 1);
        const tiling = { batch: 1, height: 3, width: 3, channels: inC * outC, top: 0, left: 0, down: 1, across: 1 };
        yield {
          label: JSON.stringify({ inC, outC, transposed }),
          args: { panels: blank(POSITIONS * panelSlabOf(inC, outC)), filter: floats(filter), inC, outC, transposed: Number(transposed) },
          blocks: (transposed ? inC : outC) / Kernel.panel,
          scratch: Kernel.transformBytes,
          check({ panels }) {
            const tolerances = elementTolerances(toTiles(absG, absolute(filter), tiling), ROUNDINGS.filter);
            const ordered = (u: Values): Float64Array => inPanels(u, inC, outC, transposed);
            const written = withoutRoom(panels, inC * outC, panelSlabOf(inC, outC));
            assertClose(written, ordered(toTiles(G, filter, tiling)), ordered(tolerances), 'panels');
          },
        };
      }
    }
  }
};

const forwardSweep: Sweep<'winogradForward'> = function* () {
  const inScratch = cycle([false, false, true]);
  for (const option of convolutions()) {
    const { sizes, relu } = option;
    const { args, tilings, tiles, blocks, kernel, u } = geometryOf(option);
    const { batch, inH, inW, inC, outH, outW, outC } = args;
    const x = randomArray(batch * inH * inW * inC, 1);
    const bias = option.bias ? randomArray(outC, 4) : undefined;
    const exactV = once(() => judgedTiles(x, [transposed(B), transposed(absB)], tilings.input, ROUNDINGS.input));
    const exactY = once((): Judged => {
      const y = biased(conv2dForward({ ...sizes, x, kernel }), bias);
      const sums = biased(absWinogradForward({ ...sizes, x, kernel }, BOUND), bias, Math.abs);
      // the panels, given, are rounded once; the bias is one addition more
      const tolerances = elementTolerances(sums, ROUNDINGS.input + 1 + inC + ROUNDINGS.output + 1);
      if (!relu) return { expected: y, tolerances };
      // where the sum is below zero for certain, ReLU gives a zero
      return { expected: y.map((value) => Math.max(value, 0)), tolerances: tolerances.map((limit, i) => (y[i]! < -limit ? 0 : limit)) };
    });
    const withoutV = inScratch();
    yield {
      label: `${JSON.stringify(option)}${withoutV ? ', transformed input in scratch' : ''}`,
      args: {
        y: blank(batch * outH * outW * outC), v: withoutV ? undefined : blank(POSITIONS * slabOf(tiles, inC)), x: floats(x), panels: panelsOf(u, inC, outC, false),
        bias: bias && floats(bias), ...args, relu: Number(relu),
      },
      blocks,
      scratch: scratchOf(args, outC) + (withoutV ? 4 * POSITIONS * slabOf(args.chunk, inC) : 0),
      check({ y, v }) {
        if (!withoutV) checkTiles(v, exactV(), inC, args, 'v');
        assertClose(y, exactY().expected, exactY().tolerances, 'y');
      },
    };
  }
};

const backwardInputSweep: Sweep<'winogradBackwardInput'> = function* () {
  const withoutInput = cycle([false, false, true]);
  for (const option of convolutions()) {
    const { sizes, blockImages, relu } = option;
    const { args, tilings, tiles, blocks, kernel, u } = geometryOf(option);
    const { batch, inH, inW, inC, outH, outW, outC } = args;
    const pixels = outH * outW;
    const gradient = randomArray(batch * pixels * outC, 3);
    const y = relu ? randomArray(gradient.length, 5).map((value) => Math.max(value, 0)) : undefined;
    const dy = y ? map(gradient, (value, i) => (y[i]! > 0 ? value : 0)) : gradient;
    const alone = withoutInput();
    const exactM = once(() => judgedTiles(dy, [A, absA], tilings.output, ROUNDINGS.outputGradient));
    const exactDx = once((): Judged => {
      const roundings = ROUNDINGS.outputGradient + 1 + outC + ROUNDINGS.inputGradient + ROUNDINGS.overlap;
      const tolerances = elementTolerances(absWinogradBackwardInput({ ...sizes, dy, kernel }, BOUND), roundings);
      return { expected: conv2dBackwardInput({ ...sizes, dy, kernel }), tolerances };
    });
    yield {
      label: JSON.stringify({ ...option, alone }),
      args: {
        dx: alone ? undefined : blank(batch * inH * inW * inC), m: blank(POSITIONS * slabOf(tiles, outC)), sums: blank(blocks * outC),
        dy: floats(gradient), y: y && floats(y), panels: alone ? undefined : panelsOf(u, inC, outC, true), ...args,
      },
      blocks,
      scratch: scratchOf(args, inC),
      check({ dx, m, sums }) {
        checkTiles(m, exactM(), outC, args, 'm');
        for (let block = 0; block < blocks; block++) {
          const own = dy.subarray(block * blockImages * pixels * outC, (block + 1) * blockImages * pixels * outC);
          const rows = { rows: own.length / outC, columns: outC };
          const tolerances = elementTolerances(columnSums({ x: absolute(own), ...rows }), rows.rows);
          assertClose(Float64Array.from(sums).subarray(block * outC, (block + 1) * outC), columnSums({ x: own, ...rows }), tolerances, `sums of block ${block}`);
        }
        if (!alone) assertClose(dx, exactDx().expected, exactDx().tolerances, 'dx');
      },
    };
  }
};

const backwardFilterSweep: Sweep<'winogradBackwardFilter'> = function* () {
  const channels = cycle([...CHANNELS, 40].flatMap((inC) => CHANNELS.map((outC) => ({ inC, outC }))));
  const blockings = cycle([[1, 45], [5, 45], [2, 3], [3, 9], [2, 1], [8, 45], [4, 7]] as const);
  // one tile, whole images short of either or both, some of several chunks; sums below, of and beyond the length that is taken at a time
  for (const [outH, outW] of [[4, 4], [3, 4], [1, 2], [8, 5], [11, 11], [7, 16], [14, 13], [2, 30], [27, 31]] as const) {
    for (const batch of [1, 2, 3, 8, 15, 33]) {
      const { inC, outC } = channels();
      const [blockImages, chunk] = blockings();
      const chunks = { batch, outH, outW, blockImages, chunk };
      const tiles = placesOf(chunks).length;
      if (tiles > 300) continue;
      const v = randomArray(POSITIONS * tiles * inC, 1);
      const m = randomArray(POSITIONS * tiles * outC, 2);
      const sizes = { m: inC, n: outC, k: tiles, transposeA: true };
      const exact = once((): Judged => {
        const [a, b] = [byPlaces(v, inC, chunks), byPlaces(m, outC, chunks)]; // zeros where a tile leaves a position out
        return { expected: positionProducts({ ...sizes, a, b }), tolerances: elementTolerances(positionProducts({ ...sizes, a: absolute(a), b: absolute(b) }), tiles) };
      });
      // what is left out may be anything
      const operand = (values: Values, own: number): Operand => {
        const placed = byPlaces(values, own, chunks);
        const places = placesOf(chunks);
        return slabsOf(placed.map((value, i) => (places[Math.floor(i / own) % tiles]!.takes(Math.floor(i / (tiles * own))) ? value : NaN)), tiles, own);
      };
      yield {
        label: JSON.stringify({ ...chunks, inC, outC }),
        args: { u: blank(POSITIONS * inC * outC), v: operand(v, inC), m: operand(m, outC), ...chunks, inC, outC },
        blocks: POSITIONS,
        scratch: filterScratch(chunk, inC, outC),
        check: ({ u }) => assertClose(u, exact().expected, exact().tolerances, 'u'),
      };
    }
  }
};

const filterGradientSweep: Sweep<'winogradFilterGradient'> = function* () {
  for (const inC of [...CHANNELS, 40]) {
    for (const outC of [...CHANNELS, 40]) {
      const u = randomArray(POSITIONS * inC * outC, 1);
      const tiling = { batch: 1, height: 3, width: 3, channels: inC * outC, top: 0, left: 0, down: 1, across: 1 };
      yield {
        label: JSON.stringify({ inC, outC }),
        args: { gradient: blank(9 * inC * outC), u: floats(u), inC, outC },
        blocks: inC,
        scratch: Kernel.transformBytes,
        check({ gradient }) {
          const tolerances = elementTolerances(fromTiles(transposed(absG), absolute(u), tiling), ROUNDINGS.filterGradient);
          assertClose(gradient, fromTiles(transposed(G), u, tiling), tolerances, 'gradient');
        },
      };
    }
  }
};

export const winogradSweeps = {
  winogradFilter: filterSweep, winogradForward: forwardSweep, winogradBackwardInput: backwardInputSweep,
  winogradBackwardFilter: backwardFilterSweep, winogradFilterGradient: filterGradientSweep,
};
