import { requireCount } from '../../options.js';
import type { Callbacks, TrainingRun } from './callbacks.js';
import type { MonitorOptions } from './monitor.js';
import { Watch } from './monitor.js';

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without progress after which training ends. Default 0: with the first. */
  patience?: number;
  /** Progress counts only beyond this value. Default none. */
  baseline?: number;
  /** Whether the weights of the best epoch are put back at the end of `fit`. They are part of checkpoints. Default false. */
  restoreBestWeights?: boolean;
  /** Epochs before this one, counted from 0, are not looked at. Default 0. */
  startFromEpoch?: number;
}

/**
 * Ends the training when a figure has stopped getting better. What it goes by is the history alone, so a run that is resumed with it ends as it would
 * have without the stop. minDelta is 0 by default. @throws LanewiseError `invalid-argument`
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callbacks {
  const { monitor = 'valLoss', mode = 'auto', minDelta = 0, patience = 0, baseline, restoreBestWeights = false, startFromEpoch = 0 } = options;
  const watch = new Watch('earlyStopping', monitor, mode, minDelta);
  requireCount(patience, 'patience', 'earlyStopping');
  requireCount(startFromEpoch, 'startFromEpoch', 'earlyStopping');
  let run: TrainingRun | undefined;
  let best: number | undefined;
  let waited = 0;
  /** Takes an epoch into account: whether it is the best so far, and whether to end with it. */
  const advance = (epoch: number, value: number): { isBest: boolean; ends: boolean } => {
    if (epoch < startFromEpoch) return { isBest: false, ends: false };
    waited++;
    const isBest = watch.better(value, best);
    if (isBest) {
      best = value;
      if (baseline === undefined || watch.better(value, baseline)) waited = 0;
    }
    return { isBest, ends: waited > 0 && waited >= patience && epoch > 0 };
  };
  return {
    onTrainBegin(begun) {
      run = begun;
      best = undefined;
      waited = 0;
      for (const { epoch, value } of watch.past(begun.history)) advance(epoch, value);
    },
    onEpochEnd(epoch, logs) {
      const { isBest, ends } = advance(epoch, watch.of(logs));
      if (isBest && restoreBestWeights) run?.keepWeights();
      return !ends;
    },
    onTrainEnd() {
      if (restoreBestWeights) run?.restoreWeights();
    },
  };
}
