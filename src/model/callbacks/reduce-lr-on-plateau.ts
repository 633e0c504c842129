import { requireCount, requireNotNegative, requireOption } from '../../options.js';
import type { Callbacks, TrainingRun } from './callbacks.js';
import type { MonitorOptions } from './monitor.js';
import { Watch } from './monitor.js';

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the rate is multiplied by, above 0 and below 1. Default 0.1. */
  factor?: number;
  /** Epochs without progress after which that is done. Default 10. */
  patience?: number;
  /** Epochs after it in which none are counted. Default 0. */
  cooldown?: number;
  /** The rate is not made lower than this. Default 0. */
  minLearningRate?: number;
}

/**
 * Lowers the learning rate, or what its schedule gives, when a figure has stopped getting better. What it goes by is the history alone, so a run that is
 * resumed with it goes on with the rate it had. minDelta is 0.0001 by default. @throws LanewiseError `invalid-argument`
 */
export function reduceLROnPlateau(options: ReduceLROnPlateauOptions = {}): Callbacks {
  const where = 'reduceLROnPlateau';
  const { monitor = 'valLoss', mode = 'auto', minDelta = 1e-4, factor = 0.1, patience = 10, cooldown = 0, minLearningRate = 0 } = options;
  const watch = new Watch(where, monitor, mode, minDelta);
  requireCount(patience, 'patience', where);
  requireCount(cooldown, 'cooldown', where);
  requireOption(factor, 'factor', where, factor > 0 && factor < 1, 'above 0 and below 1');
  requireNotNegative(minLearningRate, 'minLearningRate', where);
  let run: TrainingRun | undefined;
  let best: number | undefined;
  let [waited, cooling, scale] = [0, 0, 1];
  const advance = (value: number): void => {
    if (cooling > 0) {
      cooling--;
      waited = 0;
    }
    if (watch.better(value, best)) {
      best = value;
      waited = 0;
    } else if (cooling === 0 && ++waited >= patience) {
      scale *= factor;
      cooling = cooldown;
      waited = 0;
    }
  };
  return {
    onTrainBegin(begun) {
      run = begun;
      best = undefined;
      [waited, cooling, scale] = [0, 0, 1];
      for (const { value } of watch.past(begun.history)) advance(value);
      run.scaleLearningRate(scale, minLearningRate);
    },
    onEpochEnd(_epoch, logs) {
      advance(watch.of(logs));
      run?.scaleLearningRate(scale, minLearningRate);
    },
  };
}
