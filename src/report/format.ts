/** Numbers as a reader sees them. What is not finite is said in words; a unit stays on the line of its number. */
const NOT_FINITE = 'not finite';
const NO_BREAK = '\u00a0';

/** With thousands separators: `1,030,218`. */
export function integer(value: number): string {
  return fixed(value, 0);
}

/** With a fixed number of digits after the point. */
export function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return NOT_FINITE;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** With `digits` significant digits, and in powers of ten below a thousandth: a loss. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return NOT_FINITE;
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(digits - 1).replace('-', '−');
  return fixed(value, Math.max(0, digits - 1 - exponentOf(value, digits)));
}

/** A fraction as a percentage: 0.925 is `92.5 %`. */
export function percent(fraction: number, digits = 1): string {
  return Number.isFinite(fraction) ? `${fixed(fraction * 100, digits)}${NO_BREAK}%` : NOT_FINITE;
}

/** Power of ten of the first digit, after rounding to `digits` digits; 0 for zero. */
function exponentOf(value: number, digits = 3): number {
  return value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** With a metric prefix and a unit: `13.1 GFLOP`. */
export function metric(value: number, unit: string): string {
  if (!Number.isFinite(value)) return NOT_FINITE;
  const power = Math.min(Math.max(0, Math.floor(exponentOf(value) / 3)), PREFIXES.length - 1);
  return `${significant(value / 1000 ** power)}${NO_BREAK}${PREFIXES[power] ?? ''}${unit}`;
}

export function milliseconds(value: number): string {
  return Number.isFinite(value) ? `${significant(value)}${NO_BREAK}ms` : NOT_FINITE;
}

/** `8.4 s`, `3 min 5 s`, `2 h 14 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return NOT_FINITE;
  if (seconds < 60) return `${fixed(seconds, 1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `28 × 28 × 1`. */
export function shape(dimensions: readonly number[]): string {
  return dimensions.join(' × ');
}

/** `one epoch`, `20 epochs`. */
export function count(value: number, noun: string): string {
  return value === 1 ? `one ${noun}` : `${integer(value)} ${noun}s`;
}

/** Universal time, to the minute. */
export function dateTime(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'unknown date' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
