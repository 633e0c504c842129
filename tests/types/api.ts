/**
 * What must not compile, and what must: checked by `npm run typecheck`, never run. Each `@ts-expect-error` fails the check if the line below it
 * compiles after all.
 */
import { adam, customLayer, dataset, earlyStopping, encodeModel, input, layers, losses, metrics, model, modelFromJSON, sequential } from '../../src/entry.node.js';
import type { FirstLayer, Layer, Metric, Model, Prediction, Sequential, SymbolicTensor, Tensor } from '../../src/entry.node.js';

const { add, bidirectional, concatenate, conv1d, conv2d, dense, depthwiseConv2d, dropout, embedding, flatten, lstm, globalAveragePooling2d, maxPooling1d, maxPooling2d, reshape, separableConv2d, simpleRNN, zeroPadding2d } = layers;

/** A model needs to know its input. */
export const good: Sequential = sequential([conv2d({ filters: 8, kernelSize: 3, inputShape: [28, 28, 1] }), flatten(), dense({ units: 10 })]);
export const first: FirstLayer = dense({ units: 1, inputShape: [3] });
export const ofUnknownLength = (stack: readonly Layer[]): Sequential => sequential(stack);
// @ts-expect-error: the first layer has no inputShape
sequential([dense({ units: 10 })]);
// @ts-expect-error: the first layer has no inputShape, though the second has
sequential([flatten(), dense({ units: 10, inputShape: [3] })]);
// @ts-expect-error: no inputShape
export const notFirst: FirstLayer = dense({ units: 1 });

/** Options have names and values of their own. */
// @ts-expect-error: unit instead of units
dense({ unit: 10 });
// @ts-expect-error: a wrong name beside right ones
dense({ units: 10, usesBias: true });
// @ts-expect-error: a wrong name on the first layer
dense({ units: 10, inputShape: [3], usesBias: true });
// @ts-expect-error: units are missing
dense({ activation: 'relu' });
// @ts-expect-error: no such activation
dense({ units: 10, activation: 'reluu' });
lstm({ units: 10, recurrentActivation: 'hardSigmoid' });
sequential([embedding({ inputDim: 10, outputDim: 4, maskZero: true, inputShape: [5] }), layers.masking(), lstm({ units: 2 })]);
// @ts-expect-error: outputDim is missing
embedding({ inputDim: 10 });
// @ts-expect-error: a recurrent layer has no softmax
simpleRNN({ units: 10, activation: 'softmax' });
sequential([bidirectional({ layer: lstm({ units: 10, returnSequences: true }), backwardLayer: layers.gru({ units: 10, goBackwards: true }), inputShape: [5, 2] })]);
export const states: Tensor[] = bidirectional({ layer: lstm({ units: 10, stateful: true }) }).forwardLayer.getStates();
// @ts-expect-error: the first layer has no inputShape, though the one within has
sequential([bidirectional({ layer: lstm({ units: 10, inputShape: [5, 2] }) })]);
// @ts-expect-error: not a recurrent layer
bidirectional({ layer: dense({ units: 10 }) });
sequential([layers.timeDistributed({ layer: conv2d({ filters: 2, kernelSize: 3 }), inputShape: [4, 8, 8, 1] }), flatten(), dense({ units: 1 })]);
// @ts-expect-error: what goes through the steps is missing
layers.timeDistributed({ inputShape: [4, 8] });
// @ts-expect-error: two outputs
bidirectional({ layer: lstm({ units: 10 }), mergeMode: null });
// @ts-expect-error: no such padding
conv2d({ filters: 8, kernelSize: 3, padding: 'full' });
conv2d({ filters: 8, kernelSize: [3, 1], dilationRate: [2, 1], groups: 4 });
// @ts-expect-error: dilation instead of dilationRate
conv2d({ filters: 8, kernelSize: 3, dilation: 2 });
conv1d({ filters: 8, kernelSize: 3, padding: 'causal', dilationRate: 4 });
// @ts-expect-error: a sequence has one axis
conv1d({ filters: 8, kernelSize: [3, 3] });
// @ts-expect-error: an image has no before
conv2d({ filters: 8, kernelSize: 3, padding: 'causal' });
depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, depthwiseInitializer: 'heNormal' });
// @ts-expect-error: the multiplier says how many filters there are
depthwiseConv2d({ filters: 8, kernelSize: 3 });
separableConv2d({ filters: 8, kernelSize: 3, pointwiseInitializer: 'heNormal' });
// @ts-expect-error: which of the two kernels
separableConv2d({ filters: 8, kernelSize: 3, kernelInitializer: 'heNormal' });
// @ts-expect-error: three sizes
maxPooling2d({ poolSize: [2, 2, 2] });
maxPooling1d({ poolSize: 3, strides: 2, padding: 'same' });
// @ts-expect-error: a sequence has one axis
maxPooling1d({ poolSize: [2, 2] });
globalAveragePooling2d({ keepDims: true });
// @ts-expect-error: keepdims instead of keepDims
globalAveragePooling2d({ keepdims: true });
reshape({ targetShape: [3, -1] });
// @ts-expect-error: a shape is a list
reshape({ targetShape: 5 });
// @ts-expect-error: the target shape is missing
reshape({});
zeroPadding2d({ padding: [[1, 2], [3, 4]] });
// @ts-expect-error: three sides
zeroPadding2d({ padding: [[1, 2, 3], [3, 4]] });
// @ts-expect-error: the rate is missing
dropout();
// @ts-expect-error: a shape is a list
flatten({ inputShape: 5 });

/** Functional models. */
const x = input({ shape: [4] });
export const functional: Model = model({ inputs: x, outputs: add().apply([x, dense({ units: 4 }).apply(x)]) });
// @ts-expect-error: an input without a shape
input({ name: 'x' });
// @ts-expect-error: outputs are missing
model({ inputs: x });
// @ts-expect-error: a layer is not a value
concatenate().apply([x, dense({ units: 4 })]);

/** Of several outputs: `predict` gives a list. */
const both = dense({ units: 2, name: 'a' }).apply(x);
export const pair = model({ inputs: x, outputs: [both, dense({ units: 1, name: 'b' }).apply(both)] });
export const listed: Model = model({ inputs: x, outputs: [both] });
// @ts-expect-error: a model that gives a list is not one that gives a tensor
export const single: Model = pair;
export const ofAnyNumber = (outputs: readonly SymbolicTensor[]): Model<Prediction> => model({ inputs: x, outputs });
export async function trainPair(data: Tensor): Promise<void> {
  await pair.compile({ optimizer: adam(), loss: 'mse' });
  await pair.compile({ optimizer: adam(), loss: ['mse', losses.huber()], lossWeights: [1, 0.2], metrics: [['mae', 'mse'], []] });
  await pair.compile({ optimizer: adam(), loss: { a: 'mse', b: losses.huber() }, lossWeights: { a: 0.5 }, metrics: { b: 'mae' } });
  // @ts-expect-error: no such loss
  await pair.compile({ optimizer: adam(), loss: { a: 'mse', b: 'msee' } });
  // @ts-expect-error: a weight is a number
  await pair.compile({ optimizer: adam(), loss: 'mse', lossWeights: { a: '1' } });
  const { history } = await pair.fit(data, [data, data], { validationData: [data, { a: data, b: data }], sampleWeight: { b: [1, 2] } });
  const figures: (number[] | undefined)[] = [history.a_loss, history.valA_loss, history.b_mae];
  // @ts-expect-error: no such figure
  void history.b_lost;
  earlyStopping({ monitor: figures[0] ? 'valB_loss' : 'b_mae' });
  const [a, b]: Tensor<Float32Array>[] = await pair.predict(data);
  void [a, b];
  // @ts-expect-error: not one tensor
  void (await pair.predict(data)).shape;
  const loaded: Tensor<Float32Array>[] = await modelFromJSON<Tensor<Float32Array>[]>(pair.toJSON()).predict(data);
  const one: Tensor<Float32Array> = await modelFromJSON(listed.toJSON()).predict(data);
  void [loaded, one, await encodeModel(pair)];
}

/** Custom layers make layers like any others. */
const double = customLayer({ type: 'double', call: (value, { scale }) => scale(value, 2) });
sequential([double({ inputShape: [3] }), double(), double({ name: 'last', trainable: false })]);
// @ts-expect-error: a value is not a number
customLayer({ type: 'odd', call: (value, { scale }) => scale(2, value) });
// @ts-expect-error: the first layer has no inputShape
sequential([double()]);

/** Training. */
export async function train(network: Model, data: Tensor): Promise<void> {
  await network.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'meanSquaredError' });
  // @ts-expect-error: no such loss
  await network.compile({ optimizer: adam(), loss: 'meanSquareError' });
  // @ts-expect-error: the loss is missing
  await network.compile({ optimizer: adam() });
  // @ts-expect-error: optimizers are not named
  await network.compile({ optimizer: 'adamm', loss: 'mse' });
  // @ts-expect-error: lr instead of learningRate
  adam({ lr: 0.1 });
  // @ts-expect-error: no such metric
  await network.compile({ optimizer: adam(), loss: 'mse', metrics: ['accurracy'] });
  await network.compile({ optimizer: adam(), loss: 'mse', metrics: ['mae', metrics.topKAccuracy({ k: 3, name: 'topKAccuracy_3' })] });
  // @ts-expect-error: a function of predictions is not a metric
  await network.compile({ optimizer: adam(), loss: 'mse', metrics: [metrics.confusionMatrix] });
  // @ts-expect-error: the name of another metric
  metrics.precision({ name: 'recall_1' });
  // @ts-expect-error: no such average
  metrics.f1({ average: 'mean' });
  // @ts-expect-error: no such option
  metrics.meanSquaredError({ threshold: 0.5 });
  const share: number = metrics.precision(data, data, { threshold: 0.4 });
  const metric: Metric = metrics.precision({ threshold: share });
  const { history } = await network.fit(data, data);
  const figures: (number[] | undefined)[] = [history.valLoss, history.f1, history.valTopKAccuracy_3];
  // @ts-expect-error: no such figure
  void history.valF2;
  await network.compile({ optimizer: adam(), loss: 'mse', metrics: figures[0] ? [metric] : [] });
  earlyStopping({ monitor: 'valPrecision_strict' });
  // @ts-expect-error: no such figure
  earlyStopping({ monitor: 'valPrecission' });
  await network.fit(data, data, { epochs: 3, batchSize: 8, validationData: [data, data] });
  await network.fit([data, data], data);
  // @ts-expect-error: batch_size instead of batchSize
  await network.fit(data, data, { batch_size: 8 });
  // @ts-expect-error: targets are missing
  await network.fit(data);
  const output: Tensor<Float32Array> = await network.predict([[1, 2], [3, 4]]);
  // @ts-expect-error: values are read-only as a whole
  output.data = new Float32Array(2);
}

/** Datasets. */
export async function trainOnDataset(network: Model, data: Tensor): Promise<void> {
  const rows = dataset.fromArrays(data, data);
  await network.fit(rows.shuffle(8, { seed: 1 }).batch(4).prefetch(2), { epochs: 2, stepsPerEpoch: 3, validationData: rows.batch(4), validationSteps: 1 });
  await network.fit(rows.batch(4), { validationData: [data, data] });
  await network.fit(dataset.fromIterable(() => [{ xs: [[1, 2]], ys: [[1]], sampleWeight: [1] }]));
  await network.evaluate(rows.batch(4), { steps: 2 });
  const output: Tensor<Float32Array> = await network.predict(dataset.fromArrays(data).batch(2));
  const { xs } = await dataset.fromIterable(() => [{ xs: 1 }]).batch(2)[Symbol.asyncIterator]().next().then(({ value }) => value!);
  const values: Float32Array = xs.data;
  // @ts-expect-error: the size of batches is the dataset's
  await network.fit(rows.batch(4), { batchSize: 8 });
  // @ts-expect-error: targets come with the inputs
  await network.fit(rows.batch(4), data);
  // @ts-expect-error: no targets to train on
  await network.fit(dataset.fromArrays(data).batch(2));
  // @ts-expect-error: stepsPerEpoch is of datasets
  await network.fit(data, data, { stepsPerEpoch: 2 });
  // @ts-expect-error: a batch is a record
  await network.fit(dataset.fromIterable(() => [[data, data]]));
  // @ts-expect-error: an iterable, not a function that gives one
  dataset.fromIterable([1, 2]);
  await network.fit(rows.batch(4).map(dataset.mixup({ alpha: 0.4, seed: 1 })));
  // @ts-expect-error: mixup is of batches that have targets
  dataset.fromArrays(data).batch(4).map(dataset.mixup());
  void [output, values];
}
