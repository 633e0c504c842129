/** Lanewise from its sources: node --import tsx lanewise.ts THREADS BUILD. The products are those of the kernel bench. */
import { readFileSync } from 'node:fs';
import { loadFashionMnist } from '../../src/data/fashion-mnist.js';
import { adam, layers, sequential } from '../../src/entry.node.js';
import type { Layer } from '../../src/layers/layer.js';
import type { Build } from '../../src/runtime/load.js';
import { denseLayerCases } from '../cases/dense.js';
import type { Workload } from '../networks/workloads.js';
import { compiled, fashionMnist, signals } from '../networks/workloads.js';
import { prepare } from '../tape.js';
import type { Cases, Work } from './serve.mjs';
import { serve } from './serve.mjs';

const setup = { threads: Number(process.argv[2]), build: process.argv[3] as Build };
const TIME = 499;

/** Training steps of so many rows each: an epoch, or one step. */
async function training(workload: Workload, batches: readonly number[]): Promise<Work> {
  const model = await compiled(workload, setup);
  const data = batches.map((rows) => workload.data(rows));
  return {
    async run() {
      for (const { x, y } of data) await model.trainOnBatch(x, y);
    },
    close: () => model.close(),
  };
}

async function predicting(workload: Workload, rows: number): Promise<Work> {
  const model = await compiled(workload, setup);
  const { x } = workload.data(rows);
  return { run: () => model.predict(x, { batchSize: rows }), close: () => model.close() };
}

/** Batches after which the classifier is measured on images: it lets through about what it will. */
const WARM_UP = 100;

/** One batch of the training images after another, first to train by, then for what is measured. */
async function onImages(directory: string, use: 'train' | 'predict'): Promise<Work> {
  const { images, labels } = (await loadFashionMnist({ directory })).train;
  const model = await compiled(fashionMnist, setup);
  const rows = fashionMnist.batchSize;
  const [, ...shape] = images.shape;
  const pixels = images.data.length / labels.data.length;
  let first = 0;
  async function run(kind: typeof use): Promise<void> {
    if (first + rows > labels.data.length) first = 0;
    const x = { data: images.data.subarray(pixels * first, pixels * (first + rows)), shape: [rows, ...shape] };
    if (kind === 'predict') await model.predict(x, { batchSize: rows });
    else await model.trainOnBatch(x, { data: labels.data.subarray(first, first + rows), shape: [rows] });
    first += rows;
  }
  for (let batch = 0; batch < WARM_UP; batch++) await run('train');
  return { run: () => run(use), close: () => model.close() };
}

type MakeRecurrent = (options: { units: number; returnSequences: true; inputShape?: readonly number[] }) => Layer;

/** Three recurrent layers of so many units and a dense one. */
function recurrent(make: MakeRecurrent, units: number): Workload {
  const layer = (inputShape?: readonly number[]): Layer => make({ units, returnSequences: true, ...(inputShape && { inputShape }) });
  return {
    ...signals, name: 'recurrent', compile: { loss: 'meanSquaredError', optimizer: adam({ learningRate: 1e-3 }) },
    network: () => {
      const stack: readonly Layer[] = [layer([TIME, 1]), layer(), layer(), layers.dense({ units: 1 })];
      return sequential(stack, { seed: 1 });
    },
  };
}

async function product(size: number): Promise<Work> {
  const option = denseLayerCases.find(({ kernel, shape }) => kernel === 'gemm A·B' && shape === String(size))!;
  const { engine, address } = await prepare(setup, option.batch, option.layOut);
  return { run: () => engine.run(address), close: () => engine.close() };
}

const cases: Cases = {
  'cnn-train': () => training(fashionMnist, [128]),
  'cnn-predict': () => predicting(fashionMnist, 128),
  'cnn-predict-one': () => predicting(fashionMnist, 1),
  'signals-epoch': () => training(signals, [32, 32, 2]),
};
const directory = process.env['FASHION_MNIST_DIR'];
if (directory) for (const use of ['train', 'predict'] as const) cases[`images-${use}`] = () => onImages(directory, use);
const available = layers as unknown as Partial<Record<string, MakeRecurrent>>;
for (const [name, make] of [['rnn', available['simpleRNN']], ['lstm', available['lstm']], ['gru', available['gru']]] as const) {
  if (make) for (const units of [32, 64]) cases[`${name}3-${units}`] = () => training(recurrent(make, units), [66]);
}
for (const size of [64, 128, 256, 512, 1024]) cases[`gemm-${size}`] = () => product(size);

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
await serve({ version: `Lanewise ${version}, ${setup.build} build`, threads: setup.threads }, cases);
