import type { PlanParameter, PlanTensor, Tape } from '../plan/tape.js';
import type { Layer } from './layer.js';

/** Lays out layers one after the other, two as one where they know how. */
export function emitLayers(
  layers: readonly Layer[], input: PlanTensor, tape: Tape, parametersOf: (layer: Layer) => readonly PlanParameter[],
): PlanTensor {
  let output = input;
  for (let stream = 0; stream < layers.length; stream++) {
    const layer = layers[stream]!;
    const next = layers[stream + 1];
    const context = { tape, parameters: parametersOf(layer), stream };
    tape.owner = layer.name;
    const together = next && layer.emitWith(next, output, context);
    output = together ?? layer.emit(output, context);
    if (together) stream++;
  }
  return output;
}
