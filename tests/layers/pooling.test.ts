/** The mean of a sequence with a mask: that of the steps that count. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { input, layers, model } from '../../src/entry.node.js';
import type { Model, Tensor } from '../../src/entry.node.js';
import { MergeLayer } from '../../src/layers/merging/merge-layer.js';
import type { EmitContext } from '../../src/layers/layer.js';
import type { PlanTensor } from '../../src/plan/tape.js';
import type { Shape } from '../../src/tensor/shape.js';
import { assertClose } from '../reference/index.js';
import { classify, randomLabels, randomTensor, weightsHash } from '../model/helpers.js';

/** Makes its second input, [time, 1] of zeros and ones, the mask of its first. */
class Masked extends MergeLayer {
  readonly type = 'masked';
  readonly optionTable = {};
  protected mergedShape([x]: readonly Shape[]): Shape {
    return x!;
  }
  emitMerged([x, kept]: readonly PlanTensor[], { tape }: EmitContext): PlanTensor {
    return tape.withMask(x!, kept!.ref);
  }
}

const [batch, time, features] = [6, 5, 3];
const x = randomTensor([batch, time, features], 1);
const labels = randomLabels(batch, 3, 2);
/** The last sequence has no step that counts. */
const mask = { data: Float32Array.from({ length: batch * time }, (_, at) => Number(at % 4 !== 1 && at < (batch - 1) * time)), shape: [batch, time, 1] };
const counts = (sequence: number, step: number): boolean => mask.data[sequence * time + step] === 1;
/** Other values in the steps that do not count. */
const changed: Tensor = { data: x.data.map((value, at) => (mask.data[Math.floor(at / features)] === 1 ? value : value + 1)), shape: x.shape };

/** The mean over the steps that a layer made, which lie in rows or in lanes; that in lanes leaves steps out by itself. */
function network(layout: 'rows' | 'lanes'): Model {
  const [sequence, kept] = [input({ shape: [time, features] }), input({ shape: [time, 1] })];
  const masked = layout === 'rows'
    ? new Masked({}).apply([layers.dense({ units: 4, activation: 'tanh' }).apply(sequence), kept])
    : layers.simpleRNN({ units: 4, returnSequences: true }).apply(new Masked({}).apply([sequence, kept]));
  return model({ inputs: [sequence, kept], outputs: layers.dense({ units: 3 }).apply(layers.globalAveragePooling1d().apply(masked)), seed: 5 });
}

describe('globalAveragePooling1d with a mask', () => {
  it('is the mean of the steps that count, and 0 of none', async () => {
    const [sequence, kept] = [input({ shape: [time, features] }), input({ shape: [time, 1] })];
    const mean = model({ inputs: [sequence, kept], outputs: layers.globalAveragePooling1d().apply(new Masked({}).apply([sequence, kept])) });
    await mean.compile({ ...classify, metrics: [] });
    const { data } = await mean.predict([x, mask]);
    mean.close();
    const expected = Float64Array.from({ length: batch * features }, (_, at) => {
      const [row, feature] = [Math.floor(at / features), at % features];
      const values = Array.from({ length: time }, (__, step) => step).filter((step) => counts(row, step)).map((step) => x.data[(row * time + step) * features + feature]!);
      return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
    });
    assertClose(data, expected, 1e-6, 'mean');
  });

  for (const layout of ['rows', 'lanes'] as const) {
    it(`does not see the other steps in training, behind a layer in ${layout}, on any number of threads`, async () => {
      const trained = async (given: Tensor, steps: Tensor, threads: number): Promise<string> => {
        const net = network(layout);
        await net.compile({ ...classify, threads });
        await net.fit([given, steps], labels, { epochs: 2, batchSize: 4 });
        const hash = weightsHash(net);
        net.close();
        return hash;
      };
      const all = { data: new Float32Array(batch * time).fill(1), shape: mask.shape };
      const hash = await trained(x, mask, 1);
      assert.equal(await trained(changed, mask, 3), hash);
      assert.notEqual(await trained(x, all, 1), hash);
      assert.notEqual(await trained(changed, all, 1), await trained(x, all, 1));
    });
  }
});
