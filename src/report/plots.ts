import * as Plot from '@observablehq/plot';
import { drawingDocument } from './document.js';
import { significant } from './format.js';
import { html, trusted, type Html } from './html.js';
import { drawable, extent, integerTicks, logarithmicTicks, toBands, type Point } from './series.js';

/** Widths in the plots' own units, near those on a wide page: the page scales a plot to its column. */
const WIDTH = 480;
const SMALL_WIDTH = 350;
/** In units of the plot; the style sheet sets it larger where the page shrinks plots of full width. */
const TEXT_SIZE = 'var(--plot-text)';
const SMALL_TEXT_SIZE = '13px';
/** With at most this many points, each gets a dot: one epoch alone has no line. */
const DOTTED = 30;

/** The roles of curves; the style sheet gives each its colour, `--train` and so on. */
export type Role = 'train' | 'test' | 'clean' | 'truth' | 'level';

export interface Curve {
  label: string;
  role: Role;
  points: readonly Point[];
}

export interface CurvesOptions {
  /** Says in words what the picture shows. */
  description: string;
  xLabel: string;
  yLabel: string;
  logarithmic?: boolean;
  percent?: boolean;
  /** A level to mark, such as a loss that cannot be undercut. */
  level?: { label: string; y: number };
}

/** Curves over epochs, with a legend; a note when there is nothing to draw. */
export function curvesPlot(curves: readonly Curve[], options: CurvesOptions): Html {
  const { logarithmic = false, level } = options;
  const shown = curves
    .map((curve) => ({ ...curve, points: drawable(curve.points, logarithmic) }))
    .filter(({ points }) => points.length > 0);
  const points = shown.flatMap((curve) => curve.points);
  const xRange = extent(points.map(({ x }) => x));
  const levels: Curve[] = level && xRange ? [levelCurve(level, xRange, logarithmic)] : [];
  const yRange = extent([...points, ...levels.flatMap((curve) => curve.points)].map(({ y }) => y));
  if (!xRange || !yRange) return html`<p class="nothing">No finite values were recorded.</p>`;
  return html`${legend([...shown, ...levels])}
    ${draw(options.description, {
      height: 290,
      marginTop: 34, // room for the name of the axis
      x: epochAxis(xRange, options.xLabel),
      y: valueAxis(yRange, options),
      marks: [...shown.flatMap(curveMarks), ...levels.map(levelMark)],
    })}`;
}

function levelCurve(level: { label: string; y: number }, [left, right]: [number, number], logarithmic: boolean): Curve {
  const ends = [left, right].map((x) => ({ x, y: level.y }));
  return { label: level.label, role: 'level', points: drawable(ends, logarithmic) };
}

function epochAxis([low, high]: [number, number], label: string): Plot.ScaleOptions {
  const domain = low === high ? [low - 1, high + 1] : [low, high];
  return { domain, ticks: integerTicks(low, high), tickFormat: ',d', label };
}

function valueAxis([low, high]: [number, number], options: CurvesOptions): Plot.ScaleOptions {
  const { logarithmic = false, percent = false, yLabel } = options;
  const axis = { label: yLabel, grid: true };
  const equal = low === high;
  if (logarithmic) {
    const domain = equal ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
    const ticks = logarithmicTicks(domain[0]!, domain[1]!);
    return { ...axis, type: 'log', domain, ticks, tickFormat: (tick: number) => String(tick) };
  }
  const domain = equal ? [low - 0.05 * Math.abs(low || 1), high + 0.05 * Math.abs(high || 1)] : [low, high];
  return { ...axis, domain, ticks: 5, nice: !equal, ...(percent && { tickFormat: formatPercent }) };
}

function formatPercent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))} %`;
}

function curveMarks({ role, points }: Curve): Plot.Markish[] {
  const bands = toBands(points);
  const stroke = `var(--${role})`;
  const style = { stroke, strokeWidth: 2, ...(role === 'clean' && { strokeDasharray: '6 4' }) };
  return [
    bands.length < points.length &&
      Plot.areaY(bands, { x: 'x', y1: 'low', y2: 'high', fill: stroke, fillOpacity: 0.22 }),
    Plot.lineY(bands, { x: 'x', y: 'y', ...style }),
    points.length <= DOTTED && Plot.dot(points, { x: 'x', y: 'y', fill: stroke, r: 3 }),
  ].filter((mark) => mark !== false);
}

function levelMark({ points }: Curve): Plot.Markish {
  return Plot.ruleY(points.slice(0, 1), { y: 'y', stroke: 'var(--level)', strokeWidth: 2, strokeDasharray: '2 4' });
}

/** One signal over time, or what was predicted for it over what it was. */
export function signalPlot(curves: readonly Curve[], range: [number, number], description: string): Html {
  const drawn = curves.map((curve) => ({ ...curve, points: drawable(curve.points, false) }));
  const xRange = extent(drawn.flatMap(({ points }) => points.map(({ x }) => x)));
  if (!xRange) return html`<p class="nothing">No finite values were recorded.</p>`;
  return draw(description, {
    width: SMALL_WIDTH,
    height: 170,
    marginTop: 12,
    marginLeft: 36,
    marginBottom: 28,
    x: { ticks: integerTicks(...xRange), tickFormat: ',d', label: null },
    y: { domain: range, ticks: 5, grid: true, label: null },
    marks: drawn.map(({ role, points }) =>
      Plot.lineY(points, {
        x: 'x',
        y: 'y',
        stroke: `var(--${role})`,
        strokeWidth: role === 'truth' ? 4 : 1.5,
      }),
    ),
  });
}

export interface Bar {
  label: string;
  value: number;
  /** The bar that the others are compared with. */
  own: boolean;
}

/** Horizontal bars with their values, in the given order; values that are not finite have no bar. */
export function barsPlot(bars: readonly Bar[], description: string): Html {
  const longest = Math.max(0, ...bars.map(({ value }) => value).filter(Number.isFinite));
  const length = ({ value }: Bar): number => (Number.isFinite(value) ? value : 0);
  return draw(description, {
    height: 34 * bars.length + 16,
    marginTop: 8,
    marginBottom: 8,
    marginLeft: 110,
    marginRight: 70,
    x: { domain: [0, longest || 1], axis: null },
    y: { domain: bars.map(({ label }) => label), label: null, tickSize: 0, padding: 0.3 },
    marks: [
      Plot.barX(bars, {
        x: length,
        y: 'label',
        fill: ({ own }: Bar) => (own ? 'var(--test)' : 'var(--bar)'),
        rx: 3,
      }),
      Plot.text(bars, {
        x: length,
        y: 'label',
        text: ({ value }: Bar) => significant(value),
        textAnchor: 'start',
        dx: 6,
      }),
    ],
    color: { type: 'identity' },
  });
}

export function legend(curves: readonly Curve[]): Html {
  return html`<ul class="legend">
    ${curves.map(({ label, role }) => html`<li class="${role}">${label}</li>`)}
  </ul>`;
}

function draw(description: string, options: Plot.PlotOptions): Html {
  const plot = Plot.plot({
    document: drawingDocument(),
    width: WIDTH,
    marginLeft: 52,
    marginRight: 16,
    marginBottom: 40,
    style: { fontSize: options.width === SMALL_WIDTH ? SMALL_TEXT_SIZE : TEXT_SIZE, background: 'none', overflow: 'visible' },
    ...options,
  });
  plot.setAttribute('aria-hidden', 'true'); // one picture with one description, not a list of marks
  return html`<div role="img" aria-label="${description}">${trusted(plot.outerHTML)}</div>`;
}
