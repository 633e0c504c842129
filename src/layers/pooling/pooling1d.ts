import { requirePositiveInteger } from '../../options.js';
import type { PlanTensor } from '../../plan/tape.js';
import type { Embedding } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer, bareFactory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import type { Padding, Window2d } from '../window.js';
import { imageShape, requirePadding, window2d } from '../window.js';
import type { Pooling } from './pooling.js';
import { AVERAGE_POOLING, MAX_POOLING, poolGeometry } from './pooling.js';

export interface Pooling1dOptions extends LayerOptions {
  /** Steps of a window. Default 2. */
  poolSize?: number;
  /** Default: the pool size. */
  strides?: number;
  /** `valid` (default): windows inside the sequence only; `same`: as many outputs as steps over strides. */
  padding?: Padding;
}

export const POOLING1D_OPTIONS: OptionTable<Pooling1dOptions> = {
  poolSize: orNot('number', 2), strides: orNot('number', ({ poolSize }) => poolSize!), padding: orNot('text', 'valid'),
};

/** One value of each window of steps, for each feature. */
class Pooling1d extends Layer {
  readonly optionTable = POOLING1D_OPTIONS;
  private readonly poolSize: number;
  private readonly strides: number;
  private readonly padding: Padding;

  constructor(
    readonly type: string,
    private readonly pooling: Pooling,
    options: Pooling1dOptions,
  ) {
    super(options);
    this.poolSize = requirePositiveInteger(options.poolSize ?? 2, 'poolSize', this.name);
    this.strides = requirePositiveInteger(options.strides ?? this.poolSize, 'strides', this.name);
    this.padding = requirePadding(options.padding ?? 'valid', this.name);
  }

  private windowOver(inputShape: Shape): Window2d {
    return window2d(imageShape(inputShape), [1, this.poolSize], [1, this.strides], this.padding);
  }

  override get kernels(): Embedding | undefined {
    return this.pooling.kernels;
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 2) throw this.shapeError('wrong rank of input', '[time, features]', inputShape);
    const { outW } = this.windowOver(inputShape);
    if (outW < 1) throw this.shapeError('the pool is longer than the input', `at least [${this.poolSize}, features]`, inputShape);
    return [outW, inputShape[1]!];
  }

  override describe(): string {
    return `${this.poolSize}, ${this.padding}`;
  }

  emit(input: PlanTensor, { tape }: EmitContext): PlanTensor {
    return this.pooling.emit(tape, tape.toRows(input), this.output, poolGeometry(this.input, this.windowOver(this.input)));
  }
}

/**
 * The largest value of each window of steps, for each feature; padding does not count.
 *
 * Input shape: [time, features]. Output shape: [outTime, features]. No weights; as in Keras, no mask is handed on.
 * @throws LanewiseError `invalid-argument`
 */
export const maxPooling1d = bareFactory<Pooling1dOptions>((options = {}) => new Pooling1d('maxPooling1d', MAX_POOLING, options));

/**
 * The mean of each window of steps, for each feature; padding does not count.
 *
 * Input shape: [time, features]. Output shape: [outTime, features]. No weights; as in Keras, no mask is handed on.
 * @throws LanewiseError `invalid-argument`
 */
export const averagePooling1d = bareFactory<Pooling1dOptions>((options = {}) => new Pooling1d('averagePooling1d', AVERAGE_POOLING, options));
