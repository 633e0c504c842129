/** Start-up time and peak memory, each in fresh processes of the built package. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { alternate } from '../measure.js';
import type { Output } from '../output.js';
import { figure } from '../output.js';

const NETWORKS = ['fashion-mnist', 'signals'] as const;
const PARTS = ['importing', 'building', 'compiling', 'ready', 'firstStep', 'residentBytes'] as const;
type Figures = Record<(typeof PARTS)[number], number>;

async function run(network: string, threads: number, steps: number): Promise<Figures> {
  const child = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('fresh.mjs', import.meta.url)), network, String(threads), String(steps)]);
  return JSON.parse(child.stdout) as Figures;
}

interface Row extends Figures {
  network: string;
  threads: number;
}

export async function fresh(output: Output, threadCounts: readonly number[], rounds: number): Promise<void> {
  if (!existsSync(new URL('../../build/node/index.js', import.meta.url))) throw new Error('The package is not built: npm run build');
  const print = output.table<Row>('Fresh processes of the built package: start-up (until the network is ready to train) and peak memory after 20 steps', [
    { title: 'network', width: 14, text: ({ network }) => network }, { title: 'threads', width: 7, text: ({ threads }) => String(threads) },
    { title: 'import, ms', width: 10, text: ({ importing }) => figure(importing) }, { title: 'layers, ms', width: 10, text: ({ building }) => figure(building) },
    { title: 'compile, ms', width: 11, text: ({ compiling }) => figure(compiling) },
    { title: 'ready since start, ms', width: 21, text: ({ ready }) => figure(ready) }, { title: 'first step, ms', width: 14, text: ({ firstStep }) => figure(firstStep) },
    { title: 'peak, MiB', width: 9, text: ({ residentBytes }) => figure(residentBytes / 2 ** 20) },
  ]);
  const setups = NETWORKS.flatMap((network) => threadCounts.map((threads) => ({ network, threads })));
  const figures = await alternate(
    setups.map(({ network, threads }) => async () => {
      const measured = await run(network, threads, 20);
      return PARTS.map((part) => measured[part]);
    }), rounds,
  );
  setups.forEach((setup, index) => print({ ...setup, ...(Object.fromEntries(PARTS.map((part, at) => [part, figures[index]![at]!])) as Figures) }));
  output.end();
}
