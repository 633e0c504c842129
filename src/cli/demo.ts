import { requireWritable } from '../files/whole-file.js';
import { NETWORKS, type NetworkName } from '../networks/preset.js';
import { DEFAULT_SEED, type DemoOptions } from './options.js';
import { createOutput } from './output/create-output.js';
import { writeReport } from './report/report-file.js';
import type { Streams } from './streams.js';
import type { Run, TaskOptions } from './tasks/task.js';
import { createTask } from './tasks/create-task.js';
import { trainTask } from './train.js';

const SHORT: Readonly<Record<NetworkName, Partial<TaskOptions>>> = {
  'fashion-mnist': { limit: 6000, epochs: 1 },
  signals: { epochs: 300 },
};

/** `lanewise demo`: both networks, one report. */
export async function demo(options: DemoOptions, streams: Streams): Promise<void> {
  await requireWritable(options.report);
  const output = createOutput(options, streams);
  const runs: Run[] = [];
  try {
    for (const name of NETWORKS) {
      const task = await createTask(name, { preset: 'quick', seed: DEFAULT_SEED, ...(options.short && SHORT[name]) }, output);
      const run = await trainTask(task, options, output);
      output.done(run.done);
      runs.push(run);
    }
    output.status('Writing the report');
    await writeReport(options.report, 'Two networks trained in WebAssembly', runs);
    for (const { model } of runs) model.close();
    output.report(options.report);
  } finally {
    output.clear();
  }
}
