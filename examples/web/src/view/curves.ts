/** Loss and accuracy over the epochs, of the present run and of those beside it. */
import { html, type TemplateResult } from 'lit-html';
import { percent, significant } from '../lib/format.js';
import { smoothed, type Track } from '../lib/track.js';
import { onColoursChange } from '../lib/theme.js';
import type { Task } from '../protocol.js';
import { runColour, type Run } from '../run.js';
import type { Session } from '../session.js';
import { LineChart, type Line } from './line-chart.js';

type Figure = 'loss' | 'accuracy';

interface Panel {
  figure: Figure;
  title: string;
  note: string;
  format: (value: number) => string;
  chart: LineChart;
}

/** Points that the strong line is a mean of. */
const SPAN = 24;
const HEIGHT = 230;

export class Curves {
  private readonly panels: readonly Panel[];
  private run: Run | undefined;
  private hovered: { panel: Panel; index: number } | undefined;

  constructor(task: Task, private readonly changed: () => void) {
    this.panels = task === 'garments'
      ? [this.panel('accuracy', 'Accuracy', 'share of pictures named right, by epoch', (value) => percent(value, 0)), this.panel('loss', 'Loss', 'cross-entropy, by epoch', String)]
      : [this.panel('loss', 'Error', 'mean square by epoch, on a logarithmic scale', String, true)];
    onColoursChange(() => this.panels.forEach(({ chart }) => chart.redraw()));
  }

  private panel(figure: Figure, title: string, note: string, format: (value: number) => string, logarithmic = false): Panel {
    const panel: Panel = {
      figure, title, note, format,
      chart: new LineChart({
        height: HEIGHT, format, logarithmic, xRange: () => this.xRange(),
        ...(!logarithmic && { yRange: (low: number, high: number) => range(figure, low, high) }),
        onHover: (index) => this.hover(panel, index),
      }),
    };
    return panel;
  }

  /** Epochs of the run; a part of the first one while it has not come far. */
  private xRange(): [number, number] {
    const { run } = this;
    return [0, run ? Math.max(1, Math.min(run.settings.epochs, Math.ceil((1.35 * run.step) / run.info.stepsPerEpoch))) : 1];
  }

  private hover(panel: Panel, index: number | undefined): void {
    if (this.hovered?.panel === panel && this.hovered.index === index) return;
    this.hovered = index === undefined ? undefined : { panel, index };
    this.changed();
  }

  render({ run, earlier }: Session): TemplateResult {
    this.run = run;
    const others = earlier.filter(({ shown }) => shown);
    return html`${this.panels.map((panel) => {
      const lines = linesOf(panel.figure, run, others);
      queueMicrotask(() => panel.chart.draw(lines));
      return this.card(panel, lines);
    })}`;
  }

  private card(panel: Panel, lines: readonly Line[]): TemplateResult {
    const { title, note, format, chart } = panel;
    const at = this.hovered?.panel === panel ? chart.valuesAt(this.hovered.index) : undefined;
    const legend = lines.map((line, index) => ({ line, value: at ? at.values[index] : line.y.at(-1) })).filter(({ line }) => line.alpha === undefined || line.dash);
    const said = legend.map(({ line, value }) => `${line.label} ${value === undefined ? 'not yet' : format(value)}`).join(', ');
    return html`<section class="card curve ${this.panels.length === 1 ? 'wide' : ''}">
      <header>
        <h2>${title}</h2>
        <p class="note">${at ? `epoch ${at.x.toFixed(2)}` : note}</p>
        <ul class="legend">
          ${legend.map(({ line, value }) => html`<li style="--key: var(${line.colour})" class=${line.dash ? 'dashed' : ''}>${line.label} <b>${value === undefined ? '–' : precise(panel, value)}</b></li>`)}
        </ul>
      </header>
      <div role="img" aria-label="${title} by epoch: ${said}">${chart.element}</div>
    </section>`;
  }
}

const precise = ({ figure }: Panel, value: number): string => (figure === 'accuracy' ? percent(value) : significant(value));

function linesOf(figure: Figure, run: Run | undefined, others: readonly Run[]): Line[] {
  const beside = others.map((other): Line => ({ label: `run ${other.number}, test`, colour: runColour(other), ...points(other, other.test, figure), width: 1.5 }));
  if (!run) return beside;
  const train = points(run, run.train, figure);
  const end = Math.max(run.settings.epochs, 1);
  const levels = figure === 'loss'
    ? run.baselines.map(({ name, loss }): Line => ({ label: name, colour: '--muted', x: [0, end], y: [loss, loss], width: 1.5, alpha: 0.8, dash: name === 'no change' ? [2, 4] : [7, 5] }))
    : [];
  return [
    ...levels,
    { label: 'training, each batch', colour: '--train', ...train, width: 1, alpha: 0.25 },
    { label: 'training', colour: '--train', x: train.x, y: smoothed(train.y, SPAN / Math.max(1, run.train.per) + 1), width: 2 },
    ...beside,
    { label: 'test', colour: '--test', ...points(run, run.test, figure), width: 2.5 },
  ];
}

function points({ info: { stepsPerEpoch } }: Run, track: Track, figure: Figure): { x: number[]; y: number[] } {
  return { x: track.step.map((step) => step / stepsPerEpoch), y: track[figure] };
}

function range(figure: Figure, low: number, high: number): [number, number] {
  if (figure === 'accuracy') return [Math.max(0, Math.min(0.9, Math.floor(low * 10) / 10)), 1];
  return [0, high > 0 ? high * 1.05 : 1];
}
