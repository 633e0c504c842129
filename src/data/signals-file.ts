/** Reads signals from a file of the user's. Node only. */
import { LanewiseError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { readWholeFile } from './file.js';
import { parseNpy } from './npy.js';

/** One row to train on and one to test on. */
const MIN_ROWS = 2;
/** Shorter signals leave nothing to predict from. */
const MIN_SAMPLES = 16;

/**
 * Reads signals from an .npy file of shape [signals, samples]: at least 2 signals of 16 samples, all finite.
 * @throws LanewiseError `file-not-found`, `invalid-file`, `unsupported`, `invalid-shape`, `invalid-data`
 */
export async function loadSignals(file: string): Promise<Tensor<Float64Array>> {
  const { data, shape } = parseNpy(await readWholeFile(file), file);
  const [rows = 0, samples = 0] = shape;
  if (shape.length !== 2 || rows < MIN_ROWS || samples < MIN_SAMPLES) {
    const expected = `[signals, samples], at least [${MIN_ROWS}, ${MIN_SAMPLES}]`;
    const details = { where: file, expected, received: `[${shape.join(', ')}]` };
    throw new LanewiseError('invalid-shape', 'the array is not a set of signals', details);
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const received = `${data[bad]} in signal ${Math.floor(bad / samples)}, sample ${bad % samples}`;
    throw new LanewiseError('invalid-data', 'a sample is not finite', { where: file, expected: 'finite numbers', received });
  }
  return { data: data instanceof Float64Array ? data : Float64Array.from(data), shape };
}
