/** Keras's initialisers, seeded. Each weight has a stream of its own, so the order in which layers are built does not matter. */
import { LanewiseError } from './errors.js';
import type { RandomStream } from './random.js';
import type { Shape } from './tensor/shape.js';
import { formatShape, sizeOf } from './tensor/shape.js';

export type InitializerName = 'zeros' | 'ones' | 'glorotUniform' | 'orthogonal' | 'unitForgetBias';
type Initializer = (shape: Shape, random: RandomStream) => Float32Array;

/** Inputs and outputs of one unit; for a convolution kernel [kh, kw, in, out], times the taps. */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const taps = sizeOf(shape.slice(0, -2));
  return { fanIn: taps * (shape.at(-2) ?? 1), fanOut: taps * (shape.at(-1) ?? 1) };
}

export const INITIALIZERS: Readonly<Record<InitializerName, Initializer>> = {
  zeros: (shape) => new Float32Array(sizeOf(shape)),
  ones: (shape) => new Float32Array(sizeOf(shape)).fill(1),
  /** Uniform in ±√(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010). */
  glorotUniform: (shape, random) => {
    const { fanIn, fanOut } = fans(shape);
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    return Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-limit, limit));
  },
  orthogonal,
  /** For the bias of an LSTM, gates i f c o: ones for the forget gate, so that memory lasts from the start (Jozefowicz et al., 2015). */
  unitForgetBias: (shape) => Float32Array.from({ length: sizeOf(shape) }, (_, index) => (Math.floor((4 * index) / sizeOf(shape)) === 1 ? 1 : 0)),
};

/**
 * A matrix with orthonormal columns (rows, if wider than tall), uniform over all of them: Gram–Schmidt on a normal matrix, as the QR
 * factorisation with a positive diagonal (Saxe, McClelland and Ganguli, 2014). Twice, since once loses orthogonality to rounding.
 */
function orthogonal(shape: Shape, random: RandomStream): Float32Array {
  if (shape.length < 2) {
    throw new LanewiseError('invalid-shape', 'an orthogonal initialiser needs a matrix', { received: formatShape(shape) });
  }
  const columns = shape.at(-1)!;
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
    return tall ? vectors[column]![row]! : vectors[row]![column]!;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
