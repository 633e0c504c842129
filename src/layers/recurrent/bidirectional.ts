import { LanewiseError } from '../../errors.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { emitKeptSteps } from '../core/masking.js';
import { emitReversed } from '../lanes.js';
import type { EmitContext } from '../layer.js';
import { SymbolicTensor } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { layer, layerOrNone, orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import { emitSum } from '../merging/add.js';
import { emitConcatenated } from '../merging/concatenate.js';
import type { Part } from '../wrapper.js';
import { Wrapper } from '../wrapper.js';
import { RecurrentLayer } from './recurrent-layer.js';

/** How two outputs become one: side by side, or their sum, product or mean. */
export type MergeMode = 'concat' | 'sum' | 'mul' | 'ave';
const MERGE_MODES: readonly MergeMode[] = ['concat', 'sum', 'mul', 'ave'];

export interface BidirectionalOptions extends LayerOptions {
  /** A recurrent layer, without an `inputShape`, of which both directions are copies: the second goes through the steps the other way. */
  layer: RecurrentLayer;
  /**
   * The second direction, where it is to differ. Its `goBackwards` must be the other one, its `returnSequences` and `stateful` the same, and, unless
   * outputs are concatenated, its `units`. Default: as the first.
   */
  backwardLayer?: RecurrentLayer;
  /** Default `concat`. */
  mergeMode?: MergeMode;
}

export const BIDIRECTIONAL_OPTIONS: OptionTable<BidirectionalOptions> = { layer, backwardLayer: layerOrNone, mergeMode: orNot('text', 'concat') };

export class Bidirectional extends Wrapper {
  readonly type = 'bidirectional';
  readonly optionTable = BIDIRECTIONAL_OPTIONS;
  /** What `partsOf` makes. @internal */
  declare readonly parts: readonly Part<RecurrentLayer>[];
  private readonly mergeMode: MergeMode;

  constructor(options: BidirectionalOptions) {
    super(options, partsOf(options));
    this.mergeMode = options.mergeMode ?? 'concat';
  }

  /** The direction that `layer` says. */
  get forwardLayer(): RecurrentLayer {
    return this.parts[0]!.layer;
  }

  /** The other one. */
  get backwardLayer(): RecurrentLayer {
    return this.parts[1]!.layer;
  }

  /** The states of both directions are zeros again; those of one are set by its own `resetStates`. @throws LanewiseError as that of recurrent layers */
  resetStates(): void {
    for (const part of this.parts) part.layer.resetStates();
  }

  protected outputShape(inputShape: Shape): Shape {
    const [forward, backward] = this.parts.map((part) => part.layer.apply(new SymbolicTensor(inputShape)).shape) as [Shape, Shape];
    return this.mergeMode === 'concat' ? [...forward.slice(0, -1), forward.at(-1)! + backward.at(-1)!] : forward;
  }

  override describe(): string {
    const { forwardLayer: forward, backwardLayer: backward } = this;
    const one = `${forward.type}: ${forward.describe()}`;
    const isOwn = (this.options as BidirectionalOptions).backwardLayer !== undefined; // the options the constructor was given
    const other = isOwn ? `; ${backward.type}: ${backward.describe()}` : '';
    return `${this.mergeMode} of ${one}${other}`;
  }

  emit(input: PlanTensor, context: EmitContext): PlanTensor {
    const { tape } = context;
    const x = tape.toLanes(input);
    const [forward, backward] = this.parts.map((part) => this.emitPart(part, x, context)) as [PlanTensor, PlanTensor];
    const { returnSequences } = this.forwardLayer;
    const y = this.emitJoined(tape, forward, returnSequences ? emitReversed(tape, backward) : backward);
    return returnSequences && input.mask ? tape.withMask(this.emitZeros(tape, y, input), input.mask) : y;
  }

  private emitJoined(tape: Tape, a: PlanTensor, b: PlanTensor): PlanTensor {
    switch (this.mergeMode) {
      case 'concat':
        return emitConcatenated(tape, [a, b], a.shape.length - 1, this.output);
      case 'sum':
        return emitSum(tape, [a, b]);
      case 'ave':
        return emitHalf(tape, emitSum(tape, [a, b]));
      case 'mul':
        return emitTimes(tape, a, b);
    }
  }

  /** Steps that the mask leaves out are zeros in the sequence, as in Keras, where a recurrent layer by itself repeats its output. */
  private emitZeros(tape: Tape, y: PlanTensor, { mask }: PlanTensor): PlanTensor {
    if (!this.forwardLayer.goBackwards) return emitKeptSteps(tape, y, mask!);
    return emitReversed(tape, tape.toLanes(emitKeptSteps(tape, emitReversed(tape, y), mask!)));
  }
}

/** x / 2, in place. */
function emitHalf(tape: Tape, x: PlanTensor): PlanTensor {
  const half = (of: PlanTensor): void => tape.affine(of.ref, of.ref, tape.length(of.shape, of.layout), 0.5);
  const y = { ...x };
  half(y);
  tape.record(y, [x], (dy) => {
    half(dy);
    return [dy];
  });
  return y;
}

/** a · b, element by element. */
function emitTimes(tape: Tape, a: PlanTensor, b: PlanTensor): PlanTensor {
  const times = (x: PlanTensor, factor: PlanTensor): PlanTensor => {
    const y = tape.like(x);
    tape.combine('multiply', { out: y.ref, a: x.ref, b: factor.ref }, tape.length(x.shape, x.layout));
    return y;
  };
  const y = times(a, b);
  tape.record(y, [a, b], (dy) => [times(dy, b), times(dy, a)]);
  return y;
}

/** Both directions as copies, so that the layers given stay as they are. @throws LanewiseError `invalid-argument` */
function partsOf({ layer: given, backwardLayer, mergeMode, name = 'bidirectional' }: BidirectionalOptions): Part<RecurrentLayer>[] {
  const fail = (summary: string, expected: string, received: string, remedy?: string): never => {
    throw new LanewiseError('invalid-argument', summary, { where: name, expected, received, ...(remedy && { remedy }) });
  };
  if (mergeMode !== undefined && !MERGE_MODES.includes(mergeMode)) {
    fail('unknown mergeMode', MERGE_MODES.join(', '), String(mergeMode), 'For two outputs, apply two recurrent layers, one with goBackwards: true');
  }
  for (const [option, value] of Object.entries({ layer: given, ...(backwardLayer !== undefined && { backwardLayer }) })) {
    if (!(value instanceof RecurrentLayer)) fail(`${option} is not a recurrent layer`, 'simpleRNN, gru or lstm', kindOf(value));
    if (value.inputShapeOption) fail(`${option} has an inputShape`, 'none', `${value.name} with [${value.inputShapeOption.join(', ')}]`, 'Give it to bidirectional');
  }
  const forward = given.copyWith({});
  const backward = backwardLayer ? backwardLayer.copyWith({}) : given.copyWith({ goBackwards: !given.goBackwards });
  if (forward.goBackwards === backward.goBackwards) fail('both layers go the same way', `goBackwards: ${String(!forward.goBackwards)}`, String(backward.goBackwards));
  const alike = ['returnSequences', 'stateful', ...(mergeMode === undefined || mergeMode === 'concat' ? [] : ['stateUnits'] as const)] as const;
  for (const key of alike) {
    if (forward[key] !== backward[key]) fail(`${key === 'stateUnits' ? 'units' : key} of both layers differ`, String(forward[key]), String(backward[key]));
  }
  return [{ name: 'forward', layer: forward }, { name: 'backward', layer: backward }];
}

/** What a value is that should have been a layer. */
const kindOf = (value: unknown): string => (typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : String(value));

export interface BidirectionalFactory {
  (options: BidirectionalOptions & { inputShape: Shape }): Bidirectional & { readonly inputShapeOption: Shape };
  (options: BidirectionalOptions): Bidirectional;
}

/**
 * A recurrent layer that goes through a sequence in both directions: one copy of it from the first step on, one from the last. Where sequences are
 * returned, that of the second is turned round, so that each step has what comes before and what comes after.
 *
 * Input shape: [time, features]. Output shape: [time, units] with returnSequences, else [units], with 2 · units if the outputs are concatenated.
 * Steps that a mask leaves out are zeros in a sequence. Weights: those of `forwardLayer`, `forward/kernel` and so on, then those of `backwardLayer`,
 * `backward/kernel` and so on.
 * @throws LanewiseError `invalid-argument`
 */
export const bidirectional = ((options: BidirectionalOptions) => new Bidirectional(options)) as BidirectionalFactory;
