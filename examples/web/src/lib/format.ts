/** Numbers as a reader sees them. */
const NONE = '–';

export function integer(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString('en-US', { maximumFractionDigits: 0 }) : NONE;
}

/** A fraction as a percentage: 0.925 is `92.5 %`. */
export function percent(fraction: number | undefined, digits = 1): string {
  return fraction !== undefined && Number.isFinite(fraction) ? `${(fraction * 100).toFixed(digits)}\u00a0%` : NONE;
}

/** Three significant digits, for losses. */
export function significant(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NONE;
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1).replace('-', '−');
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : value >= 0.1 ? 3 : 4);
}

/** `1.2 M`, `12.3 k` */
export function short(value: number, unit = ''): string {
  if (!Number.isFinite(value)) return NONE;
  const index = value < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** index;
  const text = index === 0 ? String(Math.round(scaled)) : scaled.toFixed(scaled < 100 ? 1 : 0);
  const suffix = `${['', 'k', 'M', 'G', 'T'][index]!}${unit}`;
  return suffix ? `${text}\u00a0${suffix}` : text;
}

/** `42 s`, `3 min 5 s` */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return NONE;
  if (seconds < 10) return `${seconds.toFixed(1)}\u00a0s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole}\u00a0s` : `${Math.floor(whole / 60)}\u00a0min ${whole % 60}\u00a0s`;
}

export function counted(count: number, noun: string): string {
  return `${integer(count)} ${noun}${count === 1 ? '' : 's'}`;
}
