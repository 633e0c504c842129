/** Signals to predict: superpositions of sinusoids, and how they are cut into inputs and targets. */
import { LanewiseError } from '../errors.js';
import { cosineOfTurns, sineOfTurns } from '../numerics.js';
import { Purpose, RandomStream } from '../random.js';
import type { NumericArray, Tensor } from '../tensor/tensor.js';

export interface SignalOptions {
  /** Number of signals. Default 100. */
  count?: number | undefined;
  /** Samples of each. Default 500. */
  length?: number | undefined;
  /** Default 42. */
  seed?: number | undefined;
  /** Sinusoids in each signal. Default 25. */
  sinusoids?: number | undefined;
  /** Amplitudes are uniform in [low, high). Default [0.8, 1.2]. */
  amplitude?: readonly [low: number, high: number] | undefined;
  /** Frequencies are uniform in [low, high), in cycles per sample. Default [0, 0.2]. */
  frequency?: readonly [low: number, high: number] | undefined;
}

/**
 * Generates signals. Row r is
 *
 *     x[n] = Σ aᵢ·sin(2π(fᵢ·n + φᵢ)),   i = 1 … sinusoids,   n = 0 … length-1
 *
 * with amplitude aᵢ, frequency fᵢ and phase φᵢ (uniform in [0, 1) turns) drawn for each row and sinusoid. With the
 * defaults the variance is 25·E[a²]/2 = 12.7 and the spectrum is flat up to 0.2 cycles per sample and empty above: the signal
 * is known to the last digit from 50 samples of its past, but a predictor that starts from nothing must guess at first.
 * A row depends on (seed, its index) alone, not on `count`.
 * @returns [count, length]
 * @throws LanewiseError `invalid-argument`
 */
export function generateSignals(options: SignalOptions = {}): Tensor<Float64Array> {
  const { count = 100, length = 500, seed = 42, sinusoids = 25 } = options;
  const { amplitude = [0.8, 1.2], frequency = [0, 0.2] } = options;
  for (const [name, value] of Object.entries({ count, length, sinusoids })) requirePositiveInteger(name, value);
  const data = new Float64Array(count * length);
  for (let row = 0; row < count; row++) {
    const stream = new RandomStream(seed, Purpose.signals, row);
    const signal = data.subarray(row * length, (row + 1) * length);
    for (let i = 0; i < sinusoids; i++) {
      addSinusoid(signal, stream.uniform(...amplitude), stream.uniform(...frequency), stream.uniform());
    }
  }
  return { data, shape: [count, length] };
}

/** Rotates a phasor from sample to sample; in 500 steps the rounding errors stay below 1e-12. */
function addSinusoid(signal: Float64Array, amplitude: number, frequency: number, phase: number): void {
  const cosine = cosineOfTurns(frequency);
  const sine = sineOfTurns(frequency);
  let real = amplitude * cosineOfTurns(phase);
  let imaginary = amplitude * sineOfTurns(phase);
  for (let n = 0; n < signal.length; n++) {
    signal[n]! += imaginary;
    const next = real * cosine - imaginary * sine;
    imaginary = real * sine + imaginary * cosine;
    real = next;
  }
}

/**
 * Inputs and targets for predicting `horizon` samples ahead at every step: y[t] = x[t + horizon].
 * @param signals [n, length]
 * @param horizon default 1
 * @returns x and y, both [n, length - horizon, 1]
 * @throws LanewiseError `invalid-argument`, `invalid-shape`
 */
export function nextSampleWindows(
  signals: Tensor,
  horizon = 1,
): { x: Tensor<Float32Array>; y: Tensor<Float32Array> } {
  const [rows, length] = requireSignals(signals, horizon);
  const steps = length - horizon;
  const x = new Float32Array(rows * steps);
  const y = new Float32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    const start = row * length;
    x.set(signals.data.subarray(start, start + steps), row * steps);
    y.set(signals.data.subarray(start + horizon, start + length), row * steps);
  }
  const shape = [rows, steps, 1];
  return { x: { data: x, shape }, y: { data: y, shape } };
}

/**
 * Splits a tensor into its first rows and the rest. Both are views of its data.
 * @throws LanewiseError `invalid-argument` if a part would be empty
 */
export function splitRows<Data extends NumericArray>(
  tensor: Tensor<Data>,
  firstRows: number,
): [first: Tensor<Data>, rest: Tensor<Data>] {
  const [rows = 0, ...rowShape] = tensor.shape;
  if (!Number.isInteger(firstRows) || firstRows < 1 || firstRows >= rows) {
    const details = { expected: `a number of rows from 1 to ${rows - 1}`, received: `${firstRows}` };
    throw new LanewiseError('invalid-argument', 'the rows cannot be split so', details);
  }
  const cut = firstRows * (tensor.data.length / rows);
  return [
    { data: tensor.data.subarray(0, cut) as Data, shape: [firstRows, ...rowShape] },
    { data: tensor.data.subarray(cut) as Data, shape: [rows - firstRows, ...rowShape] },
  ];
}

/** Checks that signals [n, length] allow predictions `horizon` samples ahead. */
export function requireSignals({ data, shape }: Tensor, horizon: number): [rows: number, length: number] {
  const [rows, length] = shape;
  if (shape.length !== 2 || rows === undefined || length === undefined || data.length !== rows * length) {
    const received = `[${shape.join(', ')}] with ${data.length} values`;
    throw new LanewiseError('invalid-shape', 'these are not signals', { expected: '[signals, samples]', received });
  }
  requirePositiveInteger('horizon', horizon);
  if (horizon >= length) {
    const details = { where: 'horizon', expected: `less than the ${length} samples of a signal`, received: `${horizon}` };
    throw new LanewiseError('invalid-argument', 'the horizon is too far', details);
  }
  return [rows, length];
}

function requirePositiveInteger(where: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new LanewiseError('invalid-argument', 'not a count', { where, expected: 'an integer from 1', received: `${value}` });
}
