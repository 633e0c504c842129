/** One picture on its way through the network: drawn or dropped, seen by the first convolution, named. */
import { GARMENT_NAMES } from 'lanewise/data';
import { html, nothing, type TemplateResult } from 'lit-html';
import { percent } from '../lib/format.js';
import { pictureOf } from '../lib/picture.js';
import { onColoursChange } from '../lib/theme.js';
import type { Sight } from '../protocol.js';
import type { Session } from '../session.js';
import { FeatureMaps } from './feature-maps.js';
import { icon } from './icons.js';
import { BRUSHES, Pad, type Brush } from './pad.js';

export class PictureView {
  private readonly pad = new Pad((pixels) => this.session.show({ pixels }));
  private readonly maps = new FeatureMaps();
  private sight: Sight | undefined;
  private error: string | undefined;
  private over = false;

  constructor(private readonly session: Session, private readonly changed: () => void) {
    onColoursChange(() => this.sight && this.maps.draw(this.sight));
  }

  render(): TemplateResult {
    const { picture, sight } = this.session;
    if (picture) this.pad.show(picture.pixels);
    if (sight && sight !== this.sight) this.maps.draw(sight);
    this.sight = sight;
    return html`<section class="card wide picture" aria-label="One picture">
      <header>
        <h2>One picture, from pixels to a name</h2>
        <p class="note">Draw a garment, drop a photograph, or take a picture from the test set. It is looked at anew while the network learns.</p>
      </header>
      <div class="path">
        <div class="draw ${this.over ? 'over' : ''}" @dragover=${this.dragOver} @dragleave=${this.dragLeave} @drop=${this.drop}>
          ${this.pad.element}
          <p class="truth">${picture?.label === undefined ? (picture ? 'your own picture' : nothing) : html`from the test set: <b>${GARMENT_NAMES[picture.label]}</b>`}</p>
          <div class="tools">
            <button @click=${() => void this.session.samplePicture()}>${icon('dice')} Another</button>
            <button @click=${() => this.pad.clear()}>Clear</button>
            <label class="button">Open…<input type="file" accept="image/*" @change=${this.chosen} /></label>
          </div>
          <fieldset class="segments" aria-label="Brush">
            ${(Object.keys(BRUSHES) as Brush[]).map((brush) => html`<label><input type="radio" name="brush" ?checked=${this.pad.brush === brush && !this.pad.erasing} @change=${() => this.take(brush)} /><span>${brush}</span></label>`)}
            <label><input type="radio" name="brush" @change=${() => this.take('medium', true)} /><span>erase</span></label>
          </fieldset>
          ${this.error ? html`<p class="error" role="alert">${this.error}</p>` : nothing}
        </div>
        <div class="seen">
          <h3>What the first convolution sees</h3>
          ${sight && sight.count > 0 ? this.maps.element : html`<p class="note">${sight ? 'This network has no convolution to show.' : 'Nothing yet.'}</p>`}
          <p class="note keys"><i style="--key: var(--test)"></i>positive <i style="--key: var(--train)"></i>negative weight. In each corner the filter, behind it where it answers.</p>
        </div>
        <div class="named">
          <h3>What the network says</h3>
          ${sight ? probabilities(sight, picture?.label) : html`<p class="note">Nothing yet.</p>`}
        </div>
      </div>
    </section>`;
  }

  private take(brush: Brush, erasing = false): void {
    this.pad.brush = brush;
    this.pad.erasing = erasing;
  }

  private readonly dragOver = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    this.setOver(true);
  };
  private readonly dragLeave = (): void => this.setOver(false);
  private readonly drop = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    this.setOver(false);
    void this.open(event.dataTransfer?.files[0]);
  };
  private readonly chosen = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    void this.open(input.files?.[0]).then(() => (input.value = ''));
  };

  private setOver(over: boolean): void {
    if (this.over === over) return;
    this.over = over;
    this.changed();
  }

  private async open(file: File | undefined): Promise<void> {
    if (!file) return;
    try {
      this.session.show({ pixels: await pictureOf(file) });
      this.error = undefined;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.changed();
  }
}

/** A bar for each class; the surest one stands out. */
function probabilities({ probabilities: shares }: Sight, label: number | undefined): TemplateResult {
  const best = shares.indexOf(Math.max(...shares));
  return html`<ol class="bars">
    ${GARMENT_NAMES.map((name, index) => html`<li class="${index === best ? 'best' : ''} ${index === label ? 'true' : ''}" style="--share:${shares[index]!.toFixed(4)}">
      <span>${name}${index === label ? html`<em title="the true class"> ✓<span class="hidden">the true class</span></em>` : nothing}</span><i></i><b>${percent(shares[index], shares[index]! < 0.995 ? 1 : 0)}</b>
    </li>`)}
  </ol>`;
}
