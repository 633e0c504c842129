import { LanewiseError } from '../../errors.js';
import { requirePositiveInteger } from '../../options.js';
import { ELEMENT_BLOCK, blocksOf, usesWinograd } from '../../plan/blocking.js';
import { Kernel } from '../../plan/ops.js';
import type { PlanTensor } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { sizeOf } from '../../tensor/shape.js';
import type { ActivationName } from '../activations.js';
import { RECTIFIED, emitActivation, requireActivation } from '../activations.js';
import { emitBiasGradient } from '../bias.js';
import type { EmitContext, Flops, WeightSpec } from '../layer.js';
import { Layer, count } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { later, number, orNot, weighted } from '../layer-config.js';
import type { InitializerOptions, LayerOptions } from '../layer-options.js';
import { MaxPooling2d } from '../pooling/max-pooling2d.js';
import type { RegularizerOptions } from '../regularizers.js';
import type { KernelWindow, Window2d } from '../window.js';
import { imageShape, reachOf, window2d } from '../window.js';
import { convGeometry, emitFilterPanels, emitTapPanels } from './convolution.js';
import { emitPooledConv2d, fusesWithPooling } from './pooled-conv2d.js';
import { emitWinograd } from './winograd.js';

/** What convolutions over images and over sequences take beside their windows. */
export interface ConvolutionOptions extends LayerOptions, InitializerOptions, RegularizerOptions {
  /** Output channels. */
  filters: number;
  /** Parts into which input channels and filters fall; the filters of each read the channels of their own part only. Default 1. */
  groups?: number;
  /** Default `linear`. */
  activation?: ActivationName;
  /** Default true. */
  useBias?: boolean;
}

export const CONVOLUTION_OPTIONS: OptionTable<ConvolutionOptions> = {
  filters: number, groups: later('number', 1), activation: orNot('text', 'linear'), useBias: orNot('boolean', true), ...weighted,
};

/** Axes of the input beside the channels. */
const RANKS = { conv1d: 1, conv2d: 2 } as const;

/** A convolution over images, or over sequences: images of one row. */
export class Convolution extends Layer {
  private readonly filters: number;
  private readonly groups: number;
  private readonly activation: ActivationName;
  private readonly useBias: boolean;

  constructor(readonly type: keyof typeof RANKS, readonly optionTable: OptionTable, options: ConvolutionOptions, private readonly kernel: KernelWindow) {
    super(options);
    this.filters = requirePositiveInteger(options.filters, 'filters', this.name);
    this.groups = requirePositiveInteger(options.groups ?? 1, 'groups', this.name);
    if (this.filters % this.groups !== 0) {
      throw new LanewiseError('invalid-argument', 'filters cannot be shared out among the groups', {
        where: this.name, expected: `a multiple of ${this.groups} filters`, received: String(this.filters),
      });
    }
    this.activation = requireActivation(options.activation ?? 'linear', this.name);
    this.useBias = options.useBias ?? true;
  }

  /** Those of the two sizes of an image that the layer's own input has. */
  private own(sizes: readonly [number, number]): readonly number[] {
    return sizes.slice(2 - RANKS[this.type]);
  }

  private window(inputShape: Shape): Window2d {
    const { kernelSize, strides, padding, dilationRate } = this.kernel;
    return window2d(imageShape(inputShape), kernelSize, strides, padding, dilationRate);
  }

  protected outputShape(inputShape: Shape): Shape {
    const axes = this.own([0, 0]).length;
    if (inputShape.length !== axes + 1) throw this.shapeError('wrong rank of input', axes === 1 ? '[time, features]' : '[height, width, channels]', inputShape);
    const { outH, outW, kernelH, kernelW, dilationH, dilationW } = this.window(inputShape);
    if (outH < 1 || outW < 1) {
      const reach = this.own([reachOf(kernelH, dilationH), reachOf(kernelW, dilationW)]);
      throw this.shapeError('the kernel is larger than the input', `at least [${reach.join(', ')}, channels]`, inputShape, "Use padding: 'same' or a smaller kernel");
    }
    if (inputShape.at(-1)! % this.groups !== 0) {
      throw this.shapeError('the channels cannot be shared out among the groups', `a multiple of ${this.groups} channels`, inputShape);
    }
    return [...this.own([outH, outW]), this.filters];
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const shape = [...this.own(this.kernel.kernelSize), inputShape.at(-1)! / this.groups, this.filters];
    const kernel: WeightSpec = { name: 'kernel', shape, initializer: 'glorotUniform' };
    return this.useBias ? [kernel, { name: 'bias', shape: [this.filters], initializer: 'zeros' }] : [kernel];
  }

  override flops(): Flops {
    const outputs = sizeOf(this.output);
    const products = (outputs * sizeOf(this.kernel.kernelSize) * this.input.at(-1)!) / this.groups;
    return { multiplications: products, additions: this.useBias ? products : products - outputs };
  }

  override describe(): string {
    const { kernelSize, strides, padding, dilationRate } = this.kernel;
    const parts = [`${count(this.filters, 'filter')} ${this.own(kernelSize).join('×')}`, padding];
    if (Math.max(...strides) > 1) parts.push(`strides ${this.own(strides).join('×')}`);
    if (Math.max(...dilationRate) > 1) parts.push(`dilation ${this.own(dilationRate).join('×')}`);
    if (this.groups > 1) parts.push(`${this.groups} groups`);
    if (this.activation !== 'linear') parts.push(this.activation);
    return parts.join(', ');
  }

  emit(input: PlanTensor, { tape, parameters: [kernel, bias] }: EmitContext): PlanTensor {
    if (!kernel) throw new LanewiseError('invalid-state', 'no kernel', { where: this.name });
    const x = tape.toRows(input);
    const { geometry, padded } = this.geometry(tape.batch);
    const { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, padTop, padLeft, groups } = geometry;
    const blocks = blocksOf(batch, geometry.blockImages);
    const patch = (kernelH * kernelW * inC) / groups;
    const relu = this.activation === 'relu';
    const y: PlanTensor = { ...tape.tensor(this.output), ...(relu && RECTIFIED) };
    if (usesWinograd(geometry)) {
      emitWinograd(tape, { x, y, kernel, bias, relu, inH, inW, inC, outH, outW, outC, padTop, padLeft });
      return relu ? y : emitActivation(tape, y, this.activation);
    }

    tape.op(
      'conv2dForward',
      {
        y: y.ref, x: x.ref, filterPanels: emitFilterPanels(tape, kernel.value, geometry), bias: bias?.value, ...geometry,
        relu: Number(relu),
      },
      blocks, Kernel.rowTableBytes + Kernel.edgeBytes + 4 * Kernel.mostRows * patch + padded,
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
    return emitActivation(tape, y, this.activation, { fused: relu });
  }

  private geometry(batch: number): ReturnType<typeof convGeometry> {
    return convGeometry(batch, imageShape(this.input), imageShape(this.output), this.window(this.input), this.groups);
  }

  /** With the max pooling that follows as one op, where that is faster. */
  override emitWith(next: Layer, input: PlanTensor, { tape, parameters: [kernel, bias] }: EmitContext): PlanTensor | undefined {
    if (!kernel || !(next instanceof MaxPooling2d)) return undefined;
    const { geometry, padded } = this.geometry(tape.batch);
    const { activation } = this;
    if (!fusesWithPooling(geometry, activation, next.window)) return undefined;
    return emitPooledConv2d(tape, { x: tape.toRows(input), kernel, bias, geometry, padded, activation, output: next.output });
  }
}
