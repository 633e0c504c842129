/** Models that TensorFlow.js itself makes and saves predict the same here. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { sgd } from '../../src/entry.node.js';
import type { Model, Tensor } from '../../src/entry.node.js';
import { importTfjs } from '../../src/import/tfjs.js';
import { randomInput, randomTensor, refused } from '../model/helpers.js';

interface Saved {
  modelJson: { modelTopology: Record<string, unknown>; weightsManifest: { paths: string[]; weights: Record<string, unknown>[] }[] } & Record<string, unknown>;
  weights: Uint8Array;
}

/** As the downloads of a browser: `model.json`, and one file of weights. */
async function saved(model: tf.LayersModel): Promise<Saved> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(tf.io.withSaveHandler((given) => {
    artifacts = given;
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
  }));
  const { modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy } = artifacts!;
  const weightsManifest = [{ paths: ['./model.weights.bin'], weights: weightSpecs as unknown as Record<string, unknown>[] }];
  return {
    modelJson: { modelTopology: modelTopology as Record<string, unknown>, format, generatedBy, convertedBy, weightsManifest }, weights: new Uint8Array(weightData as ArrayBuffer),
  };
}

/** Weights that are nowhere zero. */
function fill(model: tf.LayersModel): tf.LayersModel {
  model.setWeights(model.getWeights().map((weight, index) => {
    const { data, shape } = randomTensor(weight.shape, 50 + index);
    return tf.tensor(data.map((value) => 0.75 + 0.25 * value - (shape.length > 1 ? 0.75 : 0)), weight.shape);
  }));
  return model;
}

async function agree(theirs: tf.LayersModel): Promise<Model> {
  fill(theirs);
  const { modelJson, weights } = await saved(theirs);
  const ours = importTfjs(JSON.stringify(modelJson), weights);
  await ours.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
  const inputs = ours.inputSpecs.map((spec, index) => randomInput(spec, 4, index + 1));
  const expected = theirs.predict(inputs.map(({ data, shape }) => tf.tensor(data, [...shape]))) as tf.Tensor;
  const values = expected.dataSync();
  const { data, shape } = await ours.predict(inputs.length === 1 ? inputs[0]! : inputs);
  ours.close();
  assert.deepEqual(shape, expected.shape);
  data.forEach((value, index) => assert.ok(Math.abs(value - values[index]!) <= 1e-5 * Math.max(1, Math.abs(value)), `value ${index}: ${value} here, ${values[index]} there`));
  return ours;
}

const { layers: tfLayers } = tf;
type Symbolic = tf.SymbolicTensor;

before(() => tf.setBackend('cpu'));

describe('TensorFlow.js predicts the same', () => {
  it('convolutions', async () => {
    const model = await agree(tf.sequential({ layers: [
      tfLayers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [9, 8, 2] }), tfLayers.maxPooling2d({ poolSize: 2 }),
      tfLayers.conv2d({ filters: 3, kernelSize: [2, 3], strides: [1, 2], padding: 'same', activation: 'tanh', useBias: false }), tfLayers.flatten(),
      tfLayers.dropout({ rate: 0.5 }), tfLayers.dense({ units: 5, activation: 'sigmoid' }), tfLayers.dense({ units: 3 }), tfLayers.activation({ activation: 'softmax' }),
    ] }));
    assert.deepEqual(model.layers.map(({ type }) => type), ['conv2d', 'maxPooling2d', 'conv2d', 'flatten', 'dropout', 'dense', 'dense', 'activation']);
  });

  it('convolutions with dilation', () => agree(tf.sequential({ layers: [
    tfLayers.conv2d({ filters: 4, kernelSize: 3, dilationRate: [2, 1], activation: 'relu', inputShape: [9, 8, 2] }),
    tfLayers.conv2d({ filters: 3, kernelSize: [2, 3], dilationRate: 2, padding: 'same' }),
  ] })).then(() => {}));

  it('convolutions over sequences', () => agree(tf.sequential({ layers: [
    tfLayers.conv1d({ filters: 4, kernelSize: 3, padding: 'same', dilationRate: 2, activation: 'relu', inputShape: [9, 2] }),
    tfLayers.conv1d({ filters: 3, kernelSize: 2, strides: 2, padding: 'same', useBias: false }), tfLayers.conv1d({ filters: 2, kernelSize: 3 }),
  ] })).then(() => {}));

  it('convolutions of every channel by itself', () => agree(tf.sequential({ layers: [
    tfLayers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu', inputShape: [9, 8, 2] }),
    tfLayers.separableConv2d({ filters: 5, kernelSize: [2, 3], activation: 'tanh' }),
    tfLayers.separableConv2d({ filters: 3, kernelSize: 2, strides: 2, useBias: false }), tfLayers.depthwiseConv2d({ kernelSize: 2, useBias: false }),
  ] })).then(() => {}));

  it('other shapes and zeros around images', () => agree(tf.sequential({ layers: [
    tfLayers.reshape({ targetShape: [4, -1, 2], inputShape: [24] }), tfLayers.zeroPadding2d({ padding: [[0, 1], [3, 2]] }), tfLayers.zeroPadding2d({ padding: 1 }),
    tfLayers.conv2d({ filters: 2, kernelSize: 3 }),
  ] })).then(() => {}));

  it('poolings of images', () => agree(tf.sequential({ layers: [
    tfLayers.averagePooling2d({ poolSize: [2, 3], strides: 2, padding: 'same', inputShape: [9, 8, 3] }), tfLayers.averagePooling2d({ poolSize: 2, strides: [1, 1] }),
    tfLayers.globalAveragePooling2d({}),
  ] })).then(() => {}));

  it('poolings of sequences', () => agree(tf.sequential({ layers: [
    tfLayers.maxPooling1d({ poolSize: 3, strides: 2, inputShape: [15, 3] }), tfLayers.averagePooling1d({ poolSize: 2, padding: 'same' }), tfLayers.globalMaxPooling1d(),
  ] })).then(() => {}));

  it('the mean of sequences, the largest values of images', async () => {
    await agree(tf.sequential({ layers: [tfLayers.globalAveragePooling1d({ inputShape: [7, 3] })] }));
    await agree(tf.sequential({ layers: [tfLayers.globalMaxPooling2d({ inputShape: [4, 5, 3] })] }));
  });

  it('branches and recurrent layers', async () => {
    const x = tf.input({ shape: [6, 3] });
    const z = tf.input({ shape: [2] });
    const rnn = tfLayers.simpleRNN({ units: 4, returnSequences: true }).apply(x) as Symbolic;
    const sum = tfLayers.add().apply([rnn, tfLayers.dense({ units: 4, activation: 'relu' }).apply(x) as Symbolic]) as Symbolic;
    const last = tfLayers.simpleRNN({ units: 3, activation: 'sigmoid' }).apply(sum) as Symbolic;
    const joined = tfLayers.concatenate().apply([last, z]) as Symbolic;
    await agree(tf.model({ inputs: [x, z], outputs: tfLayers.dense({ units: 2 }).apply(joined) as Symbolic }));
  });
});

it('TensorFlow.js predicts the same, several outputs', async () => {
  const x = tf.input({ shape: [4] });
  const inner = tfLayers.dense({ units: 3, activation: 'tanh', name: 'inner' }).apply(x) as Symbolic;
  const theirs = fill(tf.model({ inputs: x, outputs: [tfLayers.dense({ units: 2, name: 'last' }).apply(inner) as Symbolic, inner] }));
  const { modelJson, weights } = await saved(theirs);
  const ours = importTfjs<Tensor<Float32Array>[]>(JSON.stringify(modelJson), weights);
  await ours.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
  const rows = randomTensor([5, 4], 1);
  const expected = theirs.predict(tf.tensor(rows.data, [5, 4])) as tf.Tensor[];
  const found = await ours.predict(rows);
  ours.close();
  assert.equal(found.length, 2);
  found.forEach(({ data, shape }, index) => {
    const values = expected[index]!.dataSync();
    assert.deepEqual(shape, expected[index]!.shape);
    data.forEach((value, at) => assert.ok(Math.abs(value - values[at]!) <= 1e-5, `output ${index}, value ${at}: ${value} here, ${values[at]} there`));
  });
});

describe('TensorFlow.js predicts the same, gated layers', () => {
  const recurrentActivation = 'sigmoid';
  it('LSTM', () => agree(tf.sequential({ layers: [
    tfLayers.lstm({ units: 4, recurrentActivation, returnSequences: true, inputShape: [5, 3] }), tfLayers.lstm({ units: 3, recurrentActivation, activation: 'relu', goBackwards: true }),
  ] })).then(() => {}));
  it('GRU', () => agree(tf.sequential({ layers: [
    tfLayers.gru({ units: 4, recurrentActivation, returnSequences: true, inputShape: [5, 3] }), tfLayers.gru({ units: 3, recurrentActivation, useBias: false }),
  ] })).then(() => {}));
});

describe('TensorFlow.js predicts the same, both directions', () => {
  const recurrentActivation = 'sigmoid';
  for (const mergeMode of ['concat', 'sum', 'mul', 'ave'] as const) {
    it(mergeMode, () => agree(tf.sequential({ layers: [
      tfLayers.bidirectional({ layer: tfLayers.lstm({ units: 4, recurrentActivation, returnSequences: true }), mergeMode, inputShape: [5, 3] }),
      tfLayers.bidirectional({ layer: tfLayers.gru({ units: 3, recurrentActivation }), mergeMode, name: 'forward_named/like_a_part' }), tfLayers.dense({ units: 2 }),
    ] })).then(() => {}));
  }
});

describe('TensorFlow.js predicts the same, layers of steps', () => {
  it('of a film', () => agree(tf.sequential({ layers: [
    tfLayers.timeDistributed({ layer: tfLayers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu' }), inputShape: [4, 6, 6, 2] }),
    tfLayers.timeDistributed({ layer: tfLayers.flatten() }), tfLayers.timeDistributed({ layer: tfLayers.dense({ units: 3, activation: 'softmax' }) }),
  ] })).then(() => {}));
});

describe('TensorFlow.js predicts the same, masked steps', () => {
  it('of an embedding', () => agree(tf.sequential({ layers: [
    tfLayers.embedding({ inputDim: 3, outputDim: 4, maskZero: true, inputLength: 9 }), tfLayers.lstm({ units: 4, returnSequences: true }), tfLayers.gru({ units: 3 }),
  ] })).then(() => {}));
  it('and without', () => agree(tf.sequential({ layers: [tfLayers.embedding({ inputDim: 7, outputDim: 4, inputLength: 5 }), tfLayers.simpleRNN({ units: 3 })] })).then(() => {}));
});

describe('hard sigmoid', () => {
  const network = (): tf.LayersModel => tf.sequential({ layers: [
    tfLayers.lstm({ units: 4, returnSequences: true, inputShape: [5, 3] }), tfLayers.gru({ units: 3 }), tfLayers.dense({ units: 2, activation: 'hardSigmoid' }),
  ] });
  const activationsOf = ({ layers }: Model): unknown[] => layers.map(({ options }) => {
    const { recurrentActivation, activation } = options as { recurrentActivation?: unknown; activation?: unknown };
    return recurrentActivation ?? activation;
  });

  it('predicts the same as in TensorFlow.js, whose gates have it by default', () => agree(network()).then(() => {}));
  it('is that of the Keras that a model was converted from', async () => {
    const { modelJson: { modelTopology: { class_name, config }, weightsManifest }, weights } = await saved(network());
    const from = (keras_version: string): Model => importTfjs({ modelTopology: { keras_version, model_config: { class_name, config } }, weightsManifest }, weights);
    const names = (name: string): string[] => [name, name, name];
    assert.deepEqual(activationsOf(from('tfjs-layers 4.22.0')), names('hardSigmoidTfjs'));
    assert.deepEqual(activationsOf(from('2.12.0')), names('hardSigmoidTfjs'));
    assert.deepEqual(activationsOf(from('3.8.0')), names('hardSigmoid'));
  });
});

describe('a model.json', () => {
  const network = (): tf.LayersModel => tf.sequential({ layers: [tfLayers.dense({ units: 3, inputShape: [4] }), tfLayers.dense({ units: 2 })] });

  it('as the converter from Keras writes it, with its weights in several files and groups', async () => {
    const { modelJson: { modelTopology, weightsManifest: [group] }, weights } = await saved(network());
    const { class_name, config } = modelTopology;
    const inGroups = [0, 2].map((start) => ({ paths: ['x.bin'], weights: group!.weights.slice(start, start + 2) }));
    const whole = importTfjs({ modelTopology, weightsManifest: [group] }, weights);
    const parts = importTfjs({ format: 'layers-model', modelTopology: { keras_version: '2.12.0', model_config: { class_name, config } }, weightsManifest: inGroups }, [weights.subarray(0, 7), weights.subarray(7)]);
    assert.deepEqual(parts.getWeights(), whole.getWeights());
    assert.notDeepEqual(whole.getWeights()[0]!.data[0], 0);
  });

  it('is refused with weights that are not its own', async () => {
    const { modelJson, weights } = await saved(network());
    const spec = (change: Record<string, unknown>): object => {
      const [group] = modelJson.weightsManifest;
      return { ...modelJson, weightsManifest: [{ ...group, weights: group!.weights.map((weight, index) => (index === 0 ? { ...weight, ...change } : weight)) }] };
    };
    assert.throws(() => importTfjs(modelJson, weights.subarray(4)), refused('invalid-file', /another size .*92 bytes.*88/));
    assert.throws(() => importTfjs(modelJson, []), refused('invalid-file', /another size/));
    assert.throws(() => importTfjs(spec({ shape: [3, 4] }), weights), refused('invalid-shape', /dense_Dense\d+\/kernel/));
    assert.throws(() => importTfjs(spec({ shape: [2 ** 40, 2 ** 40] }), weights), refused('invalid-file', /another size/));
    assert.throws(() => importTfjs(spec({ dtype: 'int32' }), weights), refused('unsupported', /float32.*int32/));
    assert.throws(() => importTfjs(spec({ quantization: { dtype: 'uint8', scale: 1, min: 0 } }), weights), refused('unsupported', /quantized/));
    assert.throws(() => importTfjs(spec({ name: 'other/kernel' }), weights), refused('invalid-shape', /other\/kernel/));
  });

  it('is refused if it is of another kind', () => {
    assert.throws(() => importTfjs('{', []), refused('invalid-file'));
    assert.throws(() => importTfjs('{}', []), refused('invalid-file', /not a model of TensorFlow\.js/));
    assert.throws(() => importTfjs({ format: 'graph-model', modelTopology: { node: [] } }, []), refused('unsupported', /graph model/));
    assert.throws(() => importTfjs({ modelTopology: { class_name: 'Sequential', config: { layers: [{ class_name: 'Dense', config: { units: 2, name: 'a' } }] } } }, []), refused('invalid-file', /shape of the input/));
  });

  it('with a layer or an option that has no counterpart is refused, with all of them', async () => {
    const { modelJson, weights } = await saved(tf.sequential({ layers: [
      tfLayers.dense({ units: 3, inputShape: [4, 4], kernelConstraint: 'nonNeg', kernelRegularizer: 'l1l2', name: 'a' }), tfLayers.permute({ dims: [2, 1], name: 'b' }),
    ] }));
    assert.throws(() => importTfjs(modelJson, weights), refused('unsupported', /^[^:]*: [^:]*: a \(Dense\): kernel_constraint[^;]*; b: layer Permute/));
  });
});
