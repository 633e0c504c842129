/** Steps, epochs and predictions of the two networks, by build and number of threads. */
import type { Sequential } from '../../src/entry.node.js';
import { alternate, clock, clockRepeatedly } from '../measure.js';
import type { Output } from '../output.js';
import { figure } from '../output.js';
import type { Rows, Setup } from './workloads.js';
import { compiled, fashionMnist, signals } from './workloads.js';

interface Row extends Setup {
  network: string;
  /** Milliseconds. */
  step: number;
  epoch: number;
  predict: number;
  predictOne: number;
  /** How many times as fast a step is as on one thread of the same build. */
  speedUp: number;
}

/** Batches that are timed of an epoch, at most; the whole is reckoned from them. */
const BATCHES = 8;
const PREDICT_ROWS = 128;

export async function steps(output: Output, setups: readonly Setup[], rounds: number): Promise<void> {
  const print = output.table<Row>(`Steps, epochs and predictions of ${PREDICT_ROWS} rows and of one`, [
    { title: 'network', width: 14, text: ({ network }) => network }, { title: 'build', width: 8, text: ({ build }) => build },
    { title: 'threads', width: 7, text: ({ threads }) => String(threads) }, { title: 'step, ms', width: 9, text: ({ step }) => figure(step) },
    { title: 'epoch, s', width: 9, text: ({ epoch }) => figure(epoch / 1000) }, { title: 'predict, ms', width: 11, text: ({ predict }) => figure(predict) },
    { title: 'of 1, ms', width: 8, text: ({ predictOne }) => figure(predictOne) },
    { title: '× 1 thread', width: 10, text: ({ speedUp }) => figure(speedUp) },
  ]);
  for (const workload of [fashionMnist, signals]) {
    const models = await Promise.all(setups.map((setup) => compiled(workload, setup)));
    const rows = Math.min(workload.rows, BATCHES * workload.batchSize);
    const data = workload.data(rows);
    const { x } = workload.data(PREDICT_ROWS);
    const { x: one } = workload.data(1);
    const figures = await alternate(
      models.map((model) => async () => [
        ...(await epoch(model, data, workload.batchSize)).map((time, index) => (index === 0 ? time : time * (workload.rows / rows))),
        await clockRepeatedly(() => model.predict(x, { batchSize: PREDICT_ROWS })), await clockRepeatedly(() => model.predict(one)),
      ]), rounds,
    );
    setups.forEach((setup, index) => {
      const [step, whole, predict, predictOne] = figures[index] as [number, number, number, number];
      const alone = figures[setups.findIndex(({ build, threads }) => build === setup.build && threads === 1)]?.[0];
      print({ network: workload.name, ...setup, step, epoch: whole, predict, predictOne, speedUp: (alone ?? NaN) / step });
    });
    for (const model of models) model.close();
  }
  output.end();
}

/** Milliseconds of the median step and of all steps. */
async function epoch(model: Sequential, { x, y }: Rows, batchSize: number): Promise<[number, number]> {
  let step = NaN;
  const all = await clock(async () => (step = (await model.fit(x, y, { batchSize })).history.stepMs![0]!));
  return [step, all];
}
