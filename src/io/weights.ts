import { LanewiseError } from '../errors.js';
import { listed } from '../json.js';
import { tensorDifferences } from '../model/checkpoint.js';
import type { Model, Prediction } from '../model/model.js';
import type { Tensor } from '../tensor/tensor.js';
import { CHECKPOINT_FORMAT, weightsAlone } from './checkpoint.js';
import type { Safetensors } from './safetensors.js';
import { decodeSealed } from './sealed.js';

/** The weights of a file, which may be a checkpoint. @throws LanewiseError `invalid-file`, `unsupported` */
export async function decodeWeights(bytes: Uint8Array, where: string): Promise<Safetensors> {
  const { tensors, metadata } = await decodeSealed(bytes, where);
  return { tensors: metadata.get('format') === CHECKPOINT_FORMAT ? weightsAlone(tensors) : tensors, metadata };
}

/**
 * Gives a model the weights of the same names.
 * @param where the file's name, for error messages
 * @throws LanewiseError `invalid-shape`, listing all differences in names, shapes and types; the model is unchanged then
 */
export function assignWeights(model: Model<Prediction>, tensors: ReadonlyMap<string, Tensor>, where: string): void {
  const { weightSpecs } = model;
  const differences = tensorDifferences(weightSpecs, tensors);
  if (differences.length > 0) {
    throw new LanewiseError('invalid-shape', `the weights do not fit the model ${model.name}: ${listed(differences)}`, { where });
  }
  model.setWeights(weightSpecs.map(({ name }) => tensors.get(name)!));
}
