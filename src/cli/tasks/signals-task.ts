import { augmentedWindows } from '../../data/augmented-windows.js';
import { generateSignals, nextSampleWindows, splitRows } from '../../data/signals.js';
import { loadSignals } from '../../data/signals-file.js';
import { SIGNALS_PRESETS, signalsNetwork } from '../../networks/signals.js';
import type { Output } from '../output/output.js';
import { predictorReport } from '../report/predictor-report.js';
import { UsageError } from '../failure.js';
import { customize, judgingRows, trainingRows, type Task, type TaskOptions } from './task.js';

/** Of 100 signals the first 66 are for training. */
const TRAINING_SHARE = 0.66;

export async function signalsTask(options: TaskOptions, _output: Output): Promise<Task> {
  if (options.preset === 'fast') throw new UsageError('--preset fast is for fashion-mnist only');
  const preset = SIGNALS_PRESETS[options.preset];
  const { preset: name, seed, horizon = 1, limit = preset.rows, holdout } = options;
  const signals = options.data === undefined ? generateSignals() : await loadSignals(options.data);
  const [count, length] = signals.shape as [number, number];
  const [first, last] = splitRows(signals, Math.min(count - 1, Math.max(1, Math.round(TRAINING_SHARE * count))));
  const train = trainingRows(first, limit, holdout);
  const test = judgingRows(first, last, holdout);
  const firstTestRow = first.shape[0]! - (holdout ?? 0);
  return {
    name: 'signals', title: 'Signal predictor', noun: 'signal', preset: name, seed, horizon,
    source: options.data ?? 'generated signals (the same kind of data as the original ones)', synthetic: options.data === undefined,
    train: nextSampleWindows(train, horizon),
    ...(preset.augmentation && { augmented: augmentedWindows(train, { ...preset.augmentation, horizon }) }),
    test: nextSampleWindows(test, horizon),
    training: customize(preset, options),
    compile: { loss: 'meanSquaredError' },
    inputDropout: preset.inputDropout,
    createModel: () => signalsNetwork(preset, { seed, steps: length - horizon, horizon }),
    reportSection: (run) => predictorReport(run, { train, test, firstTestRow, horizon }),
  };
}
