import type { PlanTensor, Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';

/** The same bytes as another shape, forward and backward. */
export function emitReshape(tape: Tape, input: PlanTensor, shape: Shape, logits?: PlanTensor): PlanTensor {
  const x = tape.toRows(input);
  const { ref, layout, needsGradient, probabilities, density } = x;
  const y: PlanTensor = { ref, shape, layout, needsGradient, ...(probabilities && { probabilities: logits ? { ...probabilities, logits } : probabilities }), ...(density && { density }) };
  tape.record(y, [x], (dy) => [{ ...dy, shape: x.shape }]);
  return y;
}
