/** Models as JSON and as bytes: what was written comes back, and nothing that was not meant to be there gets in. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LanewiseError, decodeModel, encodeModel, input, layers, model, modelFromJSON, sequential, sgd } from '../../src/entry.node.js';
import type { FirstLayer, Model, Tensor } from '../../src/entry.node.js';
import { loadModel, saveModel } from '../../src/files/model-file.js';
import type { Json, JsonRecord } from '../../src/json.js';
import { layerConfig } from '../../src/layers/layer-config.js';
import { LAYERS, LAYER_TYPES, layerFromConfig } from '../../src/layers/registry.js';
import { encodeSafetensors } from '../../src/io/safetensors.js';
import { decodeSealed, encodeSealed } from '../../src/io/sealed.js';
import { refusal, withFolder } from '../data/helpers.js';
import { cases } from '../layers/cases.js';
import { randomTensor, smallCnn, smallRnn, weightsHash } from '../model/helpers.js';

const text = (model: Model): string => JSON.stringify(model);

describe('a model as JSON', () => {
  for (const { name, layers: twins } of cases) {
    it(`comes back as it was: ${name}`, () => {
      const model = sequential(twins().map(({ layer }) => layer), { seed: 9007199254740991, name: 'é "\u0000' });
      for (const back of [modelFromJSON(text(model)), modelFromJSON(model.toJSON()), modelFromJSON(JSON.parse(text(model)) as object)]) {
        assert.equal(text(back), text(model));
        assert.equal(weightsHash(back), weightsHash(model));
        assert.deepEqual(back.summary().layers, model.summary().layers);
        assert.equal(back.summary().toString(), model.summary().toString());
      }
    });
  }

  it('says every option, and so does not hang on defaults', () => {
    const recurrent = { goBackwards: false, dropout: 0.2, recurrentDropout: 0, stateful: false };
    assert.deepEqual(JSON.parse(text(smallRnn())), {
      format: 'lanewise-model', version: 1, name: 'sequential', seed: 1,
      layers: [
        { type: 'simpleRNN', name: 'simpleRNN_1', inputShape: [12, 1], units: 7, activation: 'tanh', useBias: true, returnSequences: true, ...recurrent },
        { type: 'simpleRNN', name: 'simpleRNN_2', units: 5, activation: 'tanh', useBias: true, returnSequences: true, ...recurrent },
        { type: 'simpleRNN', name: 'simpleRNN_3', units: 3, activation: 'tanh', useBias: true, returnSequences: true, ...recurrent },
        { type: 'dense', name: 'dense_1', units: 1, activation: 'linear', useBias: true },
      ],
    });
  });

  it('has a place in the table for every layer there is', () => assert.deepEqual([...LAYER_TYPES].sort(), Object.keys(layers).sort()));

  it('has the defaults of the layers themselves', () => {
    const inputShape = [6, 6, 2];
    const bare: Readonly<Record<string, object>> = {
      activation: { activation: 'relu' }, add: {}, averagePooling1d: {}, averagePooling2d: {}, batchNormalization: {}, bidirectional: { layer: layers.lstm({ units: 2 }) }, concatenate: {},
      conv1d: { filters: 2, kernelSize: 2 }, conv2d: { filters: 2, kernelSize: 2 }, dense: { units: 2 }, depthwiseConv2d: { kernelSize: 2 }, dropout: { rate: 0.5 },
      elu: {}, embedding: { inputDim: 4, outputDim: 2 }, flatten: {}, gelu: {}, globalAveragePooling1d: {}, globalAveragePooling2d: {}, globalMaxPooling1d: {},
      globalMaxPooling2d: {}, gru: { units: 2 }, layerNormalization: {}, leakyRelu: {}, lstm: { units: 2 }, masking: {}, maxPooling1d: {},
      maxPooling2d: { poolSize: [2, 3] }, randomErasing: {}, randomFlip: {}, randomRotation: { factor: 0.1 },
      randomTranslation: { heightFactor: 0.1, widthFactor: [0, 0.2] }, relu: {}, rescaling: { scale: 2 }, reshape: { targetShape: [9, -1] },
      separableConv2d: { filters: 2, kernelSize: 2 }, sigmoid: {}, silu: {}, simpleRNN: { units: 2 }, softmax: {}, softplus: {}, tanh: {}, timeDistributed: { layer: layers.dense({ units: 2 }) }, zeroPadding2d: {},
    };
    assert.deepEqual(Object.keys(bare), [...LAYER_TYPES].sort());
    for (const [type, options] of Object.entries(bare)) {
      const make = layers[type as keyof typeof layers] as (options: object) => FirstLayer;
      const shape = ['simpleRNN', 'lstm', 'gru', 'masking', 'bidirectional'].includes(type) || type.endsWith('1d') ? [5, 2] : inputShape;
      const layer = make({ ...options, inputShape: shape });
      const one = sequential([layer], { seed: 1 });
      assert.equal(layer.optionTable, LAYERS.get(type)!.options, `${type} is written by the table it is read by`);
      const full = layerFromConfig({ ...layerConfig(layer), inputShape: shape }, 'full') as FirstLayer;
      assert.deepEqual(sequential([full], { seed: 1 }).summary().layers, one.summary().layers, type);
      const fields = (each: object): unknown =>
        JSON.parse(JSON.stringify(each, (key, value: unknown) => (['options', 'store', 'givenName'].includes(key) ? null : value)));
      assert.deepEqual(fields(full), fields(layer), type);
    }
  });

  const config = (): { [key: string]: Json } => JSON.parse(text(sequential([layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [4, 4, 1] }), layers.flatten()]))) as JsonRecord;
  const withLayer = (changes: object): object => {
    const base = config();
    const [first, ...rest] = base['layers'] as JsonRecord[];
    return { ...base, layers: [{ ...first, ...changes }, ...rest] };
  };

  it('that is not understood is refused by name, never guessed at', () => {
    const wrong: readonly (readonly [string | object, 'invalid-file' | 'unsupported' | 'invalid-argument' | 'invalid-shape', RegExp])[] = [
      ['', 'invalid-file', /not valid JSON/], ['[]', 'invalid-file', /not the config of a model/], ['null', 'invalid-file', /not the config/], [[], 'invalid-file', /not the config/],
      [{ ...config(), format: 'keras' }, 'invalid-file', /expected format lanewise-model/],
      [{ ...config(), version: 3 }, 'unsupported', /version 1 or 2, received 3.*newer/], [{ ...config(), version: '1' }, 'unsupported', /received "1"/],
      [{ ...config(), optimizer: {} }, 'unsupported', /unknown part.*"optimizer"/],
      [{ ...config(), seed: '1' }, 'invalid-file', /seed/], [{ ...config(), seed: -1 }, 'invalid-argument', /seed/], [{ ...config(), name: 3 }, 'invalid-file', /name/],
      [{ ...config(), layers: {} }, 'invalid-file', /layers is not a list/], [{ ...config(), layers: [] }, 'invalid-argument', /at least one layer/],
      [{ ...config(), layers: ['dense'] }, 'invalid-file', /layers\[0\]: not the config of a layer/],
      [withLayer({ type: 'Lambda' }), 'unsupported', /layers\[0\]: unknown layer.*received "Lambda"/], [withLayer({ type: 'constructor' }), 'unsupported', /unknown layer/],
      [withLayer({ type: '__proto__' }), 'unsupported', /unknown layer/], [withLayer({ type: undefined }), 'unsupported', /unknown layer.*received none/],
      [withLayer({ module: 'builtins' }), 'unsupported', /conv2d: unknown option.*"module"/], [withLayer({ function: 'os.system' }), 'unsupported', /unknown option/],
      [withLayer({ safeMode: false }), 'unsupported', /unknown option/], [withLayer({ filters: undefined }), 'invalid-file', /filters is missing/],
      [withLayer({ filters: '2' }), 'invalid-file', /filters has the wrong type.*expected a number, received "2"/], [withLayer({ filters: 1.5 }), 'invalid-argument', /filters/],
      [withLayer({ filters: 2 ** 31 }), 'invalid-argument', /filters/], [withLayer({ kernelSize: [2, '2'] }), 'invalid-file', /kernelSize/], [withLayer({ kernelSize: [2, 2, 2] }), 'invalid-argument', /kernelSize/],
      [withLayer({ kernelSize: 9 }), 'invalid-shape', /larger than the input/], [withLayer({ padding: 'full' }), 'invalid-argument', /padding/], [withLayer({ padding: ['same'] }), 'invalid-file', /padding/],
      [withLayer({ activation: 'eval' }), 'invalid-argument', /activation/], [withLayer({ useBias: 'yes' }), 'invalid-file', /useBias/], [withLayer({ inputShape: '4' }), 'invalid-file', /inputShape/],
      [withLayer({ inputShape: [4, 0, 1] }), 'invalid-argument', /inputShape/], [withLayer({ name: 7 }), 'invalid-file', /name/], [withLayer({ name: 'flatten_1' }), 'invalid-argument', /same name/],
    ];
    for (const [given, code, message] of wrong) assert.throws(() => modelFromJSON(given, 'file'), refusal(code, message), JSON.stringify(given));
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    assert.throws(() => modelFromJSON(cycle), refusal('invalid-argument', /not JSON/));
    assert.throws(() => modelFromJSON(text(smallCnn()).replace('"seed":1', '"seed":1,"seed":2')), refusal('invalid-file', /second time/));
    assert.throws(() => modelFromJSON(text(smallCnn()).replace('"seed":1', '"seed":9007199254740993')), refusal('invalid-file', /out of range/));
  });

  it('of a layer within another says all of it but its name', () => {
    const { bidirectional, gru } = layers;
    const model = sequential([bidirectional({ layer: gru({ units: 2, name: 'lost', kernelRegularizer: { l1: 0, l2: 0.5 } }), mergeMode: 'ave', inputShape: [3, 1] })]);
    const inner = {
      type: 'gru', units: 2, activation: 'tanh', useBias: true, returnSequences: false, goBackwards: false, dropout: 0, recurrentDropout: 0, stateful: false,
      kernelRegularizer: { l1: 0, l2: 0.5 }, recurrentActivation: 'sigmoid', resetAfter: true,
    };
    assert.deepEqual(JSON.parse(text(model)), {
      format: 'lanewise-model', version: 1, name: 'sequential', seed: 0,
      layers: [{ type: 'bidirectional', name: 'bidirectional_1', inputShape: [3, 1], layer: inner, mergeMode: 'ave' }],
    });
  });

  it('whose layers within others are not understood is refused by name', () => {
    const both = (changes: object): object => ({ ...config(), layers: [{ type: 'bidirectional', inputShape: [3, 2], layer: { type: 'gru', units: 2 }, ...changes }] });
    assert.deepEqual(modelFromJSON(both({})).outputShape, [4]);
    const wrong: readonly (readonly [object, 'invalid-file' | 'unsupported' | 'invalid-argument', RegExp])[] = [
      [{ layer: undefined }, 'invalid-file', /layers\[0\], bidirectional: layer is missing/], [{ layer: null }, 'invalid-file', /layer has the wrong type.*the config of a layer/],
      [{ layer: [] }, 'invalid-file', /layer has the wrong type/], [{ layer: 'gru' }, 'invalid-file', /layer has the wrong type/],
      [{ layer: { type: '__proto__' } }, 'unsupported', /bidirectional, layer: unknown layer/], [{ layer: { type: 'gru' } }, 'invalid-file', /bidirectional, layer, gru: units is missing/],
      [{ layer: { type: 'gru', units: 2, module: 'os' } }, 'unsupported', /layer, gru: unknown option/], [{ layer: { type: 'dense', units: 2 } }, 'invalid-argument', /not a recurrent layer.*dense/],
      [{ backwardLayer: { type: 'gru', units: 2 } }, 'invalid-argument', /the same way/], [{ mergeMode: null }, 'invalid-file', /mergeMode/], [{ mergeMode: 'max' }, 'invalid-argument', /mergeMode/],
      [{ layer: { type: 'mine', custom: true } }, 'unsupported', /layer: a custom layer/], [{ parts: [] }, 'unsupported', /unknown option/],
    ];
    for (const [changes, code, message] of wrong) assert.throws(() => modelFromJSON(both(changes), 'file'), refusal(code, message), JSON.stringify(changes));
  });

  it('nested without end is refused before anything is made of it', () => {
    for (const depth of [100, 10_000, 1_000_000]) {
      const layer = `${'{"type":"bidirectional","layer":'.repeat(depth)}1${'}'.repeat(depth)}`;
      assert.throws(() => modelFromJSON(`{"format":"lanewise-model","version":1,"name":"a","seed":1,"layers":[${layer}]}`), refusal('invalid-file', depth === 100 ? /wrong type/ : /nesting deeper/));
    }
  });

  it('with the names of prototypes is harmless', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const json = text(smallCnn());
      for (const place of ['{"type":"conv2d",', '{"format":"lanewise-model",']) {
        const polluted = json.replace(place, `${place}"${key}":{"polluted":true,"rate":0.5,"units":3},`);
        assert.notEqual(polluted, json);
        assert.throws(() => modelFromJSON(polluted), refusal('unsupported', /unknown/));
      }
      const named = modelFromJSON(JSON.stringify({ ...config(), name: key, layers: [{ ...(config()['layers'] as JsonRecord[])[0], name: key }] }));
      assert.deepEqual(named.namedWeights().map(({ name }) => name), [`${key}/kernel`, `${key}/bias`]);
    }
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('of gigantic layers is refused at once', () => {
    const layer = { type: 'simpleRNN', units: 2 ** 31 - 1, inputShape: [3, 2 ** 31 - 1] };
    assert.throws(() => modelFromJSON({ ...config(), layers: [layer] }), refusal('out-of-memory', /4 GiB/));
  });

  it('of large layers draws no weights until they are needed', () => {
    const begin = performance.now();
    modelFromJSON({ ...config(), layers: [{ type: 'simpleRNN', units: 30_000, inputShape: [3, 5000] }] }).summary();
    assert.ok(performance.now() - begin < 1000);
  });
});

describe('a model as bytes', () => {
  it('comes back with its weights', async () => {
    for (const make of [smallCnn, smallRnn]) {
      const model = make(3);
      const [first] = model.getWeights();
      first!.data[0] = NaN;
      model.layers[0]!.setWeights([first!, ...model.layers[0]!.getWeights().slice(1)]);
      const back = await decodeModel(await encodeModel(model));
      assert.equal(weightsHash(back), weightsHash(model));
      assert.equal(text(back), text(model));
    }
  });

  it('is saved to a file and loaded from it', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'model.safetensors');
      const model = smallCnn(4);
      await saveModel(file, model);
      const loaded = await loadModel(file);
      assert.equal(weightsHash(loaded), weightsHash(model));
      await saveModel(file, loaded);
      assert.equal(weightsHash(await loadModel(file)), weightsHash(model), 'over the file just loaded');
      assert.deepEqual(readdirSync(folder), ['model.safetensors']);
    }));

  it('of several outputs is saved to a file and loaded from it', () =>
    withFolder(async (folder) => {
      const start = input({ shape: [3] });
      const first = layers.dense({ units: 4, activation: 'tanh', name: 'first' }).apply(start);
      const pair = model({ inputs: start, outputs: [layers.dense({ units: 2, name: 'last' }).apply(first), first], seed: 4 });
      pair.setWeights(pair.getWeights().map(({ shape }, index) => randomTensor(shape, index + 1)));
      const file = join(folder, 'pair.safetensors');
      await saveModel(file, pair);
      const back = await loadModel<Tensor<Float32Array>[]>(file);
      assert.equal(JSON.stringify(back), JSON.stringify(pair));
      for (const each of [pair, back]) await each.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
      const x = randomTensor([5, 3], 9);
      const expected = await pair.predict(x);
      assert.deepEqual(expected.map(({ shape }) => shape), [[5, 2], [5, 4]]);
      assert.deepEqual(await back.predict(x), expected);
      for (const each of [pair, back]) each.close();
      const twice = { ...pair.toJSON(), outputs: ['first', 'first'] };
      assert.throws(() => modelFromJSON(twice), refusal('invalid-argument', /an output stands twice/));
      assert.throws(() => modelFromJSON({ ...twice, outputs: ['first', 'input_1'] }), refusal('invalid-argument', /an input of the model as its output/));
    }));

  it('is refused when any bit of it has changed', async () => {
    const bytes = await encodeModel(sequential([layers.dense({ units: 2, inputShape: [2] })]));
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at]! ^= 1 << bit;
        const refused = (error: unknown): boolean => error instanceof LanewiseError && (error.code === 'invalid-file' || error.code === 'unsupported');
        await assert.rejects(decodeModel(bytes, 'flipped'), refused, `byte ${at}, bit ${bit}`);
        bytes[at]! ^= 1 << bit;
      }
    }
  });

  it('with weights that are not those of its layers is refused with all differences', async () => {
    const { tensors, metadata } = await decodeSealed(await encodeModel(smallCnn()), 'model');
    const change = (edit: (map: Map<string, { data: Float32Array; shape: readonly number[] }>) => void): Promise<Uint8Array> => {
      const map = new Map(tensors) as Map<string, { data: Float32Array; shape: readonly number[] }>;
      edit(map);
      return encodeSealed([...map].map(([name, tensor]) => ({ name, tensor })), Object.fromEntries(metadata));
    };
    const bytes = await change((map) => {
      map.delete('conv2d_1/bias');
      map.set('../x', { data: new Float32Array(1), shape: [1] });
      map.set('dense_2/bias', { data: new Float32Array(4), shape: [4] });
    });
    await assert.rejects(decodeModel(bytes, 'm'), refusal('invalid-shape', /^m: .*conv2d_1\/bias \[9\] is missing; dense_2\/bias should be \[5\], not \[4\]; \.\.\/x \[1\] has no place/));
  });

  it('is not taken from a file of something else', async () => {
    for (const metadata of [{}, { format: 'lanewise' }, { format: 'lanewise-model' }]) {
      await assert.rejects(decodeModel(await encodeSealed([], metadata), 'file'), refusal('invalid-file', /file: the file is not a model/));
    }
    const unsealed = encodeSafetensors([], { format: 'lanewise-model', config: '{}' });
    await assert.rejects(decodeModel(unsealed, 'file'), refusal('invalid-file', /file: the model has no digest/));
  });

  it('of the first format is read for ever', async () => {
    const model = await decodeModel(readFileSync(new URL('fixtures/model-1.safetensors', import.meta.url)));
    assert.deepEqual(model.layers.map(({ name }) => name), ['rescaling_1', 'randomFlip_1', 'conv2d_1', 'maxPooling2d_1', 'flatten_1', 'drop', 'dense_1', 'activation_1']);
    assert.deepEqual([model.inputShape, model.outputShape, model.parameterCount], [[6, 6, 1], [3], 27]);
    const recurrent = await decodeModel(readFileSync(new URL('fixtures/recurrent-1.safetensors', import.meta.url)));
    assert.deepEqual([recurrent.inputShape, recurrent.outputShape, recurrent.parameterCount], [[5, 2], [3], 23]);
  });
});

it('no source evaluates text or imports what a file names', () => {
  const root = new URL('../../src/', import.meta.url);
  const dynamic = /\beval\s*\(|\bFunction\s*\(|\bimport\s*\((?!'[^']+'\))|\brequire\s*\(|setTimeout\s*\(\s*['"`]/;
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const lines = readFileSync(new URL(file.replaceAll('\\', '/'), root), 'utf8').split('\n');
    // the one exception: the text of the worker, which is a constant
    const found = lines.filter((line) => dynamic.test(line) && !(file.endsWith('platform/node.ts') && line.includes("require('node:worker_threads')")));
    assert.deepEqual(found, [], file);
  }
});
