import { LanewiseError } from '../../errors.js';
import type { PlanTensor } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { formatShape, sizeOf } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer, factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import { emitReshape } from './emit-reshape.js';

export interface ReshapeOptions extends LayerOptions {
  /** Shape of one sample, without the batch. One of the sizes may be -1: what is left for it. */
  targetShape: readonly number[];
}

export const RESHAPE_OPTIONS: OptionTable<ReshapeOptions> = { targetShape: { kind: 'shape' } };

class Reshape extends Layer {
  readonly type = 'reshape';
  readonly optionTable = RESHAPE_OPTIONS;
  private readonly targetShape: Shape;

  constructor(options: ReshapeOptions) {
    super(options);
    this.targetShape = requireTargetShape(options.targetShape, this.name);
  }

  protected outputShape(inputShape: Shape): Shape {
    const size = sizeOf(inputShape);
    const known = sizeOf(this.targetShape.filter((length) => length !== -1));
    const open = this.targetShape.includes(-1);
    if (open ? size % known !== 0 : size !== known) {
      const expected = `${open ? 'a multiple of ' : ''}${known} values, for ${formatShape(this.targetShape)}`;
      throw this.shapeError('the target shape takes another number of values', expected, inputShape);
    }
    return this.targetShape.map((length) => (length === -1 ? size / known : length));
  }

  override describe(): string {
    return `to ${this.targetShape.join('×')}`;
  }

  emit(input: PlanTensor, { tape }: EmitContext): PlanTensor {
    return emitReshape(tape, input, this.output);
  }
}

/** @throws LanewiseError `invalid-argument` */
function requireTargetShape(shape: readonly number[], where: string): Shape {
  const given: unknown = shape;
  const fits = (size: unknown): boolean => Number.isInteger(size) && (size === -1 || ((size as number) >= 1 && (size as number) < 2 ** 31));
  if (Array.isArray(given) && given.length > 0 && given.every(fits) && given.filter((size) => size === -1).length <= 1) return [...shape];
  throw new LanewiseError('invalid-argument', 'targetShape is not a shape', {
    where, expected: 'a list of sizes, one of which may be -1', received: Array.isArray(given) ? `[${given.join(', ')}]` : String(given),
  });
}

/**
 * The values of a sample in another shape, in the same order. Costs nothing: the bytes stay where they are. Output shape: `targetShape`.
 * @throws LanewiseError `invalid-argument`
 */
export const reshape = factory<ReshapeOptions>((options) => new Reshape(options));
