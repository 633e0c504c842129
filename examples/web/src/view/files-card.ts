/** The run in and out of the page. */
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Session } from '../session.js';

export function filesCard(session: Session): TemplateResult {
  const { run, storedAt } = session;
  const trained = run !== undefined && run.step > 0 && session.status !== 'loading';
  const load = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (file) void session.loadFile(file).then(() => (input.value = ''));
  };
  return html`<section class="card wide files">
    <header>
      <h2>Keep it</h2>
      <p class="note">The run is kept in this browser as it goes: close the page, and it goes on from there.${storedAt ? html` <span class="stored">Last stored at ${storedAt.toLocaleTimeString()}.</span>` : nothing}</p>
    </header>
    <div class="buttons">
      <button ?disabled=${!trained} @click=${() => void session.saveFile()}>Save as safetensors</button>
      <button ?disabled=${!trained} @click=${() => void session.saveReport()}>Export the report</button>
      <label class="button">Load safetensors…<input type="file" accept=".safetensors" @change=${load} /></label>
    </div>
  </section>`;
}
