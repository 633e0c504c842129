/** Small networks that between them use every layer with every option, and both losses. */
import { losses } from '../../src/entry.node.js';
import type { Loss, LossName } from '../../src/entry.node.js';
import { addConvolutionCases } from './convolution-cases.js';
import { addRecurrentCases } from './recurrent-cases.js';
import { type Twin, twins } from './twins.js';

const {
  activation, batchNormalization, conv2d, dense, dropout, elu, embedding, flatten, gelu, layerNormalization, leakyRelu, masking, maxPooling2d, randomErasing, randomFlip, randomRotation, randomTranslation, relu, rescaling, sigmoid, silu, simpleRNN, softmax,
  softplus, tanh, reshape, zeroPadding2d, averagePooling1d, averagePooling2d, globalAveragePooling1d, globalAveragePooling2d, globalMaxPooling1d, globalMaxPooling2d, maxPooling1d,
} = twins;

export interface Case {
  name: string;
  layers: () => readonly Twin[];
  loss: LossName | Loss;
  probabilities?: boolean;
  batch: number;
}

const crossEntropy: LossName = 'sparseCategoricalCrossentropy';
const image = { inputShape: [7, 6, 2] };
export const cases: Case[] = [];
const add = (name: string, batch: number, loss: LossName | Loss, layers: () => readonly Twin[], more: { probabilities?: boolean } = {}): void =>
  void cases.push({ name, batch, loss, layers, ...more });

// Convolution. Two in a row, so that the second one's gradient reaches the first one's weights through its input.
const activationNames = ['linear', 'relu', 'leakyRelu', 'elu', 'gelu', 'geluTanh', 'silu', 'softplus', 'tanh', 'sigmoid', 'hardSigmoid', 'hardSigmoidTfjs', 'softmax'] as const;
for (const name of activationNames) {
  add(`conv2d, ${name}`, 3, crossEntropy, () => [
    conv2d({ filters: 3, kernelSize: 3, activation: name, ...image }), conv2d({ filters: 2, kernelSize: [2, 3], activation: name }), flatten(), dense({ units: 3 }),
  ]);
}
for (const [center, scale] of [[true, true], [true, false], [false, true], [false, false]] as const) {
  add(`batchNormalization of images${center ? '' : ', no beta'}${scale ? '' : ', no gamma'}`, 3, crossEntropy, () => [
    conv2d({ filters: 5, kernelSize: 3, ...image }), batchNormalization({ center, scale, momentum: 0.6 }), relu({}), flatten(), dense({ units: 3 }),
  ]);
}
add('batchNormalization of rows, after and before others', 6, 'mse', () => [
  batchNormalization({ inputShape: [4], epsilon: 0.01 }), dense({ units: 3, activation: 'tanh' }), batchNormalization({}), dense({ units: 2 }),
]);
add('batchNormalization of sequences', 5, 'mse', () => [
  simpleRNN({ units: 3, returnSequences: true, inputShape: [4, 2] }), batchNormalization({ momentum: 0.5 }), dense({ units: 1 }),
]);
for (const padding of ['valid', 'same'] as const) {
  for (const strides of [1, 2, [1, 2], [3, 1]] as const) {
    for (const useBias of [true, false]) {
      add(`conv2d, ${padding}, strides ${strides.toString()}${useBias ? '' : ', no bias'}`, 2, 'mse', () => [
        conv2d({ filters: 9, kernelSize: [3, 2], padding, useBias, activation: 'tanh', ...image }),
        conv2d({ filters: 2, kernelSize: 3, padding, strides, useBias }),
      ]);
    }
  }
}
add('conv2d, more images than blocks', 19, 'mse', () => [
  conv2d({ filters: 2, kernelSize: 2, inputShape: [3, 3, 1], activation: 'relu' }), conv2d({ filters: 1, kernelSize: 2 }),
]);
add('conv2d, kernel larger than the image', 2, 'mse', () => [
  conv2d({ filters: 3, kernelSize: 5, padding: 'same', inputShape: [3, 2, 1] }), conv2d({ filters: 2, kernelSize: [4, 5], padding: 'same' }),
]);

addConvolutionCases(add);

// By Winograd's method: first and behind a layer that wants a gradient, less than a tile and several, more images than blocks
for (const [padding, name] of [['valid', 'relu'], ['same', 'relu'], ['valid', 'linear'], ['same', 'linear'], ['valid', 'gelu'], ['same', 'tanh']] as const) {
  add(`conv2d by Winograd, ${padding}, ${name}`, 3, 'mse', () => [
    conv2d({ filters: 24, kernelSize: 3, padding, activation: name, inputShape: [5, 7, 16] }),
    conv2d({ filters: 16, kernelSize: 3, padding, activation: name, useBias: name === 'relu' }), conv2d({ filters: 2, kernelSize: 1 }),
  ]);
}
add('conv2d by Winograd, pooled', 2, crossEntropy, () => [
  conv2d({ filters: 16, kernelSize: 3, activation: 'relu', inputShape: [15, 15, 1] }), conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }),
  maxPooling2d({}), flatten(), dense({ units: 3 }),
]);
add('conv2d by Winograd, more images than blocks', 19, 'mse', () => [
  dense({ units: 16, inputShape: [4, 6, 2] }), conv2d({ filters: 16, kernelSize: 3, activation: 'sigmoid' }), dense({ units: 1 }),
]);
add('conv2d by Winograd, an image of several chunks', 1, 'mse', () => [
  conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [25, 33, 16] }), maxPooling2d({ poolSize: 5 }), dense({ units: 1 }),
]);

// Another shape, and zeros around it
add('reshape to sequences', 3, 'mse', () => [
  conv2d({ filters: 4, kernelSize: 2, ...image }), reshape({ targetShape: [-1, 4] }), simpleRNN({ units: 3, returnSequences: true }), reshape({ targetShape: [5, 6, 3] }),
  conv2d({ filters: 1, kernelSize: 2 }),
]);
add('reshape first and last', 5, crossEntropy, () => [reshape({ targetShape: [6], inputShape: [2, 3] }), dense({ units: 6 }), reshape({ targetShape: [2, -1] })]);
for (const padding of [1, [2, 0], [[0, 1], [3, 2]]] as const) {
  add(`zeroPadding2d ${JSON.stringify(padding)}`, 3, 'mse', () => [
    conv2d({ filters: 3, kernelSize: 2, activation: 'tanh', ...image }), zeroPadding2d({ padding }), conv2d({ filters: 2, kernelSize: 3 }), flatten(), dense({ units: 2 }),
  ]);
}
add('zeroPadding2d first and last', 2, 'mse', () => [zeroPadding2d({ ...image }), conv2d({ filters: 2, kernelSize: 2 }), zeroPadding2d({ padding: [[1, 0], [0, 2]] })]);

// Pooling
for (const options of [
  {}, { poolSize: 3 }, { poolSize: [3, 2], strides: [1, 2] }, { poolSize: 3, strides: 2, padding: 'same' }, { poolSize: 2, padding: 'same' },
] as const) {
  add(`maxPooling2d ${JSON.stringify(options)}`, 3, 'mse', () => [
    conv2d({ filters: 3, kernelSize: 2, activation: 'relu', ...image }), maxPooling2d(options), flatten(), dense({ units: 2 }),
  ]);
  add(`averagePooling2d ${JSON.stringify(options)}`, 3, 'mse', () => [
    conv2d({ filters: 5, kernelSize: 2, activation: 'tanh', ...image }), averagePooling2d(options), flatten(), dense({ units: 2 }),
  ]);
}
add('averagePooling2d first', 2, 'mse', () => [averagePooling2d({ padding: 'same', ...image }), conv2d({ filters: 2, kernelSize: 2 }), averagePooling2d({ poolSize: [2, 1] })]);
for (const keepDims of [false, true]) {
  for (const [name, pooling] of Object.entries({ globalAveragePooling2d, globalMaxPooling2d })) {
    add(`${name}${keepDims ? ', axes kept' : ''}`, 3, crossEntropy, () => [conv2d({ filters: 5, kernelSize: 2, ...image }), pooling({ keepDims }), dense({ units: 3 })]);
  }
  for (const [name, pooling] of Object.entries({ globalAveragePooling1d, globalMaxPooling1d })) {
    add(`${name}${keepDims ? ', axes kept' : ''}`, 5, 'mse', () => [
      simpleRNN({ units: 4, returnSequences: true, inputShape: [6, 2] }), pooling({ keepDims }), keepDims ? simpleRNN({ units: 3 }) : dense({ units: 3 }),
    ]);
  }
}
add('global poolings first', 3, 'mse', () => [globalAveragePooling2d({ keepDims: true, ...image }), globalMaxPooling2d({}), dense({ units: 2 })]);
for (const options of [{}, { poolSize: 3, strides: 1 }, { poolSize: 3, strides: 2, padding: 'same' }, { padding: 'same' }] as const) {
  for (const [name, pooling] of Object.entries({ maxPooling1d, averagePooling1d })) {
    add(`${name} ${JSON.stringify(options)}`, 5, 'mse', () => [
      dense({ units: 3, inputShape: [7, 2] }), pooling(options), simpleRNN({ units: 3, returnSequences: true }), pooling({}), dense({ units: 2 }),
    ]);
  }
}
add('maxPooling2d first', 2, 'mse', () => [
  maxPooling2d({ ...image }), conv2d({ filters: 2, kernelSize: 2 }), maxPooling2d({ poolSize: [2, 1] }), flatten(), dense({ units: 1 }),
]);
// Convolution and pooling as one: first and behind a layer that wants a gradient, odd outputs, more windows than a band, more images than blocks
for (const activation of ['relu', 'linear'] as const) {
  for (const [filters, kernelSize, strides, padding] of [[9, 3, 1, 'same'], [4, [2, 3], 1, 'valid'], [3, 3, [1, 2], 'same']] as const) {
    add(`conv2d and maxPooling2d as one, ${activation}, ${filters} filters, ${padding}`, 3, 'mse', () => [
      conv2d({ filters, kernelSize, strides, padding, activation, ...image }), maxPooling2d({}), flatten(), dense({ units: 2 }),
    ]);
    add(`conv2d and maxPooling2d as one behind another, ${activation}, ${filters} filters, ${padding}`, 2, 'mse', () => [
      conv2d({ filters: 5, kernelSize: 2, padding: 'same', activation: 'tanh', ...image }),
      conv2d({ filters, kernelSize, strides, padding, activation, useBias: false }), maxPooling2d({}), flatten(), dense({ units: 2 }),
    ]);
  }
}
add('conv2d and maxPooling2d as one, many images and windows', 19, crossEntropy, () => [
  conv2d({ filters: 3, kernelSize: 3, activation: 'relu', inputShape: [12, 14, 1] }), maxPooling2d({}),
  conv2d({ filters: 2, kernelSize: 2, activation: 'relu' }), maxPooling2d({}), flatten(), dense({ units: 3 }),
]);

// Dense
for (const name of activationNames) {
  for (const useBias of [true, false]) {
    add(`dense, ${name}${useBias ? '' : ', no bias'}`, 5, 'mse', () => [
      dense({ units: 9, activation: name, useBias, inputShape: [7] }), dense({ units: 6, activation: name, useBias }), dense({ units: 2, useBias }),
    ]);
    add(`dense over sequences in rows, ${name}${useBias ? '' : ', no bias'}`, 3, 'meanSquaredError', () => [
      dense({ units: 5, activation: name, useBias, inputShape: [4, 3] }), dense({ units: 2, useBias }),
    ]);
    add(`dense over sequences in lanes, ${name}${useBias ? '' : ', no bias'}`, 9, 'mse', () => [
      simpleRNN({ units: 3, returnSequences: true, inputShape: [4, 2] }), dense({ units: 7, activation: name, useBias }),
      dense({ units: 2, activation: name, useBias }),
    ]);
  }
}
add('dense, more rows than a block', 50, crossEntropy, () => [dense({ units: 20, activation: 'relu', inputShape: [30] }), dense({ units: 4 })]);
add('dense over images', 2, 'mse', () => [dense({ units: 3, ...image }), conv2d({ filters: 1, kernelSize: 3 })]);

// Recurrent
for (const name of ['linear', 'relu', 'tanh', 'sigmoid', 'hardSigmoid', 'hardSigmoidTfjs'] as const) {
  for (const returnSequences of [true, false]) {
    add(`simpleRNN, ${name}${returnSequences ? ', sequences' : ''}`, 5, 'mse', () => [
      dense({ units: 3, inputShape: [5, 2] }), simpleRNN({ units: 4, activation: name, returnSequences }), dense({ units: 2 }),
    ]);
  }
}
for (const batch of [1, 7, 8, 9, 20]) {
  add(`simpleRNN, three in a row, batch ${batch}`, batch, 'mse', () => [
    simpleRNN({ units: 6, returnSequences: true, inputShape: [5, 1] }), simpleRNN({ units: 5, returnSequences: true }),
    simpleRNN({ units: 3, returnSequences: true }), dense({ units: 1 }),
  ]);
}
add('simpleRNN, no bias, one step, last output', 4, crossEntropy, () => [
  simpleRNN({ units: 4, useBias: false, inputShape: [1, 3], returnSequences: true }), simpleRNN({ units: 5, useBias: false }), dense({ units: 3 }),
]);
add('simpleRNN, longer than a block of steps', 2, 'mse', () => [simpleRNN({ units: 3, inputShape: [300, 1], returnSequences: true }), dense({ units: 1 })]);
add('simpleRNN, flattened', 3, crossEntropy, () => [simpleRNN({ units: 3, inputShape: [4, 2], returnSequences: true }), flatten(), dense({ units: 3 })]);

addRecurrentCases(add);

// Embedding and masking
add('embedding of sequences', 5, 'mse', () => [embedding({ inputDim: 7, outputDim: 3, inputShape: [6] }), simpleRNN({ units: 4 }), dense({ units: 2 })]);
add('embedding, more columns than a strip', 20, crossEntropy, () => [embedding({ inputDim: 11, outputDim: 37, inputShape: [3] }), flatten(), dense({ units: 3 })]);
add('masking', 5, 'mse', () => [masking({ maskValue: 0.5, inputShape: [6, 3] }), dense({ units: 4, activation: 'tanh' }), flatten(), dense({ units: 2 })]);
add('masking of what has a gradient', 5, 'mse', () => [dense({ units: 2, activation: 'relu', inputShape: [6, 3] }), masking({}), flatten(), dense({ units: 2 })]);

// Dropout, with the masks that the library draws
// products that leave zeros out
add('dense behind ReLU', 7, 'mse', () => [
  dense({ units: 12, activation: 'relu', inputShape: [6] }), dense({ units: 32, activation: 'relu' }), dropout({ rate: 0.3 }), dense({ units: 64, useBias: false }), dense({ units: 2 }),
]);
add('dense behind a convolution with ReLU', 5, crossEntropy, () => [
  conv2d({ filters: 6, kernelSize: 3, activation: 'relu', ...image }), flatten(), dropout({ rate: 0.5 }), dense({ units: 32 }), relu({}), dense({ units: 3 }),
]);
for (const rate of [0, 0.3, 0.8]) {
  add(`dropout ${rate}`, 6, 'mse', () => [
    dropout({ rate, inputShape: [20] }), dense({ units: 11, activation: 'tanh' }), dropout({ rate }), dense({ units: 3 }), dropout({ rate }),
  ]);
  add(`dropout ${rate} in lanes`, 11, 'mse', () => [
    simpleRNN({ units: 5, returnSequences: true, inputShape: [3, 2] }), dropout({ rate }), dense({ units: 3 }), dropout({ rate }), dense({ units: 1 }),
  ]);
  add(`simpleRNN, dropout ${rate}`, 10, 'mse', () => [
    dense({ units: 4, inputShape: [4, 2] }), simpleRNN({ units: 5, dropout: rate, returnSequences: true }),
    simpleRNN({ units: 3, dropout: rate }), dense({ units: 1 }),
  ]);
}

// Layers without weights
for (const name of activationNames) {
  add(`activation ${name}`, 4, crossEntropy, () => [
    activation({ activation: name, inputShape: [6] }), dense({ units: 5 }), activation({ activation: name }), dense({ units: 3 }), activation({ activation: name }),
  ]);
  add(`activation ${name} in lanes`, 9, 'mse', () => [
    simpleRNN({ units: 4, returnSequences: true, inputShape: [3, 2] }), activation({ activation: name }), dense({ units: 2 }), activation({ activation: name }),
  ]);
}
add('every activation as a layer', 4, 'mse', () => [
  dense({ units: 5, inputShape: [3] }), elu({ alpha: 0.7 }), gelu({}), dense({ units: 5 }), gelu({ approximate: true }), leakyRelu({}), dense({ units: 5 }),
  relu({}), sigmoid({}), silu({}), dense({ units: 5 }), softmax({}), dense({ units: 5 }), softplus({}), tanh({}), leakyRelu({ negativeSlope: 0.1 }), elu({}),
]);
add('activations that need their input, first and in a row', 9, 'mse', () => [
  silu({ inputShape: [3, 4] }), simpleRNN({ units: 5, returnSequences: true }), gelu({}), silu({}), dense({ units: 2, activation: 'gelu' }), gelu({}),
]);
add('activation after an activated layer', 4, 'mse', () => [
  dense({ units: 5, activation: 'sigmoid', inputShape: [3] }), activation({ activation: 'tanh' }), activation({ activation: 'relu' }),
  dense({ units: 2, activation: 'tanh' }),
]);
add('rescaling first and in the middle', 4, 'mse', () => [
  rescaling({ scale: 1 / 3, offset: -0.5, inputShape: [5] }), dense({ units: 4, activation: 'tanh' }), rescaling({ scale: -2, offset: 0.25 }),
  dense({ units: 2 }), rescaling({ scale: 3 }),
]);
add('rescaling in lanes', 9, 'mse', () => [
  simpleRNN({ units: 4, returnSequences: true, inputShape: [3, 2] }), rescaling({ scale: -2, offset: 0.5 }), dense({ units: 2 }),
]);
for (const mode of ['horizontal', 'vertical', 'horizontalAndVertical'] as const) {
  add(`randomFlip ${mode}, first and in the middle`, 7, 'mse', () => [
    randomFlip({ mode, ...image }), conv2d({ filters: 2, kernelSize: 2, activation: 'tanh' }), randomFlip({ mode }), conv2d({ filters: 1, kernelSize: 3 }),
    flatten(), dense({ units: 2 }),
  ]);
}
for (const fillMode of ['constant', 'nearest', 'reflect', 'wrap'] as const) {
  add(`randomTranslation and randomRotation, ${fillMode}, first and in the middle`, 5, 'mse', () => [
    randomTranslation({ heightFactor: 0.3, widthFactor: [0.1, 0.4], fillMode, ...image }), conv2d({ filters: 2, kernelSize: 2, activation: 'tanh' }),
    randomRotation({ factor: 0.2, fillMode, fillValue: 0.5 }), randomTranslation({ heightFactor: [-1, 1], widthFactor: 0, fillMode }), flatten(), dense({ units: 2 }),
  ]);
}
add('randomErasing, first and in the middle', 7, 'mse', () => [
  randomErasing({ factor: 0.6, scale: [0.1, 0.5], fillValue: -1, ...image }), conv2d({ filters: 2, kernelSize: 2, activation: 'tanh' }), randomErasing({}), flatten(), dense({ units: 2 }),
]);
for (const center of [true, false]) {
  for (const scale of [true, false]) {
    add(`layerNormalization${scale ? ', gamma' : ''}${center ? ', beta' : ''}`, 5, 'mse', () => [
      layerNormalization({ center, scale, inputShape: [7] }), dense({ units: 9 }), layerNormalization({ center, scale, epsilon: 0.1 }), dense({ units: 2 }),
    ]);
  }
}
add('layerNormalization of images and of sequences', 5, 'mse', () => [
  conv2d({ filters: 5, kernelSize: 2, ...image }), layerNormalization({}), conv2d({ filters: 4, kernelSize: 2, activation: 'tanh' }), layerNormalization({}),
]);
add('layerNormalization in lanes', 9, 'mse', () => [
  simpleRNN({ units: 6, returnSequences: true, inputShape: [3, 2] }), layerNormalization({}), simpleRNN({ units: 3 }),
]);
add('flatten first', 3, 'mse', () => [flatten({ ...image }), dense({ units: 3 })]);

// Losses
for (const loss of ['mse', 'meanSquaredError'] as const) {
  add(`${loss} of one output`, 7, loss, () => [dense({ units: 1, inputShape: [3] })]);
  add(`${loss} of an image`, 2, loss, () => [conv2d({ filters: 2, kernelSize: 2, ...image })]);
}
for (const last of ['linear', 'softmax'] as const) {
  add(`cross-entropy of two classes, ${last}`, 7, crossEntropy, () => [dense({ units: 2, activation: last, inputShape: [3] })]);
  add(`cross-entropy of ten classes, ${last}`, 40, crossEntropy, () => [
    dense({ units: 8, activation: 'tanh', inputShape: [3] }), dense({ units: 10, activation: last }),
  ]);
}

const { binaryCrossentropy, categoricalCrossentropy, huber, sparseCategoricalCrossentropy } = losses;
for (const last of ['linear', 'softmax', 'sigmoid'] as const) {
  for (const [loss, says] of [
    ['sparseCategoricalCrossentropy', 'class numbers'], ['categoricalCrossentropy', 'distributions'], ['binaryCrossentropy', 'yes or no'],
    [categoricalCrossentropy({ labelSmoothing: 0.1 }), 'smoothed distributions'], [sparseCategoricalCrossentropy({ labelSmoothing: 0.1 }), 'smoothed class numbers'], [binaryCrossentropy({ labelSmoothing: 0.2 }), 'smoothed yes or no'],
  ] as const) {
    add(`cross-entropy, ${says}, ${last}`, 7, loss, () => [dense({ units: 5, activation: 'tanh', inputShape: [3] }), dense({ units: 4, activation: last })]);
    add(`cross-entropy of sequences, ${says}, ${last}`, 5, loss, () => [
      simpleRNN({ units: 3, returnSequences: true, inputShape: [4, 2] }), dense({ units: 3, activation: last }),
    ]);
  }
  // flattened, the rows of a softmax are no rows any more; a sigmoid is one of each value
  for (const loss of ['sparseCategoricalCrossentropy', 'categoricalCrossentropy', 'binaryCrossentropy'] as const) {
    add(`${loss} of what was flattened after ${last}`, 5, loss, () => [dense({ units: 3, activation: last, inputShape: [2, 2] }), flatten()], {
      probabilities: last !== 'linear',
    });
  }
}
add('cross-entropy of probabilities that nothing shows', 4, categoricalCrossentropy({ fromLogits: false }), () => [
  dense({ units: 3, activation: 'sigmoid', inputShape: [3] }), rescaling({ scale: 0.5, offset: 0.25 }),
], { probabilities: true });
add('cross-entropy of a softmax taken for logits', 4, categoricalCrossentropy({ fromLogits: true }), () => [
  dense({ units: 3, activation: 'softmax', inputShape: [3] }),
], { probabilities: false });
for (const loss of ['mae', 'huber', huber({ delta: 0.3 })] as const) {
  const says = typeof loss === 'string' ? loss : JSON.stringify(loss.config);
  add(`${says} of rows`, 7, loss, () => [dense({ units: 3, inputShape: [3] })]);
  add(`${says} of sequences`, 9, loss, () => [simpleRNN({ units: 3, returnSequences: true, inputShape: [4, 2] }), dense({ units: 2 })]);
}
