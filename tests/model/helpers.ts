import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { adam, decodeCheckpoint, encodeCheckpoint, LanewiseError, layers, sequential, sgd } from '../../src/entry.node.js';
import type { Callbacks, Checkpoint, CompileOptions, ErrorCode, InputSpec, Layer, Model, Prediction, Sequential, Tensor } from '../../src/entry.node.js';
import { Purpose, RandomStream } from '../../src/random.js';

/** Uniform numbers in ±1 of the given shape, the same on every machine. */
export function randomTensor(shape: readonly number[], seed: number): Tensor<Float32Array> {
  const stream = new RandomStream(seed, Purpose.initialize);
  const length = shape.reduce((product, size) => product * size, 1);
  return { data: Float32Array.from({ length }, () => stream.uniform(-1, 1)), shape };
}

/** Rows for an input of a model: any values, or for an embedding whole numbers. */
export const randomInput = ({ shape, indices }: InputSpec, rows: number, seed: number): Tensor<Float32Array> => {
  const { data, shape: whole } = randomTensor([rows, ...shape], seed);
  return { data: indices === undefined ? data : data.map((value) => Math.min(indices - 1, Math.floor(((value + 1) / 2) * indices))), shape: whole };
};

/** Class numbers below `classes`. */
export function randomLabels(rows: number, classes: number, seed: number): Tensor<Uint8Array> {
  const stream = new RandomStream(seed, Purpose.initialize);
  return { data: Uint8Array.from({ length: rows }, () => stream.integer(classes)), shape: [rows] };
}

/** `count` rows of a tensor from row `start` on. */
export function rowsOf({ data, shape }: Tensor, start: number, count: number): Tensor {
  const size = data.length / shape[0]!;
  return { data: data.slice(start * size, (start + count) * size), shape: [count, ...shape.slice(1)] };
}

/** SHA-256 of all weights' bytes, in order. */
export function weightsHash(model: Model<Prediction>): string {
  const hash = createHash('sha256');
  for (const { data } of model.getWeights()) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/** Runs a fit that is stopped after a step. Gives its checkpoint, through the bytes of a file. */
export async function stoppedAfter(step: number, model: Sequential, fit: (changes: { signal: AbortSignal; callbacks: Callbacks }) => Promise<unknown>): Promise<Checkpoint> {
  const controller = new AbortController();
  const callbacks: Callbacks = { onBatchEnd: () => void (model.step === step && controller.abort()) };
  await assert.rejects(fit({ signal: controller.signal, callbacks }), { name: 'AbortError' });
  const checkpoint = await decodeCheckpoint(await encodeCheckpoint(model.checkpoint()));
  model.close();
  return checkpoint;
}

/** A classifier of [4] into 3 classes. */
export function classifier(seed = 1): Sequential {
  return sequential([layers.dense({ units: 6, activation: 'tanh', inputShape: [4] }), layers.dense({ units: 3 })], { seed });
}

export const classify = { optimizer: sgd({ learningRate: 0.1 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], threads: 1 } satisfies CompileOptions;

/** A small cousin of the convolutional network: [8, 8, 1] into 5 classes, with dropout. */
export function smallCnn(seed = 1): Sequential {
  return sequential([
    layers.conv2d({ filters: 9, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1] }), layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 6, kernelSize: 2, activation: 'relu', padding: 'same' }), layers.flatten(), layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 12, activation: 'sigmoid' }), layers.dropout({ rate: 0.2 }), layers.dense({ units: 5, activation: 'softmax' }),
  ], { seed });
}

/** Convolutions of sixteen channels and more, which Winograd's method takes: [9, 10, 1] into 5 classes. */
export function smallWinograd(seed = 1): Sequential {
  return sequential([
    layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu', inputShape: [9, 10, 1] }),
    layers.conv2d({ filters: 24, kernelSize: 3, activation: 'relu', padding: 'same' }), layers.maxPooling2d({ poolSize: 2, padding: 'same' }),
    layers.conv2d({ filters: 16, kernelSize: 3, activation: 'tanh' }), layers.flatten(), layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 5, activation: 'softmax' }),
  ], { seed });
}

/** A small cousin of the recurrent network: [12, 1] to [12, 1], with input dropout. */
export function smallRnn(seed = 1): Sequential {
  const options = { returnSequences: true, dropout: 0.2 };
  const rnn = (units: number): Layer => layers.simpleRNN({ units, ...options });
  return sequential([layers.simpleRNN({ units: 7, ...options, inputShape: [12, 1] }), rnn(5), rnn(3), layers.dense({ units: 1 })], { seed });
}

/** Dense layers whose products are cut into other blocks for each number of threads, with A packed or not: [700] into 5 classes. */
export function smallDense(seed = 1): Sequential {
  return sequential([layers.dense({ units: 128, activation: 'relu', inputShape: [700] }), layers.dense({ units: 70, activation: 'tanh' }), layers.dense({ units: 5, activation: 'softmax' })], { seed });
}

/** Dense layers behind ReLU, whose products leave zeros out: [60] into 5 classes. */
export function smallRectified(seed = 1): Sequential {
  return sequential([
    layers.dense({ units: 180, activation: 'relu', inputShape: [60] }), layers.dropout({ rate: 0.3 }), layers.dense({ units: 64, activation: 'relu' }),
    layers.dense({ units: 32 }), layers.dense({ units: 5, activation: 'softmax' }),
  ], { seed });
}

export const cnnOptions = { optimizer: adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] } satisfies CompileOptions;
export const rnnOptions = { optimizer: adam({ learningRate: 0.01, globalClipnorm: 0.5 }), loss: 'mse' } satisfies CompileOptions;

/** For assert.throws and assert.rejects: a LanewiseError of this code, with a message that matches. */
export function refused(code: ErrorCode, message = /./): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof LanewiseError, `not a LanewiseError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}

/** A result without the time it took. */
export function timeless(result: unknown): unknown {
  return JSON.parse(JSON.stringify(result), (key, value: unknown) => (key === 'seconds' || key === 'stepMs' ? undefined : value));
}
