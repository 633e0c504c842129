/** Models in files. Node only. */
import { readWholeFile } from '../data/file.js';
import type { ReadOptions } from '../io/model.js';
import { decodeModel, encodeModel } from '../io/model.js';
import type { Model, Prediction } from '../model/model.js';
import type { Tensor } from '../tensor/tensor.js';
import { writeFileAtomically } from './whole-file.js';

/** Layers and weights; the file is replaced at once. @throws LanewiseError `write-failed` */
export async function saveModel(file: string, model: Model<Prediction>): Promise<void> {
  await writeFileAtomically(file, await encodeModel(model));
}

/**
 * Of more than one output: `loadModel<Tensor<Float32Array>[]>(…)`.
 * @throws LanewiseError `file-not-found`, `invalid-file`, `unsupported`, `invalid-shape` and what the layers throw
 */
export async function loadModel<Predicted extends Prediction = Tensor<Float32Array>>(file: string, options: ReadOptions = {}): Promise<Model<Predicted>> {
  return decodeModel<Predicted>(await readWholeFile(file), file, options);
}
