/** The losses that can be configured. */
export { binaryCrossentropy } from './binary.js';
export { categoricalCrossentropy, sparseCategoricalCrossentropy } from './categorical.js';
export { huber, meanAbsoluteError, meanSquaredError } from './regression.js';
