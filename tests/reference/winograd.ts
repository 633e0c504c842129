/**
 * Winograd's minimal filtering F(4×4, 3×3), naive: y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for each tile of the output. The matrices are made
 * from the interpolation points, by the construction of Toom and Cook, so nothing is taken over from the kernels.
 */
import type { Conv2dBackwardFilterOptions, Conv2dBackwardInputOptions, Conv2dForwardOptions, Conv2dSizes } from './conv2d.js';
import { gemm, type GemmOptions } from './gemm.js';
import { convGeometry } from './geometry.js';
import { absolute, generate, requireShape, type Values, zeros } from './values.js';

export type Matrix = readonly (readonly number[])[];

/** A transform of a square s is M·s·Mᵀ. */
export interface WinogradMatrices {
  a: Matrix; // [6, 4]
  b: Matrix; // [6, 6]
  g: Matrix; // [6, 3]
}

const TILE = 4; // outputs of a tile in each direction
const TAPS = 3;
const PATCH = TILE + TAPS - 1; // inputs of a tile
export const POSITIONS = PATCH * PATCH;

/**
 * The matrices for five finite points and ∞, and for a tile that has but `outputs` of the four: it leaves out the last 4 - outputs of the finite
 * points, whose rows are zero. G is the same for all tiles, so what the points left out were in its denominators goes to B.
 */
export function winogradMatrices(points: readonly number[], outputs = TILE): WinogradMatrices {
  if (points.length !== PATCH - 1) throw new RangeError(`${points.length} points, expected ${PATCH - 1}`);
  const kept = points.slice(0, outputs + 1);
  const leftOut = points.slice(outputs + 1);
  const others = (point: number, of: readonly number[]): number[] => of.filter((other) => other !== point);
  const row = (length: number, values: readonly number[]): number[] => Array.from({ length }, (_, i) => values[i] ?? 0);
  const powers = (point: number, count: number): number[] => Array.from({ length: count }, (_, i) => point ** i);
  const last = (count: number): number[] => Array.from({ length: count }, (_, i) => (i === count - 1 ? 1 : 0));
  const away = (point: number, from: readonly number[]): number => from.reduce((product, other) => product * (point - other), 1);
  const ofPoints = (length: number, values: (point: number) => number[]): Matrix => [...kept.map((point) => row(length, values(point))), ...leftOut.map(() => row(length, []))];
  return {
    a: [...ofPoints(TILE, (point) => powers(point, outputs)), row(TILE, last(outputs))],
    b: transpose([
      ...ofPoints(PATCH, (point) => polynomial(others(point, kept)).map((c) => c * away(point, leftOut))), row(PATCH, polynomial(kept)),
    ]),
    g: [...points.map((point) => powers(point, TAPS).map((power) => power / away(point, others(point, points)))), last(TAPS)],
  };
}

/** Matrices by the outputs of a tile in a direction. */
export type MatricesOf = (outputs: number) => WinogradMatrices;

/** Those of these points. */
export function matricesOf(points: readonly number[]): MatricesOf {
  const all = [1, 2, 3, 4].map((outputs) => winogradMatrices(points, outputs));
  return (outputs) => all[outputs - 1]!;
}

/** The points the kernels use. */
export const WINOGRAD = matricesOf([0, 0.75, -0.75, 1.5, -1.5]);

/** |A|, |B|, |G|: for the absolute sums of an error bound. */
export const absoluteMatrices = (matrices: MatricesOf): MatricesOf => (outputs) => {
  const { a, b, g } = matrices(outputs);
  const abs = (matrix: Matrix): Matrix => matrix.map((row) => row.map(Math.abs));
  return { a: abs(a), b: abs(b), g: abs(g) };
};

/** Coefficients of Π (x - root), the constant one first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce<number[]>((c, root) => [...c, 0].map((_, i) => (c[i - 1] ?? 0) - root * (c[i] ?? 0)), [1]);
}

export function transpose(m: Matrix): Matrix {
  return m[0]!.map((_, j) => m.map((row) => row[j]!));
}

/** m·s·nᵀ, with n as m unless given. */
export function sandwich(m: Matrix, s: Matrix, n = m): Matrix {
  return product(product(m, s), transpose(n));
}

export function product(x: Matrix, y: Matrix): Matrix {
  const columns = y[0]!.length;
  return x.map((row) => {
    const sums = new Array<number>(columns).fill(0);
    for (let k = 0; k < row.length; k++) {
      for (let j = 0; j < columns; j++) sums[j]! += row[k]! * y[k]![j]!;
    }
    return sums;
  });
}

/** Tiles of an image [batch, height, width, channels]; the first one begins at (-top, -left), the next ones 4 further. */
export interface Tiling {
  batch: number;
  height: number;
  width: number;
  channels: number;
  top: number;
  left: number;
  down: number;
  across: number;
  /** Outputs of the convolution, which the tiles are cut for; a filter's tile is whole. */
  outputs?: { height: number; width: number };
}

/** Outputs of a tile in a direction. */
export const outputsOf = (size: number | undefined, tile: number): number => (size === undefined ? TILE : Math.min(TILE, size - tile * TILE));

/** How a convolution's input, output and filter are tiled; a filter is an image of one tile, with inC·outC channels. */
export function winogradTilings(sizes: Conv2dSizes): { input: Tiling; output: Tiling; filter: Tiling; tiles: number } {
  const { batch, height, width, inChannels, filters, kernelSize, strides = [1, 1] } = sizes;
  if (![...kernelSize].every((size) => size === TAPS) || !strides.every((stride) => stride === 1)) throw new RangeError('not 3×3 with stride 1');
  const { outputHeight, outputWidth, pads } = convGeometry(sizes);
  const outputs = { height: outputHeight, width: outputWidth };
  const grid = { batch, down: Math.ceil(outputHeight / TILE), across: Math.ceil(outputWidth / TILE), outputs };
  return {
    input: { ...grid, height, width, channels: inChannels, top: pads.top, left: pads.left },
    output: { ...grid, height: outputHeight, width: outputWidth, channels: filters, top: 0, left: 0 },
    filter: { batch: 1, down: 1, across: 1, height: TAPS, width: TAPS, channels: inChannels * filters, top: 0, left: 0 },
    tiles: batch * grid.down * grid.across,
  };
}

/** A matrix by the outputs of a tile in a direction. */
export type MatrixOf = (outputs: number) => Matrix;

/** The same, each made once. */
function onceEach(m: MatrixOf): MatrixOf {
  const made = [1, 2, 3, TILE].map(m);
  return (outputs) => made[outputs - 1]!;
}

/** m·s·mᵀ of the square s under every tile and channel, zeros outside of the image: [36][tiles][channels]. */
export function toTiles(matrix: MatrixOf, image: Values, tiling: Tiling): Float64Array {
  const m = onceEach(matrix);
  const size = m(TILE)[0]!.length;
  requireShape('image', image, imageShape(tiling));
  const result = zeros(tilesShape(tiling));
  forEachTile(tiling, (pixelAt, tileAt, rows, columns) => {
    const square = squareOf(size, (i, j) => (pixelAt(i, j) === undefined ? 0 : image[pixelAt(i, j)!]!));
    sandwich(m(rows), square, m(columns)).flat().forEach((value, position) => (result[tileAt(position)] = value));
  });
  return result;
}

/** The way back: m·s·mᵀ of every tile and channel [36][tiles][channels], added where tiles overlap: [batch, height, width, channels]. */
export function fromTiles(matrix: MatrixOf, tiles: Values, tiling: Tiling): Float64Array {
  const m = onceEach(matrix);
  requireShape('tiles', tiles, tilesShape(tiling));
  const image = zeros(imageShape(tiling));
  forEachTile(tiling, (pixelAt, tileAt, rows, columns) => {
    sandwich(m(rows), squareOf(PATCH, (i, j) => tiles[tileAt(i * PATCH + j)]!), m(columns)).forEach((row, i) => {
      row.forEach((value, j) => {
        const at = pixelAt(i, j);
        if (at !== undefined) image[at]! += value;
      });
    });
  });
  return image;
}

const imageShape = ({ batch, height, width, channels }: Tiling): number[] => [batch, height, width, channels];
const tilesShape = ({ batch, down, across, channels }: Tiling): number[] => [POSITIONS, batch * down * across, channels];
function squareOf(size: number, f: (i: number, j: number) => number): Matrix {
  const rows: number[][] = [];
  for (let i = 0; i < size; i++) {
    const row: number[] = [];
    for (let j = 0; j < size; j++) row.push(f(i, j));
    rows.push(row);
  }
  return rows;
}

/**
 * Gives each tile and channel the index of a pixel of the square under it, undefined outside of the image, and that of a position, and how many
 * rows and columns of outputs the tile has.
 */
function forEachTile(
  { batch, height, width, channels, top, left, down, across, outputs }: Tiling,
  visit: (pixelAt: (i: number, j: number) => number | undefined, tileAt: (position: number) => number, rows: number, columns: number) => void,
): void {
  const tiles = batch * down * across;
  for (let tile = 0; tile < tiles; tile++) {
    const image = Math.floor(tile / (down * across));
    const firstRow = (Math.floor(tile / across) % down) * TILE - top;
    const firstColumn = (tile % across) * TILE - left;
    for (let c = 0; c < channels; c++) {
      visit(
        (i, j) => {
          const row = firstRow + i;
          const column = firstColumn + j;
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          return inside ? ((image * height + row) * width + column) * channels + c : undefined;
        },
        (position) => (position * tiles + tile) * channels + c,
        outputsOf(outputs?.height, Math.floor(tile / across) % down), outputsOf(outputs?.width, tile % across),
      );
    }
  }
}

/** A matrix product for each position: a [36][m, k], b [36][k, n], each transposed if asked for; the result [36][m, n]. */
export function positionProducts({ a, b, ...sizes }: Omit<GemmOptions, 'lda' | 'ldb' | 'c'>): Float64Array {
  const { m, n, k } = sizes;
  requireShape('a', a, [POSITIONS, m, k]);
  requireShape('b', b, [POSITIONS, k, n]);
  const part = (values: Values, position: number): Values => {
    const each = values.length / POSITIONS;
    return generate(each, (i) => values[position * each + i]!);
  };
  return Float64Array.from(
    Array.from({ length: POSITIONS }, (_, position) => [...gemm({ ...sizes, a: part(a, position), b: part(b, position) })]).flat(),
  );
}

/** The same as `conv2dForward`: v = BᵀdB, u = GgGᵀ, their products, Aᵀ(·)A. */
export function winogradForward({ x, kernel, ...sizes }: Conv2dForwardOptions, matrices = WINOGRAD): Float64Array {
  const { input, output, filter, tiles } = winogradTilings(sizes);
  const v = toTiles((n) => transpose(matrices(n).b), x, input);
  const u = toTiles((n) => matrices(n).g, kernel, filter);
  const products = positionProducts({ m: tiles, n: sizes.filters, k: sizes.inChannels, a: v, b: u });
  return fromTiles((n) => transpose(matrices(n).a), products, output);
}

/** The same as `conv2dBackwardInput`: every step of the forward pass transposed. */
export function winogradBackwardInput({ dy, kernel, ...sizes }: Conv2dBackwardInputOptions, matrices = WINOGRAD): Float64Array {
  const { input, output, filter, tiles } = winogradTilings(sizes);
  const m = toTiles((n) => matrices(n).a, dy, output);
  const u = toTiles((n) => matrices(n).g, kernel, filter);
  const products = positionProducts({ m: tiles, n: sizes.inChannels, k: sizes.filters, a: m, b: u, transposeB: true });
  return fromTiles((n) => matrices(n).b, products, input);
}

/** The same as `conv2dBackwardFilter`. */
export function winogradBackwardFilter({ x, dy, ...sizes }: Conv2dBackwardFilterOptions, matrices = WINOGRAD): Float64Array {
  const { input, output, filter, tiles } = winogradTilings(sizes);
  const v = toTiles((n) => transpose(matrices(n).b), x, input);
  const m = toTiles((n) => matrices(n).a, dy, output);
  const products = positionProducts({ m: sizes.inChannels, n: sizes.filters, k: tiles, a: v, transposeA: true, b: m });
  return fromTiles((n) => transpose(matrices(n).g), products, filter);
}

/** The absolute sums |Aᵀ|[(|G||g||Gᵀ|) ⊙ (|Bᵀ||d||B|)]|A| of every element of `winogradForward`, for `elementTolerances`. */
export function absWinogradForward(options: Conv2dForwardOptions, matrices = WINOGRAD): Float64Array {
  return winogradForward({ ...options, x: absolute(options.x), kernel: absolute(options.kernel) }, absoluteMatrices(matrices));
}

/** The absolute sums |B|[(|G||g||Gᵀ|) ⊙ (|A||dy||Aᵀ|)]|Bᵀ| of every element of `winogradBackwardInput`. */
export function absWinogradBackwardInput(options: Conv2dBackwardInputOptions, matrices = WINOGRAD): Float64Array {
  return winogradBackwardInput({ ...options, dy: absolute(options.dy), kernel: absolute(options.kernel) }, absoluteMatrices(matrices));
}

/** The absolute sums |Gᵀ|[Σ (|Bᵀ||d||B|) ⊙ (|A||dy||Aᵀ|)]|G| of every element of `winogradBackwardFilter`. */
export function absWinogradBackwardFilter(options: Conv2dBackwardFilterOptions, matrices = WINOGRAD): Float64Array {
  return winogradBackwardFilter({ ...options, x: absolute(options.x), dy: absolute(options.dy) }, absoluteMatrices(matrices));
}
