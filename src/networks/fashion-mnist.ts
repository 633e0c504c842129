import * as layers from '../layers/index.js';
import { sequential, type Sequential } from '../model/sequential.js';
import { adam } from '../optimizers/adam.js';
import { oneCycle } from '../optimizers/schedules.js';
import type { PresetName, Training } from './preset.js';

export interface FashionMnistPreset extends Training {
  /** Share of values dropped before each of the two dense layers. */
  dropout: number;
}

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
};

/**
 * The classifier of the task: 1 030 218 parameters; for `sparseCategoricalCrossentropy`.
 * Input: images [28, 28, 1] of 0 … 255. Output: probabilities of the ten classes.
 */
export function fashionMnistNetwork({ dropout }: FashionMnistPreset, seed: number): Sequential {
  return sequential(
    [
      layers.rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }),
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
