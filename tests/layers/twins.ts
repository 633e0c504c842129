/** Layers of the library, each beside its double-precision counterpart. */
import { layers } from '../../src/entry.node.js';
import type { Layer } from '../../src/entry.node.js';
import type { Factor, FillOptions } from '../../src/layers/index.js';
import { Fill } from '../../src/plan/ops.js';
import type { Layout } from '../../src/plan/tape.js';
import { Purpose, streamKey } from '../../src/random.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { erased, moved, movedBack, type Images, type Motion } from '../ops/augment.js';
import { dropoutMask, flipped } from '../ops/mask.js';
import { batchNormBackward, batchNormForward, columnMoments, columnSums, gemm, map } from '../reference/index.js';
import { activate, plusBias } from './activate.js';
import { conv1d, conv2d, depthwiseConv2d, separableConv2d } from './convolution-twins.js';
import { layerNormalization } from './normalization-twins.js';
import * as poolings from './pooling-twins.js';
import { bidirectional, gru, lstm, maskKey, partStream, simpleRNN } from './recurrent-twins.js';
import { reshape, zeroPadding2d } from './shape-twins.js';

/** What a pass knows beside its values. */
export interface PassContext {
  batch: number;
  training: boolean;
  seed: number;
  /** The layer's place in the model. */
  stream: number;
  /** Training steps done before. */
  step: number;
  /** How the library lays out the values: a dropout mask follows the order in memory. */
  layout: Layout;
}

/** A pass forward through one layer, and the way back. */
export interface Pass {
  y: Float64Array;
  backward: (dy: Float64Array) => { dx: Float64Array; dWeights: Float64Array[] };
  /** How the library lays out the result; default rows. */
  layout?: Layout;
}

export interface Twin {
  layer: Layer;
  run: (x: Float64Array, weights: Float64Array[], context: PassContext) => Pass;
}

type Options<Name extends Exclude<keyof typeof layers, 'flatten'>> = Parameters<(typeof layers)[Name]>[0];

/** A layer without weights. */
const weightless = (y: Float64Array, dx: (dy: Float64Array) => Float64Array, layout: Layout = 'rows'): Pass => ({
  y, layout, backward: (dy) => ({ dx: dx(dy), dWeights: [] }),
});

function dense(options: Options<'dense'>): Twin {
  const layer = layers.dense(options);
  return {
    layer,
    run(x, [kernel, bias], { layout }) {
      const { units, activation = 'linear' } = options;
      const features = layer.input.at(-1)!;
      const rows = x.length / features;
      const product = gemm({ m: rows, n: units, k: features, a: x, b: kernel! });
      const { y, backward } = activate(plusBias(product, bias), activation, units);
      return {
        y,
        layout: activation === 'softmax' ? 'rows' : layout,
        backward(gradient) {
          const dy = backward(gradient);
          const dBias = bias ? [columnSums({ x: dy, rows, columns: units })] : [];
          return {
            dx: gemm({ m: rows, n: features, k: units, a: dy, b: kernel!, transposeB: true }),
            dWeights: [gemm({ m: features, n: units, k: rows, a: x, transposeA: true, b: dy }), ...dBias],
          };
        },
      };
    },
  };
}

function dropout(options: Options<'dropout'>): Twin {
  const layer = layers.dropout(options);
  return {
    layer,
    run(x, _weights, context) {
      const { batch, training, step, layout } = context;
      const { rate } = options;
      if (!training || rate === 0) return weightless(x, (dy) => dy, layout);
      const sample = sizeOf(layer.input);
      const kept = dropoutMask(maskKey(rate, 16, context), step, (layout === 'lanes' ? Math.ceil(batch / 4) * 4 : batch) * sample);
      // in lanes, element i of sequence n lies at (n's group, i, n's lane)
      const at = (i: number): number => (layout === 'rows' ? i : (Math.floor(i / sample / 4) * sample + (i % sample)) * 4 + (Math.floor(i / sample) % 4));
      const drop = (values: Float64Array): Float64Array => map(values, (value, i) => (kept[at(i)]! * value) / (1 - rate));
      return weightless(drop(x), drop, layout);
    },
  };
}

function activation(options: Options<'activation'>): Twin {
  const layer = layers.activation(options);
  return {
    layer,
    run(x, _weights, { layout }) {
      const { y, backward } = activate(x, options.activation, layer.input.at(-1)!);
      return weightless(y, backward, options.activation === 'softmax' ? 'rows' : layout);
    },
  };
}

/** A layer that is an activation by itself. */
const named = <Given>(create: (options: Given) => Layer, name: (options: Given) => string, alpha: (options: Given) => number | undefined = () => undefined) =>
  (options: Given): Twin => {
    const layer = create(options);
    return {
      layer,
      run(x, _weights, { layout }) {
        const { y, backward } = activate(x, name(options), layer.input.at(-1)!, alpha(options));
        return weightless(y, backward, layer.type === 'softmax' ? 'rows' : layout);
      },
    };
  };
const { elu, gelu, leakyRelu, relu, sigmoid, silu, softmax, softplus, tanh } = layers;
const activationLayers = {
  elu: named<NonNullable<Options<'elu'>>>(elu, () => 'elu', ({ alpha }) => alpha),
  gelu: named<NonNullable<Options<'gelu'>>>(gelu, ({ approximate = false }) => (approximate ? 'geluTanh' : 'gelu')),
  leakyRelu: named<NonNullable<Options<'leakyRelu'>>>(leakyRelu, () => 'leakyRelu', ({ negativeSlope = 0.3 }) => negativeSlope),
  relu: named<NonNullable<Options<'relu'>>>(relu, () => 'relu'),
  sigmoid: named<NonNullable<Options<'sigmoid'>>>(sigmoid, () => 'sigmoid'),
  silu: named<NonNullable<Options<'silu'>>>(silu, () => 'silu'),
  softmax: named<NonNullable<Options<'softmax'>>>(softmax, () => 'softmax'),
  softplus: named<NonNullable<Options<'softplus'>>>(softplus, () => 'softplus'),
  tanh: named<NonNullable<Options<'tanh'>>>(tanh, () => 'tanh'),
};

function rescaling(options: Options<'rescaling'>): Twin {
  const { scale, offset = 0 } = options;
  return {
    layer: layers.rescaling(options),
    run: (x, _weights, { layout }) => weightless(map(x, (value) => value * scale + offset), (dy) => map(dy, (value) => value * scale), layout),
  };
}

function randomFlip(options: Options<'randomFlip'> = {}): Twin {
  const { mode = 'horizontalAndVertical' } = options;
  const flip = (values: Float64Array, images: Images): Float64Array => flipped(values, { ...images, horizontal: mode !== 'vertical', vertical: mode !== 'horizontal' });
  return augmentation(layers.randomFlip(options), flip, flip);
}

/** Images changed by `forward` and gradients by `backward`, with the draws of a step. */
function augmentation(
  layer: Layer, forward: (x: Float64Array, images: Images) => Float64Array, backward: (dy: Float64Array, images: Images) => Float64Array,
): Twin {
  return {
    layer,
    run(x, _weights, { batch, training, seed, stream, step }) {
      if (!training) return weightless(x, (dy) => dy);
      const [height, width, channels] = layer.input as [number, number, number];
      const [key0, key1] = streamKey(seed, Purpose.augment, stream);
      const images = { batch, height, width, channels, key0, key1, step };
      return weightless(forward(x, images), (dy) => backward(dy, images));
    },
  };
}

const bothSides = (factor: Factor): readonly [number, number] => (typeof factor === 'number' ? [-factor, factor] : factor);

function affine(layer: Layer, { fillMode = 'reflect', fillValue = 0 }: FillOptions, motion: Pick<Motion, 'turns' | 'down' | 'right'>): Twin {
  const options = { fill: Fill[fillMode], fillValue, ...motion };
  return augmentation(layer, (x, images) => moved(x, { ...images, ...options }), (dy, images) => movedBack(dy, { ...images, ...options }));
}

const randomTranslation = (options: Options<'randomTranslation'>): Twin =>
  affine(layers.randomTranslation(options), options, { turns: [0, 0], down: bothSides(options.heightFactor), right: bothSides(options.widthFactor) });

const randomRotation = (options: Options<'randomRotation'>): Twin =>
  affine(layers.randomRotation(options), options, { turns: bothSides(options.factor), down: [0, 0], right: [0, 0] });

function randomErasing(options: NonNullable<Options<'randomErasing'>> = {}): Twin {
  const { factor: chance = 1, scale = [0.02, 0.33], fillValue = 0 } = options;
  const erase = (value: number) => (x: Float64Array, images: Images): Float64Array => erased(x, { ...images, chance, scale, fillValue: value });
  return augmentation(layers.randomErasing(options), erase(fillValue), erase(0));
}

function flatten(options: { inputShape?: readonly number[] } = {}): Twin {
  return { layer: layers.flatten(options), run: (x) => weightless(x, (dy) => dy) };
}

function batchNormalization(options: NonNullable<Options<'batchNormalization'>>): Twin {
  const layer = layers.batchNormalization(options);
  return {
    layer,
    run(x, weights, { training }) {
      const { momentum = 0.99, epsilon = 1e-3 } = options;
      const columns = layer.output.at(-1)!;
      const rows = x.length / columns;
      const named = Object.fromEntries(layer.weights.map(({ name }, index) => [name, weights[index]!]));
      const { gamma, beta, movingMean, movingVariance } = named as { gamma?: Float64Array; beta?: Float64Array; movingMean: Float64Array; movingVariance: Float64Array };
      const moments = training ? columnMoments({ x, rows, columns }) : { mean: movingMean, variance: movingVariance };
      const given = { x, rows, columns, ...moments, epsilon, ...(gamma && { gamma }), ...(beta && { beta }) };
      return {
        y: batchNormForward(given),
        backward(dy) {
          const { dx, dGamma, dBeta } = batchNormBackward(given, dy, training);
          // the moving ones move towards the batch's, as a step of rate 1 would
          const moved = (moving: Float64Array, value: Float64Array): Float64Array => map(moving, (old, i) => (1 - momentum) * (old - value[i]!));
          const movingGradients = [moved(movingMean, moments.mean), moved(movingVariance, moments.variance)];
          return { dx, dWeights: [...(gamma ? [dGamma] : []), ...(beta ? [dBeta] : []), ...movingGradients] };
        },
      };
    },
  };
}

function embedding(options: Options<'embedding'>): Twin {
  const { outputDim: columns } = options;
  return {
    layer: layers.embedding(options),
    run: (ids, [table]) => ({
      y: Float64Array.from({ length: ids.length * columns }, (_, i) => table![ids[Math.floor(i / columns)]! * columns + (i % columns)]!),
      backward(dy) {
        const dTable = new Float64Array(table!.length);
        dy.forEach((value, i) => (dTable[ids[Math.floor(i / columns)]! * columns + (i % columns)]! += value));
        return { dx: new Float64Array(ids.length), dWeights: [dTable] };
      },
    }),
  };
}

/** The values alone: see masking.test.ts for what the mask does. */
function masking(options: NonNullable<Options<'masking'>>): Twin {
  const layer = layers.masking(options);
  return {
    layer,
    run(x) {
      const features = layer.input[1]!;
      const counts = (i: number): boolean => x.subarray(i - (i % features), i - (i % features) + features).some((value) => value !== (options.maskValue ?? 0));
      const kept = (values: Float64Array): Float64Array => values.map((value, i) => (counts(i) ? value : 0));
      return weightless(kept(x), kept);
    },
  };
}

/** All steps of all samples through one layer. */
function timeDistributed({ layer: within, ...options }: Omit<Options<'timeDistributed'>, 'layer'> & { layer: Twin }): Twin {
  const layer = layers.timeDistributed({ layer: within.layer, ...options });
  return {
    layer,
    run: (x, weights, context) => ({
      ...within.run(x, weights, { ...context, batch: context.batch * layer.input[0]!, stream: partStream(context.stream, 0), layout: 'rows' }), layout: 'rows',
    }),
  };
}

/** Layers of several inputs: see merge.test.ts. */
export type MergeLayerName = 'add' | 'concatenate';

/** `satisfies` sees to it that no layer of one input is without a counterpart. */
export const twins = {
  ...activationLayers, activation, batchNormalization, bidirectional, conv1d, conv2d, depthwiseConv2d, separableConv2d, dense, dropout, embedding, flatten, masking, randomErasing, randomFlip, randomRotation, randomTranslation, rescaling, simpleRNN, lstm, gru, layerNormalization,
  ...poolings, reshape, timeDistributed, zeroPadding2d,
} satisfies Record<
  Exclude<keyof typeof layers, MergeLayerName>, (options: never) => Twin
>;
