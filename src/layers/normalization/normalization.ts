/** What the normalisations over the last axis have in common. */
import { LanewiseError } from '../../errors.js';
import type { Initializer } from '../../initializers.js';
import { requirePositive } from '../../options.js';
import type { PlanParameter } from '../../plan/tape.js';
import type { Embedding } from '../../runtime/embedded.js';
import { allKernels } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { WeightSpec } from '../layer.js';
import { Layer } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { initializer, orNot, regularizer } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import type { Regularizer } from '../regularizers.js';

export interface NormalizationOptions extends LayerOptions {
  /** The axis that keeps its places: the last, -1, which is the default. No other is supported. */
  axis?: number;
  /** Added to the variance. Default 0.001, as Keras. */
  epsilon?: number;
  /** Whether beta is added. Default true. */
  center?: boolean;
  /** Whether gamma multiplies. Default true. */
  scale?: boolean;
  /** Default `zeros`. */
  betaInitializer?: Initializer;
  /** Default `ones`. */
  gammaInitializer?: Initializer;
  /** Penalty on beta. Default none. */
  betaRegularizer?: Regularizer;
  /** Penalty on gamma. Default none. */
  gammaRegularizer?: Regularizer;
}

export const NORMALIZATION_OPTIONS: OptionTable<NormalizationOptions> = {
  axis: orNot('number', -1), epsilon: orNot('number', 1e-3), center: orNot('boolean', true), scale: orNot('boolean', true),
  betaInitializer: initializer, gammaInitializer: initializer, betaRegularizer: regularizer, gammaRegularizer: regularizer,
};

export abstract class Normalization extends Layer {
  override readonly supportsMasking = true;
  protected readonly epsilon: number;
  private readonly center: boolean;
  private readonly scale: boolean;

  constructor(options: NormalizationOptions) {
    super(options);
    const { axis = -1, epsilon = 1e-3, center = true, scale = true } = options;
    if (axis !== -1) {
      throw new LanewiseError('unsupported', 'the axis is not the last', { where: this.name, expected: '-1, the last axis', received: String(axis) });
    }
    this.epsilon = requirePositive(epsilon, 'epsilon', this.name);
    this.center = center;
    this.scale = scale;
  }

  override get kernels(): Embedding {
    return allKernels;
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length === 0) throw this.shapeError('wrong rank of input', '[…, features]', inputShape);
    return inputShape;
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const shape = [inputShape.at(-1)!];
    return [
      ...(this.scale ? [{ name: 'gamma', shape, initializer: 'ones' } as const] : []),
      ...(this.center ? [{ name: 'beta', shape, initializer: 'zeros' } as const] : []),
    ];
  }

  override describe(): string {
    return [...this.describeMore(), ...(this.scale ? [] : ['no gamma']), ...(this.center ? [] : ['no beta'])].join(', ');
  }

  protected describeMore(): readonly string[] {
    return [];
  }

  /** Of the layer's parameters the one of a name, if there is one. */
  protected parameter(parameters: readonly PlanParameter[], name: string): PlanParameter | undefined {
    return parameters[this.weights.findIndex((weight) => weight.name === name)];
  }
}
