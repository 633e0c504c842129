/** ONNX files. Node only. */
import type { Model, Prediction } from '../model/model.js';
import { exportOnnx } from '../onnx/export.js';
import { writeFileAtomically } from './whole-file.js';

/** The file is replaced at once. @throws LanewiseError `write-failed`, and as `exportOnnx` */
export async function saveOnnx(file: string, model: Model<Prediction>): Promise<void> {
  await writeFileAtomically(file, exportOnnx(model));
}
