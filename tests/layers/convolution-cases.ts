/** Small networks of convolutions with dilation and groups, and of those over sequences. */
import type { LossName } from '../../src/entry.node.js';
import { type Twin, twins } from './twins.js';

const { conv1d, conv2d, dense, depthwiseConv2d, dropout, flatten, maxPooling2d, separableConv2d, simpleRNN } = twins;
type Add = (name: string, batch: number, loss: LossName, layers: () => readonly Twin[]) => void;
const image = { inputShape: [7, 6, 2] };

export function addConvolutionCases(add: Add): void {
  for (const padding of ['valid', 'same'] as const) {
    for (const dilationRate of [2, [1, 3], [3, 1]] as const) {
      add(`conv2d, ${padding}, dilation ${dilationRate.toString()}`, 3, 'mse', () => [
        conv2d({ filters: 9, kernelSize: 2, padding, dilationRate, activation: 'relu', ...image }), conv2d({ filters: 2, kernelSize: [2, 1], padding, dilationRate: 2 }),
      ]);
    }
  }
  for (const [filters, groups] of [[4, 2], [18, 2], [9, 3]] as const) {
    for (const useBias of [true, false]) {
      add(`conv2d, ${groups} groups, ${filters} filters${useBias ? '' : ', no bias'}`, 3, 'mse', () => [
        conv2d({ filters: 2 * filters, kernelSize: 2, activation: 'tanh', groups: 2, ...image }),
        conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu', useBias, groups, dilationRate: useBias ? 1 : 2 }), conv2d({ filters: 2, kernelSize: 2, strides: 2, groups: 1 }),
      ]);
    }
  }
  add('conv2d that Winograd and pooling would take, but for dilation and groups', 2, 'sparseCategoricalCrossentropy', () => [
    conv2d({ filters: 16, kernelSize: 3, activation: 'relu', dilationRate: 2, inputShape: [9, 10, 16] }), maxPooling2d({}),
    conv2d({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu', groups: 2 }), maxPooling2d({ poolSize: [2, 1] }), flatten(), dense({ units: 3 }),
  ]);

  // Over sequences, from rows and from lanes; less than a tile of steps and several, more sequences than blocks
  for (const padding of ['valid', 'same', 'causal'] as const) {
    for (const [strides, dilationRate] of [[1, 1], [2, 1], [1, 3]] as const) {
      for (const useBias of [true, false]) {
        add(`conv1d, ${padding}, strides ${strides}, dilation ${dilationRate}${useBias ? '' : ', no bias'}`, 3, 'mse', () => [
          conv1d({ filters: 9, kernelSize: 3, padding, strides, dilationRate, useBias, activation: 'relu', inputShape: [14, 5] }),
          conv1d({ filters: 2, kernelSize: 2, padding, dilationRate, useBias, activation: 'tanh' }), dense({ units: 1 }),
        ]);
      }
    }
  }
  add('conv1d, wide, softmax', 2, 'sparseCategoricalCrossentropy', () => [
    conv1d({ filters: 20, kernelSize: 3, activation: 'gelu', inputShape: [9, 12] }), conv1d({ filters: 3, kernelSize: 1, activation: 'softmax' }),
  ]);
  add('conv1d, groups', 4, 'mse', () => [
    conv1d({ filters: 6, kernelSize: 2, groups: 2, inputShape: [8, 4] }), conv1d({ filters: 9, kernelSize: 3, padding: 'causal', groups: 3, dilationRate: 2, activation: 'sigmoid' }),
  ]);
  add('conv1d between recurrent layers', 9, 'mse', () => [
    simpleRNN({ units: 3, returnSequences: true, inputShape: [6, 2] }), conv1d({ filters: 4, kernelSize: 3, padding: 'causal' }), dropout({ rate: 0.3 }),
    simpleRNN({ units: 3, returnSequences: true }), conv1d({ filters: 2, kernelSize: 3, strides: 2 }), flatten(), dense({ units: 2 }),
  ]);
  add('conv1d, more sequences than blocks, longer kernel than sequence', 19, 'mse', () => [
    conv1d({ filters: 3, kernelSize: 7, padding: 'causal', inputShape: [5, 1] }), conv1d({ filters: 1, kernelSize: 6, padding: 'same' }),
  ]);

  // Every channel by itself, alone and with its channels mixed behind it
  for (const padding of ['valid', 'same'] as const) {
    for (const [strides, dilationRate] of [[1, 1], [2, 1], [[2, 1], 1], [1, 2]] as const) {
      for (const depthMultiplier of [1, 3]) {
        const says = `${padding}, strides ${strides.toString()}, dilation ${dilationRate}, multiplier ${depthMultiplier}`;
        const useBias = depthMultiplier === 1;
        add(`depthwiseConv2d, ${says}`, 3, 'mse', () => [
          depthwiseConv2d({ kernelSize: 2, padding, depthMultiplier, useBias, activation: 'tanh', ...image }),
          depthwiseConv2d({ kernelSize: [3, 2], padding, strides, dilationRate, depthMultiplier, useBias, activation: 'relu' }), dense({ units: 2 }),
        ]);
        add(`separableConv2d, ${says}`, 3, 'mse', () => [
          separableConv2d({ filters: 5, kernelSize: 2, padding, depthMultiplier, useBias, activation: 'relu', ...image }),
          separableConv2d({ filters: 2, kernelSize: [3, 2], padding, strides, dilationRate, depthMultiplier, useBias, activation: 'silu' }),
        ]);
      }
    }
  }
  add('depthwiseConv2d and separableConv2d, more images than blocks', 19, 'sparseCategoricalCrossentropy', () => [
    conv2d({ filters: 6, kernelSize: 2, inputShape: [5, 5, 1] }), depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }), maxPooling2d({ poolSize: [1, 2] }),
    separableConv2d({ filters: 3, kernelSize: [2, 1], activation: 'softmax' }),
  ]);
}
