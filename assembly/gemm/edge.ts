import { EDGE_BYTES } from "./tile";

// A tile that hangs over the edge of C is computed in scratch: [TILE_ROWS][8], with only the valid part copied.

/** tile[r][0…7] = C[r][0…columns-1], zeros beyond. */
export function loadEdge(tile: usize, c: usize, ldc: usize, rows: i32, columns: i32): void {
  memory.fill(tile, 0, EDGE_BYTES);
  for (let r = 0; r < rows; r++) {
    memory.copy(tile, c, (<usize>columns) << 2);
    tile += 32;
    c += ldc;
  }
}

/** C[r][0…columns-1] = tile[r][0…columns-1]. */
export function storeEdge(c: usize, ldc: usize, tile: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) {
    memory.copy(c, tile, (<usize>columns) << 2);
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
