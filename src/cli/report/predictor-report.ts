import { arBaseline, persistenceBaseline } from '../../data/baselines.js';
import { LanewiseError } from '../../errors.js';
import type { Prediction, PredictorReport, Signal } from '../../report/report-data.js';
import type { Tensor } from '../../tensor/tensor.js';
import { epochReport, networkReport } from './network-report.js';
import type { ReportSection, Run } from '../tasks/task.js';

const SIGNALS = 6;
const AR_ORDERS = [4, 10, 20];

export interface SignalRows {
  /** [rows, length] */
  train: Tensor;
  test: Tensor;
  /** Number of the first test row in the data. */
  firstTestRow: number;
  horizon: number;
}

/** What a report says of the predictor; predicts the first test signals anew. */
export async function predictorReport(run: Run, signals: SignalRows): Promise<ReportSection> {
  const { task, history: { epoch }, done, cleanTrainLoss } = run;
  return {
    predictor: {
      ...networkReport(run),
      horizon: signals.horizon,
      inputDropout: task.inputDropout,
      signalVariance: variance(signals.train.data),
      signals: firstSignals(signals.train),
      history: epoch.map((index) => epochReport(run, index)),
      cleanTrainLoss,
      final: { trainLoss: done.trainLoss ?? NaN, testLoss: done.testLoss },
      predictions: await predictions(run, signals.firstTestRow),
      baselines: baselines(signals),
    },
  };
}

function firstSignals({ data, shape: [rows = 0, length = 0] }: Tensor): Signal[] {
  return Array.from({ length: Math.min(SIGNALS, rows) }, (_, row) => ({ row, values: data.subarray(row * length, (row + 1) * length) }));
}

/** The first test signals: not chosen by how well they turned out. */
async function predictions({ task: { test: { x, y } }, model }: Run, firstTestRow: number): Promise<Prediction[]> {
  const [rows, steps] = x.shape as [number, number, 1];
  const count = Math.min(SIGNALS, rows);
  const { data } = await model.predict({ data: x.data.subarray(0, count * steps), shape: [count, steps, 1] });
  return Array.from({ length: count }, (_, row) => ({
    row: firstTestRow + row,
    truth: y.data.subarray(row * steps, (row + 1) * steps),
    predicted: data.subarray(row * steps, (row + 1) * steps),
  }));
}

function baselines({ train, test, horizon }: SignalRows): PredictorReport['baselines'] {
  const orders = AR_ORDERS.filter((order) => order < train.shape[1]!);
  return [
    { name: 'persistence', testLoss: persistenceBaseline(test, horizon).testLoss },
    ...orders.flatMap((order) => {
      try {
        return [{ name: `AR(${order})`, testLoss: arBaseline(train, test, order, horizon).testLoss }];
      } catch (error) {
        if (error instanceof LanewiseError && error.code === 'invalid-data') return []; // signals that are all zero have none
        throw error;
      }
    }),
  ];
}

function variance(values: Tensor['data']): number {
  const mean = meanOf(values, (value) => value);
  return meanOf(values, (value) => (value - mean) ** 2);
}

function meanOf(values: Tensor['data'], figure: (value: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += figure(values[i]!);
  return sum / values.length;
}
