/**
 * The library against values that Keras, TensorFlow.js and PyTorch computed. Everything goes through the public interface: a gradient is
 * what a step of SGD with rate 1 takes from a weight, and a wished-for gradient of the output comes from a mean squared error whose targets
 * lie at the right distance.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { adam, layers, regularizers, sequential, sgd } from '../../src/entry.node.js';
import type { Layer, Optimizer, Sequential, Tensor } from '../../src/entry.node.js';
import { map, type Values } from '../reference/index.js';
import { checkWith, expectClose } from '../reference/training-vectors.js';
import type {
  BpttCase, Case, Conv2dCase, MaxPoolCase, OptimizerCase, OptimizerSettings, RnnForwardCase, Shape4, TorchLstmCase, TorchTrainingCase,
} from '../reference/training-vectors.js';

const { conv2d, dense, gru, lstm, maxPooling2d, simpleRNN } = layers;
const FILE = new URL('../../../shared/cases/training/training-vectors.json', import.meta.url);

const checks = {
  conv2d: checkConv2d, maxPool: checkMaxPool, optimizer: checkOptimizer, recurrent: checkRecurrent, torchLstm: checkTorchLstm, bptt: checkBptt, torchTraining: checkTorchTraining,
};

if (existsSync(FILE)) {
  const { cases } = JSON.parse(readFileSync(FILE, 'utf8')) as { cases: Case[] };
  describe('training vectors', () => {
    for (const vector of cases) {
      const reason = missing(vector);
      it(vector.name, reason === undefined ? {} : { skip: `not in the library: ${reason}` }, () => checkWith(checks, vector));
    }
    it('most of what the library has is there', () => assert.ok(cases.filter((vector) => missing(vector) === undefined).length >= 20));
  });
} else {
  it('training vectors', { skip: 'no file ../shared/cases/training/training-vectors.json' }, () => undefined);
}

/** What a case needs that the library does not have. */
function missing(vector: Case): string | undefined {
  switch (vector.group) {
    case 'conv2d-gradient':
      return vector.format === 'NCHW' ? 'NCHW layout' : undefined;
    case 'maxpool-gradient':
      return vector.pads_top_bottom_left_right.some((pad) => pad !== 0) ? 'padding given side by side' : undefined;
    default:
      return undefined;
  }
}

async function compiled(stack: Layer[], weights: readonly Values[], optimizer: Optimizer): Promise<Sequential> {
  const model = sequential(stack);
  model.setWeights(weights);
  await model.compile({ optimizer, loss: 'mse', threads: 1 });
  return model;
}

/** One step in which the gradient of the loss with respect to the model's output is dy. */
async function stepWith(model: Sequential, x: Tensor, dy: Values): Promise<void> {
  const { data, shape } = await model.predict(x);
  // d/dp of the mean of (p - t)² over `length` outputs is 2·(p - t) / length
  await model.trainOnBatch(x, { data: Float32Array.from(data, (p, i) => p - (dy[i]! * data.length) / 2), shape });
}

/**
 * The gradients of the weights of `stack`, and that of the input x, when dy is the gradient of the output. x itself is made the weights of a
 * dense layer that is fed a one at each pixel's own place: then the gradient of those weights is that of x.
 */
async function gradients(stack: Layer[], weights: readonly Values[], [batch, height, width, channels]: Shape4, x: Values, dy: Values): Promise<Values[]> {
  const pixels = batch * height * width;
  const picker = dense({ units: channels, useBias: false, inputShape: [height, width, pixels] });
  const model = await compiled([picker, ...stack], [x, ...weights], sgd({ learningRate: 1 }));
  const before = model.getWeights();
  const oneHot = Float32Array.from({ length: pixels * pixels }, (_, i) => (Math.floor(i / pixels) === i % pixels ? 1 : 0));
  await stepWith(model, { data: oneHot, shape: [batch, height, width, pixels] }, dy);
  const after = model.getWeights();
  model.close();
  return before.map(({ data }, i) => map(data, (value, j) => value - after[i]!.data[j]!));
}

async function checkConv2d(vector: Conv2dCase): Promise<void> {
  const [kernelHeight, kernelWidth, , filters] = vector.filter_shape_HWIO;
  assert.equal(vector.pad, 0);
  const layer = conv2d({ filters, kernelSize: [kernelHeight, kernelWidth], strides: vector.strides, useBias: false });
  const [dx, dFilter] = await gradients([layer], [vector.filter], vector.x_shape, vector.x, vector.dy);
  expectClose(vector, dx!, vector.dx, 'dx');
  expectClose(vector, dFilter!, vector.dfilter, 'dfilter');
}

async function checkMaxPool(vector: MaxPoolCase): Promise<void> {
  const layer = maxPooling2d({ poolSize: vector.kernel, strides: vector.strides });
  const [dx] = await gradients([layer], [], vector.x_shape, vector.x, vector.dy);
  expectClose(vector, dx!, vector.dx, 'dx');
}

function optimizerOf({ kind, lr: learningRate, momentum = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: OptimizerSettings): Optimizer {
  return kind === 'SGD' ? sgd({ learningRate, momentum }) : adam({ learningRate, beta1, beta2, epsilon });
}

/** The weights of a dense layer of one unit; its input is then the gradient. */
async function checkOptimizer(vector: OptimizerCase): Promise<void> {
  const features = vector.x.length;
  const model = await compiled([dense({ units: 1, useBias: false, inputShape: [features] })], [vector.x], optimizerOf(vector.optimizer));
  const weights = (): Float32Array => model.getWeights()[0]!.data;
  if (vector.grads === undefined) assert.match(vector.loss ?? '', /^sum\(x\^2\)/);
  for (const [step, expected] of vector.after_each_step.entries()) {
    const gradient = vector.grads?.[step] ?? [...weights()].map((value) => 2 * value);
    await stepWith(model, { data: Float32Array.from(gradient), shape: [1, features] }, [1]);
    expectClose(vector, weights(), expected, `after step ${step + 1}`);
  }
  model.close();
}

async function checkRecurrent(vector: RnnForwardCase): Promise<void> {
  const [batch, steps, features] = vector.input_shape;
  const { units, bias } = vector;
  const options = { units, useBias: bias !== null, goBackwards: vector.go_backwards, stateful: true, inputShape: [steps, features] };
  const layer = { SimpleRNN: () => simpleRNN(options), LSTM: () => lstm(options), GRU: () => gru({ ...options, resetAfter: vector.reset_after ?? true }) }[vector.layer]();
  const model = await compiled([layer], [vector.kernel.flat(), vector.recurrent_kernel.flat(), ...(bias ? [bias.flat()] : [])], sgd());
  const data = Float32Array.from({ length: batch * steps * features }, (_, i) => i);
  const initial = [vector.initial_h, vector.initial_c].flatMap((state) => (state ? [state.flat()] : []));
  if (initial.length > 0) layer.resetStates(initial);
  for (let call = 1; call < vector.stateful_calls; call++) await model.predict({ data, shape: [batch, steps, features] });
  const { data: last } = await model.predict({ data, shape: [batch, steps, features] });
  expectClose(vector, last, vector.last_output.flat(), 'last output');
  model.close();
}

async function checkTorchLstm(vector: TorchLstmCase): Promise<void> {
  const [steps, batch, features] = vector.input_shape_time_major;
  const { units } = vector;
  const transposed = (w: Values, rows: number): Float64Array =>
    Float64Array.from({ length: rows * 4 * units }, (_, i) => w[(i % (4 * units)) * rows + Math.floor(i / (4 * units))]!);
  const bias = map(vector.bias_ih, (value, i) => value + vector.bias_hh[i]!);
  const model = await compiled(
    [lstm({ units, returnSequences: true, inputShape: [steps, features] })], [transposed(vector.weight_ih, features), transposed(vector.weight_hh, units), bias], sgd(),
  );
  const length = steps * batch * features;
  const rows = (size: number, at: (index: number) => number): Float32Array => Float32Array.from({ length: batch * steps * size }, (_, i) =>
    at(((Math.floor(i / size) % steps) * batch + Math.floor(i / (steps * size))) * size + (i % size)));
  const { data } = await model.predict({ data: rows(features, (index) => (length - index) / length), shape: [batch, steps, features] });
  expectClose(vector, data, rows(units, (index) => vector.output_time_major[index]!), 'outputs');
  model.close();
}

/** Linear(2, 3), sigmoid, Linear(3, 1), sigmoid; the loss is the sum of the outputs. PyTorch's weights are [out, in]. */
async function checkTorchTraining(vector: TorchTrainingCase): Promise<void> {
  const { w1, b1, w2, b2 } = vector.init;
  const transposed = (w: Values): Float64Array => Float64Array.from({ length: 6 }, (_, i) => w[(i % 3) * 2 + Math.floor(i / 3)]!);
  // PyTorch adds decay · w to the gradient: that of a penalty of half the decay times w²
  const penalty = regularizers.l2((vector.optimizer.weight_decay ?? 0) / 2);
  const regularized = { kernelRegularizer: penalty, biasRegularizer: penalty };
  const stack = [dense({ units: 3, activation: 'sigmoid', inputShape: [2], ...regularized }), dense({ units: 1, activation: 'sigmoid', ...regularized })];
  const model = await compiled(stack, [transposed(w1), b1, w2, b2], optimizerOf(vector.optimizer));
  const x = { data: Float32Array.from(vector.x.flat()), shape: [vector.x.length, 2] };
  const lastIndex = Math.max(...Object.keys(vector.after_step_index).map(Number));
  for (let index = 0; index <= lastIndex; index++) {
    await stepWith(model, x, x.data.map(() => 1));
    const expected = vector.after_step_index[index];
    if (expected === undefined) continue;
    const [kernel1, bias1, kernel2, bias2] = model.getWeights().map(({ data }) => data);
    const inOrder = [0, 1, 2].flatMap((unit) => [kernel1![unit]!, kernel1![3 + unit]!]);
    expectClose(vector, [...inOrder, ...bias1!, ...kernel2!, ...bias2!], expected, `after step index ${index}`);
  }
  model.close();
}

/** A recurrent layer of one unit without bias on ones [5, 3, 4], its last output into Dense(1) without bias, mean squared error. */
async function checkBptt(vector: BpttCase): Promise<void> {
  const { init_kernel_and_recurrent: start, optimizer, steps, target, after } = vector;
  const options = { units: 1, useBias: false, inputShape: [3, 4] };
  const gated = { ...options, recurrentActivation: 'hardSigmoidTfjs' } as const;
  const layer = { SimpleRNN: () => simpleRNN(options), LSTM: () => lstm(gated), GRU: () => gru({ ...gated, resetAfter: false }) }[vector.layer]();
  const gates = after.recurrent.length;
  const initial = [new Float32Array(4 * gates).fill(start), new Float32Array(gates).fill(start), [1]];
  const model = await compiled([layer, dense({ units: 1, useBias: false })], initial, optimizerOf(optimizer));
  const x = { data: new Float32Array(60).fill(1), shape: [5, 3, 4] };
  await model.fit(x, { data: new Float32Array(5).fill(target), shape: [5, 1] }, { epochs: steps, batchSize: 5 });
  const [kernel, recurrentKernel, last] = model.getWeights().map(({ data }) => data);
  expectClose(vector, kernel!, [0, 1, 2, 3].flatMap(() => after.kernel_row), 'kernel');
  expectClose(vector, recurrentKernel!, after.recurrent, 'recurrent kernel');
  expectClose(vector, last!, after.dense, 'dense kernel');
  model.close();
}
