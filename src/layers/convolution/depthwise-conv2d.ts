import { LanewiseError } from '../../errors.js';
import type { PlanTensor } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { sizeOf } from '../../tensor/shape.js';
import { emitActivation } from '../activations.js';
import type { EmitContext, Flops, WeightSpec } from '../layer.js';
import { factory } from '../layer.js';
import type { DepthwiseOptions } from './depthwise.js';
import { DEPTHWISE_OPTIONS, DepthwiseLayer } from './depthwise.js';

export type DepthwiseConv2dOptions = DepthwiseOptions;

class DepthwiseConv2d extends DepthwiseLayer {
  readonly type = 'depthwiseConv2d';
  readonly optionTable = DEPTHWISE_OPTIONS;

  constructor(options: DepthwiseConv2dOptions) {
    super(options, 'depthwiseConv2d');
  }

  protected outputShape(inputShape: Shape): Shape {
    return this.depthwiseShape(inputShape);
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const kernel = this.depthwiseSpec(inputShape);
    return this.useBias ? [kernel, { name: 'bias', shape: [inputShape[2]! * this.depthMultiplier], initializer: 'zeros' }] : [kernel];
  }

  override flops(): Flops {
    const outputs = sizeOf(this.output);
    const products = outputs * sizeOf(this.kernel.kernelSize);
    return { multiplications: products, additions: this.useBias ? products : products - outputs };
  }

  override describe(): string {
    return this.describeKernel().join(', ');
  }

  emit(input: PlanTensor, { tape, parameters: [kernel, bias] }: EmitContext): PlanTensor {
    if (!kernel) throw new LanewiseError('invalid-state', 'no kernel', { where: this.name });
    return emitActivation(tape, this.emitDepthwise(tape, tape.toRows(input), kernel, bias), this.activation);
  }
}

/**
 * A convolution of every channel by itself: output channel c · depthMultiplier + m is channel c under its filter m.
 *
 * Input shape: [height, width, channels]. Output shape: [outHeight, outWidth, channels · depthMultiplier].
 * Weights: depthwiseKernel [kernelHeight, kernelWidth, channels, depthMultiplier], Glorot uniform; bias [channels · depthMultiplier], zeros.
 * @throws LanewiseError `invalid-argument`
 */
export const depthwiseConv2d = factory<DepthwiseConv2dOptions>((options) => new DepthwiseConv2d(options));
