import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, test } from 'node:test';
import { LanewiseError } from '../../src/errors.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/io/checkpoint.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../../src/io/safetensors.js';
import { decodeSealed, encodeSealed } from '../../src/io/sealed.js';
import { History } from '../../src/model/history.js';
import type { Checkpoint } from '../../src/model/checkpoint.js';
import { refusal } from '../data/helpers.js';

const sample = (): Checkpoint => ({
  setup: { layers: [{ type: 'dense', units: 2 }], seed: 9007199254740991, rate: 0.1, none: null, shuffle: true },
  progress: {
    step: 12, epoch: 3, batch: 2, stopped: true, lossSum: 1 / 3, correct: 5, stepMs: [0.25, 1e-3],
    sums: { precision: [1, 2, 3], r2_own: [NaN, -0, 1 / 3, 1e-310] },
    history: new History([1, 2], { loss: [0.1, NaN], valTopKAccuracy_3: [0.25, 0.5], valLoss: [Infinity, -0], seconds: [1, 2], stepMs: [3, 4] }),
  },
  tensors: new Map([
    ['dense_1/kernel', { data: Float32Array.of(1, -0, NaN, 3e-40), shape: [2, 2] }], ['dense_1/kernel/m', { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }],
    ['__proto__/kernel', { data: new Float32Array(0), shape: [0, 3] }],
  ]),
});

describe('a checkpoint as bytes', () => {
  it('comes back with every bit', async () => {
    const { notes, ...back } = await decodeCheckpoint(await encodeCheckpoint(sample(), { network: 'é', __proto__x: '1' }));
    assert.deepEqual(JSON.parse(JSON.stringify(back.setup)), sample().setup);
    assert.deepEqual(back.progress, sample().progress);
    assert.deepEqual(back.tensors, sample().tensors);
    assert.deepEqual([...notes], [['network', 'é'], ['__proto__x', '1']]);
  });

  it('is a file of weights for whoever wants no more', async () => {
    const { tensors } = decodeSafetensors(await encodeCheckpoint(sample()));
    assert.deepEqual(tensors.get('dense_1/kernel'), sample().tensors.get('dense_1/kernel'));
  });

  it('is refused when any bit of it has changed', async () => {
    const bytes = await encodeCheckpoint(sample());
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at]! ^= 1 << bit;
        await assert.rejects(decodeCheckpoint(bytes, 'flipped'), isRefusal, `byte ${at}, bit ${bit}`);
        bytes[at]! ^= 1 << bit;
      }
    }
    await decodeCheckpoint(bytes);
  });

  it('is refused cut off at any length, longer, or with zeros in it', async () => {
    const bytes = await encodeCheckpoint(sample());
    for (let length = 0; length < bytes.length; length++) await assert.rejects(decodeCheckpoint(bytes.subarray(0, length)), refusal('invalid-file'), `${length} bytes`);
    await assert.rejects(decodeCheckpoint(Buffer.concat([bytes, Buffer.alloc(1)])), refusal('invalid-file'));
    for (let start = 0; start < bytes.length; start += 16) {
      const hole = bytes.slice();
      hole.fill(0, start, start + 16);
      if (hole.every((byte, i) => byte === bytes[i])) continue; // there were zeros before
      await assert.rejects(decodeCheckpoint(hole), isRefusal, `zeros at ${start}`);
    }
  });

  it('of a newer format is refused by its version', async () => {
    await assert.rejects(decodeCheckpoint(await altered({ version: '2' }), 'run.safetensors'), refusal('unsupported', /^run\.safetensors: .*expected 1, received 2/));
  });

  it('of the first format is read for ever', async () => {
    const bytes = readFileSync(new URL('fixtures/checkpoint-1.safetensors', import.meta.url));
    const { setup, progress, tensors } = await decodeCheckpoint(bytes);
    assert.deepEqual(progress, {
      step: 6, epoch: 1, batch: 2, stopped: false, lossSum: progress.lossSum, correct: progress.correct, stepMs: progress.stepMs, history: progress.history,
    });
    assert.deepEqual(progress.history.epoch, [0]);
    assert.deepEqual([...tensors.keys()].slice(0, 4), ['dense_1/kernel', 'dense_1/bias', 'dense_2/kernel', 'dense_2/bias']);
    assert.equal(tensors.size, 12);
    assert.equal((setup as { seed: number }).seed, 1);
  });

  it('refuses notes under the names of its parts', async () => {
    for (const key of ['format', 'version', 'setup', 'progress', 'sha256']) {
      await assert.rejects(encodeCheckpoint(sample(), { [key]: '' }), refusal('invalid-argument', new RegExp(key)));
    }
  });

  it('that says what cannot be is refused with the place', async () => {
    const { step, epoch, batch, lossSum, correct } = sample().progress;
    const progress = (changes: object): Record<string, string> => ({ progress: JSON.stringify({ step, epoch, batch, lossSum, correct, ...changes }) });
    const wrong: readonly (readonly [Record<string, string>, RegExp])[] = [
      [{ format: 'lanewise' }, /not a checkpoint/], [{ progress: '' }, /progress: not valid JSON/], [{ progress: '[]' }, /step is missing/], [{ setup: '{' }, /setup: not valid JSON/],
      [{ setup: '1e999' }, /a number is out of range/], [{ setup: '9007199254740993' }, /a number is out of range/],
      [progress({ step: -1 }), /step/], [progress({ step: 1.5 }), /step/], [progress({ step: '1' }), /step/], [progress({ epoch: null }), /epoch/],
      [progress({ batch: 3 }), /step times.*expected 3, received 2/], [progress({ epoch: 4 }), /epochs of the history.*expected … 3/],
      [progress({ lossSum: null }), /lossSum/], [progress({ stopped: 0 }), /stopped/], [progress({ correct: 0.5 }), /correct/],
    ];
    for (const [metadata, message] of wrong) await assert.rejects(decodeCheckpoint(await altered(metadata)), refusal('invalid-file', message));
    const list = (name: string, ...values: number[]): NamedTensor => ({ name, tensor: { data: Float64Array.from(values), shape: [values.length] } });
    const lists: readonly (readonly [NamedTensor, RegExp])[] = [
      [list('epoch/stepMs', 1), /step times/], [list('history/epoch', 2, 1), /epochs of the history/], [list('history/loss', 1), /history of loss has the wrong length/],
      [list('history/valF1_own', 1), /history of valF1_own has the wrong length/], [{ name: 'history/f1', tensor: { data: new Float32Array(2), shape: [2] } }, /history\/f1 is not a list of F64/],
      [{ name: 'epoch/f1', tensor: { data: new Float32Array(2), shape: [2] } }, /epoch\/f1 is not a list of F64/],
      [{ name: 'history/loss', tensor: { data: new Float32Array(2), shape: [2] } }, /history\/loss is not a list of F64/],
      [{ name: 'history/loss', tensor: { data: new Float64Array(2), shape: [1, 2] } }, /history\/loss is not a list of F64/],
    ];
    for (const [tensor, message] of lists) await assert.rejects(decodeCheckpoint(await altered({}, tensor)), refusal('invalid-file', message));
  });

  it('keeps what is no figure among the tensors, where a run finds no place for it', async () => {
    for (const name of ['history/f2', 'history/__proto__', 'epoch/loss', 'epoch/valf1', 'epoch/__proto__']) {
      const { tensors, progress } = await decodeCheckpoint(await altered({}, { name, tensor: { data: new Float64Array(2), shape: [2] } }));
      assert.ok(tensors.has(name), name);
      assert.deepEqual(progress, sample().progress);
    }
  });

  it('without its digest is refused', async () => {
    const { tensors, metadata } = decodeSafetensors(await encodeCheckpoint(sample()));
    const unsealed = Object.fromEntries([...metadata].filter(([key]) => key !== 'sha256'));
    const bytes = encodeSafetensors([...tensors].map(([name, tensor]) => ({ name, tensor })), unsealed);
    await assert.rejects(decodeCheckpoint(bytes), refusal('invalid-file', /no digest/));
  });
});

/** The sample with other metadata or another tensor, sealed anew. */
async function altered(changes: Record<string, string>, tensor?: NamedTensor): Promise<Uint8Array> {
  const { tensors, metadata } = await decodeSealed(await encodeCheckpoint(sample()), 'sample');
  if (tensor) (tensors as Map<string, NamedTensor['tensor']>).set(tensor.name, tensor.tensor);
  return encodeSealed([...tensors].map(([name, value]) => ({ name, tensor: value })), { ...Object.fromEntries(metadata), ...changes });
}

function isRefusal(error: unknown): boolean {
  return error instanceof LanewiseError && (error.code === 'invalid-file' || error.code === 'unsupported');
}

test('a seal holds for the contents, in whatever order they are written', async () => {
  const bytes = await encodeSealed([{ name: 'b', tensor: { data: Float32Array.of(1), shape: [1] } }, { name: 'a', tensor: { data: Uint8Array.of(1, 2), shape: [2] } }], { x: '1', y: '2' });
  const { tensors, metadata } = decodeSafetensors(bytes);
  const turned = encodeSafetensors([...tensors].reverse().map(([name, tensor]) => ({ name, tensor })), Object.fromEntries([...metadata].reverse()));
  assert.notDeepEqual(turned, bytes);
  assert.equal((await decodeSealed(turned, 'turned')).sealed, true);
  const renamed = encodeSafetensors([...tensors].map(([name, tensor]) => ({ name: `${name}x`, tensor })), Object.fromEntries(metadata));
  await assert.rejects(decodeSealed(renamed, 'renamed'), refusal('invalid-file', /renamed: the file is damaged.*SHA-256/));
});
