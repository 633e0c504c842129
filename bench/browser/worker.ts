/** Trains for the browser bench: in a worker, as a page would, so that threads may sleep while they wait. */
import { detectFeatures } from '../../src/entry.browser.js';
import '../../src/relaxed.js';
import { BUILDS } from '../../src/runtime/load.js';
import { alternate } from '../measure.js';
import type { Setup } from '../networks/workloads.js';
import { compiled, fashionMnist, signals } from '../networks/workloads.js';
import type { Order, Report } from './protocol.js';

/** Batches of a round. */
const BATCHES = 8;

const say = (report: Report): void => postMessage(report);

async function measure({ threads, rounds }: Order): Promise<void> {
  const builds = BUILDS.filter((build) => build === 'strict' || detectFeatures().relaxedSimd);
  const setups: Setup[] = builds.flatMap((build) => threads.map((count) => ({ build, threads: count })));
  for (const workload of [fashionMnist, signals]) {
    say({ state: `${workload.name}, ${rounds} rounds of ${setups.length} setups` });
    const models = await Promise.all(setups.map((setup) => compiled(workload, setup)));
    const { x, y } = workload.data(Math.min(workload.rows, BATCHES * workload.batchSize));
    const figures = await alternate(
      models.map((model) => async () => [(await model.fit(x, y, { batchSize: workload.batchSize })).history.stepMs![0]!]), rounds,
    );
    setups.forEach((setup, index) => {
      const step = figures[index]![0]!;
      const alone = figures[setups.findIndex(({ build, threads: count }) => build === setup.build && count === 1)]?.[0];
      say({ row: { network: workload.name, ...setup, step, speedUp: (alone ?? NaN) / step } });
    });
    for (const model of models) model.close();
  }
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  measure(data).then(() => say({ done: true }), (error: unknown) => say({ failure: String(error) }));
});
