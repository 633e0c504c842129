/** With so many digits before the point as needed and at least `digits` significant ones. */
export function figure(value: number | undefined, digits = 3): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  return value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value) || 1))));
}
