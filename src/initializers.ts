/**
 * Keras's initialisers, seeded. Each weight has a stream of its own, so the order in which layers are built does not matter; only + - * / and
 * square roots are used, so every engine draws the same bits.
 */
import { LanewiseError } from './errors.js';
import type { RandomStream } from './random.js';
import type { Shape } from './tensor/shape.js';
import { formatShape, sizeOf } from './tensor/shape.js';

/** Initialisers that can be named alone, with Keras's defaults. */
export type InitializerName =
  | 'zeros' | 'ones' | 'constant' | 'randomNormal' | 'randomUniform' | 'truncatedNormal' | 'varianceScaling' | 'glorotNormal' | 'glorotUniform'
  | 'heNormal' | 'heUniform' | 'lecunNormal' | 'lecunUniform' | 'orthogonal' | 'identity';

/** An initialiser with its numbers, as the functions of `initializers` give it: plain data, so that it can stand in a file. */
export type ConfiguredInitializer =
  | { readonly name: 'constant'; readonly value: number }
  | { readonly name: 'randomNormal' | 'truncatedNormal'; readonly mean: number; readonly stddev: number }
  | { readonly name: 'randomUniform'; readonly minval: number; readonly maxval: number }
  | { readonly name: 'varianceScaling'; readonly scale: number; readonly mode: FanMode; readonly distribution: Distribution }
  | { readonly name: 'orthogonal' | 'identity'; readonly gain: number };
export type Initializer = InitializerName | ConfiguredInitializer;

export type FanMode = 'fanIn' | 'fanOut' | 'fanAvg';
export type Distribution = 'truncatedNormal' | 'untruncatedNormal' | 'uniform';

/** What a layer may ask for by itself: for the bias of an LSTM, gates i f c o, ones for the forget gate and others from `rest`. */
export type WeightInitializer = Initializer | { readonly name: 'unitForgetBias'; readonly rest: Initializer };

const scaling = (scale: number, mode: FanMode, distribution: Distribution): ConfiguredInitializer => ({ name: 'varianceScaling', scale, mode, distribution });

/** What a name alone stands for. */
const NAMED: Readonly<Record<InitializerName, ConfiguredInitializer>> = {
  zeros: { name: 'constant', value: 0 },
  ones: { name: 'constant', value: 1 },
  constant: { name: 'constant', value: 0 },
  randomNormal: { name: 'randomNormal', mean: 0, stddev: 0.05 },
  randomUniform: { name: 'randomUniform', minval: -0.05, maxval: 0.05 },
  truncatedNormal: { name: 'truncatedNormal', mean: 0, stddev: 0.05 },
  varianceScaling: scaling(1, 'fanIn', 'truncatedNormal'),
  glorotNormal: scaling(1, 'fanAvg', 'truncatedNormal'), // Glorot and Bengio, 2010
  glorotUniform: scaling(1, 'fanAvg', 'uniform'),
  heNormal: scaling(2, 'fanIn', 'truncatedNormal'), // He et al., 2015
  heUniform: scaling(2, 'fanIn', 'uniform'),
  lecunNormal: scaling(1, 'fanIn', 'truncatedNormal'), // LeCun et al., 1998
  lecunUniform: scaling(1, 'fanIn', 'uniform'),
  orthogonal: { name: 'orthogonal', gain: 1 },
  identity: { name: 'identity', gain: 1 },
};
export const INITIALIZER_NAMES = Object.keys(NAMED) as readonly InitializerName[];

/** Inputs and outputs of one unit, as Keras counts them; for a convolution kernel [kh, kw, in, out], times the taps. */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const taps = sizeOf(shape.slice(0, -2));
  return { fanIn: taps * shape.at(-2)!, fanOut: taps * shape.at(-1)! };
}

/** Standard deviation of a normal that is cut off at two standard deviations of the whole one. */
const TRUNCATED_STDDEV = 0.87962566103423978;

/** Fills a weight with its initial values. @throws LanewiseError `invalid-shape` where the initialiser needs a matrix */
export function initialize(initializer: WeightInitializer, shape: Shape, random: RandomStream, values: Float32Array = new Float32Array(sizeOf(shape))): Float32Array {
  const config = typeof initializer === 'string' ? NAMED[initializer] : initializer;
  const draw = (next: (index: number) => number): Float32Array => {
    for (let i = 0; i < values.length; i++) values[i] = next(i);
    return values;
  };
  switch (config.name) {
    case 'constant':
      return values.fill(config.value);
    case 'randomNormal':
      return draw(() => config.mean + config.stddev * random.normal());
    case 'truncatedNormal':
      return draw(() => config.mean + config.stddev * truncated(random));
    case 'randomUniform':
      return random.fillUniform(values, config.minval, config.maxval);
    case 'varianceScaling': {
      const { fanIn, fanOut } = fans(shape);
      const fan = config.mode === 'fanIn' ? fanIn : config.mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2;
      if (config.distribution === 'uniform') {
        const limit = Math.sqrt((3 * config.scale) / fan);
        return random.fillUniform(values, -limit, limit);
      }
      const stddev = Math.sqrt(config.scale / fan);
      if (config.distribution === 'untruncatedNormal') return draw(() => stddev * random.normal());
      return draw(() => (stddev / TRUNCATED_STDDEV) * truncated(random));
    }
    case 'orthogonal':
      values.set(orthogonal(shape, random, config.gain));
      return values;
    case 'identity': {
      const columns = requireMatrix(shape, 'an identity', shape.length === 2);
      return draw((index) => (Math.floor(index / columns) === index % columns ? config.gain : 0));
    }
    case 'unitForgetBias': {
      initialize(config.rest, shape, random, values);
      return values.fill(1, values.length / 4, values.length / 2); // so that memory lasts from the start (Jozefowicz et al., 2015)
    }
  }
}

/** Normal, drawn anew where it lies more than two standard deviations from the mean. */
function truncated(random: RandomStream): number {
  for (;;) {
    const value = random.normal();
    if (value >= -2 && value <= 2) return value;
  }
}

/** The number of columns. */
function requireMatrix(shape: Shape, what: string, fits: boolean): number {
  if (fits) return shape.at(-1)!;
  throw new LanewiseError('invalid-shape', `${what} initialiser needs a matrix`, { received: formatShape(shape) });
}

/**
 * A matrix with orthonormal columns (rows, if wider than tall), uniform over all of them: Gram–Schmidt on a normal matrix, as the QR
 * factorisation with a positive diagonal (Saxe, McClelland and Ganguli, 2014). Twice, since once loses orthogonality to rounding.
 */
function orthogonal(shape: Shape, random: RandomStream, gain: number): Float32Array {
  const columns = requireMatrix(shape, 'an orthogonal', shape.length >= 2);
  const rows = sizeOf(shape) / columns;
  const length = Math.max(rows, columns);
  const vectors = Array.from({ length: Math.min(rows, columns) }, () => Float64Array.from({ length }, () => random.normal()));
  vectors.forEach((vector, index) => {
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors.slice(0, index)) {
        const along = dot(vector, earlier);
        for (let i = 0; i < length; i++) vector[i]! -= along * earlier[i]!;
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    for (let i = 0; i < length; i++) vector[i]! /= norm;
  });
  const tall = rows >= columns;
  return Float32Array.from({ length: rows * columns }, (_, index) => {
    const row = Math.floor(index / columns);
    const column = index % columns;
    return gain * (tall ? vectors[column]![row]! : vectors[row]![column]!);
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** A copy of what was given, its numbers looked at. @throws LanewiseError `invalid-argument` */
export function requireInitializer(given: Initializer, option: string, where: string): Initializer {
  const wrong = (expected: string): LanewiseError =>
    new LanewiseError('invalid-argument', `${option} is no initializer`, { where, expected, received: JSON.stringify(given) });
  if (typeof given === 'string') {
    if (INITIALIZER_NAMES.includes(given)) return given;
    throw wrong(INITIALIZER_NAMES.join(', '));
  }
  const pattern = typeof given === 'object' && given !== null && INITIALIZER_NAMES.includes(given.name) ? NAMED[given.name] : undefined;
  if (!pattern || pattern.name !== given.name) throw wrong('a name, or what a function of initializers gave');
  const values = given as unknown as Readonly<Record<string, unknown>>;
  for (const [key, byDefault] of Object.entries(pattern)) {
    const value = values[key];
    const fits = typeof byDefault === 'number' ? typeof value === 'number' && Number.isFinite(Math.fround(value)) : typeof value === 'string';
    if (!fits) throw wrong(`a number as ${key}`);
  }
  if (given.name === 'varianceScaling') {
    if (!(given.scale > 0)) throw wrong('a scale above 0');
    if (!['fanIn', 'fanOut', 'fanAvg'].includes(given.mode)) throw wrong('mode fanIn, fanOut or fanAvg');
    if (!['truncatedNormal', 'untruncatedNormal', 'uniform'].includes(given.distribution)) throw wrong('distribution truncatedNormal, untruncatedNormal or uniform');
  }
  const unknown = Object.keys(values).find((key) => !Object.hasOwn(pattern, key));
  if (unknown !== undefined) throw wrong(Object.keys(pattern).join(', '));
  return { ...given };
}
