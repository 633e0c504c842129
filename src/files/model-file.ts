/** Models in files. Node only. */
import type { ReadOptions } from '../io/model.js';
import { decodeModel, encodeModel } from '../io/model.js';
import type { Model } from '../model/model.js';
import { readWholeFile, writeFileAtomically } from './whole-file.js';

/** Layers and weights; the file is replaced at once. @throws LanewiseError `write-failed` */
export async function saveModel(file: string, model: Model): Promise<void> {
  await writeFileAtomically(file, await encodeModel(model));
}

/** @throws LanewiseError `file-not-found`, `invalid-file`, `unsupported`, `invalid-shape` and what the layers throw */
export async function loadModel(file: string, options: ReadOptions = {}): Promise<Model> {
  return decodeModel(await readWholeFile(file), file, options);
}
