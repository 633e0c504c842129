import { blockEnd, blockStart, loadOne, storeOne } from "./simd/lanes";

/**
 * Op: rows of a table by their numbers. y: [rows, columns]; ids: [rows], whole numbers as floats; w: [vocabulary, columns]. Whoever calls has refused
 * numbers out of range; here they only must not read elsewhere.
 */
export function embeddingForward(
  block: i32, scratch: usize, y: usize, ids: usize, w: usize, rows: i32, columns: i32, vocabulary: i32, blockRows: i32,
): void {
  const bytes = (<usize>columns) << 2, end = blockEnd(block, blockRows, rows);
  for (let row = blockStart(block, blockRows); row < end; row++) memory.copy(y + <usize>row * bytes, w + rowOf(ids, row, vocabulary) * bytes, bytes);
}

/**
 * Op: the gradient of the table: dw[id] = Σ dy[row] over the rows of that id, in their order. A block is a strip of columns, all rows of it, so no two
 * blocks add to the same place. dw: [vocabulary, columns]; dy: [rows, columns]; ids: [rows].
 */
export function embeddingBackward(
  block: i32, scratch: usize, dw: usize, dy: usize, ids: usize, rows: i32, columns: i32, vocabulary: i32, blockColumns: i32,
): void {
  const first = (<usize>blockStart(block, blockColumns)) << 2, bytes = ((<usize>blockEnd(block, blockColumns, columns)) << 2) - first;
  const stride = (<usize>columns) << 2, vectors = bytes & ~15;
  dw += first;
  dy += first;
  for (let id = 0; id < vocabulary; id++) memory.fill(dw + <usize>id * stride, 0, bytes);
  for (let row = 0; row < rows; row++) {
    const to = dw + rowOf(ids, row, vocabulary) * stride;
    let i: usize = 0;
    for (; i < vectors; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(dy + i)));
    for (; i < bytes; i += 4) storeOne(to + i, f32x4.add(loadOne(to + i), loadOne(dy + i)));
    dy += stride;
  }
}

// @ts-ignore: decorator
@inline
function rowOf(ids: usize, row: i32, vocabulary: i32): usize {
  const id = load<f32>(ids + ((<usize>row) << 2)), last = <f32>(vocabulary - 1);
  return id > 0 ? <usize>(id < last ? id : last) : 0; // NaN is not above 0
}
