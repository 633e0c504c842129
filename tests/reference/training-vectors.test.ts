/** The reference itself against values that Keras, TensorFlow.js and PyTorch computed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  adamStep,
  biasAddBackward,
  biasAddForward,
  conv2dBackwardFilter,
  conv2dBackwardInput,
  gemm,
  gruCell,
  lstmCell,
  map,
  maxPoolBackward,
  meanSquaredError,
  sgdStep,
  sigmoidBackward,
  sigmoidForward,
  simpleRnnCell,
  unroll,
  type Values,
} from './index.js';
import { checkWith, expectClose } from './training-vectors.js';
import type {
  BpttCase,
  Case,
  Conv2dCase,
  MaxPoolCase,
  OptimizerCase,
  OptimizerSettings,
  RnnForwardCase,
  Shape4,
  TorchLstmCase,
  TorchTrainingCase,
} from './training-vectors.js';

const FILE = new URL('../../../shared/cases/training/training-vectors.json', import.meta.url);

const checks = {
  conv2d: checkConv2d, maxPool: checkMaxPool, optimizer: checkOptimizer, recurrent: checkRecurrent, torchLstm: checkTorchLstm, bptt: checkBptt, torchTraining: checkTorchTraining,
};

if (existsSync(FILE)) {
  const { cases } = JSON.parse(readFileSync(FILE, 'utf8')) as { cases: Case[] };
  describe('training vectors', () => {
    for (const vector of cases) it(vector.name, () => checkWith(checks, vector));
  });
} else {
  it('training vectors', { skip: `no file ${FILE.pathname}` }, () => undefined);
}

function checkConv2d(vector: Conv2dCase): void {
  const toNhwc = (values: number[], shape: Shape4): Values => (vector.format === 'NCHW' ? nchwToNhwc(values, shape) : values);
  const [batch, height, width, inChannels] = nhwcShape(vector.x_shape, vector.format);
  const [kernelHeight, kernelWidth, , filters] = vector.filter_shape_HWIO;
  const { pad, strides } = vector;
  const padding = { top: pad, bottom: pad, left: pad, right: pad };
  const sizes = { batch, height, width, inChannels, filters, kernelSize: [kernelHeight, kernelWidth], strides, padding } as const;
  const x = toNhwc(vector.x, vector.x_shape);
  const dy = toNhwc(vector.dy, vector.dy_shape);
  const dx = conv2dBackwardInput({ ...sizes, dy, kernel: vector.filter });
  expectClose(vector, dx, toNhwc(vector.dx, vector.x_shape), 'dx');
  expectClose(vector, conv2dBackwardFilter({ ...sizes, x, dy }), vector.dfilter, 'dfilter');
}

function nhwcShape(shape: Shape4, format: 'NHWC' | 'NCHW'): Shape4 {
  return format === 'NHWC' ? shape : [shape[0], shape[2], shape[3], shape[1]];
}

function nchwToNhwc(values: number[], [batch, channels, height, width]: Shape4): Float64Array {
  const result = new Float64Array(values.length);
  const area = height * width;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < area; i++) result[(n * area + i) * channels + c] = values[(n * channels + c) * area + i]!;
    }
  }
  return result;
}

function checkMaxPool(vector: MaxPoolCase): void {
  const [batch, height, width, channels] = vector.x_shape;
  const [top, bottom, left, right] = vector.pads_top_bottom_left_right;
  const { kernel: poolSize, strides, x, dy } = vector;
  const padding = { top, bottom, left, right };
  expectClose(vector, maxPoolBackward({ batch, height, width, channels, poolSize, strides, padding, x, dy }), vector.dx, 'dx');
}

/** A step function with its own memory. `torch`: epsilon stands beside the corrected √v, so it is converted for each step. */
function makeOptimizer(settings: OptimizerSettings, torch = false): (weights: Values, gradients: Values) => Float64Array {
  const { kind, lr: learningRate, momentum = 0, weight_decay: decay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = settings;
  let step = 0;
  let slots: { velocity?: Float64Array; m?: Float64Array; v?: Float64Array } = {};
  return (weights, gradients) => {
    step++;
    const decayed = map(gradients, (gradient, i) => gradient + decay * weights[i]!);
    const options = { ...slots, weights, gradients: decayed, learningRate };
    const { weights: next, ...memory } =
      kind === 'SGD'
        ? sgdStep({ ...options, momentum })
        : adamStep({ ...options, step, beta1, beta2, epsilon: torch ? epsilon * Math.sqrt(1 - beta2 ** step) : epsilon });
    slots = memory;
    return next;
  };
}

function checkOptimizer(vector: OptimizerCase): void {
  const step = makeOptimizer(vector.optimizer);
  if (vector.grads === undefined) assert.match(vector.loss ?? '', /^sum\(x\^2\)/);
  let x: Values = vector.x;
  vector.after_each_step.forEach((expected, i) => {
    x = step(x, vector.grads?.[i] ?? map(x, (value) => 2 * value));
    expectClose(vector, x, expected, `after step ${i + 1}`);
  });
}

const CELLS = { SimpleRNN: simpleRnnCell, LSTM: lstmCell, GRU: gruCell };

function checkRecurrent(vector: RnnForwardCase): void {
  const [batch, steps, features] = vector.input_shape;
  const { units, bias, go_backwards: goBackwards, initial_h: h0, initial_c: c0 } = vector;
  const cell = CELLS[vector.layer]({
    features, units, kernel: vector.kernel.flat(), recurrentKernel: vector.recurrent_kernel.flat(), bias: bias?.flat(), resetAfter: vector.reset_after ?? true,
  });
  const x = Float64Array.from({ length: batch * steps * features }, (_, i) => i);
  let states: readonly Values[] = [h0, c0].flatMap((state) => (state ? [state.flat()] : []));
  for (let call = 0; call < vector.stateful_calls; call++) {
    ({ states } = unroll({ cell, batch, steps, features, x, goBackwards, initialStates: states }));
  }
  expectClose(vector, states[0]!, vector.last_output.flat(), 'last output');
}

function checkTorchLstm(vector: TorchLstmCase): void {
  const [steps, batch, features] = vector.input_shape_time_major;
  const { units } = vector;
  const columns = 4 * units;
  const transposed = (w: Values, rows: number): Float64Array => Float64Array.from({ length: rows * columns }, (_, i) => w[(i % columns) * rows + Math.floor(i / columns)]!);
  const cell = lstmCell({
    features, units, kernel: transposed(vector.weight_ih, features), recurrentKernel: transposed(vector.weight_hh, units),
    bias: map(vector.bias_ih, (value, i) => value + vector.bias_hh[i]!),
  });
  const length = steps * batch * features;
  const timeMajor = (n: number, t: number, size: number, i: number): number => (t * batch + n) * size + i;
  const rows = (size: number, at: (index: number) => number): Float64Array => Float64Array.from({ length: batch * steps * size }, (_, i) =>
    at(timeMajor(Math.floor(i / (steps * size)), Math.floor(i / size) % steps, size, i % size)));
  const { h, states } = unroll({ cell, batch, steps, features, x: rows(features, (index) => (length - index) / length) });
  expectClose(vector, h, rows(units, (index) => vector.output_time_major[index]!), 'outputs');
  expectClose(vector, states[1]!, vector.last_c, 'last c');
}

/** Linear(2, 3), sigmoid, Linear(3, 1), sigmoid; the loss is the sum of the outputs. PyTorch's weights are [out, in]. */
function checkTorchTraining(vector: TorchTrainingCase): void {
  const [inputs, hidden, outputs] = [2, 3, 1];
  const x = vector.x.flat();
  const rows = vector.x.length;
  const { w1, b1, w2, b2 } = vector.init;
  let parameters: Float64Array = Float64Array.from([...w1, ...b1, ...w2, ...b2]);
  const step = makeOptimizer(vector.optimizer, true);
  const lastStepIndex = Math.max(...Object.keys(vector.after_step_index).map(Number));
  for (let index = 0; index <= lastStepIndex; index++) {
    parameters = step(parameters, gradientsOf(parameters));
    const expected = vector.after_step_index[index];
    if (expected !== undefined) expectClose(vector, parameters, expected, `after step index ${index}`);
  }

  function gradientsOf(all: Float64Array): Float64Array {
    const kernel1 = all.subarray(0, 6);
    const kernel2 = all.subarray(9, 12);
    const dense1 = gemm({ m: rows, n: hidden, k: inputs, a: x, b: kernel1, transposeB: true });
    const h = sigmoidForward(biasAddForward({ x: dense1, bias: all.subarray(6, 9) }));
    const dense2 = gemm({ m: rows, n: outputs, k: hidden, a: h, b: kernel2, transposeB: true });
    const y = sigmoidForward(biasAddForward({ x: dense2, bias: all.subarray(12) }));
    const dDense2 = sigmoidBackward({ dy: new Float64Array(rows * outputs).fill(1), y });
    const dh = gemm({ m: rows, n: hidden, k: outputs, a: dDense2, b: kernel2 });
    const dDense1 = sigmoidBackward({ dy: dh, y: h });
    return Float64Array.from([
      ...gemm({ m: hidden, n: inputs, k: rows, a: dDense1, transposeA: true, b: x }),
      ...biasAddBackward({ dy: dDense1, rows, channels: hidden }),
      ...gemm({ m: outputs, n: hidden, k: rows, a: dDense2, transposeA: true, b: h }),
      ...biasAddBackward({ dy: dDense2, rows, channels: outputs }),
    ]);
  }
}

/** A recurrent layer of one unit without bias on ones [5, 3, 4], its last output into Dense(1) without bias, mean squared error. */
function checkBptt(vector: BpttCase): void {
  const sizes = { batch: 5, steps: 3, features: 4 };
  const gates = { SimpleRNN: 1, LSTM: 4, GRU: 3 }[vector.layer];
  const x = new Float64Array(5 * 3 * 4).fill(1);
  const targets = new Float64Array(5).fill(vector.target);
  let kernel: Values = new Float64Array(4 * gates).fill(vector.init_kernel_and_recurrent);
  let recurrentKernel: Values = new Float64Array(gates).fill(vector.init_kernel_and_recurrent);
  let dense: Values = [1];
  const { lr: learningRate } = vector.optimizer;
  for (let step = 0; step < vector.steps; step++) {
    const cell = CELLS[vector.layer]({ features: 4, units: 1, kernel, recurrentKernel, recurrentActivation: 'hardSigmoidTfjs', resetAfter: false });
    const { h, back } = unroll({ cell, ...sizes, x });
    const last = h.filter((_, i) => i % 3 === 2);
    const predictions = gemm({ m: 5, n: 1, k: 1, a: last, b: dense });
    const { dPredictions } = meanSquaredError({ predictions, targets, rows: 5, columns: 1 });
    const dDense = gemm({ m: 1, n: 1, k: 5, a: last, transposeA: true, b: dPredictions });
    const dLast = gemm({ m: 5, n: 1, k: 1, a: dPredictions, b: dense, transposeB: true });
    back(map(h, (_, i) => (i % 3 === 2 ? dLast[Math.floor(i / 3)]! : 0)));
    kernel = sgdStep({ weights: kernel, gradients: cell.dWeights[0]!, learningRate }).weights;
    recurrentKernel = sgdStep({ weights: recurrentKernel, gradients: cell.dWeights[1]!, learningRate }).weights;
    dense = sgdStep({ weights: dense, gradients: dDense, learningRate }).weights;
  }
  expectClose(vector, kernel, Float64Array.from({ length: 4 * gates }, (_, i) => vector.after.kernel_row[i % gates]!), 'kernel');
  expectClose(vector, recurrentKernel, vector.after.recurrent, 'recurrent kernel');
  expectClose(vector, dense, vector.after.dense, 'dense kernel');
}
