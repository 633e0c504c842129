/** Which classes the network takes for which, and the mistakes it was surest of. */
import { GARMENT_NAMES } from 'lanewise/data';
import { html, type TemplateResult } from 'lit-html';
import { ref } from 'lit-html/directives/ref.js';
import { integer, percent } from '../lib/format.js';
import { SIZE } from '../lib/picture.js';
import type { Judgement, Mistake } from '../protocol.js';
import { greyImage } from './pad.js';

const CLASSES = GARMENT_NAMES.length;
const NUMBERS = Array.from({ length: CLASSES }, (_, index) => index);

export function confusionCard(judgement: Judgement | undefined): TemplateResult {
  const counts = judgement?.confusion ?? new Array<number>(CLASSES * CLASSES).fill(0);
  const row = (truth: number): number[] => counts.slice(truth * CLASSES, (truth + 1) * CLASSES);
  const worst = Math.max(1, ...counts.filter((_, index) => index % (CLASSES + 1) !== 0));
  return html`<section class="card confusion-card">
    <header>
      <h2>What is taken for what</h2>
      <p class="note">${judgement ? `${integer(judgement.rows)} test pictures: rows say what they are, columns what the network says` : 'Rows say what a picture is, columns what the network says'}</p>
    </header>
    <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">
      <table class="confusion">
        <thead><tr><td></td>${GARMENT_NAMES.map((name) => html`<th scope="col"><span>${name}</span></th>`)}</tr></thead>
        <tbody>
          ${NUMBERS.map((truth) => {
            const cells = row(truth);
            const all = cells.reduce((sum, count) => sum + count, 0);
            return html`<tr><th scope="row">${GARMENT_NAMES[truth]}</th>${cells.map((count, said) => cell(count, said === truth ? count / Math.max(1, all) : Math.sqrt(count / worst), said === truth))}</tr>`;
          })}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** A count, shaded by its part. Shades of the middle, on which neither dark text nor light is easy to read, are left out. */
function cell(count: number, part: number, right: boolean): TemplateResult {
  const limit = right ? 0.6 : 0.8;
  const strong = part >= limit;
  const shade = strong ? 0.8 + 0.2 * Math.max((part - limit) / (1 - limit), right ? 0 : 0.75) : 0.7 * part;
  return html`<td class="${right ? 'hit' : 'miss'} ${strong ? 'strong' : ''} ${count === 0 ? 'zero' : ''}" style="--shade:${shade.toFixed(2)}">${count}</td>`;
}

export function mistakesCard(judgement: Judgement | undefined): TemplateResult {
  const mistakes = judgement?.mistakes ?? [];
  return html`<section class="card mistakes-card">
    <header>
      <h2>Its surest mistakes</h2>
      <p class="note">Test pictures named wrongly, with the share of certainty</p>
    </header>
    ${mistakes.length > 0 ? html`<ul class="mistakes">${mistakes.map(mistakeItem)}</ul>` : html`<p class="note empty">${judgement ? 'None.' : 'The network has not been judged yet.'}</p>`}
  </section>`;
}

function mistakeItem({ pixels, label, predicted, probability }: Mistake): TemplateResult {
  return html`<li>${thumbnail(pixels, GARMENT_NAMES[label]!)}<span><b>${GARMENT_NAMES[predicted]}</b> <i>${percent(probability, 0)}</i><br />is: ${GARMENT_NAMES[label]}</span></li>`;
}

export function thumbnail(pixels: Uint8Array, name: string): TemplateResult {
  const draw = (element?: Element): void => {
    if (element instanceof HTMLCanvasElement) element.getContext('2d')!.putImageData(greyImage(pixels, SIZE), 0, 0);
  };
  return html`<canvas class="thumbnail" width=${SIZE} height=${SIZE} role="img" aria-label=${name} ${ref(draw)}></canvas>`;
}
