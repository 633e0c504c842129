/**
 * The two networks of src/networks in their seed form, with data of the right shape. What is in it matters to one thing: products that leave zeros
 * out have less to do on images than on noise, of which ReLU lets more through.
 */
import type { CompileOptions, Sequential, Tensor } from '../../src/entry.node.js';
import { FASHION_MNIST_PRESETS, fashionMnistNetwork } from '../../src/networks/fashion-mnist.js';
import { SIGNALS_PRESETS, signalsNetwork } from '../../src/networks/signals.js';
import type { Build } from '../../src/runtime/load.js';
import { labels, values } from '../values.js';

export interface Rows {
  x: Tensor;
  y: Tensor;
}

export interface Workload {
  readonly name: string;
  readonly batchSize: number;
  /** Rows of an epoch. */
  readonly rows: number;
  readonly compile: Pick<CompileOptions, 'loss' | 'optimizer'>;
  readonly network: () => Sequential;
  readonly data: (rows: number) => Rows;
}

export const fashionMnist: Workload = {
  name: 'fashion-mnist', batchSize: FASHION_MNIST_PRESETS.seed.batchSize, rows: 60_000,
  compile: { loss: 'sparseCategoricalCrossentropy', optimizer: FASHION_MNIST_PRESETS.seed.optimizer(1) },
  network: () => fashionMnistNetwork(FASHION_MNIST_PRESETS.seed, 1),
  data: (rows) => ({
    x: { data: values(rows * 784, 0).map((value) => Math.floor(255 * value)), shape: [rows, 28, 28, 1] }, y: { data: labels(rows, 10), shape: [rows] },
  }),
};

export const signalsOf = (steps: number): Workload => ({
  name: 'signals', batchSize: SIGNALS_PRESETS.seed.batchSize, rows: 66,
  compile: { loss: 'meanSquaredError', optimizer: SIGNALS_PRESETS.seed.optimizer(1) },
  network: () => signalsNetwork(SIGNALS_PRESETS.seed, { seed: 1, steps, horizon: 1 }),
  data: (rows) => ({ x: { data: values(rows * steps), shape: [rows, steps, 1] }, y: { data: values(rows * steps), shape: [rows, steps, 1] } }),
});

export const signals = signalsOf(499);

export interface Setup {
  build: Build;
  threads: number;
}

/** A compiled network of a workload. */
export async function compiled({ network, compile }: Workload, setup: Setup): Promise<Sequential> {
  const model = network();
  await model.compile({ ...compile, ...setup });
  return model;
}
