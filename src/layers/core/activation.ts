import { requireNotNegative } from '../../options.js';
import type { PlanTensor } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import type { ActivationName } from '../activations.js';
import { emitActivation, requireActivation } from '../activations.js';
import type { EmitContext } from '../layer.js';
import { Layer, bareFactory, factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { NO_OPTIONS, orNot, text } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';

/** A function of each value, or softmax over the last axis, as a layer of its own. Output shape: the input's. No weights. */
export class ActivationLayer extends Layer {
  override readonly supportsMasking = true;

  constructor(
    readonly type: string,
    readonly activation: ActivationName,
    options: LayerOptions,
    readonly optionTable: OptionTable = NO_OPTIONS,
    private readonly alpha?: number,
  ) {
    super(options);
  }

  protected outputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  override describe(): string {
    if (this.alpha !== undefined) return `${this.type === 'elu' ? 'alpha' : 'slope'} ${this.alpha}`;
    return this.activation === this.type ? '' : this.activation;
  }

  emit(x: PlanTensor, { tape }: EmitContext): PlanTensor {
    // not in place: the layer before may still need its own output
    return emitActivation(tape, x, this.activation, { inPlace: false, ...(this.alpha !== undefined && { alpha: this.alpha }) });
  }
}

export interface ActivationOptions extends LayerOptions {
  activation: ActivationName;
}

export const ACTIVATION_OPTIONS: OptionTable<ActivationOptions> = { activation: text };

/** An activation by name as a layer. Output shape: the input's. @throws LanewiseError `invalid-argument` */
export const activation = factory<ActivationOptions>(
  (options) => new ActivationLayer('activation', requireActivation(options.activation, options.name ?? 'activation'), options, ACTIVATION_OPTIONS),
);

/** max(x, 0), of each value. Output shape: the input's. */
export const relu = bareFactory<LayerOptions>((options = {}) => new ActivationLayer('relu', 'relu', options));

export interface LeakyReluOptions extends LayerOptions {
  /** Factor of values below zero, at least 0. Default 0.3, as Keras's layer (its function of that name has 0.2). */
  negativeSlope?: number;
}

export const LEAKY_RELU_OPTIONS: OptionTable<LeakyReluOptions> = { negativeSlope: orNot('number', 0.3) };

/** x above zero, negativeSlope · x below (Maas et al., 2013). Output shape: the input's. @throws LanewiseError `invalid-argument` */
export const leakyRelu = bareFactory<LeakyReluOptions>(
  (options = {}) => {
    const slope = requireNotNegative(options.negativeSlope ?? 0.3, 'negativeSlope', options.name ?? 'leakyRelu');
    return new ActivationLayer('leakyRelu', 'leakyRelu', options, LEAKY_RELU_OPTIONS, slope);
  },
);

export interface EluOptions extends LayerOptions {
  /** What very negative values come near to, with its sign changed; at least 0. Default 1. */
  alpha?: number;
}

export const ELU_OPTIONS: OptionTable<EluOptions> = { alpha: orNot('number', 1) };

/** x above zero, alpha · (e^x - 1) below (Clevert, Unterthiner and Hochreiter, 2016). Output shape: the input's. @throws LanewiseError `invalid-argument` */
export const elu = bareFactory<EluOptions>(
  (options = {}) => new ActivationLayer('elu', 'elu', options, ELU_OPTIONS, requireNotNegative(options.alpha ?? 1, 'alpha', options.name ?? 'elu')),
);

export interface GeluOptions extends LayerOptions {
  /** Whether to take ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), which is faster, for the exact function. Default false. */
  approximate?: boolean;
}

export const GELU_OPTIONS: OptionTable<GeluOptions> = { approximate: orNot('boolean', false) };

/** x·Φ(x) = ½x·(1 + erf(x/√2)) (Hendrycks and Gimpel, 2016). Output shape: the input's. */
export const gelu = bareFactory<GeluOptions>(
  (options = {}) => new ActivationLayer('gelu', (options.approximate ?? false) ? 'geluTanh' : 'gelu', options, GELU_OPTIONS),
);

/** x · sigmoid(x), also called swish (Elfwing, Uchibe and Doya, 2018). Output shape: the input's. */
export const silu = bareFactory<LayerOptions>((options = {}) => new ActivationLayer('silu', 'silu', options));

/** log(1 + e^x), of each value (Dugas et al., 2001). Output shape: the input's. */
export const softplus = bareFactory<LayerOptions>((options = {}) => new ActivationLayer('softplus', 'softplus', options));

/** The hyperbolic tangent of each value. Output shape: the input's. */
export const tanh = bareFactory<LayerOptions>((options = {}) => new ActivationLayer('tanh', 'tanh', options));

/** 1 / (1 + e^-x), of each value. Output shape: the input's. */
export const sigmoid = bareFactory<LayerOptions>((options = {}) => new ActivationLayer('sigmoid', 'sigmoid', options));

/** e^x / Σ e^x over the last axis: probabilities that sum to 1. Output shape: the input's. */
export const softmax = bareFactory<LayerOptions>((options = {}) => new ActivationLayer('softmax', 'softmax', options));
