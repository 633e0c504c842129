import { LanewiseError } from '../../errors.js';
import { requirePositiveInteger } from '../../options.js';
import type { PlanParameter, PlanTensor, Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { sizeOf } from '../../tensor/shape.js';
import type { ActivationName } from '../activations.js';
import { emitActivation, reluFlag, requireActivation } from '../activations.js';
import { emitLanesBackwardInput, emitLanesForward, emitLanesGradients } from '../lanes.js';
import type { EmitContext, Flops, WeightSpec } from '../layer.js';
import { Layer, count, factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { number, orNot, weighted } from '../layer-config.js';
import type { InitializerOptions, LayerOptions } from '../layer-options.js';
import { emitProduct } from '../product.js';
import type { RegularizerOptions } from '../regularizers.js';

export interface DenseOptions extends LayerOptions, InitializerOptions, RegularizerOptions {
  units: number;
  /** Default `linear`. */
  activation?: ActivationName;
  /** Default true. */
  useBias?: boolean;
}

export const DENSE_OPTIONS: OptionTable<DenseOptions> = {
  units: number, activation: orNot('text', 'linear'), useBias: orNot('boolean', true), ...weighted,
};

class Dense extends Layer {
  readonly type = 'dense';
  readonly optionTable = DENSE_OPTIONS;
  override readonly supportsMasking = true;
  private readonly units: number;
  private readonly activation: ActivationName;
  private readonly useBias: boolean;

  constructor(options: DenseOptions) {
    super(options);
    this.units = requirePositiveInteger(options.units, 'units', this.name);
    this.activation = requireActivation(options.activation ?? 'linear', this.name);
    this.useBias = options.useBias ?? true;
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length === 0) throw this.shapeError('wrong rank of input', '[…, features]', inputShape);
    return [...inputShape.slice(0, -1), this.units];
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const kernel: WeightSpec = { name: 'kernel', shape: [inputShape.at(-1)!, this.units], initializer: 'glorotUniform' };
    return this.useBias ? [kernel, { name: 'bias', shape: [this.units], initializer: 'zeros' }] : [kernel];
  }

  override flops(): Flops {
    const outputs = sizeOf(this.output);
    const products = outputs * this.input.at(-1)!;
    return { multiplications: products, additions: this.useBias ? products : products - outputs };
  }

  override describe(): string {
    return `${count(this.units, 'unit')}${this.activation === 'linear' ? '' : `, ${this.activation}`}`;
  }

  emit(x: PlanTensor, { tape, parameters: [kernel, bias] }: EmitContext): PlanTensor {
    if (!kernel) throw new LanewiseError('invalid-state', 'no kernel', { where: this.name });
    if (x.layout === 'lanes') return emitActivation(tape, this.emitLanes(tape, x, kernel, bias), this.activation);
    const y = emitProduct(tape, { x, kernel, bias, output: this.output, relu: reluFlag(this.activation) });
    return emitActivation(tape, y, this.activation, { fused: this.activation === 'relu' });
  }

  /** Over a sequence in lanes: the product of every step. */
  private emitLanes(tape: Tape, x: PlanTensor, kernel: PlanParameter, bias: PlanParameter | undefined): PlanTensor {
    const [time, features] = this.input as [number, number];
    const sizes = { time, features, units: this.units };
    const y = tape.tensor(this.output, 'lanes');
    emitLanesForward(tape, { y, x, w: kernel.value, bias: bias?.value, ...sizes });
    tape.record(y, [x], (dy) => {
      emitLanesGradients(tape, { x, dy, kernel, bias, ...sizes });
      if (!x.needsGradient) return [];
      const dx = tape.like(x);
      emitLanesBackwardInput(tape, { dx, dy, kernel, ...sizes });
      return [dx];
    });
    return y;
  }
}

/**
 * y = f(x · kernel + bias) over the last axis.
 *
 * Input shape: […, features]. Output shape: […, units]. Weights: kernel [features, units], Glorot uniform; bias [units], zeros.
 * @throws LanewiseError `invalid-argument`
 */
export const dense = factory<DenseOptions>((options) => new Dense(options));
