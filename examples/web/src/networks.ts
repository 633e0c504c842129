/** The two networks and the settings they come with. */
import { adam, layers, schedules, sequential } from 'lanewise';
import type { Optimizer, Sequential } from 'lanewise';
import type { Settings, Task } from './protocol.js';

export interface Preset {
  name: string;
  /** In a few words, for the one who chooses. */
  remark: string;
  settings: Omit<Settings, 'preset' | 'threads' | 'seed'>;
}

const SIGNALS = { dropout: 0, oneCycle: true, horizon: 1, learningRate: 1e-2, batchSize: 66 } as const;

export const PRESETS: Readonly<Record<Task, Readonly<Record<string, Preset>>>> = {
  garments: {
    quick: {
      name: 'Quick', remark: 'learns in seconds',
      settings: { sizes: [16, 32, 64], epochs: 8, batchSize: 64, learningRate: 2e-3, oneCycle: true, dropout: 0.2, horizon: 1 },
    },
    tiny: {
      name: 'Tiny', remark: 'for a phone',
      settings: { sizes: [8, 0, 32], epochs: 8, batchSize: 64, learningRate: 3e-3, oneCycle: true, dropout: 0.1, horizon: 1 },
    },
    full: {
      name: 'Full size', remark: '1 M parameters',
      settings: { sizes: [64, 64, 128], epochs: 7, batchSize: 128, learningRate: 2e-3, oneCycle: true, dropout: 0.3, horizon: 1 },
    },
  },
  signals: {
    quick: { name: 'Quick', remark: 'three small layers', settings: { ...SIGNALS, sizes: [20, 10, 5], epochs: 600 } },
    tiny: { name: 'Tiny', remark: 'one layer', settings: { ...SIGNALS, sizes: [12, 0, 0], epochs: 400 } },
    best: { name: 'Best', remark: 'lowest error', settings: { ...SIGNALS, sizes: [24, 16, 10], epochs: 3000 } },
  },
};

export function defaultSettings(task: Task): Settings {
  return { ...PRESETS[task]['quick']!.settings, preset: 'quick', threads: 0, seed: 1 };
}

/** Signals are divided by this on their way in, predictions multiplied on their way out, so that losses are in the data's own units. */
const SIGNAL_SCALE = 3.5;

/** @param steps length of a signal's inputs; garments do without */
export function createNetwork(task: Task, settings: Settings, steps: number): Sequential {
  return task === 'garments' ? garmentNetwork(settings) : signalNetwork(settings, steps);
}

function garmentNetwork({ sizes: [filters, more, units], dropout, seed }: Settings): Sequential {
  return sequential(
    [
      layers.rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }),
      layers.conv2d({ filters, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      ...(more > 0 ? [layers.conv2d({ filters: more, kernelSize: 3, activation: 'relu' })] : []),
      layers.flatten(),
      ...(dropout > 0 ? [layers.dropout({ rate: dropout })] : []),
      ...(units > 0 ? [layers.dense({ units, activation: 'relu' })] : []),
      ...(units > 0 && dropout > 0 ? [layers.dropout({ rate: dropout })] : []),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
    { seed, name: 'garments' },
  );
}

function signalNetwork({ sizes, dropout, seed }: Settings, steps: number): Sequential {
  return sequential(
    [
      layers.rescaling({ scale: 1 / SIGNAL_SCALE, inputShape: [steps, 1] }),
      ...sizes.filter((units) => units > 0).map((units) => layers.simpleRNN({ units, dropout, returnSequences: true })),
      layers.dense({ units: 1 }),
      layers.rescaling({ scale: SIGNAL_SCALE }),
    ],
    { seed, name: 'signals' },
  );
}

/** Adam, its rate fixed or in one cycle over the whole run. */
export function createOptimizer(task: Task, { learningRate, oneCycle }: Settings, totalSteps: number): Optimizer {
  return adam({
    learningRate: oneCycle ? schedules.oneCycle({ maxLearningRate: learningRate, totalSteps }) : learningRate,
    ...(task === 'signals' && { globalClipnorm: 1 }), // a recurrent network's gradient may explode
  });
}
