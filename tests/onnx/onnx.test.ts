/** What is exported to ONNX, run in ONNX Runtime, predicts the same. */
import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { InferenceSession, Tensor as OrtTensor, env } from 'onnxruntime-web';
import { customLayer, input, layers, model, sequential, sgd } from '../../src/entry.node.js';
import type { Model, Tensor } from '../../src/entry.node.js';
import { LAYER_TYPES } from '../../src/layers/registry.js';
import { saveOnnx } from '../../src/node.js';
import { exportOnnx, ONNX_LAYER_TYPES } from '../../src/onnx/index.js';
import { cases } from '../layers/cases.js';
import { randomInput, randomTensor, refused } from '../model/helpers.js';

env.wasm.numThreads = 1;

const { add, concatenate, conv2d, dense, dropout, flatten, maxPooling2d, randomFlip, rescaling, simpleRNN } = layers;

/** Layers that ONNX has no operators for, and why. */
const NOT_EXPORTED: Readonly<Record<string, string>> = { masking: 'recurrent operators of ONNX know no mask of steps' };

/** Biases and the like that are all different and nowhere zero, so that one left out or in another's place is seen. */
function fill(network: Model): Model {
  network.setWeights(network.getWeights().map(({ data, shape }, index) =>
    ({ data: shape.length > 1 ? data : randomTensor(shape, 100 + index).data.map((value) => 0.5 + 0.3 * value), shape })));
  return network;
}

/** All outputs, in the order of the file. */
async function runAll(bytes: Uint8Array, feeds: Readonly<Record<string, Tensor<Float32Array>>>): Promise<[name: string, value: OrtTensor][]> {
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'], logSeverityLevel: 3 });
  try {
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { data, shape }]) => [name, new OrtTensor('float32', data, shape)]));
    const outputs = await session.run(inputs);
    assert.deepEqual(Object.keys(inputs), [...session.inputNames]);
    return session.outputNames.map((name) => [name, outputs[name]!]);
  } finally {
    await session.release();
  }
}

const run = async (bytes: Uint8Array, feeds: Readonly<Record<string, Tensor<Float32Array>>>): Promise<OrtTensor> => (await runAll(bytes, feeds))[0]![1];

/** Compares with `predict`, in batches of other sizes than those that ran before. */
async function agree(network: Model, rows: number): Promise<void> {
  await network.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
  try {
    const bytes = exportOnnx(network);
    for (const batch of [rows, 1]) {
      const inputs = network.inputSpecs.map((spec, index) => [spec.name, randomInput(spec, batch, 7 + index)] as const);
      const expected = await network.predict(inputs.length === 1 ? inputs[0]![1] : inputs.map(([, tensor]) => tensor));
      const { data, dims } = await run(bytes, Object.fromEntries(inputs));
      assert.deepEqual(dims, expected.shape);
      (data as Float32Array).forEach((value, index) => {
        const wanted = expected.data[index]!;
        assert.ok(Math.abs(value - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted)), `value ${index}: ${value} in ONNX Runtime, ${wanted} here`);
      });
    }
  } finally {
    network.close();
  }
}

describe('ONNX Runtime predicts the same as the library', () => {
  for (const { name, layers: twins, batch } of cases.filter(({ layers: twins }) => !twins().some(({ layer }) => layer.type in NOT_EXPORTED))) {
    it(name, () => agree(fill(sequential(twins().map(({ layer }) => layer))), batch));
  }

  it('branches, joined and added, with values of several layouts', async () => {
    const image = input({ shape: [8, 6, 2], name: 'image' });
    const facts = input({ shape: [5], name: 'facts' });
    const stem = conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(image);
    const skip = add().apply([conv2d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(stem), stem, dense({ units: 4 }).apply(image)]);
    const sides = concatenate({ axis: 1 }).apply([skip, stem]);
    const depth = concatenate().apply([maxPooling2d().apply(sides), maxPooling2d().apply(sides)]);
    const joined = concatenate().apply([flatten().apply(depth), rescaling({ scale: 2, offset: 1 }).apply(facts)]);
    await agree(fill(model({ inputs: [image, facts], outputs: dense({ units: 3, activation: 'softmax' }).apply(joined) })), 3);
  });

  it('several outputs, one of which the others are made of, by their names', async () => {
    const image = input({ shape: [6, 6, 2], name: 'image' });
    const map = conv2d({ filters: 3, kernelSize: 3, activation: 'relu', name: 'map' }).apply(image);
    const pooled = maxPooling2d({ name: 'pooled' }).apply(map);
    const kind = dense({ units: 4, activation: 'softmax', name: 'kind' }).apply(flatten().apply(pooled));
    const network = model({ inputs: image, outputs: [kind, map, dropout({ rate: 0.5, name: 'same' }).apply(kind)] });
    await network.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
    const x = randomTensor([3, 6, 6, 2], 1);
    const expected = await network.predict(x);
    const outputs = await runAll(exportOnnx(network), { image: x });
    network.close();
    assert.deepEqual(outputs.map(([name]) => name), ['kind', 'map', 'same']);
    outputs.forEach(([name, { data, dims }], index) => {
      assert.deepEqual(dims, expected[index]!.shape, name);
      (data as Float32Array).forEach((value, at) => assert.ok(Math.abs(value - expected[index]!.data[at]!) <= 1e-5, `${name}, value ${at}`));
    });
  });

  it('sequences, added time first', async () => {
    const x = input({ shape: [6, 3] });
    const rnn = simpleRNN({ units: 4, returnSequences: true }).apply(x);
    const sum = add().apply([rnn, dense({ units: 4 }).apply(rnn)]);
    await agree(fill(model({ inputs: x, outputs: simpleRNN({ units: 2 }).apply(sum) })), 4);
  });

  it('a model of which nothing is left but its input', () => agree(sequential([randomFlip({ inputShape: [3, 2, 1] }), dropout({ rate: 0.5 })]), 2));
});

it('every layer is exported, or known not to be', () => {
  assert.deepEqual([...ONNX_LAYER_TYPES, ...Object.keys(NOT_EXPORTED)].sort(), [...LAYER_TYPES].sort());
});

it('refuses an embedding that masks', () => {
  const network = sequential([layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true, inputShape: [4] }), layers.gru({ units: 3 })]);
  assert.throws(() => exportOnnx(network), refused('unsupported', /embedding_1.*no mask of steps/));
});

it('refuses layers of the user, by name', () => {
  const twice = customLayer({ type: 'twice', call: (x, ops) => ops.add(x, x) });
  const network = sequential([dense({ units: 2, inputShape: [3] }), twice({ name: 'mine' })]);
  assert.throws(() => exportOnnx(network), refused('unsupported', /mine: a layer that cannot be exported to ONNX .*twice/));
});

it('gives the same bytes each time, with names that are all unlike', () => {
  const network = sequential([dense({ units: 2, inputShape: [3], name: 'a' }), dense({ units: 2, name: 'a/Gemm' }), dense({ units: 2, name: 'a/kernel' })]);
  assert.deepEqual(exportOnnx(network), exportOnnx(network));
  return agree(fill(network), 2);
});

it('is saved in a file', async () => {
  const network = sequential([dense({ units: 2, inputShape: [3] })]);
  const file = join(tmpdir(), `lanewise-${process.pid}.onnx`);
  try {
    await saveOnnx(file, network);
    assert.deepEqual(new Uint8Array(await readFile(file)), exportOnnx(network));
  } finally {
    await rm(file, { force: true });
  }
});
