// Where the tiles of an image lie. Tiles are counted through a batch: image, then row, then column. Within a chunk those with fewer outputs stand at
// its ends, so that the tiles that take a position follow one another: first those short of columns, then the whole ones, then those short of rows,
// last those short of both.
import { fetch, nextBlock } from "../simd/prefetch";
import { takes } from "./fold";
import { PATCH, POSITIONS, TILE } from "./transform";
import { Kernel } from "../plan/ops";

/** Bytes of a tile in the list of a chunk. */
export const TILE_BYTES: usize = Kernel.tileBytes;

// @ts-ignore: decorator
@inline
export function tilesAcross(size: i32): i32 {
  return (size + TILE - 1) / TILE;
}

/** Outputs of the last tile in a direction. */
// @ts-ignore: decorator
@inline
function lastOutputs(size: i32): i32 {
  return (size - 1) % TILE + 1;
}

/** table: i32 [5], where each of the four kinds begins among the `tiles` of a chunk from tile `first` on, and their end. */
export function layOutChunk(table: usize, first: i32, tiles: i32, outH: i32, outW: i32): void {
  const across = tilesAcross(outW), perImage = across * tilesAcross(outH), end = first + tiles;
  const shortRows = lastOutputs(outH) < TILE ? lastRowTiles(end, across, perImage) - lastRowTiles(first, across, perImage) : 0;
  const shortColumns = lastOutputs(outW) < TILE ? end / across - first / across : 0;
  const both = min(min(shortRows, shortColumns), end / perImage - first / perImage);
  store<i32>(table, 0);
  store<i32>(table, shortColumns - both, 4);
  store<i32>(table, tiles - shortRows, 8);
  store<i32>(table, tiles - both, 12);
  store<i32>(table, tiles, 16);
}

/** Of the first `count` tiles those in the last row of an image. */
// @ts-ignore: decorator
@inline
function lastRowTiles(count: i32, across: i32, perImage: i32): i32 {
  return count / perImage * across + max(0, count % perImage - perImage + across);
}

/**
 * The chunk's table, and its tiles one by one. list: i32 [tiles][8], of each tile its image, the row and column where its outputs begin, how many rows
 * and columns of them it has, and its place; two are spare. Returns the end of the list.
 */
export function listTiles(list: usize, table: usize, first: i32, tiles: i32, outH: i32, outW: i32): usize {
  layOutChunk(table, first, tiles, outH, outW);
  const across = tilesAcross(outW), perImage = across * tilesAcross(outH);
  let columnsShort = load<i32>(table), whole = load<i32>(table, 4), rowsShort = load<i32>(table, 8), bothShort = load<i32>(table, 12);
  for (let tile = first; tile < first + tiles; tile++) {
    const image = tile / perImage, inImage = tile - image * perImage;
    const top = inImage / across * TILE, left = inImage % across * TILE;
    const rows = min(TILE, outH - top), columns = min(TILE, outW - left);
    store<i32>(list, image);
    store<i32>(list, top, 4);
    store<i32>(list, left, 8);
    store<i32>(list, rows, 12);
    store<i32>(list, columns, 16);
    store<i32>(list, rows < TILE ? (columns < TILE ? bothShort++ : rowsShort++) : columns < TILE ? columnsShort++ : whole++, 20);
    list += TILE_BYTES;
  }
  return list;
}

/** How many tiles a chunk has. */
// @ts-ignore: decorator
@inline
export function chunkTiles(table: usize): i32 {
  return load<i32>(table, 16);
}

/** The tile with which a thread is likely to go on when it has taken a chunk up to tile `next`, of a block up to `end`. */
export function tileAhead(next: i32, end: i32, block: i32, blockTiles: i32): i32 {
  return next < end ? next : nextBlock(block) * blockTiles;
}

/** range: usize [2], where the part of `images` under the `count` tiles from `tile` on begins and ends, about; nothing at address 0. */
export function setAhead(range: usize, images: usize, imageBytes: usize, perImage: i32, tile: i32, count: i32, batch: i32): void {
  const tiles = batch * perImage, first = min(tile, tiles), end = min(tile + count, tiles);
  const tileBytes = imageBytes / <usize>perImage;
  store<usize>(range, images == 0 ? 0 : images + <usize>(first / perImage) * imageBytes + <usize>(first % perImage) * tileBytes);
  store<usize>(range, images == 0 ? 0 : images + <usize>(end / perImage) * imageBytes + <usize>(end % perImage) * tileBytes, 4);
}

// @ts-ignore: decorator
@inline
export function imageOf(tile: usize): usize {
  return load<i32>(tile);
}

// @ts-ignore: decorator
@inline
export function topOf(tile: usize): i32 {
  return load<i32>(tile, 4);
}

// @ts-ignore: decorator
@inline
export function leftOf(tile: usize): i32 {
  return load<i32>(tile, 8);
}

// @ts-ignore: decorator
@inline
export function rowsOf(tile: usize): i32 {
  return load<i32>(tile, 12);
}

// @ts-ignore: decorator
@inline
export function columnsOf(tile: usize): i32 {
  return load<i32>(tile, 16);
}

// @ts-ignore: decorator
@inline
export function placeOf(tile: usize): usize {
  return load<i32>(tile, 20);
}

/** The first place of those that take a position. */
export function positionBegin(table: usize, position: i32, outW: i32): i32 {
  return takes(position % PATCH, lastOutputs(outW)) ? 0 : load<i32>(table, 4);
}

/** The place behind the last of them. */
export function positionEnd(table: usize, position: i32, outH: i32, outW: i32): i32 {
  if (!takes(position / PATCH, lastOutputs(outH))) return load<i32>(table, 8);
  return load<i32>(table + (takes(position % PATCH, lastOutputs(outW)) ? 16 : 12));
}

/**
 * Floats from one position of a transformed tensor [36][slab(tiles, channels)] to the next: an odd number of cache lines, so that a tile's 36
 * positions fall into different sets of the cache. A register tile may read a few floats past the last channel of the last tile.
 */
// @ts-ignore: decorator
@inline
export function slab(tiles: i32, channels: i32): usize {
  return <usize>(((tiles * channels + 31) & ~31) + 16);
}

/** Floats from one position of a transformed filter's panels to the next: an odd number of cache lines too. */
// @ts-ignore: decorator
@inline
export function panelSlab(inC: i32, outC: i32): usize {
  return <usize>(inC * outC + 16);
}

/**
 * Brings the rows of a chunk in all 36 positions into the cache, line after line. The transforms write 36 places in turn, which the processor
 * does not foresee: each line would be waited for (measured: 0.5 ms more for 128 images of 13×13×64).
 */
export function fetchPositions(positions: usize, step: usize, bytes: usize): void {
  for (let p: usize = 0; p < <usize>POSITIONS; p++) fetch(positions + p * step, bytes);
}

/** patch: [6][6][channels] = the part of x [height, width, channels] from (top, left) on, zeros outside. */
export function loadPatch(patch: usize, x: usize, top: i32, left: i32, height: i32, width: i32, pixelBytes: usize): void {
  const first = max(0, -left), end = min(PATCH, width - left);
  memory.fill(patch, 0, <usize>(PATCH * PATCH) * pixelBytes);
  if (first >= end) return;
  for (let i = max(0, -top), last = min(PATCH, height - top); i < last; i++) {
    memory.copy(
      patch + <usize>(i * PATCH + first) * pixelBytes, x + <usize>((top + i) * width + left + first) * pixelBytes,
      <usize>(end - first) * pixelBytes,
    );
  }
}

/** The reverse: adds the part of the patch that lies over x. */
export function addPatch(x: usize, patch: usize, top: i32, left: i32, height: i32, width: i32, pixelBytes: usize): void {
  const first = max(0, -left), end = min(PATCH, width - left);
  if (first >= end) return;
  const bytes = <usize>(end - first) * pixelBytes;
  for (let i = max(0, -top), last = min(PATCH, height - top); i < last; i++) {
    const source = patch + <usize>(i * PATCH + first) * pixelBytes;
    const target = x + <usize>((top + i) * width + left + first) * pixelBytes;
    for (let c: usize = 0; c < bytes; c += 16) v128.store(target + c, f32x4.add(v128.load(target + c), v128.load(source + c)));
  }
}

/** `rows` × `columns` outputs of a tile [4][4][channels], plus bias [channels] or none at address 0, no less than `floor`, to y. */
export function storeTile(y: usize, rowBytes: usize, tile: usize, bias: usize, rows: i32, columns: i32, pixelBytes: usize, floor: f32): void {
  const least = f32x4.splat(floor);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const source = tile + <usize>(i * TILE + j) * pixelBytes, target = y + <usize>i * rowBytes + <usize>j * pixelBytes;
      for (let c: usize = 0; c < pixelBytes; c += 16) {
        const value = bias == 0 ? v128.load(source + c) : f32x4.add(v128.load(source + c), v128.load(bias + c));
        v128.store(target + c, f32x4.pmax(value, least)); // x < least ? least : x, so NaN stays NaN
      }
    }
  }
}

/**
 * tile: [4][4][channels] = dy under it, zeros outside; where `y` is given (not address 0), only where y > 0: the gradient through a ReLU.
 * sums: [channels] += the sum over the tile, a part of the bias's gradient.
 */
export function loadGradientTile(
  tile: usize, sums: usize, dy: usize, y: usize, top: i32, left: i32, height: i32, width: i32, pixelBytes: usize,
): void {
  const zero = f32x4.splat(0);
  const rows = min(TILE, height - top), columns = min(TILE, width - left);
  if (rows < TILE || columns < TILE) memory.fill(tile, 0, <usize>(TILE * TILE) * pixelBytes);
  const corner = <usize>(top * width + left) * pixelBytes, rowBytes = <usize>width * pixelBytes;
  for (let c: usize = 0; c < pixelBytes; c += 16) {
    let sum = v128.load(sums + c);
    for (let i = 0; i < rows; i++) {
      let target = tile + <usize>(i * TILE) * pixelBytes + c;
      let offset = corner + <usize>i * rowBytes + c;
      for (let j = 0; j < columns; j++) {
        let value = v128.load(dy + offset);
        if (y != 0) value = v128.and(value, f32x4.gt(v128.load(y + offset), zero));
        v128.store(target, value);
        sum = f32x4.add(sum, value);
        target += pixelBytes;
        offset += pixelBytes;
      }
    }
    v128.store(sums + c, sum);
  }
}
