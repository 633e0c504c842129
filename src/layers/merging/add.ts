import { LanewiseError } from '../../errors.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { bareFactory } from '../layer.js';
import { NO_OPTIONS } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import { MergeLayer, emitMaskOfAny, inLayoutOfAll } from './merge-layer.js';

class Add extends MergeLayer {
  readonly type = 'add';
  readonly optionTable = NO_OPTIONS;

  protected mergedShape(inputShapes: readonly Shape[]): Shape {
    const [first] = inputShapes as [Shape];
    const odd = inputShapes.find((shape) => !sameShape(shape, first));
    if (!odd) return first;
    throw new LanewiseError('invalid-shape', 'inputs differ in shape', { where: this.name, expected: formatShape(first), received: formatShape(odd) });
  }

  emitMerged(inputs: readonly PlanTensor[], { tape }: EmitContext): PlanTensor {
    return tape.withMask(emitSum(tape, inLayoutOfAll(tape, inputs)), emitMaskOfAny(tape, inputs));
  }
}

/** The sum of inputs of one shape and layout. */
export function emitSum(tape: Tape, inputs: readonly PlanTensor[]): PlanTensor {
  const [first, ...others] = inputs as [PlanTensor, ...PlanTensor[]];
  const size = tape.length(first.shape, first.layout);
  const y = tape.tensor(first.shape, first.layout);
  if (others.length === 0) tape.affine(y.ref, first.ref, size, 1);
  others.forEach(({ ref: b }, index) => tape.combine('add', { out: y.ref, a: index === 0 ? first.ref : y.ref, b }, size));
  tape.record(y, inputs, (dy) => {
    // each input its own bytes: what comes before may work in place on its gradient
    let given = false;
    return inputs.map((x) => {
      if (!x.needsGradient) return undefined;
      if (!given) {
        given = true;
        return dy;
      }
      return tape.copy(dy);
    });
  });
  return y;
}

/**
 * The sum of inputs of the same shape, such as a skip connection's two ends. Output shape: that of each input.
 * To be called as `add().apply([a, b])`.
 */
export const add = bareFactory<LayerOptions>((options = {}) => new Add(options));
