import type { PlanTensor } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { sizeOf } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer, bareFactory } from '../layer.js';
import { NO_OPTIONS } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import { emitReshape } from './emit-reshape.js';

class Flatten extends Layer {
  readonly type = 'flatten';
  readonly optionTable = NO_OPTIONS;

  protected outputShape(inputShape: Shape): Shape {
    return [sizeOf(inputShape)];
  }

  emit(input: PlanTensor, { tape }: EmitContext): PlanTensor {
    return emitReshape(tape, input, this.output);
  }
}

/** All values of a sample in one row. Output shape: [size]. Costs nothing: the bytes stay where they are. */
export const flatten = bareFactory<LayerOptions>((options = {}) => new Flatten(options));
