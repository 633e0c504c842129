import { LanewiseError } from '../../errors.js';
import type { Initializer } from '../../initializers.js';
import { requirePositiveInteger } from '../../options.js';
import type { PlanTensor } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { sizeOf } from '../../tensor/shape.js';
import { emitActivation, reluFlag } from '../activations.js';
import type { EmitContext, Flops, WeightSpec } from '../layer.js';
import { count, factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { initializer, number, regularizer } from '../layer-config.js';
import { emitProduct } from '../product.js';
import type { Regularizer } from '../regularizers.js';
import type { DepthwiseOptions } from './depthwise.js';
import { DEPTHWISE_OPTIONS, DepthwiseLayer } from './depthwise.js';

export interface SeparableConv2dOptions extends DepthwiseOptions {
  /** Output channels. */
  filters: number;
  /** What the kernel that mixes the channels begins with. Default `glorotUniform`. */
  pointwiseInitializer?: Initializer;
  /** Penalty on it. Default none. */
  pointwiseRegularizer?: Regularizer;
}

export const SEPARABLE_CONV2D_OPTIONS: OptionTable<SeparableConv2dOptions> = {
  filters: number, ...DEPTHWISE_OPTIONS, pointwiseInitializer: initializer, pointwiseRegularizer: regularizer,
};

class SeparableConv2d extends DepthwiseLayer {
  readonly type = 'separableConv2d';
  readonly optionTable = SEPARABLE_CONV2D_OPTIONS;
  private readonly filters: number;

  constructor(options: SeparableConv2dOptions) {
    super(options, 'separableConv2d');
    this.filters = requirePositiveInteger(options.filters, 'filters', this.name);
  }

  protected outputShape(inputShape: Shape): Shape {
    return [...this.depthwiseShape(inputShape).slice(0, 2), this.filters];
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const kernels: WeightSpec[] = [
      this.depthwiseSpec(inputShape),
      { name: 'pointwiseKernel', shape: [1, 1, inputShape[2]! * this.depthMultiplier, this.filters], initializer: 'glorotUniform' },
    ];
    return this.useBias ? [...kernels, { name: 'bias', shape: [this.filters], initializer: 'zeros' }] : kernels;
  }

  override flops(): Flops {
    const between = sizeOf(this.depthwiseShape(this.input));
    const outputs = sizeOf(this.output);
    const [depthwise, pointwise] = [between * sizeOf(this.kernel.kernelSize), outputs * this.input[2]! * this.depthMultiplier];
    return { multiplications: depthwise + pointwise, additions: depthwise - between + pointwise - (this.useBias ? 0 : outputs) };
  }

  override describe(): string {
    const [size, ...parts] = this.describeKernel();
    return [`${count(this.filters, 'filter')} ${size!}`, ...parts].join(', ');
  }

  emit(input: PlanTensor, { tape, parameters: [depthwise, pointwise, bias] }: EmitContext): PlanTensor {
    if (!depthwise || !pointwise) throw new LanewiseError('invalid-state', 'no kernel', { where: this.name });
    const { activation } = this;
    const x = this.emitDepthwise(tape, tape.toRows(input), depthwise, undefined);
    const y = emitProduct(tape, { x, kernel: pointwise, bias, output: this.output, relu: reluFlag(activation) });
    return emitActivation(tape, y, activation, { fused: activation === 'relu' });
  }
}

/**
 * A convolution of every channel by itself, then one of 1×1 that mixes the channels.
 *
 * Input shape: [height, width, channels]. Output shape: [outHeight, outWidth, filters].
 * Weights: depthwiseKernel [kernelHeight, kernelWidth, channels, depthMultiplier] and pointwiseKernel [1, 1, channels · depthMultiplier, filters],
 * Glorot uniform; bias [filters], zeros.
 * @throws LanewiseError `invalid-argument`
 */
export const separableConv2d = factory<SeparableConv2dOptions>((options) => new SeparableConv2d(options));
