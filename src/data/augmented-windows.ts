import { LanewiseError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { requireSignals } from './signals.js';

export interface AugmentedWindowsOptions {
  /** How many samples ahead is predicted. Default 1. */
  horizon?: number;
  /** Where sequences begin in a signal. Default [0]: at its first sample. */
  starts?: readonly number[];
  /** Whether each signal is read backwards as well. Default false. */
  backwards?: boolean;
}

/**
 * Inputs and targets for predicting `horizon` samples ahead, as `nextSampleWindows` gives them, of sequences that begin at several places of each
 * signal. Of stationary signals every place is as good a beginning as the first, and time may run either way. A predictor that starts from nothing
 * errs most in its first steps, and of these a training set of whole signals has few.
 *
 * What lies behind the end of a signal is 0 and has weight 0; the other steps weigh so much that the mean of all weights is 1.
 * @param signals [n, length]
 * @returns x and y, both [n · starts (· 2), length - horizon, 1], and sampleWeight [n · starts (· 2), length - horizon]
 * @throws LanewiseError `invalid-argument`, `invalid-shape`
 */
export function augmentedWindows(
  signals: Tensor, { horizon = 1, starts = [0], backwards = false }: AugmentedWindowsOptions = {},
): { x: Tensor<Float32Array>; y: Tensor<Float32Array>; sampleWeight: Tensor<Float32Array> } {
  const [count, length] = requireSignals(signals, horizon);
  const steps = length - horizon;
  const wrong = starts.find((start) => !(Number.isInteger(start) && start >= 0 && start < steps));
  if (wrong !== undefined || starts.length === 0) {
    const details = { where: 'starts', expected: `whole numbers from 0 to ${steps - 1}`, received: String(wrong ?? 'none') };
    throw new LanewiseError('invalid-argument', 'sequences cannot begin there', details);
  }
  const directions = backwards ? [1, -1] : [1];
  const rows = count * starts.length * directions.length;
  const x = new Float32Array(rows * steps);
  const y = new Float32Array(rows * steps);
  const sampleWeight = new Float32Array(rows * steps);
  const weight = (starts.length * steps) / starts.reduce((sum, start) => sum + steps - start, 0);
  let to = 0;
  for (let signal = 0; signal < count; signal++) {
    for (const direction of directions) {
      const first = signal * length + (direction > 0 ? 0 : length - 1);
      for (const start of starts) {
        for (let step = 0; step < steps - start; step++) {
          const from = first + direction * (start + step);
          x[to + step] = signals.data[from]!;
          y[to + step] = signals.data[from + direction * horizon]!;
        }
        sampleWeight.fill(weight, to, to + steps - start);
        to += steps;
      }
    }
  }
  const shape = [rows, steps, 1];
  return { x: { data: x, shape }, y: { data: y, shape }, sampleWeight: { data: sampleWeight, shape: [rows, steps] } };
}
