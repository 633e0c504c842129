import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import { Activation as Kind } from '../plan/ops.js';
import type { PlanTensor } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import type { ActivationName } from './activations.js';
import { emitActivation, requireActivation } from './activations.js';
import type { EmitContext, LayerOptions } from './layer.js';
import { Layer, factory } from './layer.js';

export interface ActivationOptions extends LayerOptions {
  activation: ActivationName;
}

/** An activation as a layer of its own. Output shape: the input's; softmax runs over the last axis. */
class Activation extends Layer {
  readonly type = 'activation';
  private readonly activation: ActivationName;

  constructor(options: ActivationOptions) {
    super(options);
    this.activation = requireActivation(options.activation, this.name);
  }

  protected outputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  override describe(): string {
    return this.activation;
  }

  emit(x: PlanTensor, { tape }: EmitContext): PlanTensor {
    if (this.activation === 'linear') return x;
    if (this.activation === 'softmax') return emitActivation(tape, x, 'softmax');
    // not in place: the layer before may still need its own output
    const kind = Kind[this.activation];
    const size = tape.length(x.shape, x.layout);
    const blocks = blocksOf(size, ELEMENT_BLOCK);
    const y: PlanTensor = { ...tape.like(x), ...(this.activation === 'sigmoid' && { probabilities: { kind: 'sigmoid', logits: x } }) };
    tape.op('activationForward', { y: y.ref, x: x.ref, size, blockSize: ELEMENT_BLOCK, kind }, blocks);
    tape.record(y, [x], (dy) => {
      tape.op('activationBackward', { dx: dy.ref, dy: dy.ref, y: y.ref, size, blockSize: ELEMENT_BLOCK, kind }, blocks);
      return [dy];
    });
    return y;
  }
}

/** An activation as a layer. @throws LanewiseError `invalid-argument` */
export const activation = factory<ActivationOptions>((options) => new Activation(options));
