/** Numbers to compute with: evenly spread between -1 and 1 (or 0 and 1), the same each time, made fast. */
export function values(length: number, low = -1): Float32Array {
  const scale = (1 - low) / 2 ** 32;
  const result = new Float32Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    result[i] = low + state * scale;
  }
  return result;
}

/** Class numbers below `classes`. */
export const labels = (rows: number, classes: number): Int32Array => Int32Array.from(values(rows, 0), (value) => Math.floor(value * classes));
