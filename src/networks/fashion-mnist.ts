import * as layers from '../layers/index.js';
import type { Layer } from '../layers/layer.js';
import { alternatingFlip } from '../model/feeds/alternating-flip.js';
import { sequential, type Sequential } from '../model/sequential.js';
import { adam } from '../optimizers/adam.js';
import { muon } from '../optimizers/muon.js';
import { linearDecay, oneCycle } from '../optimizers/schedules.js';
import type { PresetName, Training } from './preset.js';

export interface FashionMnistPreset extends Training {
  /** The layers of the task, or six convolutions with batch normalisation. */
  network: 'task' | 'deep';
  /** Share of values dropped before each dense layer, in the deep network before its last convolution. */
  dropout: number;
  /** Whether images are brought to mean 0 and variance 1. Default: only to 0 … 1. */
  standardized?: boolean;
  /** Whether a layer mirrors images at random, left for right. Default false. */
  flip?: boolean;
  /** Share of each target that is spread evenly over all classes. Default 0. */
  labelSmoothing?: number;
}

/** Mean and standard deviation of the pixels of the training images, as parts of 255. */
const MEAN = 0.286;
const DEVIATION = 0.353;

export const FASHION_MNIST_PRESETS: Readonly<Record<PresetName, FashionMnistPreset>> = {
  seed: { network: 'task', epochs: 20, batchSize: 128, dropout: 0.3, optimizer: () => adam({ learningRate: 1e-3 }) },
  quick: {
    network: 'task', epochs: 2, batchSize: 128, dropout: 0.3, rows: 20_000,
    optimizer: (totalSteps) => adam({ learningRate: oneCycle({ maxLearningRate: 2e-3, totalSteps }) }),
  },
  best: {
    network: 'deep', epochs: 12, batchSize: 128, dropout: 0.25, standardized: true, flip: true, labelSmoothing: 0.1,
    optimizer: (totalSteps) => muon({ learningRate: oneCycle({ maxLearningRate: 5e-3, totalSteps }), weightDecay: 0.1, excludeLayers: ['dense'] }),
  },
  fast: {
    network: 'task', epochs: 5, batchSize: 128, dropout: 0, standardized: true, labelSmoothing: 0.1, sampler: alternatingFlip(), targetAccuracy: 0.925,
    optimizer: (totalSteps) => muon({
      learningRate: linearDecay({ learningRate: 3e-3, totalSteps, warmupSteps: totalSteps / 20 }), weightDecay: 0.05, excludeLayers: ['dense'],
    }),
  },
};

/**
 * A classifier of garments, for `sparseCategoricalCrossentropy`. Input: images [28, 28, 1] of 0 … 255. Output: probabilities of the ten classes.
 * Parameters: 1 030 218 of the task's network, 576 938 of the deep one.
 */
export function fashionMnistNetwork({ network, dropout, standardized = false, flip = false }: FashionMnistPreset, seed: number): Sequential {
  const inputShape = [28, 28, 1];
  return sequential(
    [
      ...(flip ? [layers.randomFlip({ mode: 'horizontal', inputShape })] : []),
      layers.rescaling({ ...(standardized ? { scale: 1 / (255 * DEVIATION), offset: -MEAN / DEVIATION } : { scale: 1 / 255 }), inputShape }),
      ...(network === 'task' ? taskLayers(dropout) : deepLayers(dropout)),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
    { seed, name: 'fashion-mnist' },
  );
}

const halved = (): Layer => layers.maxPooling2d({ poolSize: 2 });

const taskLayers = (dropout: number): Layer[] => [
  layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
  halved(),
  layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
  layers.flatten(),
  layers.dropout({ rate: dropout }),
  layers.dense({ units: 128 }),
  layers.dropout({ rate: dropout }),
];

/** Twice the filters at half the size, as VGG (Simonyan and Zisserman, 2015), with batch normalisation for its biases and a mean for its dense layers. */
const deepLayers = (dropout: number): Layer[] => [
  ...normalized(32), halved(),
  ...normalized(64), ...normalized(64), halved(),
  ...normalized(128), ...normalized(128), halved(),
  layers.dropout({ rate: dropout }),
  ...normalized(256),
  layers.globalAveragePooling2d(),
];

const normalized = (filters: number): Layer[] => [
  layers.conv2d({ filters, kernelSize: 3, padding: 'same', useBias: false }), layers.batchNormalization({ momentum: 0.9 }), layers.relu(),
];
