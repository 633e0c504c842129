/** Models for other runtimes, in the Open Neural Network Exchange format. @module lanewise/onnx */
export { ONNX_LAYER_TYPES, exportOnnx } from './export.js';
