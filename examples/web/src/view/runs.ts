/** All runs of a task beside one another. */
import { html, nothing, type TemplateResult } from 'lit-html';
import { duration, integer, percent, short, significant } from '../lib/format.js';
import { runColour, type Run } from '../run.js';
import type { Session } from '../session.js';
import { icon } from './icons.js';

export function runsCard(session: Session): TemplateResult {
  const { run, earlier, task } = session;
  const garments = task === 'garments';
  const rows = run && run.step > 0 ? [run, ...earlier] : earlier;
  return html`<section class="card wide runs">
    <header>
      <h2>Runs</h2>
      <p class="note">${rows.length > 1 ? 'Tick a run to draw its test curve beside the present one.' : 'Change a setting, train again, and compare: each run is listed here.'}</p>
    </header>
    ${rows.length === 0 ? html`<p class="note empty">No run yet.</p>` : html`<div class="scroll" tabindex="0" role="region" aria-label="Runs">
      <table>
        <thead><tr><th scope="col">Run</th>${garments ? html`<th scope="col" class="numeric">Test accuracy</th>` : nothing}<th scope="col" class="numeric">${garments ? 'Test loss' : 'Test error'}</th>
          <th scope="col" class="numeric">Epochs</th><th scope="col" class="numeric">Time</th><th scope="col">Layers</th><th scope="col" class="numeric">Parameters</th>${garments ? nothing : html`<th scope="col" class="numeric">Horizon</th>`}
          <th scope="col">Rate</th><th scope="col" class="numeric">Batch</th><th scope="col" class="numeric">Dropout</th><th scope="col" class="numeric">${garments ? 'Pictures' : 'Signals'} / s</th><th><span class="hidden">Forget</span></th></tr></thead>
        <tbody>${rows.map((each) => runRow(session, each, each === run, garments))}</tbody>
      </table>
    </div>`}
  </section>`;
}

function runRow(session: Session, run: Run, present: boolean, garments: boolean): TemplateResult {
  const { settings, info } = run;
  const name = html`<span class="swatch" style="--key: var(${present ? '--test' : runColour(run)})"></span>${run.number}`;
  return html`<tr class=${present ? 'present' : ''}>
    <th scope="row">${present ? html`<span class="check"><input type="checkbox" checked disabled aria-label="The present run" /><span>${name}</span></span>`
      : html`<label class="check"><input type="checkbox" .checked=${run.shown} @change=${() => session.toggleRun(run)} /><span>${name}</span></label>`}</th>
    ${garments ? html`<td class="numeric"><b>${percent(run.testAccuracy)}</b></td>` : nothing}
    <td class="numeric">${garments ? significant(run.testLoss) : html`<b>${significant(run.testLoss)}</b>`}</td>
    <td class="numeric">${(run.step / info.stepsPerEpoch).toFixed(run.done ? 0 : 1)} of ${integer(settings.epochs)}</td>
    <td class="numeric">${duration(run.seconds)}</td>
    <td>${settings.sizes.filter((size) => size > 0).join(' · ')}</td>
    <td class="numeric">${short(info.parameters)}</td>
    ${garments ? nothing : html`<td class="numeric">${settings.horizon}</td>`}
    <td>${settings.learningRate}${settings.oneCycle ? html` <span title="rises, then falls">↗↘</span>` : nothing}</td>
    <td class="numeric">${settings.batchSize}</td>
    <td class="numeric">${settings.dropout > 0 ? percent(settings.dropout, 0) : 'none'}</td>
    <td class="numeric">${short(run.samplesPerSecond)}</td>
    <td class="numeric">${present ? nothing : html`<button class="quiet small" aria-label="Forget run ${run.number}" @click=${() => session.forgetRun(run)}>${icon('close')}</button>`}</td>
  </tr>`;
}
