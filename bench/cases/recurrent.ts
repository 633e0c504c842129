import * as layers from '../../src/layers/index.js';
import type { Layer } from '../../src/layers/layer.js';
import type { Case, Plain } from '../case.js';
import { layerCases } from '../case.js';
import { values } from '../values.js';

const TIME = 499;
const BATCH = 32;

type MakeRecurrent = (options: { units: number; returnSequences: boolean; inputShape: readonly number[] }) => Layer;

/** Recurrent layers the library has. */
const kinds = Object.entries(layers).filter(([name]) => /^(simpleRNN|lstm|gru)$/i.test(name)) as unknown as [string, MakeRecurrent][];

function recurrent([name, make]: [string, MakeRecurrent], features: number, units: number): Case[] {
  const plain = name === 'simpleRNN' ? { forward: forward(features, units), backward: backward(features, units) } : { forward: undefined, backward: undefined };
  return layerCases({
    kernel: name, shape: `${features} → ${units}, ${TIME} steps, batch ${BATCH}`, batch: BATCH,
    stack: () => [make({ units, returnSequences: true, inputShape: [TIME, features] })], passes: plain,
  });
}

const forward = (features: number, units: number): Plain => ({ floats, kernels }) => {
  const [h, x] = [floats(BATCH * TIME * units), floats(values(BATCH * TIME * features))];
  const [kernel, recurrentKernel, bias] = weights(features, units).map(floats);
  return () => kernels.simpleRnnForward(h, x, kernel!, recurrentKernel!, bias!, BATCH, TIME, features, units);
};

const backward = (features: number, units: number): Plain => ({ floats, kernels }) => {
  const [states, inputs] = [BATCH * TIME * units, BATCH * TIME * features];
  const [dx, dKernel, dRecurrentKernel, dBias, d] = [floats(inputs), floats(features * units), floats(units * units), floats(units), floats(states)];
  const [dh, h, x] = [floats(values(states)), floats(values(states)), floats(values(inputs))];
  const [kernel, recurrentKernel] = weights(features, units).map(floats);
  return () =>
    kernels.simpleRnnBackward(
      dx, dKernel, dRecurrentKernel, dBias, d, dh, h, x, kernel!, recurrentKernel!, BATCH, TIME, features, units,
    );
};

/** Kernel, recurrent kernel small enough that states and gradients stay bounded, and bias. */
const weights = (features: number, units: number): Float32Array[] => [
  values(features * units), values(units * units).map((value) => value / units), values(units),
];

/** The layers of the signals network, then a sweep of units. */
const SIZES = [[1, 20], [20, 10], [10, 5], [16, 16], [32, 32], [64, 64], [128, 128]] as const;

export const recurrentCases: readonly Case[] = kinds.flatMap((kind) => SIZES.flatMap(([features, units]) => recurrent(kind, features, units)));
