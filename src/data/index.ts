/** Data sets and formats that need no files: the same in Node and in a browser. @module lanewise/data */
export { augmentedWindows } from './augmented-windows.js';
export type { AugmentedWindowsOptions } from './augmented-windows.js';
export { arBaseline, persistenceBaseline } from './baselines.js';
export { generateGarments } from './garments.js';
export type { GarmentOptions } from './garments.js';
export { parseIdx } from './idx.js';
export type { IdxKind, IdxOptions } from './idx.js';
export { GARMENT_NAMES } from './image-dataset.js';
export type { ImageDataset, LabelledImages } from './image-dataset.js';
export { parseNpy } from './npy.js';
export { generateSignals, nextSampleWindows, splitRows } from './signals.js';
export type { SignalOptions } from './signals.js';
