/** Wrong options and shapes are refused when the layer or the model is made, each with its code and the layer's name. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, LanewiseError, layers, schedules, sequential, sgd } from '../../src/entry.node.js';
import type { ErrorCode, Layer, LossName } from '../../src/entry.node.js';
import { refused } from '../model/helpers.js';

const {
  averagePooling1d, averagePooling2d, globalAveragePooling1d, globalAveragePooling2d, globalMaxPooling1d, globalMaxPooling2d, maxPooling1d,
  activation, conv1d, conv2d, dense, depthwiseConv2d, dropout, elu, embedding, flatten, gru, layerNormalization, leakyRelu, lstm, masking, maxPooling2d, randomErasing, randomFlip, randomRotation, randomTranslation, rescaling, reshape, separableConv2d, simpleRNN, zeroPadding2d,
} = layers;

function refusal(make: () => unknown): LanewiseError {
  try {
    make();
  } catch (error) {
    if (error instanceof LanewiseError) return error;
    throw error;
  }
  return assert.fail('not refused');
}

/** Values that no type check of a caller in JavaScript stops. */
const untyped = <Value>(value: unknown): Value => value as Value;

const NOT_COUNTS: readonly number[] = [0, -1, 1.5, NaN, Infinity, untyped('3'), untyped(undefined), untyped(null)];
const NOT_RATES: readonly number[] = [-0.1, 1, 1.5, NaN, untyped('x')];
const NOT_NAMES: readonly string[] = ['swish!', '', 'toString', '__proto__', untyped(3)];

/** Options of each layer, one wrong in each. */
const wrongOptions: readonly [string, () => Layer][] = [
  ['inputShape 5', () => flatten({ inputShape: untyped(5) })],
  ...NOT_COUNTS.flatMap((bad): [string, () => Layer][] => [
    [`conv1d filters ${bad}`, () => conv1d({ filters: bad, kernelSize: 3 })],
    [`conv1d kernelSize ${bad}`, () => conv1d({ filters: 1, kernelSize: bad })],
    [`depthwiseConv2d kernelSize ${bad}`, () => depthwiseConv2d({ kernelSize: bad })],
    [`separableConv2d filters ${bad}`, () => separableConv2d({ filters: bad, kernelSize: 3 })],
    [`conv2d filters ${bad}`, () => conv2d({ filters: bad, kernelSize: 3 })],
    [`conv2d kernelSize ${bad}`, () => conv2d({ filters: 1, kernelSize: bad })],
    [`conv2d kernelSize [3, ${bad}]`, () => conv2d({ filters: 1, kernelSize: [3, bad] })],
    [`dense units ${bad}`, () => dense({ units: bad })],
    [`simpleRNN units ${bad}`, () => simpleRNN({ units: bad })],
    [`lstm units ${bad}`, () => lstm({ units: bad })],
    [`gru units ${bad}`, () => gru({ units: bad })],
    [`embedding inputDim ${bad}`, () => embedding({ inputDim: bad, outputDim: 1 })],
    [`embedding outputDim ${bad}`, () => embedding({ inputDim: 1, outputDim: bad })],
    [`inputShape ${bad}`, () => flatten({ inputShape: [2, bad] })],
  ]),
  ...NOT_COUNTS.filter((bad) => (bad ?? undefined) !== undefined).flatMap((bad): [string, () => Layer][] => [
    [`conv2d strides ${bad}`, () => conv2d({ filters: 1, kernelSize: 3, strides: bad })],
    [`conv1d strides ${bad}`, () => conv1d({ filters: 1, kernelSize: 3, strides: bad })],
    [`conv1d dilationRate ${bad}`, () => conv1d({ filters: 1, kernelSize: 3, dilationRate: bad })],
    [`depthwiseConv2d depthMultiplier ${bad}`, () => depthwiseConv2d({ kernelSize: 3, depthMultiplier: bad })],
    [`depthwiseConv2d strides ${bad}`, () => depthwiseConv2d({ kernelSize: 3, strides: bad })],
    [`separableConv2d dilationRate ${bad}`, () => separableConv2d({ filters: 1, kernelSize: 3, dilationRate: bad })],
    [`conv2d dilationRate ${bad}`, () => conv2d({ filters: 1, kernelSize: 3, dilationRate: [1, bad] })],
    [`conv2d groups ${bad}`, () => conv2d({ filters: 1, kernelSize: 3, groups: bad })],
    [`maxPooling2d poolSize ${bad}`, () => maxPooling2d({ poolSize: bad })],
    [`maxPooling2d strides ${bad}`, () => maxPooling2d({ strides: [bad, 1] })],
    [`averagePooling2d poolSize ${bad}`, () => averagePooling2d({ poolSize: [1, bad] })],
    [`maxPooling1d poolSize ${bad}`, () => maxPooling1d({ poolSize: bad })],
    [`averagePooling1d strides ${bad}`, () => averagePooling1d({ strides: bad })],
  ]),
  ['conv1d kernelSize of two', () => conv1d({ filters: 1, kernelSize: untyped([3, 3]) })],
  ['conv1d strides and dilation', () => conv1d({ filters: 1, kernelSize: 3, strides: 2, dilationRate: 2 })],
  ['depthwiseConv2d strides and dilation', () => depthwiseConv2d({ kernelSize: 3, strides: 2, dilationRate: 2 })],
  ['depthwiseConv2d initializer', () => sequential([depthwiseConv2d({ kernelSize: 3, depthwiseInitializer: untyped('odd'), inputShape: [4, 4, 1] })]).layers[0]!],
  ['separableConv2d regularizer', () => sequential([separableConv2d({ filters: 1, kernelSize: 3, pointwiseRegularizer: untyped({ l1: -1 }), inputShape: [4, 4, 1] })]).layers[0]!],
  ['conv2d padding causal', () => conv2d({ filters: 1, kernelSize: 3, padding: untyped('causal') })],
  ['conv2d strides and dilation', () => conv2d({ filters: 1, kernelSize: 3, strides: [2, 1], dilationRate: [1, 2] })],
  ['conv2d groups that do not divide the filters', () => conv2d({ filters: 4, kernelSize: 3, groups: 3 })],
  ...[0, -2, 1.5, NaN, untyped<number>('3'), untyped<number>(null), 2 ** 31].map((bad): [string, () => Layer] => [
    `reshape targetShape [2, ${bad}]`, () => reshape({ targetShape: [2, bad] }),
  ]),
  ...[[-1, -1], [], untyped<number[]>(6), untyped<number[]>(undefined)].map((bad): [string, () => Layer] => [
    `reshape targetShape ${JSON.stringify(bad)}`, () => reshape({ targetShape: bad }),
  ]),
  ...[-1, 1.5, NaN, untyped<number>('3'), [1], [1, 2, 3], [1, -1], [[1, 2]], [[1, 2], [3]], [[1, 2], [3, -4]], [1, [2, 2, 2]], untyped<number>({})].map((bad): [string, () => Layer] => [
    `zeroPadding2d padding ${JSON.stringify(bad)}`, () => zeroPadding2d({ padding: untyped(bad) }),
  ]),
  ['conv2d kernelSize of three', () => conv2d({ filters: 1, kernelSize: untyped([3, 3, 3]) })],
  ...NOT_RATES.flatMap((bad): [string, () => Layer][] => [
    [`dropout rate ${bad}`, () => dropout({ rate: bad })],
    [`simpleRNN dropout ${bad}`, () => simpleRNN({ units: 1, dropout: bad })],
    [`lstm recurrentDropout ${bad}`, () => lstm({ units: 1, recurrentDropout: bad })],
    [`gru recurrentDropout ${bad}`, () => gru({ units: 1, recurrentDropout: bad })],
  ]),
  ...NOT_NAMES.flatMap((bad): [string, () => Layer][] => [
    [`conv2d activation ${bad}`, () => conv2d({ filters: 1, kernelSize: 1, activation: untyped(bad) })],
    [`dense activation ${bad}`, () => dense({ units: 1, activation: untyped(bad) })],
    [`simpleRNN activation ${bad}`, () => simpleRNN({ units: 1, activation: untyped(bad) })],
    [`lstm activation ${bad}`, () => lstm({ units: 1, activation: untyped(bad) })],
    [`lstm recurrentActivation ${bad}`, () => lstm({ units: 1, recurrentActivation: untyped(bad) })],
    [`gru recurrentActivation ${bad}`, () => gru({ units: 1, recurrentActivation: untyped(bad) })],
    [`activation ${bad}`, () => activation({ activation: untyped(bad) })],
    [`conv1d padding ${bad}`, () => conv1d({ filters: 1, kernelSize: 1, padding: untyped(bad) })],
    [`conv1d activation ${bad}`, () => conv1d({ filters: 1, kernelSize: 1, activation: untyped(bad) })],
    [`depthwiseConv2d padding ${bad}`, () => depthwiseConv2d({ kernelSize: 1, padding: untyped(bad) })],
    [`separableConv2d activation ${bad}`, () => separableConv2d({ filters: 1, kernelSize: 1, activation: untyped(bad) })],
    [`conv2d padding ${bad}`, () => conv2d({ filters: 1, kernelSize: 1, padding: untyped(bad) })],
    [`randomFlip mode ${bad}`, () => randomFlip({ mode: untyped(bad) })],
    [`randomRotation fillMode ${bad}`, () => randomRotation({ factor: 0.1, fillMode: untyped(bad) })],
    [`maxPooling2d padding ${bad}`, () => maxPooling2d({ padding: untyped(bad) })],
    [`maxPooling1d padding ${bad}`, () => maxPooling1d({ padding: untyped(bad) })],
  ]),
  ...[-0.1, NaN, Infinity, 1e39, untyped<number>('x')].flatMap((bad): [string, () => Layer][] => [
    [`leakyRelu negativeSlope ${bad}`, () => leakyRelu({ negativeSlope: bad })],
    [`elu alpha ${bad}`, () => elu({ alpha: bad })],
  ]),
  ['simpleRNN activation gelu', () => simpleRNN({ units: 1, activation: untyped('gelu') })],
  ['simpleRNN activation softmax', () => simpleRNN({ units: 1, activation: untyped('softmax') })],
  ...[NaN, Infinity, untyped<number>(undefined)].map((bad): [string, () => Layer] => [`rescaling scale ${bad}`, () => rescaling({ scale: bad })]),
  ...[0, -1, NaN, Infinity].map((bad): [string, () => Layer] => [`layerNormalization epsilon ${bad}`, () => layerNormalization({ epsilon: bad })]),
  ...[-0.1, 1.1, NaN, [0.2, 0.1], [-2, 0], [0], untyped<number>('x'), untyped<number>(undefined)].flatMap((bad): [string, () => Layer][] => [
    [`randomTranslation heightFactor ${String(bad)}`, () => randomTranslation({ heightFactor: untyped(bad), widthFactor: 0 })],
    [`randomTranslation widthFactor ${String(bad)}`, () => randomTranslation({ heightFactor: 0, widthFactor: untyped(bad) })],
    [`randomRotation factor ${String(bad)}`, () => randomRotation({ factor: untyped(bad) })],
  ]),
  ...[-0.1, 1.1, NaN].map((bad): [string, () => Layer] => [`randomErasing factor ${bad}`, () => randomErasing({ factor: bad })]),
  ...[0.3, [-0.1, 0.2], [0.3, 0.2], [0.5, 1.1]].map((bad): [string, () => Layer] => [`randomErasing scale ${String(bad)}`, () => randomErasing({ scale: untyped(bad) })]),
  ...[NaN, 1e39].map((bad): [string, () => Layer] => [`randomErasing fillValue ${bad}`, () => randomErasing({ fillValue: bad })]),
  ['embedding inputDim beyond float32', () => embedding({ inputDim: 2 ** 24 + 1, outputDim: 1 })],
  ['masking maskValue NaN', () => masking({ maskValue: NaN })],
  ['rescaling offset NaN', () => rescaling({ scale: 1, offset: NaN })],
];

/** Input shapes that do not suit a layer, given by a layer before it or by inputShape. */
const wrongShapes: readonly [string, (inputShape: readonly number[]) => Layer, readonly number[]][] = [
  ...[[4], [4, 4], [4, 4, 1, 1]].flatMap((shape): [string, (inputShape: readonly number[]) => Layer, readonly number[]][] => [
    ['conv2d', (inputShape) => conv2d({ filters: 1, kernelSize: 2, inputShape }), shape],
    ['maxPooling2d', (inputShape) => maxPooling2d({ inputShape }), shape],
    ['zeroPadding2d', (inputShape) => zeroPadding2d({ inputShape }), shape],
    ['averagePooling2d', (inputShape) => averagePooling2d({ inputShape }), shape],
    ['globalAveragePooling2d', (inputShape) => globalAveragePooling2d({ inputShape }), shape],
    ['globalMaxPooling2d', (inputShape) => globalMaxPooling2d({ inputShape }), shape],
  ]),
  ...[[4], [4, 4, 1]].flatMap((shape): [string, (inputShape: readonly number[]) => Layer, readonly number[]][] => [
    ['maxPooling1d', (inputShape) => maxPooling1d({ inputShape }), shape],
    ['averagePooling1d', (inputShape) => averagePooling1d({ inputShape }), shape],
    ['globalAveragePooling1d', (inputShape) => globalAveragePooling1d({ inputShape }), shape],
    ['globalMaxPooling1d', (inputShape) => globalMaxPooling1d({ inputShape }), shape],
  ]),
  ['conv2d', (inputShape) => conv2d({ filters: 1, kernelSize: 5, inputShape }), [4, 8, 1]],
  ['conv2d', (inputShape) => conv2d({ filters: 1, kernelSize: [1, 9], inputShape }), [4, 8, 1]],
  ['conv2d', (inputShape) => conv2d({ filters: 1, kernelSize: 3, dilationRate: [2, 1], inputShape }), [4, 8, 1]],
  ['conv2d', (inputShape) => conv2d({ filters: 6, kernelSize: 2, groups: 3, inputShape }), [4, 8, 4]],
  ['maxPooling2d', (inputShape) => maxPooling2d({ poolSize: 5, inputShape }), [4, 8, 1]],
  ['maxPooling1d', (inputShape) => maxPooling1d({ poolSize: 5, inputShape }), [4, 8]],
  ['reshape', (inputShape) => reshape({ targetShape: [3, 3], inputShape }), [2, 5]],
  ['reshape', (inputShape) => reshape({ targetShape: [3, -1], inputShape }), [2, 5]],
  ['simpleRNN', (inputShape) => simpleRNN({ units: 1, inputShape }), [4]],
  ['depthwiseConv2d', (inputShape) => depthwiseConv2d({ kernelSize: 2, inputShape }), [4, 4]],
  ['depthwiseConv2d', (inputShape) => depthwiseConv2d({ kernelSize: 3, dilationRate: 2, inputShape }), [4, 8, 1]],
  ['separableConv2d', (inputShape) => separableConv2d({ filters: 2, kernelSize: [1, 5], inputShape }), [4, 4, 1]],
  ['conv1d', (inputShape) => conv1d({ filters: 1, kernelSize: 2, inputShape }), [4]],
  ['conv1d', (inputShape) => conv1d({ filters: 1, kernelSize: 2, inputShape }), [4, 4, 1]],
  ['conv1d', (inputShape) => conv1d({ filters: 1, kernelSize: 3, dilationRate: 2, inputShape }), [4, 2]],
  ['conv1d', (inputShape) => conv1d({ filters: 2, kernelSize: 3, groups: 2, inputShape }), [4, 3]],
  ['lstm', (inputShape) => lstm({ units: 1, inputShape }), [4, 4, 1]],
  ['gru', (inputShape) => gru({ units: 1, inputShape }), [4]],
  ['simpleRNN', (inputShape) => simpleRNN({ units: 1, inputShape }), [4, 4, 1]],
  ['dense', (inputShape) => dense({ units: 1, inputShape }), []],
  ['embedding', (inputShape) => embedding({ inputDim: 1, outputDim: 1, maskZero: true, inputShape }), [4, 4]],
  ['masking', (inputShape) => masking({ inputShape }), [4]],
];

describe('a wrong option', () => {
  for (const [what, make] of wrongOptions) {
    it(`is refused: ${what}`, () => {
      const { code, received } = refusal(make);
      assert.equal(code, 'invalid-argument');
      assert.notEqual(received, undefined);
    });
  }

  it('is reported with the name of its layer', () => assert.equal(refusal(() => dense({ units: 0, name: 'head' })).where, 'head'));
});

describe('a wrong input shape', () => {
  for (const [type, make, shape] of wrongShapes) {
    it(`is refused: ${type} of [${shape.join(', ')}]`, () => {
      const error = refusal(() => sequential([make(shape)] as Layer[]));
      assert.equal(error.code, 'invalid-shape');
      assert.equal(error.where, `${type}_1`);
      assert.equal(error.received, `[${shape.join(', ')}]`);
      assert.ok(error.expected);
    });
  }

  it('is found anywhere in a model', () => {
    const error = refusal(() => sequential([dense({ units: 2, inputShape: [3] }), dense({ units: 2 }), simpleRNN({ units: 2, name: 'memory' })]));
    assert.equal(error.code, 'invalid-shape');
    assert.equal(error.where, 'memory');
  });
});

describe('a wrong model', () => {
  const cases: readonly [string, ErrorCode, () => unknown][] = [
    ['of no layers', 'invalid-argument', () => sequential([])],
    ['without an input shape', 'invalid-argument', () => sequential([dense({ units: 1 })] as Layer[])],
    ['with a name twice', 'invalid-argument', () => sequential([dense({ units: 1, name: 'a', inputShape: [1] }), dense({ units: 1, name: 'a' })])],
    ['with a name that is another default', 'invalid-argument', () => sequential([dense({ units: 1, name: 'dense_2', inputShape: [1] }), dense({ units: 1 })])],
    ...[-1, 1.5, NaN, 2 ** 53, untyped<number>('1')].map((seed): [string, ErrorCode, () => unknown] => [
      `with seed ${seed}`, 'invalid-argument', () => sequential([dense({ units: 1, inputShape: [1] })], { seed }),
    ]),
    ['with a layer of another model', 'invalid-state', () => {
      const shared = dense({ units: 1, inputShape: [1] });
      return [sequential([shared]), sequential([shared])];
    }],
    ['whose layer is asked for weights before it has any', 'invalid-state', () => dense({ units: 1 }).getWeights()],
    ['whose layer is asked for its output before it is built', 'invalid-state', () => dense({ units: 1 }).output],
  ];
  for (const [what, code, make] of cases) it(`is refused: ${what}`, () => assert.equal(refusal(make).code, code));
});

describe('a wrong optimizer', () => {
  const cases: readonly [string, () => unknown][] = [
    ...[-1, NaN, Infinity, 1e39].flatMap((bad): [string, () => unknown][] => [
      [`sgd learningRate ${bad}`, () => sgd({ learningRate: bad })],
      [`adam learningRate ${bad}`, () => adam({ learningRate: bad })],
      [`a schedule that gives ${bad}`, () => adam({ learningRate: () => bad })],
      [`sgd momentum ${bad}`, () => sgd({ momentum: bad })],
      [`adam beta1 ${bad}`, () => adam({ beta1: bad })],
      [`adam beta2 ${bad}`, () => adam({ beta2: bad })],
      [`adam epsilon ${bad}`, () => adam({ epsilon: bad })],
      [`sgd globalClipnorm ${bad}`, () => sgd({ globalClipnorm: bad })],
      [`adam globalClipnorm ${bad}`, () => adam({ globalClipnorm: bad })],
    ]),
    ['sgd momentum 1', () => sgd({ momentum: 1 })],
    ['adam beta1 1', () => adam({ beta1: 1 })],
    ['adam epsilon 0', () => adam({ epsilon: 0 })],
    ['adam globalClipnorm 0', () => adam({ globalClipnorm: 0 })],
    ['cosineDecay of no steps', () => schedules.cosineDecay({ learningRate: 1, totalSteps: 0 })],
  ];
  for (const [what, make] of cases) it(`is refused: ${what}`, () => assert.equal(refusal(make).code, 'invalid-argument'));
});

describe('compile', () => {
  const optimizer = sgd();
  const cases: readonly [string, ErrorCode, Layer[], LossName][] = [
    ['an unknown loss', 'invalid-argument', [dense({ units: 2, inputShape: [1] })], untyped('hinge')],
    ['a loss that is a property of objects', 'invalid-argument', [dense({ units: 2, inputShape: [1] })], untyped('constructor')],
    ['a cross-entropy of one class', 'invalid-shape', [dense({ units: 1, inputShape: [1] })], 'sparseCategoricalCrossentropy'],
  ];
  for (const [what, code, stack, loss] of cases) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(sequential(stack).compile({ optimizer, loss, threads: 1 }), refused(code));
    });
  }

  for (const wrong of [{ metrics: [untyped<'accuracy'>('f2')] }, { metrics: ['accuracy'] as const }, { threads: 0 }, { build: untyped<'strict'>('fast') }]) {
    it(`refuses ${JSON.stringify(wrong)} for a mean squared error`, async () => {
      const model = sequential([dense({ units: 1, inputShape: [1] })]);
      await assert.rejects(model.compile({ optimizer, loss: 'mse', threads: 1, ...wrong }), refused('invalid-argument'));
    });
  }
});
