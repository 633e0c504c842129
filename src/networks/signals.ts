import type { AugmentedWindowsOptions } from '../data/augmented-windows.js';
import * as layers from '../layers/index.js';
import { sequential, type Sequential } from '../model/sequential.js';
import { adam } from '../optimizers/adam.js';
import { oneCycle } from '../optimizers/schedules.js';
import type { PresetName, Training } from './preset.js';

export interface SignalsPreset extends Training {
  /** What the recurrent layers are. */
  cell: 'simpleRNN' | 'gru';
  /** Units of the recurrent layers, when the next sample is predicted. */
  units: readonly number[];
  /** The same when a sample further ahead is predicted. */
  unitsAhead: readonly number[];
  /** Share of input features that each recurrent layer drops, for a whole sequence at a time. */
  inputDropout: number;
  /** Signals are divided by this on their way in, predictions multiplied on their way out: losses stay in the data's own units. */
  scale: number;
  /** Sequences to train on beside those from the first sample of each signal on. Default: none. */
  augmentation?: Omit<AugmentedWindowsOptions, 'horizon'>;
}

const SEED_UNITS = { units: [20, 10, 5], unitsAhead: [32, 32, 64] } as const;

const withOneCycle = (totalSteps: number) => adam({ learningRate: oneCycle({ maxLearningRate: 1e-2, totalSteps }), globalClipnorm: 1 });

export type SignalsPresetName = Exclude<PresetName, 'fast'>;

export const SIGNALS_PRESETS: Readonly<Record<SignalsPresetName, SignalsPreset>> = {
  seed: { ...SEED_UNITS, cell: 'simpleRNN', epochs: 5000, batchSize: 32, inputDropout: 0.2, scale: 1, optimizer: () => adam({ learningRate: 1e-3 }) },
  quick: { ...SEED_UNITS, cell: 'simpleRNN', epochs: 1500, batchSize: 66, inputDropout: 0, scale: 3.5, optimizer: withOneCycle },
  best: {
    cell: 'gru', units: [24, 16, 10], unitsAhead: [24, 16, 10], epochs: 300, batchSize: 66, inputDropout: 0, scale: 3.5, optimizer: withOneCycle,
    augmentation: { starts: [0, 40, 80, 120, 160, 200, 240, 280], backwards: true },
  },
};

export interface SignalsNetworkOptions {
  seed: number;
  /** Steps of a sequence. */
  steps: number;
  /** How many samples ahead is predicted. */
  horizon: number;
}

/**
 * The predictor of the task: at every step of a sequence, the sample `horizon` steps ahead; for `meanSquaredError`.
 * 836 parameters with the seed's layers for the next sample. Input and output: [steps, 1].
 */
export function signalsNetwork(preset: SignalsPreset, { seed, steps, horizon }: SignalsNetworkOptions): Sequential {
  const { inputDropout: dropout, scale, cell } = preset;
  const recurrent = layers[cell];
  const [first, ...others] = (horizon === 1 ? preset.units : preset.unitsAhead).map((units) => ({ units, dropout, returnSequences: true }));
  if (scale === 1) {
    const inputShape = [steps, 1];
    return sequential([recurrent({ ...first!, inputShape }), ...others.map(recurrent), layers.dense({ units: 1 })], { seed, name: 'signals' });
  }
  return sequential(
    [
      layers.rescaling({ scale: 1 / scale, inputShape: [steps, 1] }),
      recurrent(first!), ...others.map(recurrent),
      layers.dense({ units: 1 }),
      layers.rescaling({ scale }),
    ],
    { seed, name: 'signals' },
  );
}
