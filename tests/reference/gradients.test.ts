/** Every backward function against central differences of its forward function. */
import { describe, it } from 'node:test';
import {
  averagePoolBackward,
  type AveragePoolOptions,
  averagePoolForward,
  type Activation,
  biasAddBackward,
  biasAddForward,
  conv2dBackwardFilter,
  conv2dBackwardInput,
  type Conv2dSizes,
  conv2dForward,
  convGeometry,
  dot,
  dropoutBackward,
  dropoutForward,
  gradientCheck,
  maxPoolBackward,
  type MaxPoolOptions,
  maxPoolForward,
  meanSquaredError,
  randomArray,
  reluBackward,
  reluForward,
  sigmoidBackward,
  sigmoidForward,
  simpleRnnBackward,
  simpleRnnForward,
  softmaxBackward,
  softmaxCrossEntropy,
  softmaxForward,
  tanhBackward,
  tanhForward,
} from './index.js';

/** Double precision allows far less than gradcheck's defaults: about 1e-16 / ε of the values summed. */
const TIGHT = { rtol: 1e-6, atol: 1e-7 };

describe('conv2d gradients', () => {
  const cases: Conv2dSizes[] = [
    { batch: 1, height: 3, width: 3, inChannels: 1, filters: 1, kernelSize: [3, 3] },
    { batch: 2, height: 5, width: 4, inChannels: 2, filters: 3, kernelSize: [3, 2] },
    { batch: 2, height: 5, width: 6, inChannels: 2, filters: 3, kernelSize: [3, 3], padding: 'same' },
    { batch: 2, height: 6, width: 5, inChannels: 1, filters: 2, kernelSize: [2, 3], strides: [2, 3], padding: 'same' },
    { batch: 1, height: 7, width: 8, inChannels: 3, filters: 2, kernelSize: [2, 2], strides: [3, 2] },
    { batch: 1, height: 4, width: 4, inChannels: 2, filters: 2, kernelSize: [1, 1], strides: [2, 2] },
    { batch: 2, height: 6, width: 5, inChannels: 2, filters: 2, kernelSize: [3, 2], dilations: [2, 3] },
    { batch: 1, height: 5, width: 4, inChannels: 6, filters: 4, kernelSize: [2, 3], groups: 2, padding: 'same', dilations: [2, 1] },
    {
      batch: 2, height: 3, width: 4, inChannels: 2, filters: 2,
      kernelSize: [3, 2], strides: [2, 1], padding: { top: 2, bottom: 0, left: 1, right: 3 },
    },
  ];
  for (const sizes of cases) {
    it(JSON.stringify(sizes), () => {
      const { batch, height, width, inChannels, filters, groups = 1, kernelSize } = sizes;
      const { outputHeight, outputWidth } = convGeometry(sizes);
      const x = randomArray(batch * height * width * inChannels, 1);
      const kernel = randomArray((kernelSize[0] * kernelSize[1] * inChannels * filters) / groups, 2);
      const dy = randomArray(batch * outputHeight * outputWidth * filters, 3);
      gradientCheck({
        ...TIGHT,
        f: (moved) => dot(dy, conv2dForward({ ...sizes, x: moved, kernel })),
        x,
        gradient: conv2dBackwardInput({ ...sizes, dy, kernel }),
        message: 'dx',
      });
      gradientCheck({
        ...TIGHT,
        f: (moved) => dot(dy, conv2dForward({ ...sizes, x, kernel: moved })),
        x: kernel,
        gradient: conv2dBackwardFilter({ ...sizes, x, dy }),
        message: 'dKernel',
      });
    });
  }
});

describe('max pooling gradients', () => {
  const cases: Omit<MaxPoolOptions, 'x'>[] = [
    { batch: 2, height: 4, width: 6, channels: 3, poolSize: [2, 2] },
    { batch: 1, height: 5, width: 5, channels: 2, poolSize: [3, 2], strides: [1, 2] },
    { batch: 2, height: 5, width: 4, channels: 1, poolSize: [3, 3], strides: [2, 2], padding: 'same' },
    { batch: 1, height: 3, width: 3, channels: 2, poolSize: [3, 3], strides: [1, 1], padding: { top: 1, bottom: 2, left: 0, right: 1 } },
  ];
  for (const sizes of cases) {
    it(JSON.stringify(sizes), () => {
      const x = randomArray(sizes.batch * sizes.height * sizes.width * sizes.channels, 4);
      const dy = randomArray(maxPoolForward({ ...sizes, x }).y.length, 5);
      gradientCheck({
        ...TIGHT,
        f: (moved) => dot(dy, maxPoolForward({ ...sizes, x: moved }).y),
        x,
        gradient: maxPoolBackward({ ...sizes, x, dy }),
      });
    });
  }
});

describe('average pooling gradients', () => {
  const cases: AveragePoolOptions[] = [
    { batch: 2, height: 4, width: 6, channels: 3, poolSize: [2, 2] },
    { batch: 1, height: 5, width: 5, channels: 2, poolSize: [3, 2], strides: [1, 2] },
    { batch: 2, height: 5, width: 4, channels: 1, poolSize: [3, 3], strides: [2, 2], padding: 'same' },
    { batch: 2, height: 1, width: 4, channels: 2, poolSize: [1, 4], mask: [1, 0, 1, 1, 0, 0, 0, 0] },
  ];
  for (const sizes of cases) {
    it(JSON.stringify(sizes), () => {
      const x = randomArray(sizes.batch * sizes.height * sizes.width * sizes.channels, 4);
      const dy = randomArray(averagePoolForward({ ...sizes, x }).length, 5);
      gradientCheck({ ...TIGHT, f: (moved) => dot(dy, averagePoolForward({ ...sizes, x: moved })), x, gradient: averagePoolBackward({ ...sizes, dy }) });
    });
  }
});

describe('element-wise gradients', () => {
  const x = randomArray(24, 6, -3, 3);
  const dy = randomArray(24, 7);
  const functions = {
    relu: [reluForward, reluBackward],
    tanh: [tanhForward, tanhBackward],
    sigmoid: [sigmoidForward, sigmoidBackward],
  } as const;
  for (const [name, [forward, backward]] of Object.entries(functions)) {
    it(name, () => {
      gradientCheck({ ...TIGHT, f: (moved) => dot(dy, forward(moved)), x, gradient: backward({ dy, y: forward(x) }) });
    });
  }

  it('bias', () => {
    gradientCheck({
      ...TIGHT,
      f: (bias) => dot(dy, biasAddForward({ x, bias })),
      x: randomArray(4, 8),
      gradient: biasAddBackward({ dy, rows: 6, channels: 4 }),
    });
  });

  it('dropout', () => {
    const mask = randomArray(24, 9, 0, 1).map((value) => (value < 0.3 ? 0 : 1));
    gradientCheck({
      ...TIGHT,
      f: (moved) => dot(dy, dropoutForward({ x: moved, mask, rate: 0.3 })),
      x,
      gradient: dropoutBackward({ dy, mask, rate: 0.3 }),
    });
  });

  it('softmax', () => {
    const sizes = { rows: 4, columns: 6 };
    gradientCheck({
      ...TIGHT,
      f: (moved) => dot(dy, softmaxForward({ x: moved, ...sizes })),
      x,
      gradient: softmaxBackward({ dy, y: softmaxForward({ x, ...sizes }), ...sizes }),
    });
  });
});

describe('loss gradients', () => {
  it('softmax cross-entropy', () => {
    const options = { labels: [0, 4, 2], rows: 3, classes: 5 };
    const logits = randomArray(15, 10, -3, 3);
    gradientCheck({
      ...TIGHT,
      f: (moved) => softmaxCrossEntropy({ ...options, logits: moved }).loss,
      x: logits,
      gradient: softmaxCrossEntropy({ ...options, logits }).dLogits,
    });
  });

  it('mean squared error', () => {
    const options = { targets: randomArray(12, 11), rows: 4, columns: 3 };
    const predictions = randomArray(12, 12);
    gradientCheck({
      ...TIGHT,
      f: (moved) => meanSquaredError({ ...options, predictions: moved }).loss,
      x: predictions,
      gradient: meanSquaredError({ ...options, predictions }).dPredictions,
    });
  });
});

describe('simple RNN gradients', () => {
  const shapes = [
    { batch: 1, steps: 1, features: 1, units: 1 },
    { batch: 2, steps: 4, features: 3, units: 2 },
    { batch: 3, steps: 5, features: 1, units: 4 },
  ];
  const kinds: Activation[] = ['linear', 'relu', 'tanh', 'sigmoid'];
  for (const sizes of shapes) {
    for (const activation of kinds) {
      it(`${activation} ${JSON.stringify(sizes)}`, () => {
        const { batch, steps, features, units } = sizes;
        const inputs = {
          x: randomArray(batch * steps * features, 13),
          kernel: randomArray(features * units, 14),
          recurrentKernel: randomArray(units * units, 15),
          bias: randomArray(units, 16),
          initialState: randomArray(batch * units, 17),
        };
        const dh = randomArray(batch * steps * units, 18);
        const gradients = simpleRnnBackward({ ...sizes, activation, ...inputs, dh });
        const gradientOf = {
          x: gradients.dx,
          kernel: gradients.dKernel,
          recurrentKernel: gradients.dRecurrentKernel,
          bias: gradients.dBias,
          initialState: gradients.dInitialState,
        };
        for (const name of Object.keys(inputs) as (keyof typeof inputs)[]) {
          gradientCheck({
            ...TIGHT,
            f: (moved) => dot(dh, simpleRnnForward({ ...sizes, activation, ...inputs, [name]: moved })),
            x: inputs[name],
            gradient: gradientOf[name],
            message: name,
          });
        }
      });
    }
  }
});
