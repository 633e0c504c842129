import { sequential } from '../../src/entry.node.js';
import type { Layer } from '../../src/entry.node.js';
import { emitLayers } from '../../src/layers/emit-layers.js';
import { refTo, PlanBuffer } from '../../src/plan/buffer.js';
import type { OpName } from '../../src/plan/ops.js';
import type { PlanTensor } from '../../src/plan/tape.js';
import { Tape } from '../../src/plan/tape.js';
import { sizeOf } from '../../src/tensor/shape.js';

/** The ops of a training step, or of a pass forward alone, in order. */
export function opsOf(stack: readonly Layer[], training = true, batch = 2): OpName[] {
  const model = sequential(stack);
  const tape = new Tape(batch, training, 1, refTo(new PlanBuffer(64)));
  const input = tape.tensor(model.inputShape, 'rows', false);
  const [output] = emitLayers(model.graph, [input], tape, (layer) =>
    layer.weights.map(({ shape }) => ({ value: tape.buffer(sizeOf(shape)), gradient: tape.buffer(sizeOf(shape)) }))) as [PlanTensor];
  if (training) tape.backward([output, tape.like(output)]);
  return tape.ops.map(({ name }) => name);
}
