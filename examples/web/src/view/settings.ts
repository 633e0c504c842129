/** The hyper-parameters of the next run. */
import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { integer, short } from '../lib/format.js';
import { PRESETS } from '../networks.js';
import type { LayerInfo, Settings, Task } from '../protocol.js';
import type { Session } from '../session.js';

interface SizeChoice {
  label: string;
  noun: string;
  values: readonly number[];
}

const SIZES: Readonly<Record<Task, readonly [SizeChoice, SizeChoice, SizeChoice]>> = {
  garments: [
    { label: 'Convolution 1', noun: 'filters', values: [4, 8, 16, 32, 64] },
    { label: 'Convolution 2', noun: 'filters', values: [0, 8, 16, 32, 64] },
    { label: 'Dense layer', noun: 'units', values: [0, 32, 64, 128, 256] },
  ],
  signals: [
    { label: 'Recurrent 1', noun: 'units', values: [8, 12, 16, 20, 24, 32] },
    { label: 'Recurrent 2', noun: 'units', values: [0, 5, 10, 16, 24, 32] },
    { label: 'Recurrent 3', noun: 'units', values: [0, 5, 10, 16, 24, 64] },
  ],
};
const BATCHES: Readonly<Record<Task, readonly number[]>> = { garments: [16, 32, 64, 128, 256], signals: [8, 16, 32, 66] };

export function settingsPanel(session: Session): TemplateResult {
  const { settings, task } = session;
  const cores = navigator.hardwareConcurrency || 1;
  const threads = [0, ...[1, 2, 3, 4, 6, 8, 12, 16].filter((count) => count <= Math.max(2, cores))];
  return html`<form class="settings" @submit=${(event: Event) => event.preventDefault()}>
    <fieldset class="presets">
      <legend>Preset</legend>
      ${Object.entries(PRESETS[task]).map(
        ([key, { name, remark }]) => html`<label class="choice">
          <input type="radio" name="preset-${task}" value=${key} .checked=${live(settings.preset === key)} @change=${() => session.choosePreset(key)} />
          <span><b>${name}</b><small>${remark}</small></span>
        </label>`,
      )}
    </fieldset>
    <fieldset>
      <legend>Layers</legend>
      ${SIZES[task].map(({ label, noun, values }, index) =>
        picker(label, settings.sizes[index]!, values, (value) => (value === 0 ? 'none' : `${value} ${noun}`), (value) => {
          const sizes: [number, number, number] = [...settings.sizes];
          sizes[index] = value;
          session.change({ sizes });
        }),
      )}
      ${flow(session)}
    </fieldset>
    <fieldset>
      <legend>Training</legend>
      ${rate(session)}
      ${slider('Dropout', settings.dropout, { min: 0, max: 0.8, step: 0.05 }, (value) => `${Math.round(value * 100)} %`, (dropout) => session.change({ dropout }))}
      ${picker('Batch size', settings.batchSize, BATCHES[task], String, (batchSize) => session.change({ batchSize }))}
      ${count('Epochs', settings.epochs, 1, 10_000, (epochs) => session.change({ epochs }))}
      ${count('Seed', settings.seed, 0, 999_999, (seed) => session.change({ seed }))}
      ${picker('Threads', settings.threads, threads, (value) => (value === 0 ? `all ${cores} cores` : String(value)), (value) => session.change({ threads: value }))}
      ${crossOriginIsolated ? nothing : html`<p class="note">This page is not cross-origin isolated, so one thread is used. Served with the COOP and COEP headers it uses all cores; the results are the same bits.</p>`}
    </fieldset>
  </form>`;
}

function picker(label: string, value: number, values: readonly number[], text: (value: number) => string, change: (value: number) => void): TemplateResult {
  const all = values.includes(value) ? values : [...values, value].sort((a, b) => a - b);
  return html`<label class="field">
    <span>${label}</span>
    <select .value=${live(String(value))} @change=${(event: Event) => change(Number((event.target as HTMLSelectElement).value))}>
      ${all.map((option) => html`<option value=${option} ?selected=${option === value}>${text(option)}</option>`)}
    </select>
  </label>`;
}

interface Span {
  min: number;
  max: number;
  step: number;
}

function slider(label: string, value: number, { min, max, step }: Span, text: (value: number) => string, change: (value: number) => void): TemplateResult {
  return html`<label class="field slider">
    <span>${label} <b class="value">${text(value)}</b></span>
    <input type="range" min=${min} max=${max} step=${step} .value=${live(String(value))} aria-valuetext=${text(value)}
      @input=${(event: Event) => change(Number((event.target as HTMLInputElement).value))} />
  </label>`;
}

/** The rate in powers of ten. */
function rate(session: Session): TemplateResult {
  const { learningRate, oneCycle } = session.settings;
  const text = (exponent: number): string => String(Number((10 ** exponent).toPrecision(2)));
  return html`${slider('Learning rate', Math.log10(learningRate), { min: -4, max: -1, step: 0.05 }, text, (exponent) => session.change({ learningRate: Number(text(exponent)) }))}
    <label class="check"><input type="checkbox" .checked=${live(oneCycle)} @change=${(event: Event) => session.change({ oneCycle: (event.target as HTMLInputElement).checked })} />
      <span>rises, then falls, over the run</span></label>`;
}

function count(label: string, value: number, min: number, max: number, change: (value: number) => void): TemplateResult {
  const take = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const wanted = Math.round(Number(input.value));
    if (input.value !== '' && wanted >= min && wanted <= max) change(wanted);
    else input.value = String(value);
  };
  return html`<label class="field"><span>${label}</span><input type="number" inputmode="numeric" min=${min} max=${max} .value=${live(String(value))} @change=${take} /></label>`;
}

/** The layers of the present network, input to output. */
function flow({ run }: Session): TemplateResult {
  if (!run) return html``;
  const { layers, inputShape, parameters } = run.info;
  const shown = layers.filter(({ type }) => type !== 'rescaling' && type !== 'dropout');
  return html`<details class="flow">
    <summary>${integer(parameters)} parameters in ${shown.length} layers</summary>
    <ol>
      <li><b>input</b><span>${shape(inputShape)}</span></li>
      ${shown.map((layer) => html`<li><b>${NAMES[layer.type] ?? layer.type}</b><span>${shape(layer.outputShape)}</span><span>${weights(layer)}</span></li>`)}
    </ol>
  </details>`;
}

const NAMES: Readonly<Record<string, string>> = { conv2d: 'convolution', maxPooling2d: 'pooling', flatten: 'flatten', dense: 'dense', simpleRNN: 'recurrent' };
const shape = (sizes: readonly number[]): string => sizes.join(' × ');
const weights = ({ parameters }: LayerInfo): string => (parameters > 0 ? short(parameters) : '');

export type { Settings };
