/** A line chart that follows a training: uPlot in the colours of the page, as wide as its place. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colour, faded } from '../lib/colour.js';

export interface Line {
  label: string;
  /** A custom property of the style sheet. */
  colour: string;
  x: readonly number[];
  y: readonly number[];
  width?: number;
  alpha?: number;
  dash?: number[];
}

export interface ChartOptions {
  height: number;
  format: (value: number) => string;
  xFormat?: (value: number) => string;
  logarithmic?: boolean;
  /** Range of the x axis; default: of the data. */
  xRange?: () => [number, number];
  yRange?: (low: number, high: number) => [number, number];
  /** Called with the place under the pointer, or undefined when there is none. */
  onHover?: (index: number | undefined) => void;
}

const TEXT = '12px system-ui, sans-serif';

export class LineChart {
  readonly element = document.createElement('div');
  private plot: uPlot | undefined;
  private drawn = '';
  private lines: readonly Line[] = [];

  constructor(private readonly options: ChartOptions) {
    this.element.className = 'chart';
    this.element.style.height = `${options.height}px`;
    new ResizeObserver(() => this.resize()).observe(this.element);
  }

  draw(lines: readonly Line[]): void {
    this.lines = lines;
    const width = this.element.clientWidth;
    if (width === 0) return;
    const style = lines.map(({ label, colour: name, width: line, alpha, dash }) => [label, name, line, alpha, dash]);
    const signature = JSON.stringify([style, document.documentElement.dataset['theme']]);
    const data = joined(lines);
    if (this.plot && signature === this.drawn) {
      this.plot.setData(data);
      return;
    }
    this.drawn = signature;
    this.plot?.destroy();
    this.plot = new uPlot(this.uplotOptions(width), data, this.element);
  }

  /** After a change of colours. */
  redraw(): void {
    this.draw(this.lines);
  }

  private resize(): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    if (this.plot) this.plot.setSize({ width, height: this.options.height });
    else this.draw(this.lines);
  }

  private uplotOptions(width: number): uPlot.Options {
    const { height, format, xFormat = String, logarithmic = false, xRange, yRange } = this.options;
    const muted = colour('--muted');
    const axis = { stroke: muted, font: TEXT, ticks: { show: false }, border: { show: false } };
    const yScale: uPlot.Scale = logarithmic ? { distr: 3 } : {};
    if (yRange) yScale.range = (_, low, high) => yRange(low, high);
    return {
      width, height, padding: [8, 16, 0, 0], legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false, ...(xRange && { range: () => xRange() }) }, y: yScale },
      axes: [
        { ...axis, size: 26, gap: 4, space: 64, grid: { show: false }, values: (_, ticks) => ticks.map(xFormat) },
        {
          ...axis, size: 48, gap: 6, space: 42, grid: { stroke: faded('--line', 1), width: 1 },
          ...(logarithmic && { splits: (_: uPlot, __: number, low: number, high: number) => powersOfTen(low, high) }),
          values: (_, ticks) => ticks.map(format),
        },
      ],
      series: [
        {},
        ...this.lines.map((line): uPlot.Series => ({
          label: line.label, stroke: faded(line.colour, line.alpha ?? 1), width: line.width ?? 2, spanGaps: true, points: { show: false }, ...(line.dash && { dash: line.dash }),
        })),
      ],
      hooks: { setCursor: [(plot) => this.options.onHover?.(plot.cursor.idx ?? undefined)] },
    };
  }

  /** What the lines say at a place of the joined x axis. */
  valuesAt(index: number): { x: number; values: (number | undefined)[] } | undefined {
    const x = this.plot?.data[0][index];
    if (x === undefined) return undefined;
    return { x, values: this.lines.map((line) => nearest(line, x)) };
  }
}

function nearest({ x, y }: Line, at: number): number | undefined {
  let found: number | undefined;
  for (let i = 0; i < x.length && x[i]! <= at; i++) found = y[i];
  return found;
}

/** In a narrow range their halves and doubles too. */
function powersOfTen(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const steps = last - first > 2 ? [1] : [1, 2, 5];
  return Array.from({ length: last - first + 1 }, (_, index) => steps.map((step) => Number(`${step}e${first + index}`))).flat().filter((tick) => tick >= low && tick <= high);
}

/** All lines over one x axis. */
function joined(lines: readonly Line[]): uPlot.AlignedData {
  const tables = lines.map(({ x, y }): uPlot.AlignedData => [[...x], y.map((value) => (Number.isFinite(value) ? value : null))]);
  if (tables.length === 0) return [[]];
  return tables.length === 1 ? tables[0]! : uPlot.join(tables);
}
