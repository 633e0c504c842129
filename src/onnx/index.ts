/** Models for other runtimes, in the Open Neural Network Exchange format. */
export { ONNX_LAYER_TYPES, exportOnnx } from './export.js';
