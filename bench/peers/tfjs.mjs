/** TensorFlow.js in Node, which has one thread there: node tfjs.mjs cpu|wasm */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { serve } from './serve.mjs';

const backend = process.argv[2];
if (backend === 'wasm') setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend(backend);
await tf.ready();

const { layers } = tf;
const TIME = 499;

function cnn() {
  const model = tf.sequential({
    layers: [
      layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }), layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }), layers.flatten(), layers.dropout({ rate: 0.3 }),
      layers.dense({ units: 128 }), layers.dropout({ rate: 0.3 }), layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  return model;
}

/** Recurrent layers of so many units each and a dense one. */
function recurrent(layer, units, dropout = 0) {
  const model = tf.sequential();
  units.forEach((count, index) => model.add(layer({ units: count, returnSequences: true, dropout, ...(index === 0 && { inputShape: [TIME, 1] }) })));
  model.add(layers.dense({ units: 1 }));
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'meanSquaredError' });
  return model;
}

/** Steps over batches of the given rows: an epoch, or one step. */
async function training(model, makeData, batches) {
  const data = batches.map(makeData);
  return {
    run: async () => {
      for (const [x, y] of data) await model.trainOnBatch(x, y);
    },
    close: () => tf.dispose([data, model]),
  };
}

const images = (rows) => [tf.randomUniform([rows, 28, 28, 1]), tf.oneHot(tf.randomUniform([rows], 0, 10, 'int32'), 10).toFloat()];
const sequences = (rows) => [tf.randomNormal([rows, TIME, 1]), tf.randomNormal([rows, TIME, 1])];

async function predicting(model, [x]) {
  return {
    run: async () => {
      const y = model.predict(x);
      await y.data();
      y.dispose();
    },
    close: () => tf.dispose([x, model]),
  };
}

const cases = {
  'cnn-train': () => training(cnn(), images, [128]),
  'cnn-predict': () => predicting(cnn(), images(128)),
  'cnn-predict-one': () => predicting(cnn(), images(1)),
  'signals-epoch': () => training(recurrent(layers.simpleRNN, [20, 10, 5], 0.2), sequences, [32, 32, 2]),
};
for (const [name, layer] of [['rnn', layers.simpleRNN], ['lstm', layers.lstm], ['gru', layers.gru]]) {
  for (const units of [32, 64]) cases[`${name}3-${units}`] = () => training(recurrent(layer, [units, units, units]), sequences, [66]);
}
for (const size of [64, 128, 256, 512, 1024]) {
  cases[`gemm-${size}`] = async () => {
    const [a, b] = [tf.randomUniform([size, size]), tf.randomUniform([size, size])];
    return { run: () => tf.matMul(a, b).dispose(), close: () => tf.dispose([a, b]) };
  };
}

await serve({ version: `TensorFlow.js ${tf.version.tfjs}, ${backend} backend`, threads: 1 }, cases);
