// WebAssembly has no instruction that fetches memory ahead of its use, but a load whose value nobody asks for does the same: it must be done, since it may
// trap, and the processor goes on with what follows. A line or two between register tiles cost nothing, many at once are waited for.

/** Bytes of a cache line. */
export const LINE: usize = 64;

/** How far behind its block the next block of a thread is likely to be: blocks go round the threads. A guess, on which no result depends. */
let stride: i32 = 1;

export function setBlockStride(threads: i32): void {
  stride = threads;
}

export function nextBlock(block: i32): i32 {
  return block + stride;
}

/** Lines of so many bytes that each of `calls` calls has to fetch, so that all are. None where there is no call. */
// @ts-ignore: decorator
@inline
export function linesEach(bytes: usize, calls: i32): i32 {
  return (<i32>(bytes / LINE) + calls - 1) / max(1, calls);
}

/** Fetches `bytes` at once. */
// @ts-ignore: decorator
@inline
export function fetch(address: usize, bytes: usize): void {
  for (const end = address + bytes; address < end; address += LINE) load<i32>(address);
}

/** Fetches `lines` cache lines, none from `end` on. Returns where to go on. */
// @ts-ignore: decorator
@inline
export function fetchLines(address: usize, lines: i32, end: usize): usize {
  const next = address + <usize>lines * LINE;
  for (const last = min(next, end); address < last; address += LINE) load<i32>(address);
  return next;
}
