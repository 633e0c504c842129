/** The page: one task at a time, each with its stage, curves and pictures. */
import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import { currentTheme, setTheme, THEMES } from '../lib/theme.js';
import type { Task } from '../protocol.js';
import type { Session } from '../session.js';
import { confusionCard, mistakesCard } from './confusion.js';
import { Curves } from './curves.js';
import { DataView } from './data.js';
import { filesCard } from './files-card.js';
import { icon } from './icons.js';
import { PictureView } from './picture.js';
import { runsCard } from './runs.js';
import { settingsPanel } from './settings.js';
import { SignalView } from './signal.js';
import { stage } from './stage.js';

const INTRODUCTIONS: Readonly<Record<Task, { tab: string; title: string; lede: string }>> = {
  garments: {
    tab: 'Garments', title: 'Watch a network learn to see',
    lede: 'A convolutional network learns to tell ten kinds of garment apart, from nothing, on your own processor. Nothing leaves this page.',
  },
  signals: {
    tab: 'Signals', title: 'Watch a network learn to predict',
    lede: 'A recurrent network hears a tangle of 25 sine waves, sample by sample, and learns to say what comes next.',
  },
};

/** The parts of a task's page that keep something between two drawings. */
class TaskView {
  private readonly curves: Curves;
  private readonly picture: PictureView | undefined;
  private readonly signal: SignalView | undefined;
  private readonly data: DataView;

  constructor(private readonly session: Session, changed: () => void) {
    this.curves = new Curves(session.task, changed);
    if (session.task === 'garments') this.picture = new PictureView(session, changed);
    else this.signal = new SignalView(session, changed);
    this.data = new DataView(session, changed);
  }

  render(wide: boolean): TemplateResult {
    const { session } = this;
    return html`<div class="layout">
      <div class="cards">
        ${stage(session)}
        ${wide ? nothing : html`<details class="card settings-card"><summary>Settings</summary>${settingsPanel(session)}</details>`}
        ${this.signal?.render()}
        ${this.curves.render(session)}
        ${this.picture?.render()}
        ${session.task === 'garments' ? guard([session.judgement], () => [confusionCard(session.judgement), mistakesCard(session.judgement)]) : nothing}
        ${runsCard(session)}
        ${filesCard(session)}
        ${this.data.render()}
      </div>
      ${wide ? html`<aside class="card settings-card" aria-label="Settings"><h2>Settings</h2>${settingsPanel(session)}</aside>` : nothing}
    </div>`;
  }
}

const desktop = matchMedia('(min-width: 1120px)');

export class Page {
  task: Task = location.hash === '#signals' ? 'signals' : 'garments';
  private readonly views = new Map<Task, TaskView>();

  constructor(private readonly session: (task: Task) => Session, private readonly changed: () => void) {
    desktop.addEventListener('change', changed);
    addEventListener('hashchange', () => this.go(location.hash === '#signals' ? 'signals' : 'garments'));
  }

  render(): TemplateResult {
    const session = this.session(this.task);
    const { title, lede } = INTRODUCTIONS[this.task];
    return html`<header class="top">
        <a class="brand" href="./" aria-label="Lanewise">${logo(session.status === 'training')}<span>Lanewise</span></a>
        <nav class="segments" aria-label="Networks">
          ${(Object.keys(INTRODUCTIONS) as Task[]).map((task) => html`<a href="#${task}" aria-current=${task === this.task ? 'page' : 'false'}>${INTRODUCTIONS[task].tab}</a>`)}
        </nav>
        ${this.themeButton()}
      </header>
      <main>
        <div class="intro"><h1>${title}</h1><p>${lede}</p></div>
        ${notice(session)}
        ${this.view(session).render(desktop.matches)}
      </main>
      <footer><p>Trained by <b>Lanewise</b> in WebAssembly SIMD on this machine's processor. The same seed, data and settings give the same weights, bit for bit, on any machine and any number of threads.</p></footer>`;
  }

  private view(session: Session): TaskView {
    let view = this.views.get(session.task);
    if (!view) this.views.set(session.task, (view = new TaskView(session, this.changed)));
    return view;
  }

  private go(task: Task): void {
    this.task = task;
    this.changed();
  }

  private themeButton(): TemplateResult {
    const theme = currentTheme();
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    const turn = (): void => {
      setTheme(next);
      this.changed();
    };
    return html`<button class="quiet theme" @click=${turn} aria-label="Colours: ${theme}. Change to ${next}" title="Colours: ${theme}">${icon(theme)}</button>`;
  }
}

function notice(session: Session): TemplateResult {
  const { notice: said } = session;
  return html`<div aria-live="polite">${said ? html`<div class="notice ${said.kind}" role=${said.kind === 'error' ? 'alert' : 'status'}><p>${said.text}</p><button class="quiet small" aria-label="Dismiss" @click=${() => session.dismiss()}>${icon('close')}</button></div>` : nothing}</div>`;
}

/** Four lanes, as the four floats of a vector. */
function logo(moving: boolean): TemplateResult {
  return html`<svg class="logo ${moving ? 'moving' : ''}" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><rect x="3" y="4" width="20" height="4.5" rx="2.250" /><rect x="3" y="10.5" width="26" height="4.5" rx="2.250" /><rect x="3" y="17" width="14" height="4.5" rx="2.250" /><rect x="3" y="23.5" width="23" height="4.5" rx="2.250" /></svg>`;
}
