/** Numbers and tables for a terminal: plain spaces, aligned columns. */

/** With thousands separators. */
export const whole = (value: number): string => value.toLocaleString('en-US');

/** A loss: four digits after the point, more digits of a small one. */
export const fixed = (value: number): string => (Math.abs(value) >= 0.01 || value === 0 ? value.toFixed(4) : value.toPrecision(3));

/** A fraction as a percentage. */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

/** `35 ms`, `8.4 s`, `3 min 5 s`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${(1000 * seconds).toFixed(0)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
}

/** `one epoch`, `20 epochs`. */
export const count = (value: number, noun: string): string => (value === 1 ? `one ${noun}` : `${whole(value)} ${noun}s`);

/** Rows of cells under one another: the first `left` columns to the left, all others to the right. */
export function table(rows: readonly (readonly string[])[], left: number): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column < left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ').trimEnd());
}
