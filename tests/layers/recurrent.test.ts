/** What recurrent layers do beside their arithmetic. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layers, sequential } from '../../src/entry.node.js';
import type { FirstLayer } from '../../src/entry.node.js';

const { gru, lstm } = layers;

describe('the first weights', () => {
  const biasOf = (layer: FirstLayer): number[] => {
    sequential([layer], { seed: 1 });
    return [...layer.getWeights()[2]!.data];
  };

  it('of an LSTM let it remember: ones for the forget gate, unless told otherwise', () => {
    assert.deepEqual(biasOf(lstm({ units: 2, inputShape: [3, 1] })), [0, 0, 1, 1, 0, 0, 0, 0]);
    assert.deepEqual(biasOf(lstm({ units: 2, unitForgetBias: false, inputShape: [3, 1] })), new Array(8).fill(0));
  });

  it('of a GRU are two biases of zeros', () => assert.deepEqual(biasOf(gru({ units: 2, inputShape: [3, 1] })), new Array(12).fill(0)));
});
