import { LanewiseError } from '../errors.js';
import type { Sequential } from '../model/sequential.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Gives a model the weights of the same names.
 * @param where the file's name, for error messages
 * @throws LanewiseError `invalid-shape`, listing all differences in names, shapes and types; the model is unchanged then
 */
export function assignWeights(model: Sequential, tensors: ReadonlyMap<string, Tensor>, where: string): void {
  const weights = model.namedWeights();
  const differences = weights.flatMap(({ name, tensor }) => differenceOf(name, tensor, tensors.get(name)));
  const known = new Set(weights.map(({ name }) => name));
  for (const [name, { shape }] of tensors) if (!known.has(name)) differences.push(`${name} ${formatShape(shape)} has no place`);
  if (differences.length > 0) {
    throw new LanewiseError('invalid-shape', `the weights do not fit the model ${model.name}: ${differences.join('; ')}`, { where });
  }
  model.setWeights(weights.map(({ name }) => tensors.get(name)!));
}

function differenceOf(name: string, { shape }: Tensor, given: Tensor | undefined): string[] {
  if (!given) return [`${name} ${formatShape(shape)} is missing`];
  if (!sameShape(given.shape, shape)) return [`${name} should be ${formatShape(shape)}, not ${formatShape(given.shape)}`];
  return given.data instanceof Float32Array ? [] : [`${name} should be F32`];
}
