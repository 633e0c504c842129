import type { PlanTensor } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import type { OptionTable } from './layer-config.js';
import { orNot } from './layer-config.js';
import type { EmitContext, LayerOptions, Size2d } from './layer.js';
import { Layer, size2d, bareFactory } from './layer.js';
import type { Padding, Window2d } from './window.js';
import { requirePadding, window2d } from './window.js';

export interface MaxPooling2dOptions extends LayerOptions {
  /** Default 2. */
  poolSize?: Size2d;
  /** Default: the pool size. */
  strides?: Size2d;
  /** Default `valid`. */
  padding?: Padding;
}

export const MAX_POOLING2D_OPTIONS: OptionTable<MaxPooling2dOptions> = {
  poolSize: orNot('size2d', 2), strides: orNot('size2d', ({ poolSize }) => poolSize!), padding: orNot('text', 'valid'),
};

/** Largest value of each window. Input shape: [height, width, channels]. Output shape: [outHeight, outWidth, channels]. */
export class MaxPooling2d extends Layer {
  readonly type = 'maxPooling2d';
  readonly optionTable = MAX_POOLING2D_OPTIONS;
  private readonly poolSize: readonly [number, number];
  private readonly strides: readonly [number, number];
  private readonly padding: Padding;

  constructor(options: MaxPooling2dOptions) {
    super(options);
    this.poolSize = size2d(options.poolSize ?? 2, 'poolSize', this.name);
    this.strides = size2d(options.strides ?? this.poolSize, 'strides', this.name);
    this.padding = requirePadding(options.padding ?? 'valid', this.name);
  }

  private windowOver(inputShape: Shape): Window2d {
    return window2d(inputShape, this.poolSize, this.strides, this.padding);
  }

  /** How the windows of the built layer lie over its input. */
  get window(): Window2d {
    return this.windowOver(this.input);
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 3) throw this.shapeError('wrong rank of input', '[height, width, channels]', inputShape);
    const { outH, outW } = this.windowOver(inputShape);
    if (outH < 1 || outW < 1) throw this.shapeError('the pool is larger than the input', `at least [${this.poolSize.join(', ')}, channels]`, inputShape);
    return [outH, outW, inputShape[2]!];
  }

  override describe(): string {
    return `${this.poolSize.join('×')}, ${this.padding}`;
  }

  emit(input: PlanTensor, { tape }: EmitContext): PlanTensor {
    const x = tape.toRows(input);
    const [inH, inW, channels] = this.input as [number, number, number];
    const { outH, outW, kernelH: poolH, kernelW: poolW, strideH, strideW, padTop, padLeft } = this.window;
    const geometry = { inH, inW, channels, outH, outW, poolH, poolW, strideH, strideW, padTop, padLeft };
    const y = tape.tensor(this.output, 'rows', x.needsGradient);
    const argmax = tape.training && x.needsGradient ? tape.buffer(tape.length(this.output, 'rows')) : undefined;
    tape.op('maxPoolForward', { y: y.ref, argmax, x: x.ref, ...geometry }, tape.batch);
    if (argmax) {
      tape.record(y, [x], (dy) => {
        const dx = tape.like(x);
        tape.op('maxPoolBackward', { dx: dx.ref, dy: dy.ref, argmax, ...geometry }, tape.batch);
        return [dx];
      });
    }
    return y;
  }
}

/** Max pooling. @throws LanewiseError `invalid-argument` */
export const maxPooling2d = bareFactory<MaxPooling2dOptions>((options = {}) => new MaxPooling2d(options));
