import { LanewiseError } from '../errors.js';
import { ELEMENT_BLOCK, blocksOf, usesWinograd } from '../plan/blocking.js';
import { Kernel } from '../plan/ops.js';
import type { PlanTensor } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import { sizeOf } from '../tensor/shape.js';
import type { ActivationName } from './activations.js';
import { emitActivation, reluFlag, requireActivation } from './activations.js';
import { emitBiasGradient } from './bias.js';
import { convGeometry, emitFilterPanels, emitTapPanels } from './convolution.js';
import type { OptionTable } from './layer-config.js';
import { number, orNot, pair, weighted } from './layer-config.js';
import type { EmitContext, Flops, InitializerOptions, LayerOptions, Size2d, WeightSpec } from './layer.js';
import { requirePositiveInteger } from '../options.js';
import { Layer, count, size2d, factory } from './layer.js';
import type { RegularizerOptions } from './regularizers.js';
import { MaxPooling2d } from './max-pooling2d.js';
import { emitPooledConv2d, fusesWithPooling } from './pooled-conv2d.js';
import type { Padding, Window2d } from './window.js';
import { requirePadding, window2d } from './window.js';
import { emitWinograd } from './winograd.js';

export interface Conv2dOptions extends LayerOptions, InitializerOptions, RegularizerOptions {
  /** Output channels. */
  filters: number;
  kernelSize: Size2d;
  /** Default 1. */
  strides?: Size2d;
  /** `valid` (default): windows inside the image only; `same`: output size is input size over stride, zeros around the image. */
  padding?: Padding;
  /** Default `linear`. */
  activation?: ActivationName;
  /** Default true. */
  useBias?: boolean;
}

export const CONV2D_OPTIONS: OptionTable<Conv2dOptions> = {
  filters: number, kernelSize: pair, strides: orNot('size2d', 1), padding: orNot('text', 'valid'), activation: orNot('text', 'linear'),
  useBias: orNot('boolean', true), ...weighted,
};

/**
 * 2-D convolution (cross-correlation, as everywhere in deep learning).
 *
 * Input shape: [height, width, channels]. Output shape: [outHeight, outWidth, filters].
 * Weights: kernel [kernelHeight, kernelWidth, channels, filters], Glorot uniform; bias [filters], zeros.
 */
class Conv2d extends Layer {
  readonly type = 'conv2d';
  readonly optionTable = CONV2D_OPTIONS;
  private readonly filters: number;
  private readonly kernelSize: readonly [number, number];
  private readonly strides: readonly [number, number];
  private readonly padding: Padding;
  private readonly activation: ActivationName;
  private readonly useBias: boolean;

  constructor(options: Conv2dOptions) {
    super(options);
    this.filters = requirePositiveInteger(options.filters, 'filters', this.name);
    this.kernelSize = size2d(options.kernelSize, 'kernelSize', this.name);
    this.strides = size2d(options.strides ?? 1, 'strides', this.name);
    this.padding = requirePadding(options.padding ?? 'valid', this.name);
    this.activation = requireActivation(options.activation ?? 'linear', this.name);
    this.useBias = options.useBias ?? true;
  }

  private window(inputShape: Shape): Window2d {
    return window2d(inputShape, this.kernelSize, this.strides, this.padding);
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 3) throw this.shapeError('wrong rank of input', '[height, width, channels]', inputShape);
    const { outH, outW } = this.window(inputShape);
    if (outH < 1 || outW < 1) {
      throw this.shapeError('the kernel is larger than the input', `at least [${this.kernelSize.join(', ')}, channels]`, inputShape, "Use padding: 'same' or a smaller kernel");
    }
    return [outH, outW, this.filters];
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const kernel: WeightSpec = { name: 'kernel', shape: [...this.kernelSize, inputShape[2]!, this.filters], initializer: 'glorotUniform' };
    return this.useBias ? [kernel, { name: 'bias', shape: [this.filters], initializer: 'zeros' }] : [kernel];
  }

  override flops(): Flops {
    const outputs = sizeOf(this.output);
    const products = outputs * sizeOf(this.kernelSize) * this.input[2]!;
    return { multiplications: products, additions: this.useBias ? products : products - outputs };
  }

  override describe(): string {
    const [sh, sw] = this.strides;
    const parts = [`${count(this.filters, 'filter')} ${this.kernelSize.join('×')}`, this.padding];
    if (sh !== 1 || sw !== 1) parts.push(`strides ${sh}×${sw}`);
    if (this.activation !== 'linear') parts.push(this.activation);
    return parts.join(', ');
  }

  emit(input: PlanTensor, { tape, parameters: [kernel, bias] }: EmitContext): PlanTensor {
    if (!kernel) throw new LanewiseError('invalid-state', 'no kernel', { where: this.name });
    const x = tape.toRows(input);
    const { geometry, padded } = convGeometry(tape.batch, this.input, this.output, this.window(this.input));
    const { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, padTop, padLeft } = geometry;
    const blocks = blocksOf(batch, geometry.blockImages);
    const patch = kernelH * kernelW * inC;
    const y = tape.tensor(this.output);
    if (usesWinograd(geometry)) {
      const relu = this.activation === 'relu';
      emitWinograd(tape, { x, y, kernel, bias, relu, inH, inW, inC, outH, outW, outC, padTop, padLeft });
      return relu ? y : emitActivation(tape, y, this.activation);
    }

    tape.op(
      'conv2dForward',
      {
        y: y.ref, x: x.ref, filterPanels: emitFilterPanels(tape, kernel.value, geometry), bias: bias?.value, ...geometry,
        relu: reluFlag(this.activation),
      },
      blocks, Kernel.rowTableBytes + Kernel.edgeBytes + 4 * 6 * patch + padded,
    );

    tape.record(y, [x], (dy) => {
      if (kernel.gradient) {
        const size = patch * outC;
        const partials = tape.buffer(blocks * size);
        tape.op('conv2dBackwardFilter', { partials, x: x.ref, dy: dy.ref, ...geometry }, blocks, Kernel.edgeBytes + padded);
        tape.op(
          'reducePartials',
          { out: kernel.gradient, partials, size, count: blocks, stride: size, blockSize: ELEMENT_BLOCK }, blocksOf(size, ELEMENT_BLOCK),
        );
      }
      if (bias) emitBiasGradient(tape, bias, dy, batch * outH * outW, outC);
      if (!x.needsGradient) return [];
      const dx = tape.like(x);
      tape.op(
        'conv2dBackwardInput', { dx: dx.ref, dy: dy.ref, filterPanels: emitTapPanels(tape, kernel.value, geometry), ...geometry }, blocks,
        Kernel.rowTableBytes + 2 * Kernel.edgeBytes + 32 + padded,
      );
      return [dx];
    });
    return emitActivation(tape, y, this.activation, { fused: this.activation === 'relu' });
  }

  /** With the max pooling that follows as one op, where that is faster. */
  override emitWith(next: Layer, input: PlanTensor, { tape, parameters: [kernel, bias] }: EmitContext): PlanTensor | undefined {
    if (!kernel || !(next instanceof MaxPooling2d)) return undefined;
    const { geometry, padded } = convGeometry(tape.batch, this.input, this.output, this.window(this.input));
    const { activation } = this;
    if (!fusesWithPooling(geometry, activation, next.window)) return undefined;
    return emitPooledConv2d(tape, { x: tape.toRows(input), kernel, bias, geometry, padded, activation, output: next.output });
  }
}

/** 2-D convolution. @throws LanewiseError `invalid-argument` */
export const conv2d = factory<Conv2dOptions>((options) => new Conv2d(options));
