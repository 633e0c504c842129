/** The losses that can be configured. */
export { binaryCrossentropy } from './binary.js';
export { categoricalCrossentropy, sparseCategoricalCrossentropy } from './categorical.js';
export { huber, meanAbsoluteError, meanSquaredError } from './regression.js';
export type { BinaryCrossentropyOptions } from './binary.js';
export type { CategoricalCrossentropyOptions } from './categorical.js';
export type { ProbabilityOptions } from './loss.js';
export type { HuberOptions } from './regression.js';
