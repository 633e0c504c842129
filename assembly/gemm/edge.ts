import { EDGE_BYTES } from "./tile";

// A tile that hangs over the edge of C is computed in scratch: [TILE_ROWS][8], with only the valid part copied.

/** tile = 0. */
export function clearEdge(tile: usize): void {
  for (let i: usize = 0; i < EDGE_BYTES; i += 16) v128.store(tile + i, i32x4.splat(0));
}

/** tile[r][0…7] = C[r][0…columns-1], zeros beyond. */
export function loadEdge(tile: usize, c: usize, ldc: usize, rows: i32, columns: i32): void {
  clearEdge(tile);
  for (let r = 0; r < rows; r++) {
    copyFew(tile, c, columns);
    tile += 32;
    c += ldc;
  }
}

/** C[r][0…columns-1] = tile[r][0…columns-1]. */
export function storeEdge(c: usize, ldc: usize, tile: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) {
    copyFew(c, tile, columns);
    tile += 32;
    c += ldc;
  }
}

/** C[r][0…7] += tile[r][0…7]. */
export function addEdge(c: usize, ldc: usize, tile: usize, rows: i32): void {
  for (let r = 0; r < rows; r++) {
    v128.store(c, f32x4.add(v128.load(c), v128.load(tile)));
    v128.store(c, f32x4.add(v128.load(c, 16), v128.load(tile, 16)), 16);
    tile += 32;
    c += ldc;
  }
}

/** C[r][0…columns-1] = bias[0…columns-1], or zero where bias is 0. */
export function fillBias(c: usize, ldc: usize, bias: usize, rows: i32, columns: i32): void {
  const bytes = (<usize>columns) << 2;
  for (let r = 0; r < rows; r++) {
    if (bias != 0) memory.copy(c, bias, bytes);
    else memory.fill(c, 0, bytes);
    c += ldc;
  }
}

/** C = max(0, C) over a strip of C; rows `ldc` bytes apart. */
export function clampStrip(c: usize, ldc: usize, rows: i32, columns: i32): void {
  const zero = f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    let i = 0;
    let at = c;
    for (; i + 4 <= columns; i += 4) {
      v128.store(at, f32x4.pmax(v128.load(at), zero));
      at += 16;
    }
    for (; i < columns; i++) {
      const x = load<f32>(at);
      store<f32>(at, x < 0 ? 0 : x);
      at += 4;
    }
    c += ldc;
  }
}

/** A few floats, without a call into the engine. */
// @ts-ignore: decorator
@inline
function copyFew(to: usize, from: usize, count: i32): void {
  for (let i: usize = 0, end = (<usize>count) << 2; i < end; i += 4) store<f32>(to + i, load<f32>(from + i));
}
