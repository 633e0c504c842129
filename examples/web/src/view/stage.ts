/** The top of the page: play and pause, how far the training is, and its figures. */
import { html, nothing, type TemplateResult } from 'lit-html';
import { counted, duration, integer, percent, short, significant } from '../lib/format.js';
import { FILE, totalSteps, type Run } from '../run.js';
import type { Session } from '../session.js';
import { icon } from './icons.js';

/** With more epochs than this, the bar is one. */
const LANES = 24;

export function stage(session: Session): TemplateResult {
  const { status, run, task } = session;
  const training = status === 'training';
  const busy = status === 'loading' || status === 'pausing';
  const label = training || status === 'pausing' ? 'Pause' : status === 'paused' ? 'Go on' : status === 'done' ? 'Train again' : status === 'failed' ? 'Try again' : 'Train';
  return html`<section class="stage card" aria-label="Training">
    <div class="controls">
      <button class="play" ?disabled=${busy} @click=${() => session.toggle()} data-state=${status} aria-keyshortcuts="Space">
        ${icon(training || status === 'pausing' ? 'pause' : status === 'done' ? 'again' : 'play')}<span>${label}</span>
      </button>
      <div class="state">
        <p class="headline">${headline(session)}</p>
        <p class="note">${remark(session)}</p>
      </div>
      <div class="beside">
        ${session.dirty ? html`<button class="accent" @click=${() => void session.again()}>Start with the new settings</button>` : nothing}
        ${run && run.step > 0 ? html`<button class="quiet" @click=${() => void session.reset()} ?disabled=${busy}>${icon('reset')} Reset</button>` : nothing}
      </div>
    </div>
    <p class="hidden" role="status">${announcement(session)}</p>
    ${progress(run)}
    <dl class="figures">
      ${task === 'garments' ? figure('Test accuracy', percent(run?.testAccuracy), testNote(session), true) : figure('Test error', significant(run?.testLoss), versusBaseline(run), true)}
      ${task === 'garments' ? figure('Test loss', significant(run?.testLoss), `training ${significant(run?.trainLoss)}`) : figure('Training error', significant(run?.trainLoss), 'the last batch')}
      ${figure(task === 'garments' ? 'Pictures / s' : 'Signals / s', run && run.samplesPerSecond > 0 ? short(run.samplesPerSecond) : '–', run && run.samplesPerSecond > 0 ? short(run.samplesPerSecond * run.info.flopsPerSample, 'FLOP/s') : 'not yet measured')}
      ${figure('Parameters', run ? short(run.info.parameters) : '–', run ? counted(run.info.threads, 'thread') : '')}
    </dl>
  </section>`;
}

function figure(name: string, value: string, remarkText: string, main = false): TemplateResult {
  return html`<div class=${main ? 'main' : ''}><dt>${name}</dt><dd>${value}<small>${remarkText}</small></dd></div>`;
}

function testNote({ judgement }: Session): string {
  return judgement ? `on ${integer(judgement.rows)} pictures it never learned from` : 'not yet judged';
}

/** How the network does beside the best of the simple predictors. */
function versusBaseline(run: Run | undefined): string {
  const best = run?.baselines.reduce((least, baseline) => (baseline.loss < least.loss ? baseline : least));
  if (!run || !best || !Number.isFinite(run.testLoss)) return 'mean square';
  const factor = best.loss / run.testLoss;
  return factor >= 1 ? `${factor < 10 ? factor.toFixed(1) : Math.round(factor)} × better than ${best.name}` : `${best.name} has ${significant(best.loss)}`;
}

function headline({ status, run, task }: Session): string {
  switch (status) {
    case 'loading':
      return 'Getting ready …';
    case 'ready':
      if (run?.from) return run.from === FILE ? 'Knows what the file knew' : 'Knows another horizon';
      return task === 'garments' ? 'Knows nothing yet' : 'Predicts nothing yet';
    case 'pausing':
    case 'training':
      return run ? `Epoch ${integer(Math.min(run.epoch + 1, run.settings.epochs))} of ${integer(run.settings.epochs)}` : 'Training';
    case 'paused':
      return run ? `Paused in epoch ${integer(Math.min(run.epoch + 1, run.settings.epochs))}` : 'Paused';
    case 'done':
      return 'Trained';
    case 'failed':
      return 'Stopped';
  }
}

function remark({ status, run, task }: Session): string {
  if (!run || status === 'loading') return 'drawing data, compiling the kernels';
  if (run.step === 0 && run.from) return 'Press Train: it learns on from what it knows';
  if (run.step === 0) return `Press Train: ${task === 'garments' ? 'it takes some seconds' : 'watch the two lines come together'}`;
  const left = totalSteps(run) - run.step;
  const perStep = run.seconds / run.step;
  if (status === 'training') return `step ${integer(run.step)} of ${integer(totalSteps(run))}, about ${duration(left * perStep)} left`;
  return `${integer(run.step)} steps in ${duration(run.seconds)}`;
}

/** For those who do not see the figures change: said when the state changes and after epochs, at most twenty times a run. */
function announcement(session: Session): string {
  const { status, run } = session;
  if (status !== 'training' || !run) return status === 'done' && run ? `Trained. ${outcome(run)}` : headline(session);
  const every = Math.ceil(run.settings.epochs / 20);
  const last = run.epochs.filter(({ epoch }) => epoch % every === 0).at(-1);
  return last ? `Epoch ${last.epoch} of ${run.settings.epochs} done. ${outcome({ ...run, testAccuracy: last.valAccuracy, testLoss: last.valLoss })}` : 'Training';
}

const outcome = ({ task, testAccuracy, testLoss }: Run): string => (task === 'garments' ? `Test accuracy ${percent(testAccuracy)}` : `Test error ${significant(testLoss)}`);

/** A lane for each epoch, filled as far as it is trained. */
function progress(run: Run | undefined): TemplateResult {
  const epochs = run?.settings.epochs ?? 1;
  const share = run ? run.step / totalSteps(run) : 0;
  const lanes = epochs <= LANES ? epochs : 1;
  const fill = (lane: number): number => Math.max(0, Math.min(1, share * lanes - lane));
  return html`<div class="lanes" role="progressbar" aria-label="Progress of the training" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(share * 100)}>
    ${Array.from({ length: lanes }, (_, lane) => html`<i style="--fill:${fill(lane).toFixed(3)}"></i>`)}
  </div>`;
}
