import { LanewiseError } from '../errors.js';
import { tensorDifferences } from '../model/checkpoint.js';
import type { Sequential } from '../model/sequential.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Gives a model the weights of the same names.
 * @param where the file's name, for error messages
 * @throws LanewiseError `invalid-shape`, listing all differences in names, shapes and types; the model is unchanged then
 */
export function assignWeights(model: Sequential, tensors: ReadonlyMap<string, Tensor>, where: string): void {
  const weights = model.namedWeights();
  const differences = tensorDifferences(weights, tensors);
  if (differences.length > 0) {
    throw new LanewiseError('invalid-shape', `the weights do not fit the model ${model.name}: ${differences.join('; ')}`, { where });
  }
  model.setWeights(weights.map(({ name }) => tensors.get(name)!));
}
