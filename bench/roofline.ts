/** The roofline picture: what each kernel reaches against what arithmetic and memory allow (Williams, Waterman and Patterson, 2009). */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

export interface Roofs {
  gflops: number;
  gbs: number;
}

/** One kernel on one shape. */
export interface Dot {
  family: string;
  name: string;
  /** FLOP for each byte that its ops read or write. */
  intensity: number;
  gflops: number;
}

const COLOURS = ['#4269d0', '#ff725c', '#6cc5b0', '#efb118', '#9c6b4e', '#3ca951', '#a463f2'];

export function drawRoofline(roofs: Roofs, dots: readonly Dot[], title: string): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const ridge = roofs.gflops / roofs.gbs;
  const left = Math.min(0.05, ...dots.map(({ intensity }) => intensity / 1.5));
  const right = Math.max(10 * ridge, ...dots.map(({ intensity }) => intensity * 1.5));
  const bottom = Math.min(roofs.gflops / 100, ...dots.map(({ gflops }) => gflops / 1.5));
  const roof = [left, ridge, right].map((intensity) => ({ intensity, gflops: Math.min(roofs.gflops, intensity * roofs.gbs) }));
  const place = { x: 'intensity', y: 'gflops' } as const;
  const axis = { type: 'log', grid: true, ticks: 6, tickFormat: (tick: number) => String(tick) } as const;
  const families = [...new Set(dots.map(({ family }) => family))];
  const plot = Plot.plot({
    document, width: 860, height: 520, marginLeft: 56, marginRight: 30, marginTop: 34, marginBottom: 44,
    style: { fontSize: '13px', background: 'white', color: '#222' },
    x: { ...axis, domain: [left, right], label: 'FLOP per byte' },
    y: { ...axis, domain: [bottom, roofs.gflops * 1.6], label: `GFLOP/s (${title})` },
    color: { domain: families, range: COLOURS },
    marks: [
      Plot.line(roof, { ...place, stroke: '#444', strokeWidth: 2 }),
      Plot.text(roof.slice(2), { ...place, text: () => `${roofs.gflops.toFixed(1)} GFLOP/s`, textAnchor: 'end', dy: -9 }),
      Plot.text(roof.slice(0, 1), { ...place, text: () => `${roofs.gbs.toFixed(1)} GB/s`, textAnchor: 'start', dx: 34, dy: 4 }),
      Plot.dot(dots, { ...place, fill: 'family', r: 4, title: ({ name, gflops }: Dot) => `${name}: ${gflops.toFixed(1)} GFLOP/s` }),
      ...families.map((family, index) =>
        Plot.text([family], { text: () => `● ${family}`, fill: () => family, frameAnchor: 'bottom-right', textAnchor: 'end', dx: -8, dy: -10 - 18 * index })),
    ],
  });
  plot.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${plot.outerHTML}\n`;
}
