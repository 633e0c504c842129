/** What convolutions of every channel by itself share. */
import type { Initializer } from '../../initializers.js';
import { requirePositiveInteger } from '../../options.js';
import { ELEMENT_BLOCK, blocksOf, imageBlock } from '../../plan/blocking.js';
import type { PlanParameter, PlanTensor, Tape } from '../../plan/tape.js';
import type { Embedding } from '../../runtime/embedded.js';
import { allKernels } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { ActivationName } from '../activations.js';
import { requireActivation } from '../activations.js';
import { emitBiasGradient } from '../bias.js';
import type { WeightSpec } from '../layer.js';
import { Layer } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { initializer, orNot, pair, regularizer } from '../layer-config.js';
import type { InitializerOptions, LayerOptions } from '../layer-options.js';
import type { Regularizer, RegularizerOptions } from '../regularizers.js';
import type { KernelOptions, KernelWindow, Window2d } from '../window.js';
import { kernelWindow, reachOf, window2d } from '../window.js';

export interface DepthwiseOptions extends LayerOptions, KernelOptions, Pick<InitializerOptions, 'biasInitializer'>, Pick<RegularizerOptions, 'biasRegularizer'> {
  /** Filters of each channel. Default 1. */
  depthMultiplier?: number;
  /** Default `linear`. */
  activation?: ActivationName;
  /** Default true. */
  useBias?: boolean;
  /** What the kernel over the image begins with. Default `glorotUniform`. */
  depthwiseInitializer?: Initializer;
  /** Penalty on it. Default none. */
  depthwiseRegularizer?: Regularizer;
}

export const DEPTHWISE_OPTIONS: OptionTable<DepthwiseOptions> = {
  kernelSize: pair, strides: orNot('size2d', 1), padding: orNot('text', 'valid'), dilationRate: orNot('size2d', 1), depthMultiplier: orNot('number', 1),
  activation: orNot('text', 'linear'), useBias: orNot('boolean', true),
  depthwiseInitializer: initializer, biasInitializer: initializer, depthwiseRegularizer: regularizer, biasRegularizer: regularizer,
};

/** A layer that slides a window over every channel by itself. */
export abstract class DepthwiseLayer extends Layer {
  protected readonly kernel: KernelWindow;
  protected readonly depthMultiplier: number;
  protected readonly activation: ActivationName;
  protected readonly useBias: boolean;

  constructor(options: DepthwiseOptions, type: string) {
    super(options);
    const where = options.name ?? type;
    this.kernel = kernelWindow(options, where);
    this.depthMultiplier = requirePositiveInteger(options.depthMultiplier ?? 1, 'depthMultiplier', where);
    this.activation = requireActivation(options.activation ?? 'linear', where);
    this.useBias = options.useBias ?? true;
  }

  override get kernels(): Embedding {
    return allKernels;
  }

  protected windowOver(inputShape: Shape): Window2d {
    const { kernelSize, strides, padding, dilationRate } = this.kernel;
    return window2d(inputShape, kernelSize, strides, padding, dilationRate);
  }

  /** Of all filters of all channels. @throws LanewiseError `invalid-shape` */
  protected depthwiseShape(inputShape: Shape): Shape {
    if (inputShape.length !== 3) throw this.shapeError('wrong rank of input', '[height, width, channels]', inputShape);
    const { outH, outW, kernelH, kernelW, dilationH, dilationW } = this.windowOver(inputShape);
    if (outH < 1 || outW < 1) {
      const expected = `at least [${reachOf(kernelH, dilationH)}, ${reachOf(kernelW, dilationW)}, channels]`;
      throw this.shapeError('the kernel is larger than the input', expected, inputShape, "Use padding: 'same' or a smaller kernel");
    }
    return [outH, outW, inputShape[2]! * this.depthMultiplier];
  }

  protected depthwiseSpec(inputShape: Shape): WeightSpec {
    return { name: 'depthwiseKernel', shape: [...this.kernel.kernelSize, inputShape[2]!, this.depthMultiplier], initializer: 'glorotUniform', matrix: false };
  }

  protected describeKernel(): string[] {
    const { kernelSize, strides, padding, dilationRate } = this.kernel;
    const parts: string[] = [kernelSize.join('×'), padding];
    if (this.depthMultiplier > 1) parts.push(`multiplier ${this.depthMultiplier}`);
    if (Math.max(...strides) > 1) parts.push(`strides ${strides.join('×')}`);
    if (Math.max(...dilationRate) > 1) parts.push(`dilation ${dilationRate.join('×')}`);
    if (this.activation !== 'linear') parts.push(this.activation);
    return parts;
  }

  /** y: [outHeight, outWidth, channels · depthMultiplier] = every channel of x under its own filters, plus bias. */
  protected emitDepthwise(tape: Tape, x: PlanTensor, kernel: PlanParameter, bias: PlanParameter | undefined): PlanTensor {
    const { depthMultiplier: multiplier } = this;
    const [inH, inW, inC] = x.shape as [number, number, number];
    const { outH, outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, paddedH, paddedW } = this.windowOver(x.shape);
    const outC = inC * multiplier;
    const blockImages = imageBlock(tape.batch);
    const blocks = blocksOf(tape.batch, blockImages);
    const geometry = {
      batch: tape.batch, inH, inW, inC, outH, outW, multiplier, kernelH, kernelW, strideH, strideW, padTop, padLeft, blockImages, dilationH, dilationW,
    };
    const spread = multiplier > 1 || padTop > 0 || padLeft > 0 || paddedH > inH || paddedW > inW;
    const scratch = spread ? 4 * paddedH * paddedW * outC : 0;
    const y = tape.tensor([outH, outW, outC]);
    tape.op('depthwiseForward', { y: y.ref, x: x.ref, filter: kernel.value, bias: bias?.value, ...geometry }, blocks, scratch);
    tape.record(y, [x], (dy) => {
      if (kernel.gradient) {
        const size = kernelH * kernelW * outC;
        const partials = tape.buffer(blocks * size);
        tape.op('depthwiseBackwardFilter', { partials, x: x.ref, dy: dy.ref, ...geometry }, blocks, scratch);
        tape.op(
          'reducePartials',
          { out: kernel.gradient, partials, size, count: blocks, stride: size, blockSize: ELEMENT_BLOCK }, blocksOf(size, ELEMENT_BLOCK),
        );
      }
      if (bias) emitBiasGradient(tape, bias, dy, tape.batch * outH * outW, outC);
      if (!x.needsGradient) return [];
      const dx = tape.like(x);
      tape.op('depthwiseBackwardInput', { dx: dx.ref, dy: dy.ref, filter: kernel.value, ...geometry }, blocks, scratch);
      return [dx];
    });
    return y;
  }
}
