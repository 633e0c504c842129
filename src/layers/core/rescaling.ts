import { requireFinite } from '../../options.js';
import type { PlanTensor } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer, factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { number, orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';

export interface RescalingOptions extends LayerOptions {
  /** Factor, such as 1 / 255 for bytes. */
  scale: number;
  /** Added after. Default 0. */
  offset?: number;
}

export const RESCALING_OPTIONS: OptionTable<RescalingOptions> = { scale: number, offset: orNot('number', 0) };

class Rescaling extends Layer {
  readonly type = 'rescaling';
  readonly optionTable = RESCALING_OPTIONS;
  override readonly supportsMasking = true;
  private readonly scale: number;
  private readonly offset: number;

  constructor(options: RescalingOptions) {
    super(options);
    this.scale = requireFinite(options.scale, 'scale', this.name);
    this.offset = requireFinite(options.offset ?? 0, 'offset', this.name);
  }

  protected outputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  override describe(): string {
    return `× ${Number(this.scale.toPrecision(4))}${this.offset === 0 ? '' : ` + ${this.offset}`}`;
  }

  emit(x: PlanTensor, { tape }: EmitContext): PlanTensor {
    const size = tape.length(x.shape, x.layout);
    const y = tape.like(x);
    tape.affine(y.ref, x.ref, size, this.scale, this.offset);
    tape.record(y, [x], (dy) => {
      tape.affine(dy.ref, dy.ref, size, this.scale);
      return [dy];
    });
    return y;
  }
}

/**
 * y = scale · x + offset: brings raw data to the range a network likes. Output shape: the input's.
 * @throws LanewiseError `invalid-argument`
 */
export const rescaling = factory<RescalingOptions>((options) => new Rescaling(options));
