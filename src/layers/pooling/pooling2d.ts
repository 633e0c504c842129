import type { PlanTensor } from '../../plan/tape.js';
import type { Embedding } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext, Size2d } from '../layer.js';
import { Layer, size2d } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import type { Padding, Window2d } from '../window.js';
import { requirePadding, window2d } from '../window.js';
import type { Pooling } from './pooling.js';
import { poolGeometry } from './pooling.js';

export interface Pooling2dOptions extends LayerOptions {
  /** Default 2. */
  poolSize?: Size2d;
  /** Default: the pool size. */
  strides?: Size2d;
  /** `valid` (default): windows inside the image only; `same`: output size is input size over stride. */
  padding?: Padding;
}

export const POOLING2D_OPTIONS: OptionTable<Pooling2dOptions> = {
  poolSize: orNot('size2d', 2), strides: orNot('size2d', ({ poolSize }) => poolSize!), padding: orNot('text', 'valid'),
};

/** One value of each window, for each channel. */
export class Pooling2d extends Layer {
  readonly optionTable = POOLING2D_OPTIONS;
  private readonly poolSize: readonly [number, number];
  private readonly strides: readonly [number, number];
  private readonly padding: Padding;

  constructor(
    readonly type: string,
    private readonly pooling: Pooling,
    options: Pooling2dOptions,
  ) {
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

  override get kernels(): Embedding | undefined {
    return this.pooling.kernels;
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
    return this.pooling.emit(tape, tape.toRows(input), this.output, poolGeometry(this.input, this.window));
  }
}
