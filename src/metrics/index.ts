/**
 * How good predictions are. Each metric is a function of targets and of what `predict` gives, `precision(targets, predictions)`; and without them it
 * makes a metric for `compile`: `precision({ average: 'weighted' })`. Counts and sums are taken in double precision over all rows, so the size of
 * batches is not in the result.
 */
export { accuracy, confusionMatrix, f1, precision, recall, topKAccuracy } from './classes.js';
export { meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from './values.js';
