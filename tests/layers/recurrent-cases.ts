/** Small networks of LSTM, GRU and the options that all recurrent layers share. */
import type { LossName } from '../../src/entry.node.js';
import { type Twin, twins } from './twins.js';

const { bidirectional, conv2d, dense, dropout, flatten, gru, layerNormalization, lstm, maxPooling2d, relu, simpleRNN, softmax, timeDistributed } = twins;
type Add = (name: string, batch: number, loss: LossName, layers: () => readonly Twin[]) => void;

export function addRecurrentCases(add: Add): void {
  const before = { lstm: {}, gru: {}, 'gru, reset before': { resetAfter: false } };
  for (const [name, options] of Object.entries(before)) {
    const make = name === 'lstm' ? lstm : gru;
    for (const activation of ['tanh', 'relu', 'sigmoid', 'linear', 'hardSigmoid'] as const) {
      for (const recurrentActivation of activation === 'tanh' ? (['sigmoid', 'tanh', 'hardSigmoid', 'hardSigmoidTfjs'] as const) : (['sigmoid', 'tanh'] as const)) {
        add(`${name}, ${activation}, gates ${recurrentActivation}`, 5, 'mse', () => [
          dense({ units: 3, inputShape: [4, 2] }), make({ units: 4, activation, recurrentActivation, ...options }), dense({ units: 2 }),
        ]);
      }
    }
    for (const batch of [1, 7, 9, 20]) {
      add(`${name}, two in a row, batch ${batch}`, batch, 'mse', () => [
        make({ units: 6, returnSequences: true, inputShape: [5, 1], ...options }), make({ units: 3, returnSequences: true, ...options }), dense({ units: 1 }),
      ]);
    }
    add(`${name}, no bias, one step`, 4, 'mse', () => [make({ units: 4, useBias: false, inputShape: [1, 3], ...options }), dense({ units: 2 })]);
    add(`${name}, longer than a block of steps`, 2, 'mse', () => [
      make({ units: 3, inputShape: [270, 1], returnSequences: true, ...options }), dense({ units: 1 }),
    ]);
  }
  const kinds = { simpleRNN, ...before };
  for (const [name, given] of Object.entries(kinds)) {
    const make = name === 'simpleRNN' ? simpleRNN : name === 'lstm' ? lstm : gru;
    const options = name === 'simpleRNN' ? {} : given;
    for (const useBias of [true, false]) {
      add(`${name} backwards, dropout of inputs and states${useBias ? '' : ', no bias'}`, 9, 'mse', () => [
        dense({ units: 3, inputShape: [4, 2] }),
        make({ units: 5, useBias, goBackwards: true, dropout: 0.3, recurrentDropout: 0.4, returnSequences: true, ...options }),
        make({ units: 3, useBias, recurrentDropout: 0.5, ...options }), dense({ units: 1 }),
      ]);
    }
  }
  addBidirectionalCases(add);
  addTimeDistributedCases(add);
}

function addTimeDistributedCases(add: Add): void {
  for (const batch of [1, 3]) {
    add(`timeDistributed, a convolution for each image of a film, batch ${batch}`, batch, 'mse', () => [
      timeDistributed({ layer: conv2d({ filters: 8, kernelSize: 3, activation: 'relu' }), inputShape: [3, 8, 6, 2] }), timeDistributed({ layer: maxPooling2d({ poolSize: 2 }) }),
      timeDistributed({ layer: conv2d({ filters: 8, kernelSize: 3, padding: 'same' }) }), timeDistributed({ layer: relu({}) }), timeDistributed({ layer: flatten() }),
      lstm({ units: 3, returnSequences: true }), timeDistributed({ layer: dense({ units: 2 }) }),
    ]);
  }
  add('timeDistributed, of sequences of sequences', 3, 'mse', () => [
    timeDistributed({ layer: gru({ units: 3, dropout: 0.3, recurrentDropout: 0.2 }), inputShape: [4, 5, 2] }), simpleRNN({ units: 3 }), dense({ units: 2 }),
  ]);
  add('timeDistributed within itself', 2, 'mse', () => [
    timeDistributed({ layer: timeDistributed({ layer: dense({ units: 3, activation: 'tanh' }) }), inputShape: [3, 4, 2] }),
    timeDistributed({ layer: timeDistributed({ layer: layerNormalization({}) }) }), timeDistributed({ layer: dropout({ rate: 0.4 }) }), flatten(), dense({ units: 2 }),
  ]);
  for (const loss of ['sparseCategoricalCrossentropy', 'categoricalCrossentropy'] as const) {
    add(`timeDistributed softmax, ${loss}`, 3, loss, () => [gru({ units: 3, returnSequences: true, inputShape: [4, 2] }), timeDistributed({ layer: dense({ units: 3, activation: 'softmax' }) })]);
  }
  add('timeDistributed softmax by itself', 3, 'sparseCategoricalCrossentropy', () => [dense({ units: 3, inputShape: [4, 2] }), timeDistributed({ layer: softmax({}) })]);
}

function addBidirectionalCases(add: Add): void {
  for (const mergeMode of ['concat', 'sum', 'mul', 'ave'] as const) {
    for (const returnSequences of [true, false]) {
      add(`bidirectional gru, ${mergeMode}${returnSequences ? ' of sequences' : ''}`, 5, 'mse', () => [
        dense({ units: 3, inputShape: [4, 2] }), bidirectional({ layer: ['gru', { units: 4, returnSequences }], mergeMode }), dense({ units: 2 }),
      ]);
    }
  }
  for (const batch of [1, 9]) {
    add(`bidirectional, two in a row, batch ${batch}`, batch, 'mse', () => [
      bidirectional({ layer: ['lstm', { units: 5, returnSequences: true }], inputShape: [6, 2] }), bidirectional({ layer: ['simpleRNN', { units: 3 }], mergeMode: 'sum' }),
      dense({ units: 1 }),
    ]);
  }
  add('bidirectional of two kinds, the first one backwards', 7, 'mse', () => [
    bidirectional({
      layer: ['lstm', { units: 5, returnSequences: true, goBackwards: true }], backwardLayer: ['gru', { units: 3, returnSequences: true, resetAfter: false, useBias: false }],
      inputShape: [4, 3],
    }),
    dense({ units: 2 }),
  ]);
  for (const mergeMode of ['concat', 'ave'] as const) {
    add(`bidirectional, dropout of inputs and states, ${mergeMode}`, 9, 'mse', () => [
      dense({ units: 3, inputShape: [4, 2] }), bidirectional({ layer: ['lstm', { units: 4, returnSequences: true, dropout: 0.3, recurrentDropout: 0.4 }], mergeMode }),
      bidirectional({ layer: ['gru', { units: 3, dropout: 0.5 }], mergeMode }), dense({ units: 1 }),
    ]);
  }
}
