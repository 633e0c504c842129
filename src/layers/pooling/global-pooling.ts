import type { PlanTensor } from '../../plan/tape.js';
import type { Embedding } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer, bareFactory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import { imageShape, window2d } from '../window.js';
import type { Pooling } from './pooling.js';
import { AVERAGE_POOLING, MAX_POOLING, poolGeometry } from './pooling.js';

export interface GlobalPoolingOptions extends LayerOptions {
  /** Whether the axes that are pooled stay, with length 1. Default false. */
  keepDims?: boolean;
}

export const GLOBAL_POOLING_OPTIONS: OptionTable<GlobalPoolingOptions> = { keepDims: orNot('boolean', false) };

/** One value of a whole sample, for each channel. Input shape: `axes`, the last of them channels. Output shape: [channels], or with `keepDims` [1, …, channels]. */
class GlobalPooling extends Layer {
  readonly optionTable = GLOBAL_POOLING_OPTIONS;
  private readonly keepDims: boolean;

  constructor(
    readonly type: string,
    private readonly pooling: Pooling,
    private readonly axes: readonly string[],
    options: GlobalPoolingOptions,
  ) {
    super(options);
    this.keepDims = options.keepDims ?? false;
  }

  override get kernels(): Embedding | undefined {
    return this.pooling.kernels;
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== this.axes.length) throw this.shapeError('wrong rank of input', `[${this.axes.join(', ')}]`, inputShape);
    const channels = inputShape.at(-1)!;
    return this.keepDims ? [...inputShape.slice(1).map(() => 1), channels] : [channels];
  }

  override describe(): string {
    return this.keepDims ? 'axes kept' : '';
  }

  emit(input: PlanTensor, { tape }: EmitContext): PlanTensor {
    const [height, width] = imageShape(this.input);
    const window = window2d([height, width], [height, width], [height, width], 'valid');
    return this.pooling.emit(tape, tape.toRows(input), this.output, poolGeometry(this.input, window), input.mask);
  }
}

const IMAGE = ['height', 'width', 'channels'];
const SEQUENCE = ['time', 'features'];
const globalPooling = (type: string, pooling: Pooling, axes: readonly string[]) =>
  bareFactory<GlobalPoolingOptions>((options = {}) => new GlobalPooling(type, pooling, axes, options));

/** The mean of each channel of an image. Input shape: [height, width, channels]. Output shape: [channels], with keepDims [1, 1, channels]. */
export const globalAveragePooling2d = globalPooling('globalAveragePooling2d', AVERAGE_POOLING, IMAGE);

/** The largest value of each channel of an image. Input and output shape: as those of `globalAveragePooling2d`. */
export const globalMaxPooling2d = globalPooling('globalMaxPooling2d', MAX_POOLING, IMAGE);

/**
 * The mean of each feature over the steps; of those that count, where the sequence has a mask.
 * Input shape: [time, features]. Output shape: [features], with keepDims [1, features].
 */
export const globalAveragePooling1d = globalPooling('globalAveragePooling1d', AVERAGE_POOLING, SEQUENCE);

/**
 * The largest value of each feature over the steps. As in Keras, a mask is not looked at.
 * Input shape: [time, features]. Output shape: [features], with keepDims [1, features].
 */
export const globalMaxPooling1d = globalPooling('globalMaxPooling1d', MAX_POOLING, SEQUENCE);
