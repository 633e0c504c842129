import type { Ref } from '../../plan/buffer.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer } from '../layer.js';

/** A layer of several inputs. */
export abstract class MergeLayer extends Layer {
  /** @throws LanewiseError `invalid-shape` */
  protected abstract override mergedShape(inputShapes: readonly Shape[]): Shape;

  abstract override emitMerged(inputs: readonly PlanTensor[], context: EmitContext): PlanTensor;

  protected override outputShape(inputShape: Shape): Shape {
    return this.mergedShape([inputShape]);
  }

  override emit(x: PlanTensor, context: EmitContext): PlanTensor {
    return this.emitMerged([x], context);
  }
}

/** The mask of inputs that are merged step by step: a step counts if it counts in any of them, as in Keras. Undefined if an input has no mask. */
export function emitMaskOfAny(tape: Tape, inputs: readonly PlanTensor[]): Ref | undefined {
  const masks = [...new Set(inputs.map(({ mask }) => mask))];
  if (masks.length === 1) return masks[0];
  const size = tape.batch * inputs[0]!.shape[0]!;
  const not = (mask: Ref): Ref => {
    const out = tape.buffer(size);
    tape.affine(out, mask, size, -1, 1);
    return out;
  };
  const all = masks.filter((mask) => mask !== undefined);
  if (all.length < masks.length) return undefined;
  return not(all.map(not).reduce((a, b) => {
    const out = tape.buffer(size);
    tape.combine('multiply', { out, a, b }, size);
    return out;
  }));
}

/** Lanes if all inputs are in lanes, else rows. */
export function inLayoutOfAll(tape: Tape, inputs: readonly PlanTensor[]): PlanTensor[] {
  return inputs.every(({ layout }) => layout === 'lanes') ? [...inputs] : inputs.map((input) => tape.toRows(input));
}
