/** A test signal: what came and what was predicted, with the choice of how far ahead. */
import { html, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { counted, significant } from '../lib/format.js';
import { onColoursChange } from '../lib/theme.js';
import type { Forecast } from '../protocol.js';
import type { Session } from '../session.js';
import { LineChart, type Line } from './line-chart.js';

export const LONGEST_HORIZON = 40;
/** Samples shown at a time on a wide page, and on a phone. */
const WINDOW = { wide: 250, narrow: 110 };

export class SignalView {
  private readonly chart = new LineChart({ height: 300, format: (value) => String(value), xRange: () => this.range, yRange: (low, high) => [Math.min(-10, low), Math.max(10, high)] });
  private from = 0;
  private range: [number, number] = [0, 1];
  private horizon: number | undefined;

  constructor(private readonly session: Session, private readonly changed: () => void) {
    onColoursChange(() => this.chart.redraw());
  }

  render(): TemplateResult {
    const { session } = this;
    const { forecast, data, settings } = session;
    const lines = forecast ? linesOf(forecast) : [];
    const steps = forecast?.truth.length ?? 0;
    const window = innerWidth < 700 ? WINDOW.narrow : WINDOW.wide;
    const last = Math.max(0, steps - window);
    const from = Math.min(this.from, last);
    this.range = [from, from + Math.min(window, Math.max(1, steps))];
    queueMicrotask(() => this.chart.draw(lines));
    const horizon = this.horizon ?? settings.horizon;
    const rows = data?.testRows ?? 1;
    return html`<section class="card wide signal" aria-label="A test signal">
      <header>
        <h2>Predicted against true</h2>
        <p class="note">A signal the network never learned from. At every sample it says what comes ${horizon === 1 ? 'next' : `${horizon} samples later`}, from what it has heard so far.</p>
        <ul class="legend">
          <li style="--key: var(--truth)" class="thick">true</li>
          <li style="--key: var(--test)">predicted <b>${forecast ? `error ${significant(errorOf(forecast))}` : ''}</b></li>
        </ul>
      </header>
      <div role="img" aria-label="Test signal ${session.row + 1} and its prediction">${this.chart.element}</div>
      <div class="row">
        <label class="field slider horizon"><span>Horizon <b class="value">${counted(horizon, 'sample')} ahead</b></span>
          <input type="range" min="1" max=${LONGEST_HORIZON} .value=${live(String(horizon))} aria-valuetext="${counted(horizon, 'sample')} ahead"
            @input=${(event: Event) => this.move(Number((event.target as HTMLInputElement).value))}
            @change=${() => this.settle()} /></label>
        <label class="field slider"><span>Place <b class="value">samples ${from} to ${this.range[1]}</b></span>
          <input type="range" min="0" max=${last} step="10" .value=${live(String(from))} ?disabled=${last === 0} @input=${(event: Event) => this.scroll(Number((event.target as HTMLInputElement).value))} /></label>
        <div class="field stepper"><span id="row-label">Test signal</span>
          <span role="group" aria-labelledby="row-label"><button aria-label="The signal before" @click=${() => this.turn(-1, rows)}>‹</button><output aria-live="polite">${session.row + 1} of ${rows}</output><button aria-label="The next signal" @click=${() => this.turn(1, rows)}>›</button></span>
        </div>
      </div>
    </section>`;
  }

  private move(horizon: number): void {
    this.horizon = horizon;
    this.changed();
  }

  private settle(): void {
    const { horizon } = this;
    this.horizon = undefined;
    if (horizon !== undefined && horizon !== this.session.settings.horizon) void this.session.changeHorizon(horizon);
  }

  private scroll(from: number): void {
    this.from = from;
    this.changed();
  }

  private turn(by: number, rows: number): void {
    this.session.showRow((this.session.row + by + rows) % rows);
    this.changed();
  }
}

function linesOf({ truth, predicted, horizon }: Forecast): Line[] {
  const x = Array.from(truth, (_, index) => index + horizon);
  return [
    { label: 'true', colour: '--truth', x, y: [...truth], width: 5 },
    { label: 'predicted', colour: '--test', x, y: [...predicted], width: 1.75 },
  ];
}

function errorOf({ truth, predicted }: Forecast): number {
  return truth.reduce((sum, value, index) => sum + (value - predicted[index]!) ** 2, 0) / truth.length;
}
