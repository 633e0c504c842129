import { LanewiseError } from './errors.js';
import type { Json, JsonRecord } from './json.js';
import { binaryCrossentropy } from './losses/binary.js';
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from './losses/categorical.js';
import type { Loss } from './losses/loss.js';
import { huber, meanAbsoluteError, meanSquaredError } from './losses/regression.js';

export { emitLoss, stepsOf } from './losses/loss.js';
export type { EmittedLoss, Loss, TargetSpec } from './losses/loss.js';

/** Each name stands for the loss with its default options; `mse` and `mae` are short for the mean squared and the mean absolute error. */
const LOSSES = {
  sparseCategoricalCrossentropy, categoricalCrossentropy, binaryCrossentropy, meanSquaredError, mse: meanSquaredError, meanAbsoluteError,
  mae: meanAbsoluteError, huber,
} as const satisfies Readonly<Record<string, () => Loss>>;

/** Names of losses: see the functions of the same names in `losses`. */
export type LossName = keyof typeof LOSSES;

/** The loss of a name, or one that was configured: `losses.categoricalCrossentropy({ labelSmoothing: 0.1 })`. @throws LanewiseError `invalid-argument` */
export function requireLoss(loss: LossName | Loss): Loss {
  if (typeof loss === 'object' && loss !== null && typeof loss.emit === 'function') return loss;
  if (typeof loss === 'string' && Object.hasOwn(LOSSES, loss)) return LOSSES[loss]();
  throw new LanewiseError('invalid-argument', 'unknown loss', { expected: Object.keys(LOSSES).join(', '), received: JSON.stringify(loss) });
}

/** The loss of a config. @throws LanewiseError `invalid-argument` */
export function lossFromConfig(config: Json): Loss {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return requireLoss(config as LossName);
  const { name, ...options } = config as JsonRecord;
  if (typeof name === 'string' && Object.hasOwn(LOSSES, name)) return (LOSSES[name as LossName] as (options: JsonRecord) => Loss)(options);
  return requireLoss(name as LossName);
}
