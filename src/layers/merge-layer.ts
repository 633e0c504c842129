import type { PlanTensor, Tape } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import type { EmitContext } from './layer.js';
import { Layer } from './layer.js';

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

/** Lanes if all inputs are in lanes, else rows. */
export function inLayoutOfAll(tape: Tape, inputs: readonly PlanTensor[]): PlanTensor[] {
  return inputs.every(({ layout }) => layout === 'lanes') ? [...inputs] : inputs.map((input) => tape.toRows(input));
}
