import { LanewiseError } from '../errors.js';
import type { PlanTensor } from '../plan/tape.js';
import { Purpose, streamKey } from '../random.js';
import type { Shape } from '../tensor/shape.js';
import type { OptionTable } from './layer-config.js';
import { orNot } from './layer-config.js';
import type { EmitContext, LayerOptions } from './layer.js';
import { Layer, bareFactory } from './layer.js';

const MODES = ['horizontal', 'vertical', 'horizontalAndVertical'] as const;

export interface RandomFlipOptions extends LayerOptions {
  /** Which sides may change places. Default `horizontalAndVertical`, as Keras. */
  mode?: (typeof MODES)[number];
}

export const RANDOM_FLIP_OPTIONS: OptionTable<RandomFlipOptions> = { mode: orNot('text', 'horizontalAndVertical') };

/**
 * In training mirrors each image with even chances, anew at every step; elsewhere does nothing. A function of (seed, layer, step, image).
 * Input shape: [height, width, channels]. Output shape: the input's.
 */
class RandomFlip extends Layer {
  readonly type = 'randomFlip';
  readonly optionTable = RANDOM_FLIP_OPTIONS;
  private readonly mode: (typeof MODES)[number];

  constructor(options: RandomFlipOptions) {
    super(options);
    this.mode = options.mode ?? 'horizontalAndVertical';
    if (!MODES.includes(this.mode)) {
      throw new LanewiseError('invalid-argument', 'unknown mode', { where: this.name, expected: MODES.join(', '), received: String(this.mode) });
    }
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 3) throw this.shapeError('wrong rank of input', '[height, width, channels]', inputShape);
    return inputShape;
  }

  override describe(): string {
    return this.mode === 'horizontalAndVertical' ? 'horizontal and vertical' : this.mode;
  }

  emit(input: PlanTensor, { tape, stream }: EmitContext): PlanTensor {
    if (!tape.training) return input;
    const x = tape.toRows(input);
    const [height, width, channels] = this.input as [number, number, number];
    const [key0, key1] = streamKey(tape.seed, Purpose.augment, stream);
    const flip = (from: PlanTensor): PlanTensor => {
      const to = tape.like(x);
      tape.op(
        'randomFlip',
        {
          y: to.ref, x: from.ref, state: tape.state, height, width, channels,
          horizontal: Number(this.mode !== 'vertical'), vertical: Number(this.mode !== 'horizontal'), key0, key1,
        },
        tape.batch, 32,
      );
      return to;
    };
    const y = flip(x);
    tape.record(y, [x], (dy) => [x.needsGradient ? flip(dy) : undefined]);
    return y;
  }
}

/** Random mirror images. @throws LanewiseError `invalid-argument` */
export const randomFlip = bareFactory<RandomFlipOptions>((options = {}) => new RandomFlip(options));
