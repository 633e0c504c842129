/** What only Node has: data sets, models and checkpoints in files. @module lanewise/node */
export { loadFashionMnist } from './data/fashion-mnist.js';
export type { DownloadProgress, FashionMnistOptions } from './data/fashion-mnist.js';
export { loadSignals } from './data/signals-file.js';
export { loadCheckpoint, modelCheckpoint, saveCheckpoint } from './files/checkpoint-file.js';
export type { ModelCheckpointOptions } from './files/checkpoint-file.js';
export { csvLogger } from './files/csv-logger.js';
export type { CsvLoggerOptions } from './files/csv-logger.js';
export { loadModel, saveModel } from './files/model-file.js';
export { saveOnnx } from './files/onnx-file.js';
export { writeFileAtomically } from './files/whole-file.js';
export type { FileSystem } from './files/whole-file.js';
