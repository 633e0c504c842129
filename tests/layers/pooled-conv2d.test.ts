/** Where a convolution and the max pooling behind it are laid out as one, and that this changes nothing but the time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layers } from '../../src/entry.node.js';
import type { Layer } from '../../src/entry.node.js';
import type { OpName } from '../../src/plan/ops.js';
import { assertClose, gamma } from '../reference/index.js';
import { Network } from './network.js';
import { opsOf } from './ops-of.js';
import { type Twin, twins } from './twins.js';

const { activation, conv2d, maxPooling2d } = layers;

const FUSED: readonly OpName[] = ['conv2dMaxPoolForward', 'conv2dMaxPoolBackwardFilter', 'conv2dMaxPoolBackwardInput'];
const fused = (stack: readonly Layer[]): boolean => opsOf(stack).some((name) => FUSED.includes(name));
const input = { inputShape: [9, 8, 1] };

describe('a convolution and the pooling behind it', () => {
  for (const name of ['relu', 'linear'] as const) {
    it(`are one with ${name}`, () => {
      const stack = (): Layer[] => [conv2d({ filters: 3, kernelSize: 3, activation: name, ...input }), maxPooling2d()];
      assert.deepEqual(opsOf(stack(), false), ['packPanels', 'conv2dMaxPoolForward']);
      assert.deepEqual(
        opsOf(stack()), ['packPanels', 'conv2dMaxPoolForward', 'conv2dMaxPoolBackwardFilter', 'reducePartials', 'reducePartials'],
      );
    });
  }

  const apart: Record<string, () => Layer[]> = {
    'with another activation': () => [conv2d({ filters: 3, kernelSize: 3, activation: 'tanh', ...input }), maxPooling2d()],
    'with windows of another size': () => [conv2d({ filters: 3, kernelSize: 3, ...input }), maxPooling2d({ poolSize: [2, 3] })],
    'with windows that overlap': () => [conv2d({ filters: 3, kernelSize: 3, ...input }), maxPooling2d({ strides: 1 })],
    'with gaps between the windows': () => [conv2d({ filters: 3, kernelSize: 3, ...input }), maxPooling2d({ strides: [2, 3] })],
    'with a window that hangs over the edge': () => [conv2d({ filters: 3, kernelSize: 3, ...input }), maxPooling2d({ padding: 'same' })],
    'with a layer between them': () => [conv2d({ filters: 3, kernelSize: 3, ...input }), activation({ activation: 'relu' }), maxPooling2d()],
    'with anything but pooling': () => [conv2d({ filters: 3, kernelSize: 3, ...input }), conv2d({ filters: 3, kernelSize: 3 })],
    'where Winograd’s method is faster': () => [conv2d({ filters: 16, kernelSize: 3, inputShape: [9, 8, 16] }), maxPooling2d()],
  };
  for (const [why, stack] of Object.entries(apart)) it(`are not one ${why}`, () => assert.equal(fused(stack()), false));

  it('are one where padding is asked for and none is needed', () => {
    assert.ok(fused([conv2d({ filters: 3, kernelSize: [2, 3], ...input }), maxPooling2d({ padding: 'same' })]));
  });

  it('give what they give apart, and the same gradients', async () => {
    const network = (apart: boolean): Network => {
      const between = (): Twin[] => (apart ? [twins.activation({ activation: 'linear' })] : []);
      const stack = [
        twins.conv2d({ filters: 9, kernelSize: 3, activation: 'relu', inputShape: [13, 10, 2] }), ...between(), twins.maxPooling2d({}),
        twins.conv2d({ filters: 6, kernelSize: 2, activation: 'relu' }), ...between(), twins.maxPooling2d({}),
        twins.flatten(), twins.dense({ units: 3 }),
      ];
      return new Network({ twins: stack, batch: 5, loss: 'sparseCategoricalCrossentropy' });
    };
    const [one, two] = [network(false), network(true)];
    const before = one.weights;
    const results = [];
    for (const each of [one, two]) {
      await each.compile();
      const { model, tensors: { x, y } } = each;
      const { data: output } = await model.predict(x);
      const { loss } = await model.trainOnBatch(x, y);
      results.push({ output, loss });
    }
    const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));
    const limit = (values: ArrayLike<number>): number => 2 * gamma(one.roundings) * largest(values);
    assertClose(results[0]!.output, results[1]!.output, limit(results[1]!.output), 'output');
    assertClose([results[0]!.loss], [results[1]!.loss], limit([results[1]!.loss, 1]), 'loss');
    const gradient = two.weights.map((value, i) => value - before[i]!);
    assertClose(one.weights.map((value, i) => value - before[i]!), gradient, limit(gradient) + 2 ** -23 * largest(before), 'gradient');
    for (const { model } of [one, two]) model.close();
  });
});
