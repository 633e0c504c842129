/** The share of each op in a training step. */
import type { OpTime } from '../../src/entry.node.js';
import { alternate, clockRepeatedly } from '../measure.js';
import type { Output } from '../output.js';
import { figure } from '../output.js';
import type { Setup } from './workloads.js';
import { compiled, fashionMnist, signals } from './workloads.js';

interface Row {
  op: string;
  owner: string;
  milliseconds: number;
  percent: number;
}

/** Percent of a step below which ops are printed together. */
const SMALL = 1;

export async function ops(output: Output, setup: Setup, rounds: number): Promise<void> {
  for (const workload of [fashionMnist, signals]) {
    const model = await compiled(workload, setup);
    const { x, y } = workload.data(workload.batchSize);
    const [[step]] = (await alternate([async () => [await clockRepeatedly(() => model.trainOnBatch(x, y))]], rounds)) as [[number]];
    const times = await model.profile(x, y, { rounds: 3 * rounds });
    model.close();
    const sum = total(times);
    const print = output.table<Row>(
      `${workload.name}: ops of a step of ${workload.batchSize} (${setup.build}, threads: ${setup.threads}): ${figure(sum)} ms one by one, ${figure(step)} ms the step`,
      [
        { title: 'op', width: 28, text: ({ op }) => op }, { title: 'for', width: 18, text: ({ owner }) => owner },
        { title: 'ms', width: 8, text: ({ milliseconds }) => figure(milliseconds) }, { title: 'share', width: 7, text: ({ percent }) => `${percent.toFixed(1)} %` },
      ],
    );
    const rows = merge(times).map((time) => ({ ...time, percent: (100 * time.milliseconds) / sum }));
    const small = output.format === 'json' ? [] : rows.filter(({ percent }) => percent < SMALL);
    for (const row of rows) if (!small.includes(row)) print(row);
    if (small.length > 0) print({ op: `${small.length} others`, owner: '', milliseconds: total(small), percent: (100 * total(small)) / sum });
    output.end();
  }
}

const total = (times: readonly { milliseconds: number }[]): number => times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);

/** Ops of the same name for the same layer together, the longest first. */
function merge(times: readonly OpTime[]): OpTime[] {
  const merged = new Map<string, OpTime>();
  for (const time of times) {
    const key = `${time.owner} ${time.op}`;
    merged.set(key, { ...time, milliseconds: time.milliseconds + (merged.get(key)?.milliseconds ?? 0) });
  }
  return [...merged.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}
