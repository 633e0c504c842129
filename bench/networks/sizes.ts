/** Whether the time of a step grows with the batch and with the length of a sequence as the work does: in proportion. */
import { alternate, clockRepeatedly, median } from '../measure.js';
import type { Output } from '../output.js';
import { figure } from '../output.js';
import type { Setup, Workload } from './workloads.js';
import { compiled, fashionMnist, signals, signalsOf } from './workloads.js';

interface Row {
  network: string;
  size: number;
  step: number;
  /** Microseconds for each sample, or for each step of a sequence. */
  each: number;
  /** Percent above or below the median of the sizes. */
  deviation: number;
}

export async function batches(output: Output, setup: Setup, rounds: number): Promise<void> {
  const sizes = [64, 128, 256, 512, 1024];
  for (const workload of [fashionMnist, signals]) {
    await scale(output, `${workload.name}: time per sample by batch`, ['batch', 'µs per sample'], setup, rounds, sizes.map((size) => ({ size, workload, rows: size })));
  }
}

export async function lengths(output: Output, setup: Setup, rounds: number): Promise<void> {
  const sizes = [100, 200, 500, 1000, 2000];
  await scale(
    output, 'signals: time per step of the sequence by its length, batch 32', ['length', 'µs per step'], setup, rounds,
    sizes.map((size) => ({ size, workload: signalsOf(size), rows: 32 })),
  );
}

async function scale(
  output: Output, title: string, [sizeTitle, eachTitle]: readonly [string, string], setup: Setup, rounds: number,
  points: readonly { size: number; workload: Workload; rows: number }[],
): Promise<void> {
  const print = output.table<Row>(`${title} (${setup.build}, threads: ${setup.threads})`, [
    { title: sizeTitle, width: 8, text: ({ size }) => String(size) }, { title: 'step, ms', width: 9, text: ({ step }) => figure(step) },
    { title: eachTitle, width: 13, text: ({ each }) => figure(each) },
    { title: 'deviation', width: 9, text: ({ deviation }) => `${deviation > 0 ? '+' : ''}${deviation.toFixed(0)} %` },
  ]);
  const works = await Promise.all(points.map(async ({ workload, rows }) => {
    const model = await compiled(workload, setup);
    const { x, y } = workload.data(rows);
    return { model, work: async () => [await clockRepeatedly(() => model.trainOnBatch(x, y))] };
  }));
  const times = (await alternate(works.map(({ work }) => work), rounds)).map(([step]) => step!);
  const each = points.map(({ size }, index) => (1000 * times[index]!) / size);
  points.forEach(({ size, workload }, index) =>
    print({ network: workload.name, size, step: times[index]!, each: each[index]!, deviation: 100 * (each[index]! / median(each) - 1) }));
  for (const { model } of works) model.close();
  output.end();
}
