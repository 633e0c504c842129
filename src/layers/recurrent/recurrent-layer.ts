/** What recurrent layers have in common. */
import { LanewiseError } from '../../errors.js';
import type { Initializer } from '../../initializers.js';
import { requirePositiveInteger, requireRate } from '../../options.js';
import type { Ref } from '../../plan/buffer.js';
import { arrangeInChains } from '../../plan/chains.js';
import { Activation, Kernel } from '../../plan/ops.js';
import type { PlanParameter, PlanTensor, Tape } from '../../plan/tape.js';
import { Purpose } from '../../random.js';
import type { Embedding } from '../../runtime/embedded.js';
import { allKernels } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { StepActivation } from '../activations.js';
import { STEP_ACTIVATIONS, requireActivation } from '../activations.js';
import { maskArguments } from '../core/dropout.js';
import { emitLanesBackwardInput, emitLanesForward, emitLanesGradients, emitReversed } from '../lanes.js';
import type { EmitContext, Flops, StateStore, WeightInput, WeightSpec } from '../layer.js';
import { Layer, count } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { initializer, number, orNot, regularizer, weighted } from '../layer-config.js';
import type { InitializerOptions, LayerOptions } from '../layer-options.js';
import type { Regularizer, RegularizerOptions } from '../regularizers.js';

export interface RecurrentOptions extends LayerOptions, InitializerOptions, RegularizerOptions {
  /** Size of the state and of the output. */
  units: number;
  /** Default `tanh`. */
  activation?: StepActivation;
  /** Default true. */
  useBias?: boolean;
  /** Whether to give the output of every step, or (default) of the last one only. */
  returnSequences?: boolean;
  /** Whether to go through the steps from the last to the first; a sequence of outputs is in that order then, as in Keras. Default false. */
  goBackwards?: boolean;
  /**
   * Share of the inputs set to zero in training. One mask a sequence is held for all its steps (and shared by all gates), so a feature is there
   * for the whole sequence or not at all (Gal and Ghahramani, 2016). Default 0.
   */
  dropout?: number;
  /** The same for the state, where the recurrent kernel multiplies it. Default 0. */
  recurrentDropout?: number;
  /** Penalty on the recurrent kernel. Default none. */
  recurrentRegularizer?: Regularizer;
  /** What the recurrent kernel begins with. Default `orthogonal`. */
  recurrentInitializer?: Initializer;
  /**
   * Whether each row of a batch starts with the states that the same row of the batch before ended with, in training, evaluation and prediction alike;
   * gradients stay within a batch. All batches must have one size then, and `fit` wants `shuffle: false`. `model.resetStates()` begins anew. Default false.
   */
  stateful?: boolean;
}

/** Options that all recurrent layers have. */
export const RECURRENT_OPTIONS: OptionTable<RecurrentOptions> = {
  units: number, activation: orNot('text', 'tanh'), useBias: orNot('boolean', true), returnSequences: orNot('boolean', false),
  goBackwards: orNot('boolean', false), dropout: orNot('number', 0), recurrentDropout: orNot('number', 0), stateful: orNot('boolean', false),
  ...weighted, recurrentInitializer: initializer, recurrentRegularizer: regularizer,
};

/** A sequence in lanes, and what else a recurrence reads beside weights. */
export interface Sequence {
  /** [time, features], in lanes. */
  readonly x: PlanTensor;
  /** Lanes [groups][time][4]: 0 in steps that only carry the states over. Undefined if all count. */
  readonly mask: Ref | undefined;
  /** [groups][units][4]: factors of the state in its product. */
  readonly drop: Ref | undefined;
  /** The states before the first step, each [groups][units][4]; none for zeros. */
  readonly initial: readonly Ref[];
}

interface Sizes {
  time: number;
  features: number;
  units: number;
}

export type Weights = readonly [kernel: PlanParameter, recurrentKernel: PlanParameter, bias: PlanParameter | undefined];

/** The states of all steps, each [time, units] in lanes: the output first. */
export type StateSequences = readonly [PlanTensor, ...PlanTensor[]];

export abstract class RecurrentLayer extends Layer {
  protected readonly units: number;
  protected readonly activation: StepActivation;
  protected readonly useBias: boolean;
  readonly returnSequences: boolean;
  readonly goBackwards: boolean;
  private readonly dropout: number;
  private readonly recurrentDropout: number;
  readonly stateful: boolean;
  override readonly stateNames: readonly string[];
  private stateStore: StateStore | undefined;

  constructor(
    options: RecurrentOptions,
    /** Sums for each unit and step: the columns of the kernels are so many times the units. */
    protected readonly gates: number,
    stateNames: readonly string[],
  ) {
    super(options);
    this.stateNames = stateNames;
    this.stateful = options.stateful ?? false;
    this.units = requirePositiveInteger(options.units, 'units', this.name);
    this.activation = requireActivation(options.activation ?? 'tanh', this.name, STEP_ACTIVATIONS);
    this.useBias = options.useBias ?? true;
    this.returnSequences = options.returnSequences ?? false;
    this.goBackwards = options.goBackwards ?? false;
    this.dropout = requireRate(options.dropout ?? 0, 'dropout', this.name);
    this.recurrentDropout = requireRate(options.recurrentDropout ?? 0, 'recurrentDropout', this.name);
  }

  /** Another layer of this kind, with the same options but for those given. @internal */
  copyWith(changes: Partial<RecurrentOptions>): RecurrentLayer {
    // the options are all that a recurrent layer is made of
    const Kind = this.constructor as new (options: RecurrentOptions) => RecurrentLayer;
    return new Kind({ ...(this.options as RecurrentOptions), trainable: this.trainable, ...changes });
  }

  override get kernels(): Embedding {
    return allKernels;
  }

  override get statefulLayers(): readonly Layer[] {
    return this.stateful ? [this] : [];
  }

  override get stateUnits(): number {
    return this.units;
  }

  override keepStates(store: StateStore | undefined): void {
    this.stateStore = store;
  }

  /**
   * Sets the states of a stateful layer: to zeros, or to given ones, each [batch, units]: h, and for an LSTM c.
   * @throws LanewiseError `invalid-state` unless the layer is stateful and its model compiled; `invalid-shape`, `invalid-data`
   */
  resetStates(states?: readonly WeightInput[]): void {
    this.requireStates().reset(this, states);
  }

  /** Copies of the states that the next batch starts from; none before the first batch. @throws LanewiseError `invalid-state` as `resetStates` */
  getStates(): Tensor<Float32Array>[] {
    return this.requireStates().get(this);
  }

  private requireStates(): StateStore {
    if (!this.stateful) throw new LanewiseError('invalid-state', 'the layer keeps no states', { where: this.name, remedy: 'Make it with stateful: true' });
    if (this.stateStore) return this.stateStore;
    throw new LanewiseError('invalid-state', 'the model is not compiled', { where: this.name, remedy: 'Call compile first' });
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 2) throw this.shapeError('wrong rank of input', '[time, features]', inputShape);
    return this.returnSequences ? [inputShape[0]!, this.units] : [this.units];
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const columns = this.gates * this.units;
    const weights: WeightSpec[] = [
      { name: 'kernel', shape: [inputShape[1]!, columns], initializer: 'glorotUniform' },
      { name: 'recurrentKernel', shape: [this.units, columns], initializer: 'orthogonal' },
    ];
    return this.useBias ? [...weights, this.biasSpec()] : weights;
  }

  protected biasSpec(): WeightSpec {
    return { name: 'bias', shape: [this.gates * this.units], initializer: 'zeros' };
  }

  protected get sizes(): Sizes {
    const [time, features] = this.input as [number, number];
    return { time, features, units: this.units };
  }

  /** The first step's recurrent products are counted too: frameworks multiply by the zero state. */
  override flops(): Flops {
    const { time, features, units } = this.sizes;
    const sums = time * this.gates * units;
    const products = sums * (features + units);
    return { multiplications: products, additions: products - sums + (this.useBias ? sums : 0) };
  }

  override describe(): string {
    const parts = [count(this.units, 'unit'), this.activation, ...this.describeMore()];
    if (this.returnSequences) parts.push('sequences');
    if (this.goBackwards) parts.push('backwards');
    if (this.dropout > 0) parts.push(`input dropout ${this.dropout}`);
    if (this.stateful) parts.push('stateful');
    if (this.recurrentDropout > 0) parts.push(`recurrent dropout ${this.recurrentDropout}`);
    return parts.join(', ');
  }

  protected describeMore(): string[] {
    return [];
  }

  emit(input: PlanTensor, context: EmitContext): PlanTensor {
    const { tape, parameters: [kernel, recurrentKernel, bias] } = context;
    if (!kernel || !recurrentKernel) throw new LanewiseError('invalid-state', 'no kernel', { where: this.name });
    tape.arrange = arrangeInChains;
    const x = tape.toLanes(input);
    const sequence: Sequence = {
      x: this.emitDropout(this.goBackwards ? emitReversed(tape, x) : x, context), mask: this.emitMask(tape, input.mask), drop: this.emitStateDropout(context),
      initial: this.stateful ? this.stateNames.map((name) => context.persistent(this, name, this.units)) : [],
    };
    const states = this.emitRecurrence(sequence, [kernel, recurrentKernel, bias], context);
    this.emitKept(tape, sequence.initial, states);
    const [h] = states;
    return this.returnSequences ? tape.withMask(h, input.mask) : this.emitLastStep(tape, h);
  }

  protected abstract emitRecurrence(sequence: Sequence, weights: Weights, context: EmitContext): StateSequences;

  /** The last states become those that the next batch starts from: in training at the end of a step, since the pass back reads the first ones. */
  private emitKept(tape: Tape, kept: readonly Ref[], states: StateSequences): void {
    const { time, units } = this.sizes;
    const keep = (): void => kept.forEach((to, index) => {
      const args = { kept: to, steps: states[index]!.ref, state: tape.state, time, features: units, training: Number(tape.training) };
      tape.groupwise('keepState', args);
    });
    if (tape.training) tape.update(keep);
    else keep();
  }

  /** Sums of all gates over the inputs of all steps: [time, gates · units] in lanes. */
  protected emitProjection(tape: Tape, x: PlanTensor, kernel: PlanParameter, bias: PlanParameter | undefined): PlanTensor {
    const { time, features, units } = this.sizes;
    const y = tape.tensor([time, this.gates * units], 'lanes');
    emitLanesForward(tape, { y, x, w: kernel.value, bias: bias?.value, time, features, units: this.gates * units });
    return y;
  }

  /** From the gradient `dy` of `emitProjection`: those of its weights are laid out, that of its input is given. */
  protected emitProjectionBackward(
    tape: Tape, x: PlanTensor, dy: PlanTensor, kernel: PlanParameter, bias: PlanParameter | undefined,
  ): readonly PlanTensor[] {
    const { time, features, units } = this.sizes;
    const sizes = { time, features, units: this.gates * units };
    emitLanesGradients(tape, { x, dy, kernel, bias, ...sizes });
    if (!x.needsGradient) return [];
    const dx = tape.like(x);
    emitLanesBackwardInput(tape, { dx, dy, kernel, ...sizes });
    return [dx];
  }

  /** Gradients of what multiplies, or is added to, the state before each step; dy: that of the sums, [time, columns]. */
  protected emitRecurrentGradients(
    tape: Tape, h: PlanTensor, { drop, initial: [h0] }: Sequence, dy: PlanTensor, kernel: PlanParameter, bias?: PlanParameter,
  ): void {
    const { time, units } = this.sizes;
    const product = { dy, kernel, bias, time, features: units, units: dy.shape[1]! };
    if (!drop && !h0) {
      emitLanesGradients(tape, { x: h, shift: 1, ...product });
      return;
    }
    const before = tape.like(h);
    tape.groupwise('previousSteps', { y: before.ref, x: h.ref, x0: h0, factors: drop, time, features: units });
    emitLanesGradients(tape, { x: before, ...product });
  }

  /** The mask in lanes, in the order of the steps. */
  private emitMask(tape: Tape, mask: Ref | undefined): Ref | undefined {
    if (!mask) return undefined;
    const { time } = this.sizes;
    const lanes = tape.tensor([time, 1], 'lanes', false);
    tape.moveSteps(lanes, { ...lanes, ref: mask, layout: 'rows' }, { time, features: 1, first: 0, count: time });
    return (this.goBackwards ? emitReversed(tape, lanes) : lanes).ref;
  }

  private emitDropout(x: PlanTensor, { tape, stream }: EmitContext): PlanTensor {
    if (!tape.training || this.dropout === 0) return x;
    const { time, features } = this.sizes;
    const mask = maskArguments(tape, stream, this.dropout, 24);
    const drop = (to: PlanTensor, from: PlanTensor): void =>
      tape.groupwise('dropoutSteps', { y: to.ref, x: from.ref, state: tape.state, time, features, ...mask }, Kernel.randomBytes + 16 * features);
    const y = tape.like(x);
    drop(y, x);
    tape.record(y, [x], (dy) => {
      if (x.needsGradient) drop(dy, dy);
      return [dy];
    });
    return y;
  }

  private emitStateDropout({ tape, stream }: EmitContext): Ref | undefined {
    if (!tape.training || this.recurrentDropout === 0) return undefined;
    const features = this.units;
    const { ref } = tape.tensor([features], 'lanes', false);
    const mask = maskArguments(tape, stream, this.recurrentDropout, 24, Purpose.recurrentDropout);
    tape.groupwise('dropoutStepsMask', { mask: ref, state: tape.state, features, ...mask }, Kernel.randomBytes);
    return ref;
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

export interface RecurrentFactory<Options extends RecurrentOptions> {
  (options: Options & { inputShape: Shape }): RecurrentLayer & { readonly inputShapeOption: Shape };
  (options: Options): RecurrentLayer;
}
export const recurrentFactory = <Options extends RecurrentOptions>(make: (options: Options) => RecurrentLayer): RecurrentFactory<Options> =>
  make as RecurrentFactory<Options>;

/** Kinds of both activations, as kernels number them. */
export const kindsOf = (activation: StepActivation, recurrentActivation: StepActivation): { kind: number; recurrentKind: number } => ({
  kind: Activation[activation], recurrentKind: Activation[recurrentActivation],
});
