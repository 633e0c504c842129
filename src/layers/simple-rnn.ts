import { LanewiseError } from '../errors.js';
import { Activation } from '../plan/ops.js';
import type { PlanTensor, Tape } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import type { ActivationName } from './activations.js';
import { requireActivation } from './activations.js';
import { maskArguments } from './dropout.js';
import { emitLanesBackwardInput, emitLanesForward, emitLanesGradients, emitTransposed } from './lanes.js';
import type { EmitContext, Flops, LayerOptions, WeightSpec } from './layer.js';
import { Layer, count, requirePositiveInteger, requireRate, factory } from './layer.js';

type StepActivation = Exclude<ActivationName, 'softmax'>;

export interface SimpleRnnOptions extends LayerOptions {
  units: number;
  /** Default `tanh`. */
  activation?: StepActivation;
  /** Default true. */
  useBias?: boolean;
  /** Whether to give the output of every step, or (default) of the last one only. */
  returnSequences?: boolean;
  /**
   * Share of the inputs set to zero in training. As in Keras, one mask a sequence is held for all its steps, so a feature is there for the
   * whole sequence or not at all. Default 0.
   */
  dropout?: number;
}

/**
 * Fully connected recurrent layer: h[t] = f(x[t] · kernel + h[t-1] · recurrentKernel + bias), h[-1] = 0 (Elman, 1990).
 *
 * Input shape: [time, features]. Output shape: [time, units] with returnSequences, else [units].
 * Weights: kernel [features, units], Glorot uniform; recurrentKernel [units, units], orthogonal; bias [units], zeros.
 */
class SimpleRnn extends Layer {
  readonly type = 'simpleRNN';
  private readonly units: number;
  private readonly activation: StepActivation;
  private readonly useBias: boolean;
  private readonly returnSequences: boolean;
  private readonly dropout: number;

  constructor(options: SimpleRnnOptions) {
    super(options);
    this.units = requirePositiveInteger(options.units, 'units', this.name);
    this.activation = requireActivation(options.activation ?? 'tanh', this.name, ['linear', 'relu', 'tanh', 'sigmoid']);
    this.useBias = options.useBias ?? true;
    this.returnSequences = options.returnSequences ?? false;
    this.dropout = requireRate(options.dropout ?? 0, 'dropout', this.name);
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 2) throw this.shapeError('wrong rank of input', '[time, features]', inputShape);
    return this.returnSequences ? [inputShape[0]!, this.units] : [this.units];
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const weights: WeightSpec[] = [
      { name: 'kernel', shape: [inputShape[1]!, this.units], initializer: 'glorotUniform' },
      { name: 'recurrentKernel', shape: [this.units, this.units], initializer: 'orthogonal' },
    ];
    if (this.useBias) weights.push({ name: 'bias', shape: [this.units], initializer: 'zeros' });
    return weights;
  }

  /** The first step's recurrent products are counted too: frameworks multiply by the zero state. */
  override flops(): Flops {
    const [time, features] = this.input as [number, number];
    const products = time * this.units * (features + this.units);
    return { multiplications: products, additions: this.useBias ? products : products - time * this.units };
  }

  override describe(): string {
    const parts = [count(this.units, 'unit'), this.activation];
    if (this.returnSequences) parts.push('sequences');
    if (this.dropout > 0) parts.push(`input dropout ${this.dropout}`);
    return parts.join(', ');
  }

  emit(input: PlanTensor, { tape, parameters, stream }: EmitContext): PlanTensor {
    const [kernel, recurrentKernel, bias] = parameters;
    if (!kernel || !recurrentKernel) throw new LanewiseError('invalid-state', 'no kernel', { where: this.name });
    const [time, features] = this.input as [number, number];
    const { units } = this;
    const kind = Activation[this.activation];
    const sizes = { time, features, units };
    const x = this.emitDropout(tape, tape.toLanes(input), stream);

    const h = tape.tensor([time, units], 'lanes');
    emitLanesForward(tape, { y: h, x, w: kernel.value, bias: bias?.value, ...sizes });
    tape.op('simpleRnnForward', { h: h.ref, w: recurrentKernel.value, batch: tape.batch, time, units, kind }, tape.pairs);
    tape.record(h, [x], (dh) => {
      const wTransposed = emitTransposed(tape, recurrentKernel.value, units, units);
      const d = dh; // in place: from the gradient of the output to that at the input of the activation
      tape.op('simpleRnnBackward', { d: d.ref, dy: dh.ref, h: h.ref, wTransposed, groups: tape.groups, time, units, kind }, tape.pairs);
      emitLanesGradients(tape, { x, dy: d, kernel, bias, ...sizes });
      emitLanesGradients(tape, { x: h, dy: d, kernel: recurrentKernel, time, features: units, units, shift: 1 });
      if (!x.needsGradient) return [];
      const dx = tape.like(x);
      emitLanesBackwardInput(tape, { dx, dy: d, kernel, ...sizes });
      return [dx];
    });
    return this.returnSequences ? h : this.emitLastStep(tape, h);
  }

  private emitDropout(tape: Tape, x: PlanTensor, stream: number): PlanTensor {
    if (!tape.training || this.dropout === 0) return x;
    const [time, features] = this.input as [number, number];
    const mask = maskArguments(tape, stream, this.dropout, 24);
    const drop = (to: PlanTensor, from: PlanTensor): void =>
      tape.op('dropoutSteps', { y: to.ref, x: from.ref, state: tape.state, time, features, ...mask }, tape.groups, 32 + 16 * features);
    const y = tape.like(x);
    drop(y, x);
    tape.record(y, [x], (dy) => {
      if (x.needsGradient) drop(dy, dy);
      return [dy];
    });
    return y;
  }

  private emitLastStep(tape: Tape, h: PlanTensor): PlanTensor {
    const [time, features] = h.shape as [number, number];
    const steps = { time, features, first: time - 1, count: 1 };
    const y = tape.tensor(this.output);
    tape.moveSteps(y, h, steps);
    tape.record(y, [h], (dy) => {
      const dh = tape.like(h);
      tape.moveSteps(dh, dy, steps);
      return [dh];
    });
    return y;
  }
}

/** Fully connected recurrent layer. @throws LanewiseError `invalid-argument` */
export const simpleRNN = factory<SimpleRnnOptions>((options) => new SimpleRnn(options));
