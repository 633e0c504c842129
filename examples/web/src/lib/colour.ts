/** Colours of the style sheet, for what is drawn on a canvas. */
const probe = document.createElement('span');
probe.hidden = true;

/** The colour that a custom property has just now, light or dark, as `rgb(…)`. */
export function colour(name: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** The same with an alpha. */
export const faded = (name: string, alpha: number): string => colour(name).replace('rgb(', 'rgba(').replace(')', `, ${alpha})`);

export function components(name: string): [red: number, green: number, blue: number] {
  const [red = 0, green = 0, blue = 0] = (colour(name).match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}
