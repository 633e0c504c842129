import * as layers from '../layers/index.js';
import { sequential, type Sequential } from '../model/sequential.js';
import { adam } from '../optimizers/adam.js';
import { linearDecay, oneCycle } from '../optimizers/schedules.js';
import type { PresetName, Training } from './preset.js';

export interface FashionMnistPreset extends Training {
  /** Share of values dropped before each of the two dense layers. */
  dropout: number;
  /** Whether images are mirrored at random and brought to mean 0 and variance 1. Default: only brought to 0 … 1. */
  augment?: boolean;
}

/** Mean and standard deviation of the pixels of the training images, as parts of 255. */
const MEAN = 0.286;
const DEVIATION = 0.353;

export const FASHION_MNIST_PRESETS: Readonly<Record<PresetName, FashionMnistPreset>> = {
  seed: { epochs: 20, batchSize: 128, dropout: 0.3, optimizer: () => adam({ learningRate: 1e-3 }) },
  quick: {
    epochs: 2, batchSize: 128, dropout: 0.3, rows: 20_000,
    optimizer: (totalSteps) => adam({ learningRate: oneCycle({ maxLearningRate: 2e-3, totalSteps }) }),
  },
  best: {
    epochs: 18, batchSize: 128, dropout: 0.5,
    optimizer: (totalSteps) => adam({ learningRate: oneCycle({ maxLearningRate: 2e-3, totalSteps }) }),
  },
  fast: {
    epochs: 7, batchSize: 128, dropout: 0.1, augment: true, targetAccuracy: 0.925,
    optimizer: (totalSteps) => adam({ learningRate: linearDecay({ learningRate: 2e-3, totalSteps, warmupSteps: totalSteps / 20 }) }),
  },
};

/**
 * The classifier of the task: 1 030 218 parameters; for `sparseCategoricalCrossentropy`.
 * Input: images [28, 28, 1] of 0 … 255. Output: probabilities of the ten classes.
 */
export function fashionMnistNetwork({ dropout, augment = false }: FashionMnistPreset, seed: number): Sequential {
  const inputShape = [28, 28, 1];
  return sequential(
    [
      ...(augment
        ? [layers.randomFlip({ mode: 'horizontal', inputShape }), layers.rescaling({ scale: 1 / (255 * DEVIATION), offset: -MEAN / DEVIATION })]
        : [layers.rescaling({ scale: 1 / 255, inputShape })]),
      layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
      layers.flatten(),
      layers.dropout({ rate: dropout }),
      layers.dense({ units: 128 }),
      layers.dropout({ rate: dropout }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
    { seed, name: 'fashion-mnist' },
  );
}
