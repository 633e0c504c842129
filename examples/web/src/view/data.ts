/** Where the data come from, and how others get in. */
import { GARMENT_NAMES } from 'lanewise/data';
import { html, nothing, type TemplateResult } from 'lit-html';
import { integer } from '../lib/format.js';
import { PIXELS } from '../lib/picture.js';
import type { DataInfo } from '../protocol.js';
import type { Session } from '../session.js';
import { thumbnail } from './confusion.js';

export class DataView {
  private over = false;
  private sheet: { from: Uint8Array; view: TemplateResult } | undefined;

  constructor(private readonly session: Session, private readonly changed: () => void) {}

  render(): TemplateResult {
    const { session } = this;
    const { data, task } = session;
    const garments = task === 'garments';
    return html`<section class="card wide data ${this.over ? 'over' : ''}" @dragover=${this.dragOver} @dragleave=${this.dragLeave} @drop=${this.drop}>
      <header>
        <h2>The data</h2>
        <p class="note">${data ? html`<b>${data.source}</b>: ${integer(data.trainRows)} ${garments ? 'pictures' : 'signals'} to learn from, ${integer(data.testRows)} to be judged by` : 'on their way'}</p>
      </header>
      ${data?.synthetic && garments ? html`<p class="banner"><b>This is not Fashion-MNIST.</b> A program drew these garments, so that the page needs nothing from elsewhere. How well they are told apart says nothing about Fashion-MNIST.</p>` : nothing}
      ${data ? this.thumbnails(data) : nothing}
      <div class="row">
        <label class="drop"><b>${garments ? 'Drop the IDX files of Fashion-MNIST here' : 'Drop an npy file of signals here'}</b><span>${garments ? 'two or four of them, .gz or not, or choose them' : '[signals, samples], or choose it'}</span>
          <input type="file" ?multiple=${garments} accept=${garments ? '.gz,.idx,.idx1,.idx3,*/*' : '.npy,.gz'} @change=${this.chosen} /></label>
        ${garments ? html`<form class="address" @submit=${this.fetch}>
          <label class="field"><span>or fetch the four archives from https://…</span><input type="url" name="address" required /></label><button>Fetch</button>
        </form>` : nothing}
        ${data && !data.synthetic ? html`<button @click=${() => void session.useGenerated()}>Back to ${garments ? 'the drawn garments' : 'the generated signals'}</button>` : nothing}
      </div>
    </section>`;
  }

  /** Made once for each sheet: it never changes. */
  private thumbnails({ thumbnails }: DataInfo): TemplateResult | typeof nothing {
    if (!thumbnails) return nothing;
    if (this.sheet?.from === thumbnails) return this.sheet.view;
    const columns = thumbnails.length / PIXELS / GARMENT_NAMES.length;
    const at = (index: number): Uint8Array => thumbnails.subarray(index * PIXELS, (index + 1) * PIXELS);
    const view = html`<div class="samples">${GARMENT_NAMES.map((name, label) => html`<div><span>${name}</span><span>${Array.from({ length: columns }, (_, column) => thumbnail(at(label * columns + column), name))}</span></div>`)}</div>`;
    this.sheet = { from: thumbnails, view };
    return view;
  }

  private readonly fetch = (event: SubmitEvent): void => {
    event.preventDefault();
    const address = new FormData(event.target as HTMLFormElement).get('address');
    if (typeof address === 'string') void this.session.useAddress(address);
  };
  private readonly chosen = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    void this.session.useFiles([...(input.files ?? [])]).then(() => (input.value = ''));
  };
  private readonly dragOver = (event: DragEvent): void => {
    event.preventDefault();
    this.setOver(true);
  };
  private readonly dragLeave = (): void => this.setOver(false);
  private readonly drop = (event: DragEvent): void => {
    event.preventDefault();
    this.setOver(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) void this.session.useFiles(files);
  };

  private setOver(over: boolean): void {
    if (this.over === over) return;
    this.over = over;
    this.changed();
  }
}
