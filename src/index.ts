/** The public names, for every platform. */
export { LanewiseError } from './errors.js';
export type { ErrorCode } from './errors.js';
export { decodeCheckpoint, encodeCheckpoint } from './io/checkpoint.js';
export type { StoredCheckpoint } from './io/checkpoint.js';
export { decodeModel, encodeModel, modelFromJSON } from './io/model.js';
export type { ReadOptions } from './io/model.js';
export { customLayer } from './layers/custom-layer.js';
export type { CustomLayerDefinition, CustomLayerFactory } from './layers/custom-layer.js';
export type { CustomOps, Value } from './layers/custom-ops.js';
export * as layers from './layers/index.js';
export type { ActivationName } from './layers/activations.js';
export type { BareLayerFactory, FirstLayer, Flops, Layer, LayerFactory, LayerOptions, SymbolicTensor, WeightInput, WeightSpec } from './layers/layer.js';
export type { RecurrentLayer } from './layers/recurrent-layer.js';
export type { Loss, LossName } from './losses.js';
export * as regularizers from './layers/regularizers-public.js';
export type { Regularizer } from './layers/regularizers.js';
export * as losses from './losses/index.js';
export { History } from './model/history.js';
export type { BatchLogs, EpochLogs } from './model/history.js';
export { input } from './layers/input.js';
export type { InputOptions } from './layers/input.js';
export { model } from './model/model.js';
export { sequential } from './model/sequential.js';
export type { Sequential } from './model/sequential.js';
export type { ModelInput } from './model/batches.js';
export type {
  Callbacks, Checkpoint, CompileOptions, EvaluateOptions, Evaluation, FitOptions, LayerSummary, MetricName, ModelSummary, OpTime, ProfileOptions,
  FunctionalOptions, Model, ModelOptions, TrainingRun,
} from './model/model.js';
export { adagrad } from './optimizers/adagrad.js';
export { adam, adamW } from './optimizers/adam.js';
export { lion } from './optimizers/lion.js';
export type { Optimizer } from './optimizers/optimizer.js';
export { rmsprop } from './optimizers/rmsprop.js';
export * as schedules from './optimizers/schedules.js';
export { sgd } from './optimizers/sgd.js';
export { weightsSha256 } from './io/digest.js';
export { configure } from './runtime/configure.js';
export type { Configuration } from './runtime/configure.js';
export { detectFeatures } from './runtime/features.js';
export type { Features } from './runtime/features.js';
export type { Build } from './runtime/build.js';
export type { Threads } from './runtime/threads.js';
export type { NestedArray, TensorInput } from './tensor/convert.js';
export type { NumericArray, Tensor } from './tensor/tensor.js';
