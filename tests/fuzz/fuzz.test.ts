/**
 * Readers under seeded mutation. LANEWISE_FUZZ: inputs in all, default 100 000. LANEWISE_FUZZ_SEED: default 1.
 */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { parseIdx } from '../../src/data/idx.js';
import { parseNpy } from '../../src/data/npy.js';
import { adam, layers, modelFromJSON, sequential } from '../../src/entry.node.js';
import type { Checkpoint, ErrorCode, Sequential } from '../../src/entry.node.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/io/checkpoint.js';
import { decodeModel, encodeModel } from '../../src/io/model.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../../src/io/safetensors.js';
import { decodeSealed, encodeSealed } from '../../src/io/sealed.js';
import { idxBytes } from '../data/helpers.js';
import { classifier, classify, randomLabels, randomTensor, smallCnn, smallRnn } from '../model/helpers.js';
import { fuzz, type Target } from './run.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Files of tensors, of which the header's text or any byte is changed; its length is set right again more often than not. */
function safetensorsTarget(): Target {
  const floats = (...values: number[]): NamedTensor['tensor'] => ({ data: Float32Array.from(values), shape: [values.length] });
  const files = [
    encodeSafetensors([]), encodeSafetensors([{ name: 'a', tensor: floats(1, 2) }, { name: '__proto__', tensor: { data: Uint8Array.of(1, 2, 3), shape: [3, 1] } }]),
    encodeSafetensors([{ name: 'x/y', tensor: { data: new Float64Array(2), shape: [2] } }, { name: 'empty', tensor: { data: new Int32Array(0), shape: [0, 5] } }], { format: 'pt', é: '1' }),
    encodeSafetensors(smallRnn().namedWeights(), { format: 'lanewise' }),
  ];
  const parts = files.map((bytes) => {
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    return { header: new TextDecoder().decode(bytes.subarray(8, 8 + length)), data: bytes.subarray(8 + length) };
  });
  const headers = parts.map(({ header }) => header);
  return {
    share: 0.32, codes: ['invalid-file', 'unsupported'],
    next(mutator) {
      let bytes: Uint8Array;
      if (mutator.chance(0.3)) bytes = mutator.bytes(mutator.pick(files), files);
      else {
        const { header, data } = mutator.pick(parts);
        const text = utf8(mutator.text(header, headers));
        const length = Buffer.alloc(8);
        length.writeBigUInt64LE(BigInt(mutator.chance(0.9) ? text.length : mutator.below(2 * text.length)));
        bytes = Buffer.concat([length, text, data]);
      }
      return { read: () => decodeSafetensors(bytes, 'fuzz'), show: () => base64(bytes) };
    },
  };
}

function idxTarget(): Target {
  const files = [
    idxBytes(8, [2, 3, 3], Array.from({ length: 18 }, (_, i) => i)), idxBytes(8, [5], [1, 2, 3, 4, 5]), idxBytes(0x0d, [2, 2], new Uint8Array(16)),
    idxBytes(0x0e, [1, 1, 1, 2], new Uint8Array(16)), idxBytes(0x0b, [3], new Uint8Array(6)), idxBytes(8, [0, 28, 28], []),
  ];
  return {
    share: 0.2, codes: ['invalid-file', 'unsupported'],
    next(mutator) {
      const bytes = mutator.bytes(mutator.pick(files), files);
      const kind = mutator.pick(['images', 'labels', 'any'] as const);
      return { read: () => parseIdx(bytes, { kind, where: 'fuzz' }), show: () => `${kind} ${base64(bytes)}` };
    },
  };
}

function npyTarget(): Target {
  const file = (header: string, data: Uint8Array, version = 1): Uint8Array => {
    const text = utf8(header);
    const start = version === 1 ? [0x93, ...utf8('NUMPY'), 1, 0, text.length & 255, text.length >> 8] : [0x93, ...utf8('NUMPY'), version, 0, text.length & 255, text.length >> 8, 0, 0];
    return Uint8Array.from([...start, ...text, ...data]);
  };
  const headers = [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }\n",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (), }\n", "{'descr': '<f8', 'fortran_order': True, 'shape': (1, 3), }\n",
  ];
  const files = headers.map((header, i) => file(header, new Uint8Array([24, 24, 1, 24][i]!), 1 + (i % 3)));
  return {
    share: 0.2, codes: ['invalid-file', 'unsupported', 'invalid-data'],
    next(mutator) {
      const bytes = mutator.chance(0.4) ? mutator.bytes(mutator.pick(files), files)
        : file(mutator.text(mutator.pick(headers), headers), new Uint8Array(mutator.pick([0, 1, 24])), 1 + mutator.below(3));
      return { read: () => parseNpy(bytes, 'fuzz'), show: () => base64(bytes) };
    },
  };
}

const MODEL_CODES: readonly ErrorCode[] = ['invalid-file', 'unsupported', 'invalid-argument', 'invalid-shape', 'out-of-memory'];

function configTarget(): Target {
  const texts = [smallCnn(), smallRnn(), classifier(), sequential([layers.rescaling({ scale: 2, inputShape: [3, 3, 1] }), layers.randomFlip(), layers.flatten(), layers.activation({ activation: 'softmax' })])]
    .map((model) => JSON.stringify(model));
  return {
    share: 0.2, codes: MODEL_CODES,
    next(mutator) {
      const text = mutator.text(mutator.pick(texts), texts);
      return {
        read: () => {
          const model = modelFromJSON(text, 'fuzz');
          const again = JSON.stringify(model);
          assert.equal(JSON.stringify(modelFromJSON(again)), again);
          model.summary();
        },
        show: () => text,
      };
    },
  };
}

/** Files of models and checkpoints, mutated below their seal, which is set anew: a digest keeps accidents out, not intent. */
async function sealedTarget(share: number, files: readonly Uint8Array[], read: (bytes: Uint8Array) => Promise<unknown>, codes: readonly ErrorCode[]): Promise<Target> {
  const contents = await Promise.all(files.map((bytes) => decodeSealed(bytes, 'seed')));
  const texts = contents.flatMap(({ metadata }) => [...metadata.values()]);
  return {
    share, codes,
    next(mutator) {
      if (mutator.chance(0.2)) {
        const bytes = mutator.bytes(mutator.pick(files), files);
        return { read: () => read(bytes), show: () => base64(bytes) };
      }
      const { tensors, metadata } = mutator.pick(contents);
      const names = [...tensors.keys()];
      const changed = new Map(tensors);
      const notes = new Map(metadata);
      if (mutator.chance(0.6)) {
        const key = mutator.pick([...notes.keys()]);
        notes.set(key, mutator.text(notes.get(key)!, texts));
      }
      if (mutator.chance(0.5)) {
        const name = mutator.pick(names);
        const tensor = changed.get(name)!;
        const length = mutator.pick([0, 1, tensor.data.length, tensor.data.length + 1]);
        const data = mutator.chance(0.5) ? new Float32Array(length) : Float64Array.from({ length }, () => mutator.pick([0, -1, 0.5, NaN, Infinity, 1e300, 2 ** 53]));
        changed.delete(name);
        if (mutator.chance(0.7)) changed.set(mutator.chance(0.8) ? name : mutator.pick([...names, '', '__proto__', 'history/loss', '../x']), { data, shape: [length] });
      }
      const sealed = encodeSealed([...changed].map(([name, tensor]) => ({ name, tensor })), Object.fromEntries(notes));
      return { read: async () => read(await sealed), show: () => JSON.stringify([[...notes], [...changed].map(([name, { shape }]) => [name, shape])]) };
    },
  };
}

const x = randomTensor([10, 4], 1);
const y = randomLabels(10, 3, 2);
const training = { epochs: 2, batchSize: 4 };

/** A checkpoint that is accepted must be refused by the run, or gone on from. */
async function resume(model: Sequential, checkpoint: Checkpoint): Promise<void> {
  await model.fit(x, y, { ...training, resume: checkpoint });
}

async function targets(): Promise<Readonly<Record<string, Target>>> {
  const model = classifier();
  await model.compile({ ...classify, optimizer: adam() });
  await model.fit(x, y, { epochs: 1, batchSize: 4 });
  const early = await encodeCheckpoint(model.checkpoint(), { network: 'signals', seed: '1' });
  const stop = new AbortController();
  await model.fit(x, y, { ...training, signal: stop.signal, callbacks: { onBatchEnd: () => stop.abort() } }).catch(() => {});
  const middle = await encodeCheckpoint(model.checkpoint());
  const models = await Promise.all([smallRnn(), classifier()].map(encodeModel));
  return {
    safetensors: safetensorsTarget(), idx: idxTarget(), npy: npyTarget(), config: configTarget(),
    model: await sealedTarget(0.04, models, (bytes) => decodeModel(bytes, 'fuzz'), MODEL_CODES),
    checkpoint: await sealedTarget(0.04, [early, middle], async (bytes) => resume(model, await decodeCheckpoint(bytes, 'fuzz')), ['invalid-file', 'unsupported', 'checkpoint-mismatch', 'not-finite']),
  };
}

await describe('mutated files of our own', async () => fuzz(await targets(), 0));
