/**
 * The browser bench: the step times of the two networks by build and threads, in a table to copy. `?rounds=N&threads=1,2` say how much is measured;
 * `npm run bench:browser` serves it.
 */
import { figure } from '../figure.js';
import type { Order, Report, Row } from './protocol.js';

const TITLES = ['network', 'build', 'threads', 'step, ms', '× 1 thread'];
const cellsOf = ({ network, build, threads, step, speedUp }: Row): string[] => [network, build, String(threads), figure(step), figure(speedUp)];

const find = <Kind extends HTMLElement>(selector: string): Kind => document.querySelector<Kind>(selector)!;
const [run, copy] = [find<HTMLButtonElement>('#run'), find<HTMLButtonElement>('#copy')];
const rows: Row[] = [];

const cores = navigator.hardwareConcurrency;
const machine = `${navigator.userAgent}; ${cores} cores; ${crossOriginIsolated ? 'cross-origin isolated' : 'not cross-origin isolated, so on one thread'}`;
find('#machine').textContent = machine;
find('thead').append(lineOf('th', TITLES));

const asked = new URLSearchParams(location.search);
const order: Order = {
  rounds: Number(asked.get('rounds') ?? 7),
  threads: crossOriginIsolated ? (asked.get('threads')?.split(',').map(Number) ?? threadCounts(Math.min(cores, 8))) : [1],
};

/** 1, 2, 4 … and the largest. */
function threadCounts(most: number): number[] {
  return [1, 2, 4, 8].filter((count) => count < most).concat(most);
}

function lineOf(kind: 'th' | 'td', cells: readonly string[]): HTMLTableRowElement {
  const line = document.createElement('tr');
  line.append(...cells.map((text) => Object.assign(document.createElement(kind), { textContent: text })));
  return line;
}

function markdown(): string {
  const lines = [TITLES, TITLES.map((_, index) => (index < 2 ? '---' : '---:')), ...rows.map(cellsOf)];
  return [machine, '', ...lines.map((cells) => `| ${cells.join(' | ')} |`)].join('\n');
}

const state = (text: string): void => void (find('#state').textContent = text);

run.onclick = (): void => {
  run.disabled = true;
  rows.length = 0;
  find('tbody').replaceChildren();
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const end = (text: string): void => {
    worker.terminate();
    run.disabled = false;
    copy.disabled = rows.length === 0;
    state(text);
  };
  worker.onerror = ({ message }): void => end(message);
  worker.onmessage = ({ data }: MessageEvent<Report>): void => {
    if ('state' in data) state(data.state);
    else if ('done' in data) end('');
    else if ('failure' in data) end(data.failure);
    else {
      rows.push(data.row);
      find('tbody').append(lineOf('td', cellsOf(data.row)));
    }
  };
  worker.postMessage(order);
};

copy.onclick = (): void => void navigator.clipboard.writeText(markdown()).then(() => state('Copied'), (error: unknown) => state(String(error)));
