import type { Layer } from '../layers/layer.js';
import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import { refTo, PlanBuffer } from '../plan/buffer.js';
import type { PlanParameter, Tape } from '../plan/tape.js';
import { sizeOf } from '../tensor/shape.js';

/**
 * The penalties of all weights that are trained and have a regularizer, into the loss of the batch; in training their gradients too, after the
 * backward pass and before any clipping.
 */
export function emitPenalties(tape: Tape, layers: readonly Layer[], parametersOf: (layer: Layer) => readonly PlanParameter[]): void {
  for (const layer of new Set(layers)) {
    const parameters = parametersOf(layer);
    layer.weights.forEach(({ regularizer, shape }, index) => {
      const { value: w, gradient } = parameters[index]!;
      if (!regularizer || !gradient) return;
      const size = sizeOf(shape);
      const count = blocksOf(size, ELEMENT_BLOCK);
      const partials = refTo(new PlanBuffer(8 * count));
      tape.owner = layer.name;
      tape.op('regularize', { g: tape.training ? gradient : undefined, partials, w, size, blockSize: ELEMENT_BLOCK, ...regularizer }, count);
      tape.op('addPenalty', { state: tape.state, partials, count }, 1);
    });
  }
}
