import { LanewiseError } from '../../errors.js';
import type { PlanTensor } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import type { BareLayerFactory, EmitContext, WeightSpec } from '../layer.js';
import { Layer, bareFactory } from '../layer.js';
import { NO_OPTIONS } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import type { CustomOps, Value } from './custom-ops.js';
import { customOps, sampleValue, tensorOf, weightValue } from './custom-ops.js';

/** What a custom layer is: its weights, and what it makes of an input. */
export interface CustomLayerDefinition {
  /** The kind of layer, such as `swish`: names of its layers begin with it, and in JSON it stands for the layer. */
  type: string;
  /** The weights for an input of this shape. Default none. */
  weights?: (inputShape: Shape) => readonly WeightSpec[];
  /** The output from the input and the weights, in their order, by the operations given. Called again for each size of batch. */
  call: (x: Value, ops: CustomOps, weights: readonly Value[]) => Value;
  /** Multiplications and additions of weights with values for one sample, for summaries. Default none. */
  flops?: (inputShape: Shape) => { multiplications: number; additions: number };
}

/** Makes layers of one kind. */
export type CustomLayerFactory = BareLayerFactory<LayerOptions>;

class CustomLayer extends Layer {
  readonly type: string;
  readonly optionTable = NO_OPTIONS;
  /** JSON names the layer, and whoever reads it has to know it: see `modelFromJSON`. */
  override readonly isCustom = true;

  constructor(
    private readonly definition: CustomLayerDefinition,
    options: LayerOptions,
  ) {
    super(options);
    this.type = definition.type;
  }

  protected outputShape(inputShape: Shape): Shape {
    const weights = this.weightSpecs(inputShape).map(({ shape }) => weightValue(shape));
    const { shape, isWeight } = this.definition.call(sampleValue(inputShape), customOps(undefined, this.name), weights);
    if (isWeight) throw new LanewiseError('invalid-shape', 'the result is a weight, not a value of each sample', { where: this.name });
    return shape;
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    return this.definition.weights?.(inputShape) ?? [];
  }

  override flops(): { multiplications: number; additions: number } {
    return this.definition.flops?.(this.input) ?? super.flops();
  }

  emit(x: PlanTensor, { tape, parameters }: EmitContext): PlanTensor {
    const weights = this.weights.map(({ shape }, index) => weightValue(shape, parameters[index]));
    return tensorOf(this.definition.call(sampleValue(x.shape, tape.toRows(x)), customOps(tape, this.name), weights));
  }
}

/**
 * A layer of your own, made of differentiable operations; its gradient follows from theirs.
 *
 * ```ts
 * const swish = customLayer({ type: 'swish', call: (x, { multiply, activation }) => multiply(x, activation(x, 'sigmoid')) });
 * const network = sequential([dense({ units: 8, inputShape: [4] }), swish(), dense({ units: 1 })]);
 * ```
 * @throws LanewiseError `invalid-argument` for a type that is empty; `invalid-shape` when it is applied
 */
export function customLayer(definition: CustomLayerDefinition): CustomLayerFactory {
  if (typeof definition.type !== 'string' || definition.type === '') throw new LanewiseError('invalid-argument', 'a custom layer needs a type');
  return bareFactory((options = {}) => new CustomLayer(definition, options));
}
