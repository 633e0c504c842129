// Buffers for kernel specs: raw memory between guard bands, as kernels take addresses.
//
// Inputs are eighths from -1 to 1. Sums of their products are exact in float32 whatever the order, so plain loops in double precision must
// give the very same numbers.

/** Bytes of a guard band, on either side of every buffer. */
const GUARD: usize = 64;
const GUARD_BYTE: u8 = 0x40; // four of them are 3.0039, no eighth
const NAN_BYTE: u8 = 0xff; // four of them are a NaN

/** Room for `length` 4-byte numbers, all NaN. */
export function blank(length: i32): usize {
  const bytes = (<usize>length) << 2;
  const start = heap.alloc(bytes + 2 * GUARD);
  memory.fill(start, GUARD_BYTE, bytes + 2 * GUARD);
  memory.fill(start + GUARD, NAN_BYTE, bytes);
  return start + GUARD;
}

/** `length` floats, eighths from -1 to 1 that depend on the seed. */
export function eighths(length: i32, seed: u32): usize {
  const start = blank(length);
  let state = seed * 2654435761 + 1;
  for (let i = 0; i < length; i++) {
    state = state * 1664525 + 1013904223;
    store<f32>(start + ((<usize>i) << 2), (<f32>((state >> 16) % 17) - 8) / 8);
  }
  return start;
}

export function floats(values: f32[]): usize {
  const start = blank(values.length);
  for (let i = 0; i < values.length; i++) store<f32>(start + ((<usize>i) << 2), values[i]);
  return start;
}

export function integers(values: i32[]): usize {
  const start = blank(values.length);
  for (let i = 0; i < values.length; i++) store<i32>(start + ((<usize>i) << 2), values[i]);
  return start;
}

/** Element i of a buffer of floats. */
export function at(buffer: usize, i: i32): f64 {
  return <f64>load<f32>(buffer + ((<usize>i) << 2));
}

/** Whether both bands around `length` 4-byte numbers are as they were. */
export function intact(buffer: usize, length: i32): bool {
  const end = buffer + ((<usize>length) << 2);
  for (let i: usize = 1; i <= GUARD; i++) if (load<u8>(buffer - i) != GUARD_BYTE || load<u8>(end + i - 1) != GUARD_BYTE) return false;
  return true;
}

/** Elements of a buffer that are not the expected ones; all of them if a band is broken. */
export function mismatches(buffer: usize, expected: StaticArray<f64>): i32 {
  if (!intact(buffer, expected.length)) return expected.length;
  let count = 0;
  for (let i = 0; i < expected.length; i++) if (at(buffer, i) != expected[i]) count++;
  return count;
}

/** Elements further from the expected ones than `tolerance` times 1 + their size; all of them if a band is broken. */
export function strays(buffer: usize, expected: StaticArray<f64>, tolerance: f64): i32 {
  if (!intact(buffer, expected.length)) return expected.length;
  let count = 0;
  for (let i = 0; i < expected.length; i++) if (!(Math.abs(at(buffer, i) - expected[i]) <= tolerance * (1 + Math.abs(expected[i])))) count++;
  return count;
}
