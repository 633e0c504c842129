/** Poolings, each beside its double-precision counterpart. A sequence is an image of one row. */
import { layers } from '../../src/entry.node.js';
import type { Layer } from '../../src/entry.node.js';
import type { Shape } from '../../src/tensor/shape.js';
import { averagePoolBackward, averagePoolForward, maxPoolBackward, maxPoolForward, type MaxPoolOptions } from '../reference/index.js';
import type { Pass, Twin } from './twins.js';

type Pair = readonly [number, number];
type Window = Pick<MaxPoolOptions, 'poolSize' | 'strides' | 'padding'>;
type Kind = (options: MaxPoolOptions) => Pass;

const max: Kind = (options) => ({ y: maxPoolForward(options).y, backward: (dy) => ({ dx: maxPoolBackward({ ...options, dy }), dWeights: [] }) });
const average: Kind = (options) => ({ y: averagePoolForward(options), backward: (dy) => ({ dx: averagePoolBackward({ ...options, dy }), dWeights: [] }) });

/** A layer beside what it does to its input as images, with windows that may hang on their size. */
function pooling(layer: Layer, kind: Kind, windowOf: (size: Pair) => Window): Twin {
  return {
    layer,
    run(x, _weights, { batch }) {
      const [height, width, channels] = (layer.input.length === 2 ? [1, ...layer.input] : layer.input) as [number, number, number];
      return kind({ batch, height, width, channels, ...windowOf([height, width]), x });
    },
  };
}

type Options2d = NonNullable<Parameters<typeof layers.maxPooling2d>[0]>;
type Options1d = NonNullable<Parameters<typeof layers.maxPooling1d>[0]>;
type GlobalOptions = NonNullable<Parameters<typeof layers.globalMaxPooling2d>[0]> & { inputShape?: Shape };

const pair = (size: number | Pair): Pair => (typeof size === 'number' ? [size, size] : size);
const window2d = ({ poolSize = 2, strides = poolSize, padding = 'valid' }: Options2d): Window => ({ poolSize: pair(poolSize), strides: pair(strides), padding });
const window1d = ({ poolSize = 2, strides = poolSize, padding = 'valid' }: Options1d): Window => ({ poolSize: [1, poolSize], strides: [1, strides], padding });
const whole = (size: Pair): Window => ({ poolSize: size });

export const maxPooling2d = (options: Options2d): Twin => pooling(layers.maxPooling2d(options), max, () => window2d(options));
export const averagePooling2d = (options: Options2d): Twin => pooling(layers.averagePooling2d(options), average, () => window2d(options));
export const maxPooling1d = (options: Options1d): Twin => pooling(layers.maxPooling1d(options), max, () => window1d(options));
export const averagePooling1d = (options: Options1d): Twin => pooling(layers.averagePooling1d(options), average, () => window1d(options));
export const globalMaxPooling2d = (options: GlobalOptions): Twin => pooling(layers.globalMaxPooling2d(options), max, whole);
export const globalAveragePooling2d = (options: GlobalOptions): Twin => pooling(layers.globalAveragePooling2d(options), average, whole);
export const globalMaxPooling1d = (options: GlobalOptions): Twin => pooling(layers.globalMaxPooling1d(options), max, whole);
export const globalAveragePooling1d = (options: GlobalOptions): Twin => pooling(layers.globalAveragePooling1d(options), average, whole);
