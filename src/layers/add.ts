import { LanewiseError } from '../errors.js';
import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import type { PlanTensor, Tape } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { EmitContext, LayerOptions } from './layer.js';
import { bareFactory } from './layer.js';
import { MergeLayer } from './merge-layer.js';

/** The sum of inputs of the same shape, such as a skip connection's two ends. Output shape: that of each input. */
class Add extends MergeLayer {
  readonly type = 'add';

  protected mergedShape(inputShapes: readonly Shape[]): Shape {
    const [first] = inputShapes as [Shape];
    const odd = inputShapes.find((shape) => !sameShape(shape, first));
    if (!odd) return first;
    throw new LanewiseError('invalid-shape', 'inputs differ in shape', { where: this.name, expected: formatShape(first), received: formatShape(odd) });
  }

  emitMerged(inputs: readonly PlanTensor[], { tape }: EmitContext): PlanTensor {
    const alike = inLayoutOfAll(tape, inputs);
    const size = tape.length(alike[0]!.shape, alike[0]!.layout);
    const blocks = blocksOf(size, ELEMENT_BLOCK);
    const elements = { size, blockSize: ELEMENT_BLOCK };
    const y = withMask(tape.tensor(this.output, alike[0]!.layout), alike);
    if (alike.length === 1) tape.op('affine', { y: y.ref, x: alike[0]!.ref, ...elements, scale: 1, offset: 0 }, blocks);
    alike.slice(1).forEach(({ ref: b }, index) => tape.op('add', { out: y.ref, a: index === 0 ? alike[0]!.ref : y.ref, b, ...elements }, blocks));
    tape.record(y, alike, (dy) => {
      // each input its own bytes: what comes before may work in place on its gradient
      let given = false;
      return alike.map((x) => {
        if (!x.needsGradient) return undefined;
        if (!given) {
          given = true;
          return dy;
        }
        const dx = tape.like(x);
        tape.op('affine', { y: dx.ref, x: dy.ref, ...elements, scale: 1, offset: 0 }, blocks);
        return dx;
      });
    });
    return y;
  }
}

/** Lanes if all inputs are in lanes, else rows. */
export function inLayoutOfAll(tape: Tape, inputs: readonly PlanTensor[]): PlanTensor[] {
  return inputs.every(({ layout }) => layout === 'lanes') ? [...inputs] : inputs.map((input) => tape.toRows(input));
}

/** The mask of the first input that has one: masks of one model come from one input. */
export function withMask(y: PlanTensor, inputs: readonly PlanTensor[]): PlanTensor {
  const mask = inputs.find((input) => input.mask)?.mask;
  return mask ? { ...y, mask } : y;
}

/** Sum of several inputs: `add().apply([a, b])`. */
export const add = bareFactory<LayerOptions>((options = {}) => new Add(options));
