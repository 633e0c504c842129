/** What a layer makes of its input shape: output, weights, operation counts; and the description in summaries. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layers, sequential } from '../../src/entry.node.js';
import type { Layer } from '../../src/entry.node.js';

const {
  activation, batchNormalization, bidirectional, conv1d, conv2d, dense, depthwiseConv2d, dropout, elu, embedding, flatten, gelu, gru, layerNormalization, leakyRelu, lstm, masking, maxPooling2d, randomErasing, randomFlip, randomRotation, randomTranslation, relu, rescaling, separableConv2d, sigmoid, silu, simpleRNN, softmax,
  softplus, tanh, reshape, timeDistributed, zeroPadding2d, averagePooling1d, averagePooling2d, globalAveragePooling1d, globalAveragePooling2d, globalMaxPooling1d, globalMaxPooling2d, maxPooling1d,
} = layers;

interface Expected {
  output: readonly number[];
  weights?: Readonly<Record<string, readonly number[]>>;
  /** Multiplications, and additions unless they are given. */
  operations?: number;
  additions?: number;
  describe: string;
}

const cases: readonly [Layer, Expected][] = [
  [
    conv2d({ filters: 64, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
    { output: [26, 26, 64], weights: { kernel: [3, 3, 1, 64], bias: [64] }, operations: 26 * 26 * 64 * 9, describe: '64 filters 3×3, valid, relu' },
  ],
  [
    conv2d({ filters: 64, kernelSize: 3, inputShape: [13, 13, 64] }),
    { output: [11, 11, 64], weights: { kernel: [3, 3, 64, 64], bias: [64] }, operations: 4_460_544, describe: '64 filters 3×3, valid' },
  ],
  [
    conv2d({ filters: 5, kernelSize: [2, 3], strides: [2, 1], padding: 'same', useBias: false, inputShape: [7, 6, 2] }),
    { output: [4, 6, 5], weights: { kernel: [2, 3, 2, 5] }, operations: 4 * 6 * 5 * 12, additions: 4 * 6 * 5 * 11, describe: '5 filters 2×3, same, strides 2×1' },
  ],
  [
    conv2d({ filters: 2, kernelSize: 3, strides: 3, inputShape: [7, 8, 1] }),
    { output: [2, 2, 2], weights: { kernel: [3, 3, 1, 2], bias: [2] }, operations: 72, describe: '2 filters 3×3, valid, strides 3×3' },
  ],
  [
    conv2d({ filters: 4, kernelSize: [2, 3], dilationRate: [1, 2], inputShape: [7, 8, 1] }),
    { output: [6, 4, 4], weights: { kernel: [2, 3, 1, 4], bias: [4] }, operations: 576, describe: '4 filters 2×3, valid, dilation 1×2' },
  ],
  [
    conv2d({ filters: 6, kernelSize: 3, padding: 'same', groups: 2, useBias: false, inputShape: [5, 4, 8] }),
    { output: [5, 4, 6], weights: { kernel: [3, 3, 4, 6] }, operations: 4320, additions: 4200, describe: '6 filters 3×3, same, 2 groups' },
  ],
  [
    conv1d({ filters: 8, kernelSize: 5, strides: 2, activation: 'relu', inputShape: [20, 3] }),
    { output: [8, 8], weights: { kernel: [5, 3, 8], bias: [8] }, operations: 8 * 8 * 15, describe: '8 filters 5, valid, strides 2, relu' },
  ],
  [
    conv1d({ filters: 4, kernelSize: 3, padding: 'causal', dilationRate: 2, groups: 2, useBias: false, inputShape: [7, 6] }),
    { output: [7, 4], weights: { kernel: [3, 3, 4] }, operations: 7 * 4 * 9, additions: 7 * 4 * 8, describe: '4 filters 3, causal, dilation 2, 2 groups' },
  ],
  [
    depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides: 2, activation: 'relu', inputShape: [9, 7, 5] }),
    {
      output: [4, 3, 10], weights: { depthwiseKernel: [3, 3, 5, 2], bias: [10] }, operations: 4 * 3 * 10 * 9,
      describe: '3×3, valid, multiplier 2, strides 2×2, relu',
    },
  ],
  [
    depthwiseConv2d({ kernelSize: [2, 3], padding: 'same', dilationRate: 2, useBias: false, inputShape: [4, 5, 3] }),
    { output: [4, 5, 3], weights: { depthwiseKernel: [2, 3, 3, 1] }, operations: 360, additions: 300, describe: '2×3, same, dilation 2×2' },
  ],
  [
    separableConv2d({ filters: 4, kernelSize: 3, depthMultiplier: 2, inputShape: [6, 5, 3] }),
    {
      output: [4, 3, 4], weights: { depthwiseKernel: [3, 3, 3, 2], pointwiseKernel: [1, 1, 6, 4], bias: [4] },
      operations: 72 * 9 + 48 * 6, additions: 72 * 8 + 48 * 6, describe: '4 filters 3×3, valid, multiplier 2',
    },
  ],
  [
    separableConv2d({ filters: 1, kernelSize: 1, useBias: false, activation: 'tanh', inputShape: [2, 2, 3] }),
    {
      output: [2, 2, 1], weights: { depthwiseKernel: [1, 1, 3, 1], pointwiseKernel: [1, 1, 3, 1] }, operations: 12 + 12, additions: 0 + 8,
      describe: '1 filter 1×1, valid, tanh',
    },
  ],
  [maxPooling2d({ inputShape: [26, 26, 64] }), { output: [13, 13, 64], describe: '2×2, valid' }],
  [maxPooling2d({ poolSize: 2, inputShape: [5, 7, 3] }), { output: [2, 3, 3], describe: '2×2, valid' }],
  [maxPooling2d({ poolSize: 2, padding: 'same', inputShape: [5, 7, 3] }), { output: [3, 4, 3], describe: '2×2, same' }],
  [maxPooling2d({ poolSize: [3, 2], strides: [1, 2], inputShape: [5, 7, 3] }), { output: [3, 3, 3], describe: '3×2, valid' }],
  [averagePooling2d({ inputShape: [5, 7, 3] }), { output: [2, 3, 3], describe: '2×2, valid' }],
  [averagePooling2d({ poolSize: [3, 2], strides: 1, padding: 'same', inputShape: [5, 7, 3] }), { output: [5, 7, 3], describe: '3×2, same' }],
  ...[averagePooling1d, maxPooling1d].flatMap((make): [Layer, Expected][] => [
    [make({ inputShape: [7, 3] }), { output: [3, 3], describe: '2, valid' }], [make({ padding: 'same', inputShape: [7, 3] }), { output: [4, 3], describe: '2, same' }],
    [make({ poolSize: 3, strides: 1, inputShape: [7, 3] }), { output: [5, 3], describe: '3, valid' }],
  ]),
  ...[globalAveragePooling2d, globalMaxPooling2d].flatMap((make): [Layer, Expected][] => [
    [make({ inputShape: [5, 7, 3] }), { output: [3], describe: '' }], [make({ keepDims: true, inputShape: [5, 7, 3] }), { output: [1, 1, 3], describe: 'axes kept' }],
  ]),
  ...[globalAveragePooling1d, globalMaxPooling1d].flatMap((make): [Layer, Expected][] => [
    [make({ inputShape: [7, 3] }), { output: [3], describe: '' }], [make({ keepDims: true, inputShape: [7, 3] }), { output: [1, 3], describe: 'axes kept' }],
  ]),
  [randomFlip({ inputShape: [5, 7, 3] }), { output: [5, 7, 3], describe: 'horizontal and vertical' }],
  [randomFlip({ mode: 'horizontal', inputShape: [5, 7, 3] }), { output: [5, 7, 3], describe: 'horizontal' }],
  [randomErasing({ inputShape: [5, 7, 3] }), { output: [5, 7, 3], describe: '2 to 33 % of the area' }],
  [randomRotation({ factor: 0.1, inputShape: [5, 7, 3] }), { output: [5, 7, 3], describe: '±10 % of a turn' }],
  [randomTranslation({ heightFactor: 0.125, widthFactor: [0, 0.2], inputShape: [5, 7, 3] }), { output: [5, 7, 3], describe: '±12.5 % of the height, 0 to 20 % of the width' }],
  [flatten({ inputShape: [11, 11, 64] }), { output: [7744], describe: '' }],
  [embedding({ inputDim: 7, outputDim: 3, inputShape: [5] }), { output: [5, 3], weights: { embeddings: [7, 3] }, describe: '7 × 3' }],
  [embedding({ inputDim: 7, outputDim: 3, maskZero: true, inputShape: [5] }), { output: [5, 3], weights: { embeddings: [7, 3] }, describe: '7 × 3, 0 masked' }],
  [masking({ inputShape: [5, 2] }), { output: [5, 2], describe: 'value 0' }],
  [masking({ maskValue: -1, inputShape: [5, 2] }), { output: [5, 2], describe: 'value -1' }],
  [flatten({ inputShape: [3] }), { output: [3], describe: '' }],
  [reshape({ targetShape: [2, 6], inputShape: [3, 4] }), { output: [2, 6], describe: 'to 2×6' }],
  [reshape({ targetShape: [3, -1, 2], inputShape: [5, 6] }), { output: [3, 5, 2], describe: 'to 3×-1×2' }],
  [zeroPadding2d({ inputShape: [5, 7, 3] }), { output: [7, 9, 3], describe: '1×1' }],
  [zeroPadding2d({ padding: [2, 0], inputShape: [5, 7, 3] }), { output: [9, 7, 3], describe: '2×0' }],
  [zeroPadding2d({ padding: [[0, 1], [3, 2]], inputShape: [5, 7, 3] }), { output: [6, 12, 3], describe: '0+1×3+2' }],
  [dense({ units: 128, inputShape: [7744] }), { output: [128], weights: { kernel: [7744, 128], bias: [128] }, operations: 991_232, describe: '128 units' }],
  [dense({ units: 4, useBias: false, activation: 'tanh', inputShape: [9] }), { output: [4], weights: { kernel: [9, 4] }, operations: 36, additions: 32, describe: '4 units, tanh' }],
  [dense({ units: 2, inputShape: [499, 5] }), { output: [499, 2], weights: { kernel: [5, 2], bias: [2] }, operations: 4990, describe: '2 units' }],
  [
    simpleRNN({ units: 20, returnSequences: true, dropout: 0.2, inputShape: [499, 1] }),
    {
      output: [499, 20], weights: { kernel: [1, 20], recurrentKernel: [20, 20], bias: [20] }, operations: 499 * 20 * 21,
      describe: '20 units, tanh, sequences, input dropout 0.2',
    },
  ],
  [
    simpleRNN({ units: 3, useBias: false, activation: 'relu', inputShape: [4, 2] }),
    { output: [3], weights: { kernel: [2, 3], recurrentKernel: [3, 3] }, operations: 60, additions: 48, describe: '3 units, relu' },
  ],
  [
    simpleRNN({ units: 3, goBackwards: true, recurrentDropout: 0.5, inputShape: [4, 2] }),
    { output: [3], weights: { kernel: [2, 3], recurrentKernel: [3, 3], bias: [3] }, operations: 60, describe: '3 units, tanh, backwards, recurrent dropout 0.5' },
  ],
  [
    lstm({ units: 3, returnSequences: true, inputShape: [4, 2] }),
    { output: [4, 3], weights: { kernel: [2, 12], recurrentKernel: [3, 12], bias: [12] }, operations: 4 * 12 * 5, describe: '3 units, tanh, sequences' },
  ],
  [
    lstm({ units: 3, useBias: false, recurrentActivation: 'tanh', inputShape: [4, 2] }),
    { output: [3], weights: { kernel: [2, 12], recurrentKernel: [3, 12] }, operations: 240, additions: 192, describe: '3 units, tanh, gates tanh' },
  ],
  [
    gru({ units: 3, inputShape: [4, 2] }),
    { output: [3], weights: { kernel: [2, 9], recurrentKernel: [3, 9], bias: [2, 9] }, operations: 4 * 9 * 5, additions: 4 * 9 * 6, describe: '3 units, tanh' },
  ],
  [
    gru({ units: 3, resetAfter: false, returnSequences: true, inputShape: [4, 2] }),
    { output: [4, 3], weights: { kernel: [2, 9], recurrentKernel: [3, 9], bias: [9] }, operations: 180, describe: '3 units, tanh, reset before, sequences' },
  ],
  [
    bidirectional({ layer: gru({ units: 3 }), inputShape: [4, 2] }),
    {
      output: [6], operations: 2 * 180, additions: 2 * 216, describe: 'concat of gru: 3 units, tanh',
      weights: Object.fromEntries(['forward', 'backward'].flatMap((part) => [[`${part}/kernel`, [2, 9]], [`${part}/recurrentKernel`, [3, 9]], [`${part}/bias`, [2, 9]]])),
    },
  ],
  [
    timeDistributed({ layer: dense({ units: 3, activation: 'relu' }), inputShape: [4, 2] }),
    { output: [4, 3], weights: { 'layer/kernel': [2, 3], 'layer/bias': [3] }, operations: 4 * 6, describe: 'dense: 3 units, relu' },
  ],
  [
    batchNormalization({ inputShape: [4, 5], momentum: 0.9 }),
    { output: [4, 5], weights: { gamma: [5], beta: [5], movingMean: [5], movingVariance: [5] }, describe: 'momentum 0.9' },
  ],
  [batchNormalization({ inputShape: [3], center: false, scale: false }), { output: [3], weights: { movingMean: [3], movingVariance: [3] }, describe: 'no gamma, no beta' }],
  [dropout({ rate: 0.3, inputShape: [4, 5] }), { output: [4, 5], describe: 'rate 0.3' }],
  [activation({ activation: 'softmax', inputShape: [4, 5] }), { output: [4, 5], describe: 'softmax' }],
  ...[relu, sigmoid, silu, softmax, softplus, tanh].map((make): [Layer, Expected] => [make({ inputShape: [4, 5] }), { output: [4, 5], describe: '' }]),
  [leakyRelu({ inputShape: [3] }), { output: [3], describe: 'slope 0.3' }],
  [elu({ alpha: 0.5, inputShape: [3] }), { output: [3], describe: 'alpha 0.5' }],
  [gelu({ inputShape: [3] }), { output: [3], describe: '' }],
  [gelu({ approximate: true, inputShape: [3] }), { output: [3], describe: 'geluTanh' }],
  [rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }), { output: [28, 28, 1], describe: '× 0.003922' }],
  [layerNormalization({ inputShape: [4, 5] }), { output: [4, 5], weights: { gamma: [5], beta: [5] }, describe: '' }],
  [layerNormalization({ scale: false, inputShape: [4, 5] }), { output: [4, 5], weights: { beta: [5] }, describe: 'no gamma' }],
  [rescaling({ scale: 2, offset: -1, inputShape: [3] }), { output: [3], describe: '× 2 + -1' }],
];

describe('a layer', () => {
  for (const [layer, { output, weights = {}, operations = 0, additions = operations, describe }] of cases) {
    it(`${layer.type} of [${layer.inputShapeOption!.join(', ')}] gives [${output.join(', ')}]`, () => {
      sequential([layer] as Layer[]);
      assert.deepEqual(layer.output, output);
      assert.deepEqual(Object.fromEntries(layer.weights.map(({ name, shape }) => [name, shape])), weights);
      assert.deepEqual(layer.flops(), { multiplications: operations, additions });
      assert.equal(layer.describe(), describe);
    });
  }

  it('of every type with one input is among them', () => {
    const severalInputs = ['add', 'concatenate']; // see merge.test.ts
    assert.deepEqual([...new Set(cases.map(([layer]) => layer.type))].sort(), Object.keys(layers).filter((name) => !severalInputs.includes(name)).sort());
  });
});

describe('a summary', () => {
  const fashion = (): Layer[] => [
    conv2d({ filters: 64, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }), maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }), flatten(), dropout({ rate: 0.3 }), dense({ units: 128 }), dropout({ rate: 0.3 }),
    dense({ units: 10, activation: 'softmax' }),
  ];

  it('of the convolutional network has 1 030 218 parameters and 5 842 432 multiplications', () => {
    const summary = sequential(fashion()).summary();
    assert.equal(summary.parameters, 1_030_218);
    assert.equal(summary.forward.multiplications, 5_842_432);
    assert.deepEqual(summary.layers.map(({ parameters }) => parameters), [640, 0, 36_928, 0, 0, 991_360, 0, 1290]);
  });

  it('of the recurrent network has 836 parameters', () => {
    const rnn = (units: number, inputShape?: number[]): Layer => simpleRNN({ units, returnSequences: true, dropout: 0.2, ...(inputShape && { inputShape }) });
    const stack: Layer[] = [rnn(20, [499, 1]), rnn(10), rnn(5), dense({ units: 1 })];
    const model = sequential(stack);
    assert.equal(model.summary().parameters, 836);
    assert.equal(model.parameterCount, 836);
  });

  it('counts a pass back as twice the pass forward, but for the first layer with weights', () => {
    const summary = sequential([rescaling({ scale: 1, inputShape: [4] }), dense({ units: 3 }), dense({ units: 2 })]).summary();
    assert.deepEqual(summary.layers.map(({ backward }) => backward.multiplications), [0, 12, 12]);
    assert.deepEqual(summary.backward, { multiplications: 24, additions: 24 });
    assert.deepEqual(summary.forward, { multiplications: 18, additions: 18 });
  });

  it('prints as a table that names every layer and the totals', () => {
    const text = sequential(fashion(), { name: 'fashion' }).summary().toString();
    const parts = [/^fashion: input \[28, 28, 1\]/, /conv2d_1 \(64 filters/, /conv2d_2/, /dense_2 \(10 units, softmax\)/, /1,030,218 +5,842,432/];
    for (const part of parts) assert.match(text, part);
    assert.ok(text.split('\n').every((line) => line === line.trimEnd()));
  });
});
