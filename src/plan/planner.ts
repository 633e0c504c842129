/**
 * The memory planner: gives every buffer a place so that buffers alive at the same time do not overlap. Greedy by size (Pisarchyk and Lee:
 * "Efficient memory management for deep neural net inference", 2020): the largest first, each at the lowest offset that is free all its life.
 */
export interface Lifetime {
  bytes: number;
  /** First and last op that uses the buffer. */
  first: number;
  last: number;
}

export interface MemoryMap {
  /** Bytes from the start of the arena, one for each lifetime. */
  offsets: number[];
  /** Size of the arena. */
  bytes: number;
}

export function planMemory(lifetimes: readonly Lifetime[], align: (bytes: number) => number): MemoryMap {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const order = lifetimes.map((_, index) => index).sort((a, b) => lifetimes[b]!.bytes - lifetimes[a]!.bytes || a - b);
  const placed: number[] = []; // by rising offset
  let bytes = 0;
  for (const index of order) {
    const { first, last, bytes: size } = lifetimes[index]!;
    let offset = 0;
    for (const other of placed) {
      const { first: otherFirst, last: otherLast, bytes: otherSize } = lifetimes[other]!;
      if (otherLast < first || last < otherFirst) continue;
      if (offset + align(size) <= offsets[other]!) break; // fits in the gap before it
      offset = Math.max(offset, offsets[other]! + align(otherSize));
    }
    offsets[index] = offset;
    bytes = Math.max(bytes, offset + align(size));
    const at = placed.findIndex((other) => offsets[other]! > offset);
    placed.splice(at < 0 ? placed.length : at, 0, index);
  }
  return { offsets, bytes };
}
