/** Where a convolution is computed by Winograd's method, and that its numbers are those of the direct one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layers, sequential, sgd } from '../../src/entry.node.js';
import type { Layer } from '../../src/entry.node.js';
import {
  absConv2dForward, absWinogradForward, assertClose, type Conv2dSizes, elementTolerances, randomArray,
} from '../reference/index.js';
import { opsOf } from './ops-of.js';

const { conv2d, dense } = layers;
const image = (channels: number): { inputShape: number[] } => ({ inputShape: [9, 11, channels] });

describe('a convolution', () => {
  it('is computed by Winograd’s method from 16 channels to 16', () => {
    const stack = (): Layer[] => [conv2d({ filters: 16, kernelSize: 3, ...image(24) })];
    assert.deepEqual(opsOf(stack(), false), ['winogradFilter', 'winogradForward']);
    assert.deepEqual(opsOf(stack()), [
      'winogradFilter', 'winogradForward', 'winogradBackwardInput', 'reducePartials', 'winogradBackwardFilter', 'winogradFilterGradient',
    ]);
  });

  it('transforms its filter a second time for the gradient of the input', () => {
    const ops = opsOf([dense({ units: 16, ...image(1) }), conv2d({ filters: 16, kernelSize: 3 })]);
    assert.equal(ops.filter((name) => name === 'winogradFilter').length, 2);
  });

  const directly: Record<string, () => Layer> = {
    'with few input channels': () => conv2d({ filters: 16, kernelSize: 3, ...image(8) }),
    'with few filters': () => conv2d({ filters: 8, kernelSize: 3, ...image(16) }),
    'with input channels that do not fill a panel': () => conv2d({ filters: 16, kernelSize: 3, ...image(20) }),
    'with filters that do not fill a panel': () => conv2d({ filters: 20, kernelSize: 3, ...image(16) }),
    'with strides': () => conv2d({ filters: 16, kernelSize: 3, strides: [1, 2], ...image(16) }),
    'with another kernel': () => conv2d({ filters: 16, kernelSize: [3, 2], ...image(16) }),
  };
  for (const [why, layer] of Object.entries(directly)) {
    it(`is computed directly ${why}`, () => assert.deepEqual(opsOf([layer()], false), ['packPanels', 'conv2dForward']));
  }

  // Of stride 2 it is computed directly; those outputs are every other one of stride 1.
  it('gives by Winograd’s method what it gives directly', async () => {
    const sizes: Conv2dSizes = { batch: 3, height: 9, width: 11, inChannels: 16, filters: 24, kernelSize: [3, 3] };
    const x = randomArray(3 * 9 * 11 * 16, 1);
    const kernel = randomArray(9 * 16 * 24, 2);
    const predict = async (strides: number): Promise<Float32Array> => {
      const model = sequential([conv2d({ filters: 24, kernelSize: 3, strides, useBias: false, ...image(16) })]);
      model.setWeights([kernel]);
      await model.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
      const { data } = await model.predict({ data: Float32Array.from(x), shape: [3, 9, 11, 16] });
      model.close();
      return data;
    };
    // [3, 7, 9, 24] to [3, 4, 5, 24]
    const everyOther = <Values extends Float32Array | Float64Array>(values: Values): Values =>
      values.filter((_, i) => Math.floor(i / 24) % 9 % 2 === 0 && Math.floor(i / (24 * 9)) % 7 % 2 === 0) as Values;
    const [plain, winograd] = [absConv2dForward, absWinogradForward].map((sums) => everyOther(sums({ ...sizes, x, kernel }))) as [Float64Array, Float64Array];
    const limits = elementTolerances(plain, 9 * 16).map((limit, i) => limit + elementTolerances(winograd, 16 + 32)[i]!);
    assertClose(everyOther(await predict(1)), await predict(2), limits, 'y');
  });
});
